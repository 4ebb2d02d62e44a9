"""What people read around lists: in pickers, private lists, the App Home, and what was found in a message."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from bot.resources import Registry, Resource
from bot.slack import text

HOME_PENDING: Final = "What you can cancel"
HOME_PAST: Final = "Your last cancellations"
HOME_UNREAD: Final = "I could not look this up just now. Open this tab again in a minute."
NOTHING_SEEN: Final = "I see nothing now that you may cancel."
HOME_NO_PAST: Final = "You have cancelled nothing in the last 30 days."
NOTHING_TO_CANCEL: Final = "There is nothing now that you may cancel."
BY_HAND: Final = "What no list shows can be entered here."
LOOKING: Final = "Looking for what you can cancel …"
STILL_READING: Final = "Still reading from Microsoft: type again"
NOT_YET: Final = "Nothing to choose yet"
NOT_ALL_READ: Final = "Not everything could be read"
NO_MATCH: Final = "Nothing of what could be read matches"
CHOOSE_AGAIN: Final = "This cannot be chosen any more. Please choose again."
UNKNOWN_ID: Final = "This message has an id, but does not say of what. Choose what it is, if it is a request."


def as_of(moment: datetime) -> str:
    """When something was looked up."""
    return f"As of {moment:%d %B %Y %H:%M:%S} UTC"


def home_more(count: int) -> str:
    """How many more there are than the App Home shows."""
    return f"And {count:,} more: {text.COMMAND} finds them."


def pending_before(label: str, count: int) -> str:
    """What a channel hears, once, of the requests that were pending before it began to hear of new ones."""
    were = "was" if count == 1 else "were"
    return f"{label}: {count:,} {were} pending before I began to watch, without a card. {text.COMMAND} lists them."


def newest_of(shown: int, count: int) -> str:
    """Said above options that are not all."""
    return f"The newest {shown} of {count:,}: type to search"


def yours(count: int, kind: Resource | None, *, own: bool) -> str:
    """What stands above a list, or alone where nothing could be listed."""
    what = f" ({kind.label})" if kind else ""
    whose = "of yours can be cancelled now" if own else "can be cancelled by you now"
    return f"{count:,} {'request' if count == 1 else 'requests'}{what} {whose}."


def more_pending(count: int) -> str:
    """What stands below a list that is cut."""
    return f"… and {count:,} more. {text.COMMAND} searches them all."


def never_listed(kinds: Sequence[Resource]) -> str:
    """Said of kinds that Microsoft gives no list of."""
    return f"Microsoft offers no list of these; they can be cancelled by kind and id: {_labels(kinds)}."


def own_only(kinds: Sequence[Resource]) -> str:
    """Said of kinds of which somebody may cancel others' requests, too, and is shown their own."""
    return f"Of these Microsoft lists only your own; others' can be cancelled by kind and id: {_labels(kinds)}."


def unlisted(kind: Resource) -> str:
    """What is said of a kind that Microsoft gives no list of."""
    return f"Microsoft offers no list of this kind ({kind.label}). Name one: {text.COMMAND} {kind.kind} <id>"


def nothing_in_message(enabled: Registry) -> str:
    """What the shortcut looks for, where it found nothing."""
    kinds = ", ".join(resource.kind for resource in enabled)
    services = " and ".join(dict.fromkeys(resource.service.label for resource in enabled))
    return (
        f"I found no request in this message. I look for {services} addresses of requests, and for their "
        f"ids (00000000-0000-0000-0000-000000000000), best beside a kind: {kinds}."
    )


def found_more(shown: int, count: int) -> str:
    """Said of a message that names more than can be shown."""
    return f"The first {shown} of {count} requests in this message:"


def not_read(kinds: Sequence[Resource]) -> str:
    """Said of lists that could not be read, so that nobody takes them for empty."""
    return f"Microsoft did not show these just now, so some may be missing: {_labels(kinds)}."


def sign_in_for(kinds: Sequence[Resource]) -> str:
    """Said of lists that are shown to somebody who has signed in; a link or a sentence follows."""
    return f"Not shown before you have signed in: {_labels(kinds)}. "


def too_long(kinds: Sequence[Resource]) -> str:
    """Said of lists that are longer than what is read of them."""
    return f"There are more than I can list: {_labels(kinds)}. What is missing can be cancelled by kind and id."


def _labels(kinds: Sequence[Resource]) -> str:
    return ", ".join(resource.label for resource in kinds)
