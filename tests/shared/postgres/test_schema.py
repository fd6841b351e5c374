"""What stands in each service's schema.sql is what its migrations make."""

import pytest

from cli.tables import STORES
from tests.support.schema import dumped_schema, schema_file


@pytest.mark.parametrize("store", STORES, ids=lambda store: store.SCHEMA)
async def test_the_readable_schema_is_the_real_one(postgres, store):
    assert schema_file(store).read_text() == dumped_schema(postgres, store.SCHEMA)
