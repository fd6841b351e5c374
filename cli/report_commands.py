"""The commands `kembar report …`: one for each kind of report, and those for issued ones."""

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Annotated

import typer

from cli.say import print_json, say

report_app = typer.Typer(
    help="Have a report made and write it to a file; issue it; see what was issued.", no_args_is_help=True
)

KINDS: Mapping[str, str] = MappingProxyType(
    {
        "ratings": "Activity ratings of all partnerships over a period, by rating and by issue.",
        "history": "What happened with one partnership, year by year, in both directions.",
        "results": "The report of results (Laporan Hasil Kerja Sama), its nine parts.",
        "programme": "The yearly programme: planned and carried out.",
        "recommendation": "Keep, review or end: with the facts for each.",
        "diagnosis": "The measures beside the rating.",
        "changes": "What changed between two periods, or between two moments of knowledge.",
        "aid": "Aid given and received.",
    }
)
From = Annotated[str, typer.Option("--from", help="The first day of the period.")]
To = Annotated[str, typer.Option("--to", help="The last day of the period.")]
Known = Annotated[str | None, typer.Option(help="As known at the end of this day, or at this moment.")]
Lang = Annotated[str, typer.Option(help="id or en.")]
Partnership = Annotated[str | None, typer.Option(help="One partnership only.")]
Rubric = Annotated[str | None, typer.Option(help="Another rubric than the law of the day.")]
Form = Annotated[str, typer.Option("--format", help="json, csv, pdf, xlsx, docx, html or xml, as the kind can be had.")]
TableName = Annotated[str | None, typer.Option("--table", help="Another table than the main one, for CSV.")]
ComparedFrom = Annotated[
    str | None, typer.Option("--compare-from", help="For changes: the first day of another period.")
]
ComparedTo = Annotated[str | None, typer.Option("--compare-to", help="For changes: the last day of another period.")]
ComparedKnown = Annotated[str | None, typer.Option("--compare-known", help="For changes: an earlier moment.")]
Output = Annotated[
    Path | None,
    typer.Option("--output", "-o", help="The file to write; - for standard output; else named by the report."),
]
Force = Annotated[bool, typer.Option("--force", help="Write over a file that is there.")]
Issue = Annotated[bool, typer.Option("--issue", help="Issue it too, as an issuer: it is fixed in the ledger for ever.")]
Url = Annotated[str | None, typer.Option(help="Where Kembar is; else KEMBAR_URL, else what runs on the data folder.")]
Token = Annotated[
    str | None,
    typer.Option(
        help="The bearer token; others on this machine see what stands here. Else KEMBAR_TOKEN, else the bureau's token."
    ),
]
Data = Annotated[Path, typer.Option(help="The data folder.", envvar="KEMBAR_DATA")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]
IssuedId = Annotated[str, typer.Argument(help="Its id, as `kembar report list` shows it.")]
DATA = Path("data")


def command_of(kind: str) -> Callable[..., None]:
    """Return the command that has a report of this kind made."""

    def make(
        first: From,
        last: To,
        known: Known = None,
        lang: Lang = "id",
        partnership: Partnership = None,
        rubric: Rubric = None,
        form: Form = "pdf",
        table: TableName = None,
        compare_from: ComparedFrom = None,
        compare_to: ComparedTo = None,
        compare_known: ComparedKnown = None,
        output: Output = None,
        force: Force = False,
        issue: Issue = False,
        url: Url = None,
        token: Token = None,
        data: Data = DATA,
        as_json: Json = False,
    ) -> None:
        from cli import report
        from cli.client import find_client

        report.refuse_to_overwrite(output, force=force)
        client = find_client(url, token, data, role="issuer" if issue else "bureau")
        asked = {"kind": kind, "format": form, "from": first, "to": last, "known": known, "lang": lang}
        asked |= {"partnership": partnership, "rubric": rubric, "table": table}
        asked |= {"compare_from": compare_from, "compare_to": compare_to, "compare_known": compare_known}
        job = report.make_report(client, asked)
        written = report.write_report(client, job, output, force=force)
        issued = report.issue_result(client, job) if issue else None
        if as_json and output != report.TO_STANDARD_OUTPUT:
            return print_json({"file": str(written), **job["result"], "receipt": issued["receipt"] if issued else None})
        return report.say_what_was_made(job, written, issued)

    return make


for _kind, _help in KINDS.items():
    report_app.command(_kind, help=_help)(command_of(_kind))


@report_app.command("list")
def list_issued(
    partnership: Partnership = None, url: Url = None, token: Token = None, data: Data = DATA, as_json: Json = False
) -> None:
    """Show the reports that were issued, the latest first."""
    from cli import report
    from cli.client import find_client

    found = report.list_issued(find_client(url, token, data), partnership)
    print_json(found) if as_json else report.print_issued(found)


@report_app.command("again")
def make_again(
    issued: IssuedId, url: Url = None, token: Token = None, data: Data = DATA, as_json: Json = False
) -> None:
    """Make an issued report again and compare: 0 where every byte is the same, 1 where not, and where it differs."""
    from cli import report
    from cli.client import find_client

    answer = find_client(url, token, data).post(f"{report.ISSUED}/{issued}/again", {})[1]
    if as_json:
        print_json(answer)
        raise typer.Exit(0 if answer["same"] else 1)
    report.print_comparison(answer)


@report_app.command("fetch")
def fetch(
    issued: IssuedId,
    output: Annotated[Path, typer.Option("--output", "-o", help="The file to write; - for standard output.")],
    force: Force = False,
    url: Url = None,
    token: Token = None,
    data: Data = DATA,
) -> None:
    """Write an issued report to a file, as it was handed out."""
    from cli import report
    from cli.client import find_client

    report.refuse_to_overwrite(output, force=force)
    answer = find_client(url, token, data).fetch(f"{report.ISSUED}/{issued}/bytes", {})
    report.write_whole(answer.content, output, force=force)
    say(f"{output}: {len(answer.content):,} bytes, {answer.headers['Kembar-Hash']}")


@report_app.command("touched-by")
def touched_by(
    correction: Annotated[str, typer.Argument(help="The id of a correction, a retraction or a reversal.")],
    url: Url = None,
    token: Token = None,
    data: Data = DATA,
    as_json: Json = False,
) -> None:
    """Show which issued reports a correction lets read otherwise, and where."""
    from cli import report
    from cli.client import find_client

    answer = find_client(url, token, data).get(f"{report.ISSUED}/touched-by", {"correction": correction})
    print_json(answer) if as_json else report.print_touched(answer)
