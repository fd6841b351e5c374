"""A batch of rows stands whole or not at all, and a load that comes by again changes nothing."""

import pytest

from services.ingest.files import Format
from services.ingest.importing import NotOurs, append_rows
from tests.support.build import a_context
from tests.support.tables import a_csv, a_row, check_file, many_rows


def rows(*made):
    return check_file(a_csv(*made), Format.CSV, a_context()).rows


async def test_a_batch_that_stands_already_is_not_appended_again(ledger):
    batch = rows(*many_rows(50))

    await append_rows(ledger, "jakarta", batch)
    await append_rows(ledger, "jakarta", batch)

    assert await ledger.end() == 50


async def test_one_row_alone_is_appended_too(ledger):
    await append_rows(ledger, "jakarta", rows(a_row()))

    assert await ledger.end() == 1


async def test_a_row_that_stands_with_another_body_is_noticed(ledger):
    await append_rows(ledger, "jakarta", rows(*many_rows(3)))

    with pytest.raises(NotOurs):
        await append_rows(ledger, "jakarta", rows(a_row(), a_row(Judul="Lain"), a_row(Judul="Lagi")))
