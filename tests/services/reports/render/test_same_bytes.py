"""The same report is the same bytes: in another process, time zone, language and order of hashing."""

import os
import subprocess
import sys
from pathlib import Path

from services.reports.render.formats import Format, render
from shared.wire.canonical import digest
from tests.services.reports.render.test_iati import aid, told
from tests.support.report_values import a_report, a_table

ROOT = Path(__file__).resolve().parents[4]
PRINT = "from tests.services.reports.render.test_same_bytes import hashes; print(hashes())"
ELSEWHERE = [
    {"TZ": "Pacific/Kiritimati", "LANG": "C", "PYTHONHASHSEED": "1"},
    {"TZ": "America/Adak", "LANG": "id_ID.UTF-8", "LC_ALL": "id_ID.UTF-8", "PYTHONHASHSEED": "4242"},
]


def hashes():
    """Return the hash of each format of one report."""
    report = a_report(a_table("more"))
    aid_of = told(aid(occurred="2019", effective="2019-12-31", fields=["a", "b"]))
    return {form.value: digest(render(aid_of if form is Format.XML else report, form)) for form in Format}


def test_every_format_is_the_same_bytes_elsewhere():
    here = str(hashes())
    running = [
        subprocess.Popen(
            [sys.executable, "-c", PRINT],
            cwd=ROOT,
            env={**os.environ, **changes},
            stdout=subprocess.PIPE,
            text=True,
        )
        for changes in ELSEWHERE
    ]
    assert [each.communicate(timeout=100)[0].strip() for each in running] == [here, here]
