"""The commands. Each reads its arguments here and does its work in the module of its name."""

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from cli.report_commands import report_app
from cli.say import complain, out, print_json, say
from cli.stop import CannotGoOn

if TYPE_CHECKING:
    from shared.process.settings import Settings

ROOT = Path(__file__).resolve().parents[1]
app = typer.Typer(
    help="Kembar: a ledger of what happens between partner cities, and how active each partnership is.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
show_app = typer.Typer(help="Show ratings, or one partnership.", no_args_is_help=True)
app.add_typer(show_app, name="show")
app.add_typer(report_app, name="report")
people_app = typer.Typer(
    help="The people of this installation, for whoever administers the machine.", no_args_is_help=True
)
app.add_typer(people_app, name="people")
tokens_app = typer.Typer(help="The tokens of programs, for whoever administers the machine.", no_args_is_help=True)
app.add_typer(tokens_app, name="tokens")
homes_app = typer.Typer(help="See the homes of an installation, or open one.", no_args_is_help=True)
app.add_typer(homes_app, name="homes")

Data = Annotated[Path, typer.Option(help="The data folder.", envvar="KEMBAR_DATA")]
Port = Annotated[int, typer.Option(help="The port on this machine's own address.", min=1, max=65535)]
Url = Annotated[str | None, typer.Option(help="Where Kembar is; else KEMBAR_URL, else what runs on the data folder.")]
Token = Annotated[
    str | None,
    typer.Option(
        help="The bearer token; others on this machine see what stands here. Else KEMBAR_TOKEN, else the bureau's token."
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]
On = Annotated[str | None, typer.Option(help="The day in the world, such as 2020-12-31; today if left out.")]
From = Annotated[str | None, typer.Option("--from", help="The first day of a period.")]
To = Annotated[str | None, typer.Option("--to", help="The last day of a period.")]
Known = Annotated[str | None, typer.Option(help="As known at the end of this day, or at this moment.")]
DATA = Path("data")
IN_SEVERAL_PROCESSES = ("--numprocesses", "auto", "--maxprocesses", "4", "--dist", "worksteal")
WITH_BYTECODE = {"PYTHONDONTWRITEBYTECODE": ""}
"""Tests start many processes: what the first one compiles, the others need not."""
LONG_TESTS = ("tests/faults", "tests/services/scoring/test_against_oracle.py")


def main() -> NoReturn:
    """Run the command line: 0 done, 1 could not be done, 2 wrongly asked, 3 not known (scan), 130 interrupted."""
    try:
        app(prog_name="kembar")
    except CannotGoOn as stop:
        complain(stop.what, stop.remedy)
        sys.exit(stop.code)
    except KeyboardInterrupt:
        sys.exit(130)
    sys.exit(0)


@app.command()
def demo(port: Port = 8080, data: Data = DATA) -> None:
    """Start everything here, load Jakarta's 22 partnerships and 114 activities, and show their ratings."""
    _until_interrupted(data, port, with_facts=True)


@app.command()
def up(port: Port = 8080, data: Data = DATA) -> None:
    """Start everything here, with an empty ledger or what is there already."""
    _until_interrupted(data, port, with_facts=False)


def _until_interrupted(data: Path, port: int, *, with_facts: bool) -> None:
    from cli.up import up as start

    try:
        start(data, port, with_facts=with_facts)
    except KeyboardInterrupt:
        say("Stopped; nothing is lost. The same command goes on from here.")


@app.command()
def serve(
    service: Annotated[
        str,
        typer.Argument(
            help="ingest, scoring, reports, access, archive, all on one port, projections: what follows the ledger, "
            "or deliveries: what tells of alerts."
        ),
    ],
    prepare_first: Annotated[bool, typer.Option("--prepare", help="First do what `kembar prepare` does.")] = False,
) -> None:
    """Run a service against a ledger and a database that run already; see docs/operating.md for its settings."""
    settings = _settings()
    if service == "deliveries" and not prepare_first:  # it needs nothing of the others, and is up in half their time
        _serve_deliveries(settings)
        return
    from cli.serve import APPS, prepare, serve, serve_projections

    without_a_port = {"projections": serve_projections, "deliveries": _serve_deliveries}
    if service not in (*APPS, "all", *without_a_port):
        asked = f"Use one of {', '.join((*APPS, 'all', *without_a_port))}."
        raise CannotGoOn(f"There is no service “{service}”.", asked)
    if prepare_first:
        prepare(settings)
    without_a_port[service](settings) if service in without_a_port else serve(service, settings)


def _serve_deliveries(settings: "Settings") -> None:
    """Read what tells of alerts only where it is wanted: a container of another service has it not."""
    from cli.deliver import serve_deliveries

    serve_deliveries(settings)


@app.command()
def prepare() -> None:
    """Make the ledger's stream where there is none, and bring the tables up to date. Safe to run again."""
    from cli.serve import prepare

    prepare(_settings())
    say("The ledger and the tables are ready.")


def _settings() -> "Settings":
    """Read the settings; name those that are wrong as they stand in the environment."""
    from pydantic import ValidationError

    from shared.process.settings import Settings

    try:
        return Settings()
    except ValidationError as error:
        wrong = [f"KEMBAR_{str(each['loc'][0]).upper()}: {each['msg']}" for each in error.errors(include_input=False)]
        raise CannotGoOn("\n".join(wrong), "Correct the settings; docs/operating.md lists them all.") from error


@app.command("secrets")
def make_secrets(
    folder: Annotated[Path, typer.Argument(help="Where to keep them; a folder for nothing else.")],
    renew: Annotated[bool, typer.Option("--renew", help="Draw all anew beside those in use.")] = False,
    take: Annotated[bool, typer.Option("--take", help="Put those drawn anew in the place of those in use.")] = False,
) -> None:
    """Draw the keys and passwords of an installation, each into a file of its own. Safe to run again."""
    from cli.secrets_folder import (
        NATS_CONFIGURATION,
        NEXT,
        PASSWORDS,
        ensure_secrets,
        renew_secrets,
        take_renewed_secrets,
    )

    if renew and take:
        raise CannotGoOn("Both --renew and --take were given.", "Renew first; take them once the servers know them.")
    if renew:
        renew_secrets(folder)
        say(
            f"New secrets are in {folder / NEXT}. Reload nats-server, let PostgreSQL read {PASSWORDS}, then --take them."
        )
        return
    if take:
        take_renewed_secrets(folder)
        say(
            f"The new secrets are in {folder}. Restart the services; then run `kembar secrets {folder}`, and reload again."
        )
        return
    ensure_secrets(folder)
    say(f"The secrets are in {folder}; nats-server includes {NATS_CONFIGURATION}.")


@show_app.command("ratings")
def show_ratings(
    on: On = None,
    first: From = None,
    last: To = None,
    known: Known = None,
    url: Url = None,
    token: Token = None,
    data: Data = DATA,
    as_json: Json = False,
) -> None:
    """Show how every partnership stood on a day, or over a period, as known at a moment."""
    from cli.client import find_client
    from cli.show import ratings_table

    clocks = {"on": on, "from": first, "to": last, "known": known}
    answer = find_client(url, token, data).get("/reports/v1/ratings", clocks)
    print_json(answer) if as_json else out.print(ratings_table(answer))


@show_app.command("partnership")
def show_partnership(
    partnership: Annotated[str, typer.Argument(help="Its short name, such as beijing.")],
    on: On = None,
    first: From = None,
    last: To = None,
    known: Known = None,
    url: Url = None,
    token: Token = None,
    data: Data = DATA,
    as_json: Json = False,
) -> None:
    """Show one partnership: its ten cells, and the activities behind each."""
    from cli import show
    from cli.client import find_client

    clocks = {"on": on, "from": first, "to": last, "known": known}
    answer = show.show_partnership(find_client(url, token, data), partnership, clocks)
    print_json(answer) if as_json else show.print_partnership(answer)


RoleName = Annotated[str, typer.Option(help="bureau, issuer, embassy, viewer, auditor, administrator or ministry.")]
OwnPartnerships = Annotated[list[str] | None, typer.Option("--partnership", help="An embassy's own; may be repeated.")]


@people_app.command("add")
def add_person(
    name: Annotated[str, typer.Argument(help="How the person is called; it stands on pages only.")],
    role: RoleName = "viewer",
    partnership: OwnPartnerships = None,
    language: Annotated[str, typer.Option(help="id or en.")] = "id",
    data: Data = DATA,
    as_json: Json = False,
) -> None:
    """Invite a person; print the one-time link by which they choose a name and a password."""
    from cli import people

    added = people.add_person(data, name, role, partnership or [], language)
    if as_json:
        return print_json(added)
    say(f"{added['account']} may come in. Hand them this link; it is good once, for three days:")
    return out.print(added["link"], soft_wrap=True)


@people_app.command("list")
def list_people(data: Data = DATA, as_json: Json = False) -> None:
    """Show every account: people and programs, and what they are to which home."""
    from cli import people

    found = people.list_people(data)
    print_json(found) if as_json else people.print_people(found)


@people_app.command("disable")
def disable_person(
    account: Annotated[str, typer.Argument(help="The account, as `kembar people list` shows it.")],
    again: Annotated[bool, typer.Option("--enable", help="Let it in again instead.")] = False,
    data: Data = DATA,
) -> None:
    """Let an account in no more: its sessions and tokens are refused at once."""
    from cli import people

    people.disable_person(data, account, again=again)
    say(f"{account} is let in again." if again else f"{account} is let in no more.")


@tokens_app.command("add")
def add_token(
    program: Annotated[str, typer.Argument(help="The program's name, such as import-2019.")],
    role: RoleName = "viewer",
    label: Annotated[str | None, typer.Option(help="What it is for; else the program's name.")] = None,
    scope: Annotated[
        list[str] | None,
        typer.Option(help="read, post, issue or administer; may be repeated; all of the role if left out."),
    ] = None,
    days: Annotated[int, typer.Option(help="How long it lasts.", min=1, max=366)] = 90,
    partnership: OwnPartnerships = None,
    data: Data = DATA,
    as_json: Json = False,
) -> None:
    """Make a token for a program of the home and print it, once."""
    from cli import people
    from services.access.decide import TokenAsked

    made = people.add_token(data, TokenAsked(label or program, scope or None, days, program, role, partnership))
    if as_json:
        return print_json(made)
    say(f"The token {made['id']}; it is shown this once, and kept nowhere:")
    return out.print(made["token"], soft_wrap=True)


@tokens_app.command("list")
def list_tokens(data: Data = DATA, as_json: Json = False) -> None:
    """Show every token: what it is for, what it may, until when, and when it was last used."""
    from cli import people

    found = people.list_tokens(data)
    print_json(found) if as_json else people.print_tokens(found)


@tokens_app.command("revoke")
def revoke_token(
    token: Annotated[str, typer.Argument(help="Its id, as `kembar tokens list` shows it.")], data: Data = DATA
) -> None:
    """Revoke a token: the very next request that shows it is refused."""
    from cli import people

    people.revoke_token(data, token)
    say(f"{token} is revoked.")


@homes_app.command("list")
def list_homes(
    home: Annotated[str | None, typer.Option(help="Another home, or all; for a ministry.")] = None,
    url: Url = None,
    token: Token = None,
    data: Data = DATA,
    as_json: Json = False,
) -> None:
    """Show a home: its name, its time zone, the language of its pages."""
    from cli.client import find_client
    from cli.homes import print_homes, read_homes

    homes = read_homes(find_client(url, token, data), home)
    print_json(homes) if as_json else print_homes(homes)


@homes_app.command("open")
def open_home(
    home: Annotated[str, typer.Argument(help="Its short name for ever, such as bandung.")],
    time_zone: Annotated[str, typer.Option(help="Where its days begin and end, for ever, such as Asia/Jakarta.")],
    name_id: Annotated[str | None, typer.Option(help="Its name in Indonesian.")] = None,
    name_en: Annotated[str | None, typer.Option(help="Its name in English.")] = None,
    language: Annotated[str, typer.Option(help="The language that its pages begin in: id or en.")] = "id",
    url: Url = None,
    token: Token = None,
    data: Data = DATA,
    as_json: Json = False,
) -> None:
    """Open a home, as an administrator of the installation."""
    from cli.client import find_client
    from cli.homes import open_home
    from cli.post import print_receipts

    client = find_client(url, token, data, role="administrator")
    receipt = open_home(client, home, {"id": name_id, "en": name_en}, time_zone, language)
    print_json(receipt) if as_json else print_receipts([receipt])


@app.command()
def post(
    file: Annotated[Path | None, typer.Argument(help="Events as JSON or JSON Lines; - for standard input.")] = None,
    partnership: str | None = None,
    indicator: str | None = None,
    occurred: Annotated[str | None, typer.Option(help="2019, 2019-05, 2019-05-22 or 2018/2019.")] = None,
    direction: str | None = None,
    outcome: str = "held",
    mode: str | None = None,
    initiator: str | None = None,
    title_id: Annotated[str | None, typer.Option(help="The title in Indonesian.")] = None,
    title_en: Annotated[str | None, typer.Option(help="The title in English.")] = None,
    event_id: Annotated[str | None, typer.Option("--id", help="A UUID, to be safe to send again.")] = None,
    url: Url = None,
    token: Token = None,
    data: Data = DATA,
    as_json: Json = False,
) -> None:
    """Post events from a file, or one activity given by options; print the receipts."""
    from cli.client import find_client
    from cli.post import activity_from, post_events, print_receipts, read_events

    given: dict[str, Any] = {
        "partnership": partnership,
        "indicator": indicator,
        "occurred": occurred,
        "direction": direction,
        "mode": mode,
        "initiator": initiator,
        "title": {"id": title_id, "en": title_en},
    }
    if file is not None and any(given[name] for name in ("partnership", "indicator", "occurred", "direction")):
        raise CannotGoOn("A file and an activity by options were given.", "Give the one or the other.")
    if file is None and partnership is None:
        raise CannotGoOn(
            "There is nothing to post.", "Name a file (or -), or describe an activity; see `kembar post --help`."
        )
    events = read_events(file) if file is not None else [activity_from(given, outcome, event_id)]
    receipts = post_events(find_client(url, token, data), events)
    print_json(receipts) if as_json else print_receipts(receipts)


@app.command()
def whatif(
    first: Annotated[str, typer.Option("--from", help="The first day of the period.")],
    last: Annotated[str, typer.Option("--to", help="The last day of the period.")],
    rubric: Annotated[Path | None, typer.Option(help="Another rubric, as JSON.")] = None,
    add: Annotated[Path | None, typer.Option(help="Activities to add, as `kembar post` takes them.")] = None,
    partnership: Annotated[str | None, typer.Option(help="One partnership only.")] = None,
    remove: Annotated[
        list[str] | None, typer.Option(help="The id of an activity to leave out; may be repeated.")
    ] = None,
    known: Known = None,
    url: Url = None,
    token: Token = None,
    data: Data = DATA,
    as_json: Json = False,
) -> None:
    """Show whose rating another rubric, or other activities, would have made another, and when. Writes nothing."""
    from cli.client import find_client
    from cli.whatif import ask_whatif, print_whatif

    period = {"from": first, "to": last, "known": known, "partnership": partnership}
    answer = ask_whatif(find_client(url, token, data), period, rubric, add, remove or [])
    print_json(answer) if as_json else print_whatif(answer)


@app.command()
def backtest(
    official: Annotated[
        Path | None,
        typer.Option(help="Ratings to compare with, as CSV (slug, rating); else the official ones in force."),
    ] = None,
    rubric: Annotated[Path | None, typer.Option(help="A rubric, as JSON; else the law of the day.")] = None,
    on: On = None,
    known: Known = None,
    url: Url = None,
    token: Token = None,
    data: Data = DATA,
    as_json: Json = False,
) -> None:
    """Show how far the rating agrees with official ratings on a day, and which partnerships differ."""
    from cli.client import find_client
    from cli.whatif import ask_backtest, print_backtest

    answer = ask_backtest(find_client(url, token, data), {"on": on, "known": known}, rubric, official)
    print_json(answer) if as_json else print_backtest(answer)


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="A table of activities: .csv, .xlsx or .jsonl.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check it and store nothing.")] = False,
    name: Annotated[
        str | None, typer.Option(help="The batch that its activities carry, by which it is reversed.")
    ] = None,
    mapping: Annotated[str | None, typer.Option(help="A saved mapping of its columns.")] = None,
    day_first: Annotated[
        bool | None, typer.Option("--day-first/--month-first", help="How 03/04/2019 is meant: 3 April, or March 4.")
    ] = None,
    keep_duplicates: Annotated[bool, typer.Option("--keep-duplicates", help="Load likely duplicates too.")] = False,
    url: Url = None,
    token: Token = None,
    data: Data = DATA,
    as_json: Json = False,
) -> None:
    """Import a table of activities, whole or not at all; show what was found in its rows."""
    from cli.client import find_client
    from cli.importing import import_file, print_import

    asked = {
        "dry_run": "true" if dry_run else "false",
        "name": name,
        "mapping": mapping,
        "day_first": None if day_first is None else str(day_first).lower(),
        "duplicates": "keep" if keep_duplicates else "ask",
    }
    answer = import_file(find_client(url, token, data), file, asked)
    if as_json:
        print_json(answer)
        raise typer.Exit(0 if answer["state"] in ("completed", "ready") else 1)
    print_import(answer)


@app.command()
def reverse(
    batch: Annotated[str, typer.Argument(help="The batch that the import's activities carry.")],
    reason: Annotated[str, typer.Option(help="Why; it stands in the ledger.")],
    url: Url = None,
    token: Token = None,
    data: Data = DATA,
    as_json: Json = False,
) -> None:
    """Take a whole import back: its activities stay readable and count no more."""
    from cli.client import find_client
    from cli.importing import reverse_import
    from cli.post import print_receipts

    receipt = reverse_import(find_client(url, token, data), batch, reason)
    print_json(receipt) if as_json else print_receipts([receipt])


@app.command()
def backup(
    destination: Annotated[Path, typer.Argument(help="A folder: new, empty, or with an earlier backup to go on from.")],
    data: Data = DATA,
) -> None:
    """Copy the whole ledger into a folder of plain files and check them; safe while Kembar runs."""
    from cli.backup import backup

    say(f"{backup(destination, data)} events are in {destination}, and were checked.")


@app.command()
def restore(
    source: Annotated[Path, typer.Argument(help="The folder of a backup, or an archive.")],
    data: Annotated[
        Path | None, typer.Option(help="The data folder to be made; it must not be there yet, or be empty.")
    ] = None,
    into_running: Annotated[
        bool, typer.Option("--into-running", help="Instead, the empty ledger that the environment names.")
    ] = False,
) -> None:
    """Make an equal ledger out of a backup, in a new data folder or in servers that run; tables are computed from it."""
    from cli.backup import restore, restore_into_running

    if (data is None) != into_running:
        raise CannotGoOn("It is not clear where to.", "Name a new folder with --data, or give --into-running.")
    if data is None:
        restore_into_running(source, _settings())
        say("Start the services; they compute the tables from it.")
        return
    restore(source, data)
    say(f"Start it with `./kembar up --data {data}`.")


@app.command()
def doctor(data: Data = DATA, as_json: Json = False) -> None:
    """Check configuration, ledger, archive and projections, running or stopped; say what to do about what is wrong."""
    from cli.doctor import as_json as findings_as_json
    from cli.doctor import doctor, print_findings

    findings = doctor(data)
    print_json(findings_as_json(findings)) if as_json else print_findings(findings)
    if not all(each.ok for each in findings):
        raise typer.Exit(1)


@app.command("sbom")
def show_sbom(
    file: Annotated[Path | None, typer.Option("--out", help="Where to write it; else to standard output.")] = None,
) -> None:
    """Write the software bill of materials of what is installed: CycloneDX 1.6, the same bytes each time."""
    from cli.sbom import sbom, write_bill

    write_bill(sbom(), file)


@app.command("scan")
def scan_packages(
    service: Annotated[
        str | None, typer.Option(help="Another service that answers OSV queries; else the public one.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Ask what is known against the installed packages: 0 nothing, 1 something, 3 where the service cannot be asked."""
    from cli.lock import read_lock
    from cli.scan import PUBLIC_SERVICE, print_vulnerabilities, scan
    from cli.scan import as_json as found_as_json

    found = scan(service or PUBLIC_SERVICE)
    print_json(found_as_json(found)) if as_json else print_vulnerabilities(found, len(read_lock()))
    if found:
        raise typer.Exit(1)


@app.command()
def rebuild(
    projection: Annotated[str, typer.Argument(help="ingest, scoring or reports.")],
    swap: Annotated[bool, typer.Option("--swap", help="Put the rebuilt tables in the place of the live ones.")] = False,
    data: Data = DATA,
) -> None:
    """Compute the tables of a service anew from the ledger, compare them with the live ones, row by row."""
    from cli.rebuild import rebuild

    if not rebuild(projection, data, swap=swap) and not swap:
        raise CannotGoOn(
            f"The live tables of {projection} are not what the ledger says.",
            "Put the rebuilt ones in their place with --swap; keep what is printed above: it says what was damaged.",
        )


@app.command()
def bench(
    subjects: Annotated[
        list[str] | None,
        typer.Argument(
            help="starts, appends, batches, replay, alerts, ratings, pages, reports, jobs, homes, replicas; all if left out."
        ),
    ] = None,
    runs: Annotated[int, typer.Option(help="How often each is measured.", min=1)] = 5,
    events: Annotated[int, typer.Option(help="How many events are replayed, and rated.", min=1_000)] = 100_000,
    as_json: Json = False,
) -> None:
    """Measure what takes how long on this machine: medians, beside the raw limit of the same run."""
    from cli.bench.run import measure, print_figures
    from shared.process.logs import set_up_logs

    set_up_logs("warning", service="bench")  # to standard error: the figures are the answer
    measured = measure(subjects or [], runs, events, say)
    print_json(measured.document()) if as_json else print_figures(measured)


@app.command()
def drill(
    drills: Annotated[
        list[str] | None,
        typer.Argument(
            help="leader, replica, postgres, projections, disk, restore, rotate, clock, upgrade; all if left out."
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Run the production topology here, break it under load, and say what was lost; ends with 1 where anything was."""
    from cli.drill.report import document_of, print_report
    from cli.drill.run import run_drills
    from shared.process.logs import set_up_logs

    set_up_logs("error", service="drill")  # to standard error: the reports are the answer
    ended: list[Any] = []

    def tell(report: Any) -> None:  # noqa: ANN401 - its module is read only above
        ended.append(report)
        if not as_json:
            print_report(report)

    run_drills(drills or [], say, tell)
    if as_json:
        print_json([document_of(each) for each in ended])
    if not all(getattr(each, "is_well", True) for each in ended):
        raise CannotGoOn("A drill lost something, or something is amiss; see above.", "Keep what was printed.")


@app.command()
def faults() -> None:
    """Run the long form of the fault tests; at the end a line per fault, and the figures that were compared."""
    command = [sys.executable, "-m", "pytest", *LONG_TESTS, "-s"]
    ended = subprocess.run(command, cwd=ROOT, env={**os.environ, **WITH_BYTECODE, "FAULTS": "long"}, check=False)
    raise typer.Exit(ended.returncode)


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def test(context: typer.Context) -> None:
    """Run all tests, in as many processes as there are processors; or what follows, which is handed to pytest."""
    arguments = context.args or IN_SEVERAL_PROCESSES
    environment = {**os.environ, **WITH_BYTECODE}
    ended = subprocess.run([sys.executable, "-m", "pytest", *arguments], cwd=ROOT, env=environment, check=False)
    raise typer.Exit(ended.returncode)
