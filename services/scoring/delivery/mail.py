"""Send a message by e-mail: plain and HTML, with what lets a mail program end the subscription by one click (RFC 8058)."""

from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Any
from urllib.parse import unquote, urlsplit

import aiosmtplib

from services.scoring.delivery.outcome import Outcome, excerpt_of
from services.scoring.messages import Message
from shared.process.secrets import SecretMissing, read_secret
from shared.process.settings import Settings, is_loopback

LONGEST_SECONDS = 30.0
PASSWORD_NAME = "smtp.password"  # noqa: S105 - the name of its file
POLICY = SMTP.clone(max_line_length=200)


def is_set_up(settings: Settings) -> bool:
    """Say whether the installation can send e-mail."""
    return settings.smtp_url is not None and settings.mail_from is not None


def mail_of(
    message: Message, message_id: str, sender: str, recipient: str, at: datetime, end_url: str | None
) -> EmailMessage:
    """Return the e-mail of a message. The same message has the same Message-ID, however often it is sent.

    A line break in a header cannot be written: the library raises for it, and what people wrote has none any more.
    """
    mail = EmailMessage(policy=POLICY)
    mail["From"] = Address("Kembar", addr_spec=sender)
    mail["To"] = Address(addr_spec=recipient)
    mail["Subject"] = one_line(message.subject)
    mail["Date"] = format_datetime(at)
    mail["Message-ID"] = f"<{message_id}@{sender.rpartition('@')[2]}>"
    mail["Auto-Submitted"] = "auto-generated"
    if end_url is not None:
        mail["List-Unsubscribe"] = f"<{end_url}>"
        mail["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    mail.set_content(message.plain, cte="quoted-printable")
    mail.add_alternative(message.html, subtype="html", cte="quoted-printable")
    return mail


def one_line(text: str) -> str:
    """Return a text as one line of what can be seen."""
    return " ".join("".join(each if each.isprintable() else " " for each in text).split())


class Mails:
    """Sends by the mail server that the settings name: with TLS, but to this machine itself."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    async def send(
        self, message: Message, message_id: str, recipient: str, at: datetime, end_url: str | None
    ) -> Outcome:
        """Send a message; return how that ended. The recipient's address stands in nothing that is kept."""
        if not is_set_up(self._settings):
            return Outcome(taken=False, words="This installation has no mail server: KEMBAR_SMTP_URL is not set.")
        mail = mail_of(message, message_id, self._settings.mail_from or "", recipient, at, end_url)
        try:
            _, answered = await aiosmtplib.send(mail, timeout=LONGEST_SECONDS, **how_reached(self._settings))
        except SecretMissing as error:
            return Outcome(taken=False, words=str(error))
        except aiosmtplib.SMTPRecipientsRefused as error:
            return _refused(error.recipients[0].code, error.recipients[0].message, recipient)
        except aiosmtplib.SMTPResponseException as error:
            return _refused(error.code, error.message, recipient, of_recipient=False)
        except (aiosmtplib.SMTPException, OSError) as error:
            return Outcome(
                taken=False, words="The mail server cannot be reached.", excerpt=_without(str(error), recipient)
            )
        return Outcome(taken=True, words="The mail server took it.", status=250, excerpt=_without(answered, recipient))


def how_reached(settings: Settings) -> dict[str, Any]:
    """Return how the library reaches the mail server. Raises `SecretMissing`."""
    parts = urlsplit(settings.smtp_url or "")
    user = unquote(parts.username) if parts.username else None
    implicit = parts.scheme == "smtps"
    return {
        "hostname": parts.hostname,
        "port": parts.port or (465 if implicit else 587),
        "use_tls": implicit,
        "start_tls": None if implicit or is_loopback(parts.hostname) else True,
        "username": user,
        "password": read_secret(settings.secrets_folder, PASSWORD_NAME) if user else None,
        "local_hostname": (settings.mail_from or "").rpartition("@")[2] or None,
    }


def _refused(code: int, said: str, recipient: str, *, of_recipient: bool = True) -> Outcome:
    """A refusal of the 500s is for good; where it is not of the recipient it may be a setting, and is tried again."""
    for_good = of_recipient and 500 <= code < 600
    words = "The address does not take it" if of_recipient else "The mail server did not take it"
    return Outcome(
        taken=False, words=f"{words} ({code}).", status=code, excerpt=_without(said, recipient), is_over=for_good
    )


def _without(said: str, recipient: str) -> str:
    return excerpt_of(said.replace(recipient, "…").encode())
