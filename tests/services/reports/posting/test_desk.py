"""What is stored and not in the tables yet is asked for again by the browser itself, with or without a script."""

import pytest
from fastapi import Request

from services.reports.posting.desk import PROBLEMS_IN_WORDS, templates
from shared.web.pages import problem_page
from shared.wire.problems import Problem


@pytest.mark.parametrize(
    ("method", "kind", "again"),
    [("GET", "not-there-yet", "1"), ("POST", "not-there-yet", None), ("GET", "invalid", None)],
)
def test_a_page_that_is_on_its_way_looks_again_by_itself(method, kind, again):
    scope = {"type": "http", "method": method, "path": "/receipts/x", "query_string": b"", "headers": []}
    problem = Problem(503, kind, "Position 9 is not in the tables yet.", "Ask again.", retry_after_seconds=1)

    page = problem_page(Request(scope), problem, templates, PROBLEMS_IN_WORDS)

    assert page.status_code == 503
    assert page.headers.get("Refresh") == again
