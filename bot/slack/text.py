"""The sentences that people read in Slack. What errors carry themselves stands with the error."""

from datetime import datetime, timedelta
from typing import Final

from bot.cancellation import Answer
from bot.errors import SIGN_IN, BotError
from bot.resources import Registry

COMMAND: Final = "/cancel-approval"
SHORTCUT: Final = "cancel_from_message"
INVITE: Final = "I could not post it in the channel, so I tell you here. If I am not in that channel: /invite me there."
OLD_DIALOG: Final = "This dialog can no longer be used. Please open it again."
OLD_BUTTON: Final = "This button is no longer valid. Use the command instead: " + COMMAND
CLOSED_CARD: Final = "There is nothing left to cancel here; the card shows how it ended."
BEING_POSTED: Final = "This notification is still being posted. Please press the button again."
NO_DIALOG: Final = "Slack did not let the dialog open in time. Nothing was sent. Please try again."
NOTHING_SENT: Final = "This could not be recorded in time, so nothing was sent. Press the button again."
SIGNED_OUT: Final = (
    "You are signed out: the link to your Microsoft account and your tokens are deleted here. "
    "What you have begun and what still needs your sign-in is not sent."
)
SIGN_IN_HERE: Final = (
    "Link your Slack account to your Microsoft account, so that what you cancel is done as you. "
    "Your browser goes to Slack, then to Microsoft, and asks you before anything is linked: "
)
LINK_FIRST: Final = (
    f"Nothing is sent yet: {COMMAND} does not know your Microsoft account. "
    "Sign in within 15 minutes, and it goes on by itself: "
)
LINK_LATER: Final = "Microsoft asks for your sign-in before it shows this. Go on: you are told next how to sign in."
LINK_LABEL: Final = "Sign in"
NO_LINKING: Final = "Signing in is not set up here. Ask whoever runs this bot to set it up."
RECORDED_LATE: Final = (
    "It was recorded after all, a moment after I said it was not. It goes on; the thread shows how it ends."
)
DONE_BEFORE: Final = "This dialog was sent before, and its cancellation has ended; the thread shows how."
OUR_FAULT: Final = "Something on our side failed. Nothing was sent. Please try again."
READING: Final = "Reading it from Microsoft …"
OLD_CARD: Final = f"This notification is too old for its button. {COMMAND} lists what is pending."
CANCELLED_YOURS: Final = "A request of yours is cancelled: somebody else asked for that here."
WITH_THIS_REASON: Final = ", with this reason:"
ASK_THEM: Final = "If you still need it, talk to them, or make the request again."
SECOND_NEEDED: Final = "A second person has to approve this cancellation"
WAITING_FOR_SECOND: Final = "Waits for a second person's approval; the thread asks for it."
ANYBODY: Final = "anybody else in this team"
ANSWERS: Final = {
    Answer.APPROVED: "Approved by ",
    Answer.DECLINED: "Declined by ",
    Answer.LAPSED: "Nobody approved this cancellation in time",
}
REFUSED_UNTOLD: Final = "Not carried out. Nothing was sent to Microsoft."
REFUSED_HERE: Final = "Not carried out. I told the reason to whoever asked."


def of_error(error: BotError) -> str:
    """An error's sentence and next step."""
    return f"{error.sentence} {error.next_step}".strip()


def head(day: str, seq: int, mac: str) -> str:
    """What the audit channel hears once a day: with it, a cut tail of the trail is found."""
    return f"Audit trail on {day}: {seq} rows, head {seq}:{mac}. Check it with: audit verify --head {seq}:{mac}"


def cancelled_by(asked_at: datetime) -> str:
    """What a requestor reads before the name of whoever cancelled their request."""
    return f"Cancellation asked for on {asked_at:%d %B %Y %H:%M} UTC by "


def who(name: str | None) -> str:
    """What `whoami` answers; None for whoever is not linked."""
    if name is None:
        return f"You are not linked to a Microsoft account. {SIGN_IN}"
    return f"You act at Microsoft as {name}. To end that: {COMMAND} signout"


def linked(name: str, begun: int) -> str:
    """What somebody hears in private when their accounts were linked; `begun`: how many cancellations go on."""
    going_on = " I take up now what you had begun, and you hear what becomes of it." if begun else ""
    return (
        f"Your Slack account is now linked to the Microsoft account {name}: what you cancel is done as that account."
        f"{going_on} Was this not you? Type {COMMAND} signout and tell whoever runs this bot."
    )


def help_text(enabled: Registry) -> str:
    """What `help` answers."""
    kinds = "\n".join(f"•  {resource.kind}: {resource.label}" for resource in enabled)
    return (
        f"{COMMAND}: lists what you can cancel now, and asks for the reason\n"
        f"{COMMAND} <kind> <id> [reason]: cancels this one\n"
        f"{COMMAND} <URL> [reason]: the same, from a pasted address\n"
        f"{COMMAND} mine [kind]: your own requests that can be cancelled\n"
        f"{COMMAND} pending [kind]: all that you can cancel\n"
        f"{COMMAND} several [kind]: cancels several at once, for one reason\n"
        f"{COMMAND} signin: links your Microsoft account, in your browser\n"
        f"{COMMAND} whoami: the Microsoft account that you act as\n"
        f"{COMMAND} signout: deletes that link, and your tokens\n"
        f"Kinds here:\n{kinds}\n"
        "Nothing is sent before you press the dialog's button. What became of it is told in the thread."
    )


def age(moment: datetime, now: datetime) -> str:
    """How long ago, in the largest unit that fits."""
    return f"{duration(max(now - moment, timedelta()))} ago"


def duration(span: timedelta) -> str:
    """A span of time in its largest unit."""
    seconds = round(span.total_seconds())
    for size, unit in ((86400, "day"), (3600, "hour"), (60, "minute")):
        if seconds >= size:
            count = seconds // size
            return f"{count} {unit}{'s' if count > 1 else ''}"
    return f"{seconds} second{'' if seconds == 1 else 's'}"


def clip(text: str, longest: int) -> str:
    """The text, shortened visibly where it is too long to show."""
    return text if len(text) <= longest else text[: longest - 1] + "…"


def escape(text: str) -> str:
    """Untrusted text for a place where Slack reads mrkdwn."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def unescape(text: str) -> str:
    """What a person typed, from the escaped text of a command."""
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
