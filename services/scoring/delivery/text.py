"""What the messages say that are no alert: the confirmation of an address, and a sample."""

from html import escape

from services.scoring.messages import Message
from shared.words.words import Words


def confirmation_of(words: Words, confirm_url: str) -> Message:
    """Return the message that asks whether an address wants to be told."""
    subject = words.say("Confirm your subscription to Kembar")
    lines = (
        words.say("Somebody, probably you, asked Kembar to send alerts about partnerships of cities to this address."),
        words.say("Confirm it within three days at the address below. Without that nothing more is sent."),
    )
    link = escape(confirm_url)
    html = "".join(f"<p>{escape(line)}</p>" for line in lines) + f'<p><a href="{link}">{link}</a></p>'
    return Message(subject, "\n\n".join((*lines, confirm_url)) + "\n", html)


def sample_of(words: Words, message: Message) -> Message:
    """Return the message of an alert as a sample of one."""
    mark = words.say("Sample")
    said = words.say("This is a sample. Nothing of it has happened.")
    return Message(
        f"[{mark}] {message.subject}",
        f"{said}\n\n{message.plain}",
        f"<p><strong>{escape(said)}</strong></p>{message.html}",
    )
