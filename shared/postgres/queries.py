"""Named queries: SQL stands in its own file, beside the module that uses it."""

from pathlib import Path
from typing import Any

import aiosql


def load_queries(module_file: str, name: str = "queries.sql") -> Any:  # noqa: ANN401 - aiosql makes the methods as it reads
    """Return the queries of the `.sql` file that lies beside `module_file`, one awaitable method per name."""
    return aiosql.from_path(Path(module_file).with_name(name), "asyncpg", mandatory_parameters=False)
