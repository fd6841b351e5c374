"""The process that lays out PDF: reads a report as JSON, writes a PDF, again and again, until its input ends.

It is run as a file of its own and knows nothing of the project, so that what goes wrong in it stays in it. Messages have
eight bytes of length; an answer begins with `P` (a PDF follows) or `E` (what is wrong). Arguments: how many bytes of memory it
may take, and the folders of the fonts.
"""

import json
import resource
import sys
from datetime import UTC, datetime
from pathlib import Path

import typst

COMPILATIONS_REMEMBERED = 10


def main() -> None:
    """Answer until the input ends."""
    most, *folders = sys.argv[1:]
    resource.setrlimit(resource.RLIMIT_DATA, (int(most), int(most)))
    template = Path(__file__).with_name("report.typ").read_bytes()
    fonts = typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=folders)
    while head := sys.stdin.buffer.read(8):
        report = sys.stdin.buffer.read(int.from_bytes(head, "big")).decode()
        kind, answer = _laid_out(template, fonts, report)
        sys.stdout.buffer.write(kind + len(answer).to_bytes(8, "big") + answer)
        sys.stdout.buffer.flush()
        _forget(fonts)


def _laid_out(template: bytes, fonts: typst.Fonts, report: str) -> tuple[bytes, bytes]:
    compiler = typst.Compiler(template, font_paths=fonts, ignore_system_fonts=True)
    year, month, day = json.loads(report)["date"]
    made_at = datetime(year, month, day, tzinfo=UTC)
    try:
        pdf = compiler.compile(
            format="pdf", sys_inputs={"report": report}, pdf_standards=["a-3a", "ua-1"], timestamp=made_at
        )
    except typst.TypstError as error:
        return b"E", f"{error.message}\n{error.diagnostic}".encode()
    assert isinstance(pdf, bytes)
    return b"P", pdf


def _forget(fonts: typst.Fonts) -> None:
    """Let the compiler drop what it kept of the report: it forgets what so many compilations did not use.

    Kept, five long reports would fill the memory that a worker may take.
    """
    for _ in range(COMPILATIONS_REMEMBERED):
        typst.Compiler(b"-", font_paths=fonts, ignore_system_fonts=True).compile(format="svg")


if __name__ == "__main__":
    main()
