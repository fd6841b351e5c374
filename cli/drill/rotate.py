"""Drill: every secret is renewed while people work."""

import asyncio
import subprocess
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import httpx

from cli.bench.alerts import close_today
from cli.drill.load import Load
from cli.drill.receiver import Receiver, running_receiver
from cli.drill.topology import Topology, wait_until
from cli.drill.under_load import Course, Drill, more
from cli.embedded.postgres import programs, socket_folder
from cli.people import add_token, list_tokens, revoke_token
from cli.secrets_folder import NEXT, PASSWORDS, ensure_secrets, renew_secrets, seed_name, take_renewed_secrets
from services.access.decide import TokenAsked
from shared.ledger.ledger import Ledger
from shared.postgres.roles import OWNER, password_name, role_of
from shared.process.clock import now
from shared.process.tasks import end

OK, UNAUTHORIZED = 200, 401
LONGEST_UNTIL_TOLD_SECONDS = 30.0
REFUSED_SECONDS = 2.0
OF_ANOTHER = {"level": "city", "country": "VN", "name": {"id": "Latihan"}}


def renew_every_secret(topology: Topology, load: Load, course: Course) -> None:
    """Renew keys, passwords, a program's token and a webhook's secret, as the handbook says."""
    with running_receiver() as receiver:
        subscription = subscribe(topology, receiver)
        watched = watch_partnerships(topology)
        told(topology, receiver, next(watched), course, "before")
        former = keys_of(topology)
        renew_token(topology, load, course)
        renew_keys_and_passwords(topology, load, course)
        check_that_former_keys_are_refused(topology, former, course)
        renew_webhook_secret(topology, receiver, subscription, watched, course)


def renew_keys_and_passwords(topology: Topology, load: Load, course: Course) -> None:
    """Renew what opens NATS and PostgreSQL; restart the replicas of one machine, then those of the other."""
    former = (topology.secrets / password_name(OWNER)).read_text().strip()
    renew_secrets(topology.secrets)
    topology.cluster.reload()
    time.sleep(1.0)
    set_passwords(topology, former)
    take_renewed_secrets(topology.secrets)
    topology.cluster.write_routes()
    for number in (1, 2):
        topology.restart(*topology.on_machine(number))
        more(load, 10)
    ensure_secrets(topology.secrets)
    topology.cluster.reload()
    more(load, 10)
    course.figures.append("keys of all NATS users and of the routes, passwords of all PostgreSQL roles renewed")


def set_passwords(topology: Topology, former: str) -> None:
    """Let PostgreSQL read the new passwords, as its owner with the former one."""
    command = [str(programs() / "psql"), "--quiet", "--no-psqlrc", "--set", "ON_ERROR_STOP=1"]
    where = ["--host", str(socket_folder(topology.folder)), "--username", role_of(OWNER), "--dbname", "postgres"]
    text = (topology.secrets / NEXT / PASSWORDS).read_text()
    subprocess.run([*command, *where], input=text, text=True, env={"PGPASSWORD": former}, check=True)


def keys_of(topology: Topology) -> str:
    """Return the key with which ingest writes to the ledger."""
    return (topology.secrets / seed_name("ingest")).read_text()


def check_that_former_keys_are_refused(topology: Topology, former: str, course: Course) -> None:
    """Say it is amiss where the key of before still opens the ledger."""
    folder = topology.folder / "run" / "former"
    folder.mkdir(mode=0o700, exist_ok=True)
    (folder / seed_name("ingest")).write_text(former)
    if asyncio.run(_opens(topology.cluster.urls[0], folder)):
        course.amiss.append("the former key of ingest still opens the ledger")


async def _opens(url: str, folder: Path) -> bool:
    """Say whether the key in a folder opens the ledger; whoever is refused tries for ever, and is stopped."""
    connecting = asyncio.create_task(Ledger.connect(url, "ingest", folder))
    done, _ = await asyncio.wait({connecting}, timeout=REFUSED_SECONDS)
    if not done:
        await end(connecting)
        return False
    if connecting.exception() is not None:
        return False
    await connecting.result().close()
    return True


def renew_token(topology: Topology, load: Load, course: Course) -> None:
    """Make a program another token, let it use that one, and revoke those of before."""
    settings = topology.settings
    living = [each["id"] for each in list_tokens(settings) if each["role"] == "bureau" and not each["revoked_at"]]
    former, made = load.token, add_token(settings, TokenAsked("drill", None, 1, "drill", "bureau"))
    load.token = topology.tokens["bureau"] = made["token"]
    time.sleep(0.5)  # what was asked with the former one has been answered
    for each in living:
        revoke_token(settings, each)
    if (status := answer_to(topology, former)) != UNAUTHORIZED:
        course.amiss.append(f"the revoked token is answered {status}")
    if (status := answer_to(topology, load.token)) != OK:
        course.amiss.append(f"the new token is answered {status}")


def answer_to(topology: Topology, token: str) -> int:
    """Return how access answers whoever shows a token."""
    headers = {"Authorization": f"Bearer {token}"}
    return httpx.get(
        f"{topology.at('access-1')}/access/v1/me", headers=headers, timeout=30, trust_env=False
    ).status_code


def subscribe(topology: Topology, receiver: Receiver) -> str:
    """Subscribe the receiver to all alerts; return the subscription."""
    answer = _ask(topology, "scoring-1", "/scoring/v1/subscriptions", {"channel": {"webhook": receiver.url}})
    receiver.secret = answer["secret"]
    return str(answer["id"])


def renew_webhook_secret(
    topology: Topology, receiver: Receiver, subscription: str, watched: Iterator[str], course: Course
) -> None:
    """Draw another secret; messages fit both, until the receiver knows the new one and ever after."""
    another = _ask(topology, "scoring-1", f"/scoring/v1/subscriptions/{subscription}/secret", {})["secret"]
    told(topology, receiver, next(watched), course, "with the former secret")
    receiver.secret = another
    told(topology, receiver, next(watched), course, "with the new secret")
    if receiver.unfit or len(set(receiver.taken)) != len(receiver.taken):
        course.amiss.append(f"{receiver.unfit} alerts did not fit the secret; {len(receiver.taken)} came")
    course.figures.append(f"{len(receiver.taken)} alerts came, all signed, with either secret of the webhook")


def watch_partnerships(topology: Topology) -> Iterator[str]:
    """Bring partnerships to one cell below the next rating, close the day, from which on they are watched; yield them."""
    names = [f"latihan-{uuid4().hex[:8]}" for _ in range(3)]
    for name in names:
        _post(topology, "partnership.registered", {"partnership": name, **OF_ANOTHER})
        for direction in ("outbound", "inbound"):
            _post(topology, "activity.recorded", an_activity(name, "contact", direction))
    asyncio.run(close_today(topology.settings))
    return iter(names)


def told(topology: Topology, receiver: Receiver, partnership: str, course: Course, when: str) -> None:
    """Let a rating rise, and wait until the receiver has been told."""
    before = len(receiver.taken)
    _post(topology, "activity.recorded", an_activity(partnership, "visit", "inbound"))
    try:
        wait_until(lambda: len(receiver.taken) > before, LONGEST_UNTIL_TOLD_SECONDS)
    except TimeoutError:
        course.amiss.append(f"no alert came {when}")


def an_activity(partnership: str, indicator: str, direction: str) -> dict[str, object]:
    """Return what happened yesterday with a partnership."""
    yesterday = (now() - timedelta(days=1)).date().isoformat()
    what = {"indicator": indicator, "direction": direction, "occurred": yesterday, "outcome": "held"}
    return {"partnership": partnership, "title": {"id": "Latihan"}, **what}


def _post(topology: Topology, event_type: str, data: dict[str, object]) -> None:
    _ask(topology, "ingest-1", "/ingest/v1/events", {"type": event_type, "id": str(uuid4()), "data": data})


def _ask(topology: Topology, name: str, path: str, body: object) -> dict[str, str]:
    headers = {"Authorization": f"Bearer {topology.tokens['issuer']}"}
    answer = httpx.post(f"{topology.at(name)}{path}", json=body, headers=headers, timeout=30, trust_env=False)
    answer.raise_for_status()
    document: dict[str, str] = answer.json()
    return document


ROTATION = Drill("rotate", "every secret was renewed while people worked", "Rotate", renew_every_secret)
