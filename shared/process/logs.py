"""Logs: one JSON object per line on standard error, times in UTC, no secret ever."""

import json
import logging
import re
from typing import Any

import structlog
from structlog.typing import EventDict, Processor

# The values of a frame's variables hold whatever was being worked on, tokens among it.
_TRACEBACKS_WITHOUT_VALUES = structlog.processors.ExceptionRenderer(
    structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
)


_SECRETS = re.compile(
    r"""(?P<before> \b bearer \s+ | \b password ["']? \s* [:=] \s* ["']? ) [^\s"'\\]+
    | (?P<user> :// [^\s:/@"]* : ) [^\s/@"]+ (?=@)
    | \b kembar_ [\w-]{20,}
    | \b whsec_ [\w+/=-]{8,}
    | \b [\w.+-]+ @ [\w-]+ (?: \. [\w-]+ )+""",
    re.IGNORECASE | re.VERBOSE,
)


def without_secrets(line: str) -> str:
    """Return a line without what looks like a token, a password or an e-mail address, should an error's text hold one."""
    return _SECRETS.sub(lambda found: f"{found['before'] or found['user'] or ''}…", line)


def _render(logger: Any, name: str, event: EventDict) -> str:  # noqa: ANN401 - structlog's own
    return _in_sight(without_secrets(str(structlog.processors.JSONRenderer(ensure_ascii=False)(logger, name, event))))


def _in_sight(line: str) -> str:
    """Return the line with every character escaped that could end a line, or steer the terminal that shows it."""
    if line.isprintable():
        return line
    return "".join(each if each.isprintable() else json.dumps(each)[1:-1] for each in line)


def set_up_logs(level: str, *, service: str) -> None:
    """Send this process's logs, and those of its libraries, to standard error as JSON lines."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level.upper())),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler()
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                _TRACEBACKS_WITHOUT_VALUES,
                _render,
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level.upper())
    logging.getLogger("httpx").setLevel(logging.WARNING)
    structlog.contextvars.bind_contextvars(service=service)
