"""Who may do what with the log: one NATS user per service, known by its key, and nobody who may take anything away.

Only what is listed is allowed. Nobody may delete, purge, change or re-limit the stream, nor take a snapshot's place; only
ingest may write to it; only `prepare` may make it. Each user hears the answers to its own questions alone; the listener
hears the alerts, which scoring alone may publish.
"""

from collections.abc import Mapping, Sequence

from shared.ledger.stream import STREAM

READERS = ("ingest", "scoring", "reports", "archive")
LISTENER = "listener"
"""A program of others, which may read the alerts of all homes and nothing of the ledger."""
USERS = ("prepare", *READERS, LISTENER)
ALERTS = "ALERTS_00"
SERVERS = ("nats-1.nats", "nats-2.nats", "nats-3.nats")
"""The servers of a cluster, by the names that each finds the others by."""

_INFORMATION = f"$JS.API.STREAM.INFO.{STREAM}"
_READING = (
    _INFORMATION,
    f"$JS.API.DIRECT.GET.{STREAM}",
    f"$JS.API.CONSUMER.CREATE.{STREAM}.>",
    f"$JS.API.CONSUMER.MSG.NEXT.{STREAM}.>",
)
_INFORMATION_OF_ALERTS = f"$JS.API.STREAM.INFO.{ALERTS}"
MAY_PUBLISH: Mapping[str, Sequence[str]] = {
    "prepare": (
        _INFORMATION,
        f"$JS.API.STREAM.CREATE.{STREAM}",
        _INFORMATION_OF_ALERTS,
        f"$JS.API.STREAM.CREATE.{ALERTS}",
    ),
    "ingest": (*_READING, "ledger.>"),
    "scoring": (*_READING, "alerts.>"),
    "reports": _READING,
    "archive": _READING,
    # No consumers: whoever makes one says to which subject it delivers, and that could be one of the ledger.
    LISTENER: (_INFORMATION_OF_ALERTS, f"$JS.API.DIRECT.GET.{ALERTS}"),
}
MAY_HEAR: Mapping[str, Sequence[str]] = {LISTENER: ("alerts.>",)}
"""What a user hears besides the answers to its own questions."""


def inbox_of(user: str) -> str:
    """Return where answers to this user go."""
    return f"_INBOX_{user}"


def users_configuration(*public_keys: Mapping[str, str]) -> str:
    """Return the `authorization` block of nats-server's configuration for these users' public keys.

    While keys are renewed, those of before and those to come are good for the same.
    """
    users = "\n".join(_user(name, keys[name]) for keys in public_keys for name in USERS if name in keys)
    return f"authorization {{\n  users: [\n{users}\n  ]\n}}\n"


def routes_configuration(password: str) -> str:
    """Return what a cluster's configuration says of its routes: who comes over one could do everything, so it needs a password.

    The servers are `SERVERS`; a route that is listed takes the password from its address, one that is heard of from above.
    """
    routes = ", ".join(f'"nats://routes:{password}@{server}:6222"' for server in SERVERS)
    return f"authorization {{ user: routes, password: {password}, timeout: 2 }}\nroutes: [{routes}]\n"


def _user(name: str, public_key: str) -> str:
    publish = ", ".join(f'"{subject}"' for subject in MAY_PUBLISH[name])
    hear = ", ".join(f'"{subject}"' for subject in (f"{inbox_of(name)}.>", *MAY_HEAR.get(name, ())))
    return (
        f"    # {name}\n"
        f"    {{ nkey: {public_key}, permissions: {{\n"
        f"      publish: {{ allow: [{publish}] }}\n"
        f"      subscribe: {{ allow: [{hear}] }}\n"
        "    } }"
    )
