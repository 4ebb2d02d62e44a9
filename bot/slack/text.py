"""The sentences that people read in Slack. What errors carry themselves stands with the error."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from bot.cancellation import Answer
from bot.errors import SIGN_IN, BotError
from bot.history import Past
from bot.outcome import Outcome, Reason, Result
from bot.resources import Cloud, Registry, Resource, TargetError
from bot.verdict import Wait

COMMAND: Final = "/cancel-approval"
SHORTCUT: Final = "cancel_from_message"

MARKS: Final = {
    Result.CANCELLED: "white_check_mark",
    Result.ACCEPTED: "hourglass_flowing_sand",
    Result.ALREADY_FINAL: "information_source",
    Result.REFUSED: "no_entry",
    Result.FAILED: "x",
    Result.UNKNOWN: "grey_question",
}

_HEADLINES: Final = {
    Result.CANCELLED: "Cancelled",
    Result.ACCEPTED: "Accepted, not finished yet",
    Result.ALREADY_FINAL: "Nothing left to cancel",
    Result.REFUSED: "Not carried out",
    Result.FAILED: "Not cancelled",
    Result.UNKNOWN: "Not known whether it was cancelled",
}

# What happened, and what to do next. `{service}` is whose call it is, `{state}` what that shows, `{permission}` what a
# 403 may lack.
_SENTENCES: Final = {
    Reason.DONE: ("Microsoft confirmed the cancellation.", ""),
    Reason.CONFIRMED: ("Reading it back confirmed the cancellation.", ""),
    Reason.UNPROVEN: (
        "It is cancelled. The answer to our call was lost, so we cannot prove that it was our call that did it.",
        "",
    ),
    Reason.IN_PROGRESS: (
        "Microsoft accepted the cancellation and is still finishing it.",
        "I look again for a day and tell you how it ended.",
    ),
    Reason.FOUND_FINAL: ("It already ended as “{state}”, so nothing was sent.", ""),
    Reason.TOO_LATE: ("Microsoft says that it can no longer be cancelled (state: {state}).", ""),
    Reason.POLICY: ("This bot's policy does not allow it. Nothing was sent.", "Ask whoever runs this bot."),
    Reason.NOT_YOURS: (
        "You may not cancel this request, or it does not exist. Nothing was sent.",
        "Check the id, or ask whoever made the request.",
    ),
    Reason.UNREADABLE: (
        "Nobody could read whose request this is, and you may cancel only your own. Nothing was sent.",
        "Ask whoever runs this bot, or cancel it in Microsoft's portal.",
    ),
    Reason.NOT_CANCELLABLE: ("Microsoft says that it cannot be cancelled in its present state ({state}).", ""),
    Reason.NOT_FOUND: (
        "{service} knows no such request, or does not show it to you.",
        "Check the kind and the id.",
    ),
    Reason.NOT_ALLOWED: (
        "{service} refused it: the permission {permission} or the right role is missing. "
        "An administrator of your tenant can grant either.",
        "",
    ),
    Reason.NOBODY_ASKED: (
        "This needs a second person's approval, and I cannot ask for it here. Nothing was sent.",
        "Do it in a channel that I am in, or /invite me to this one.",
    ),
    Reason.DECLINED: ("The second person declined it. Nothing was sent.", "Talk to them, then ask again."),
    Reason.WITHDRAWN: ("You took it back. Nothing was sent.", ""),
    Reason.LAPSED: (
        "It needs a second person, and nobody approved it in time. Nothing was sent.",
        "Ask again when somebody is there who may approve.",
    ),
    Reason.SIGN_IN: ("Microsoft asks to see you again before it takes the call.", SIGN_IN),
    Reason.CONFLICT: (
        "The request was changed by somebody else at the same moment, so Microsoft did not take the call.",
        "Look at its state, then try again.",
    ),
    Reason.THROTTLED: (
        "Microsoft asks this bot to slow down and did not take the call.",
        "Try again in some minutes.",
    ),
    Reason.UNREACHABLE: (
        "{service} could not be reached or read, so nothing was sent.",
        "Try again in a few minutes.",
    ),
    Reason.OPERATION_FAILED: (
        "Microsoft accepted the call, but then could not finish it.",
        "Try again, and give your administrator the request id below if it fails again.",
    ),
    Reason.SERVICE_ERROR: (
        "{service} answered with an error that its documents do not explain.",
        "Give your administrator the code and the request id below.",
    ),
    Reason.NOT_READY: (
        "Something on our side failed before anything was sent.",
        "Try again; tell whoever runs this bot if it persists.",
    ),
    Reason.LOST: (
        "A call was sent and its answer was lost; reading back did not settle what became of it (state: {state}).",
        "I look again for a day and tell you here. Look at the request in Microsoft's portal before you try again.",
    ),
    Reason.STILL_OPEN: (
        "The lost call was not carried out: the request is still there (state: {state}).",
        "Cancel it again if you still want that.",
    ),
}

NO_STATE: Final = "not readable"
ACTIVE_NOTE: Final = "The access that was asked for may be active."
UNREAD_NOTE: Final = "It could not be read first; the call was one that Microsoft limits to your own requests."
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
SETTLED_LATER: Final = "This was not known when I told you of it first; I have kept looking since."
OUR_FAULT: Final = "Something on our side failed. Nothing was sent. Please try again."
HOME_PENDING: Final = "What you can cancel"
HOME_PAST: Final = "Your last cancellations"
READING: Final = "Reading it from Microsoft …"
HOME_UNREAD: Final = "I could not look this up just now. Open this tab again in a minute."
NOTHING_SEEN: Final = "I see nothing now that you may cancel."
ENDED_FOR_ANOTHER: Final = "Somebody else's cancellation came first; I told you how it ended"
HOME_NO_PAST: Final = "You have cancelled nothing in the last 30 days."


@dataclass(frozen=True)
class Told:
    """An outcome in words."""

    mark: str
    headline: str
    sentence: str
    next_step: str
    reference: str


def told(outcome: Outcome, resource: Resource) -> Told:
    """What a person is told of an outcome."""
    sentence, next_step = _SENTENCES.get(outcome.reason, ("", ""))
    sentence = outcome.sentence or sentence.replace("{service}", resource.service.label)
    sentence = sentence.replace("{state}", outcome.state or NO_STATE)
    sentence = sentence.replace("{permission}", outcome.permission or "to read it")
    if outcome.unread:
        sentence = f"{sentence} {UNREAD_NOTE}"
    if outcome.active:
        sentence = f"{sentence} {ACTIVE_NOTE}"
    over = outcome.result in (Result.CANCELLED, Result.ACCEPTED)
    retired = "" if over else retirement(resource)
    return Told(
        MARKS[outcome.result],
        _HEADLINES[outcome.result],
        f"{sentence} {retired}".strip(),
        outcome.next_step or next_step,
        _reference(outcome),
    )


def of_error(error: BotError) -> str:
    """An error's sentence and next step."""
    return f"{error.sentence} {error.next_step}".strip()


def of_target_error(error: TargetError, resource: Resource | None) -> str:
    """What is wrong with what somebody gave for a target."""
    label = resource.kind if resource else "request"
    return {
        "empty_id": f"The id of the {label} is missing. It looks like {_sample(resource)}.",
        "bad_id": f"That is no id of the kind {label}. It looks like {_sample(resource)}.",
        "foreign_url": f"Only addresses of {error.detail} are understood here. Give kind and id instead.",
        "unknown_url": "That address names no request that this bot can cancel. Give kind and id instead.",
    }[error.problem]


def unknown_kind(word: str, everything: Registry, enabled: Registry, cloud: Cloud) -> str:
    """What to answer when somebody named a kind that is not to be had here."""
    known = everything.find(word)
    kinds = ", ".join(resource.kind for resource in enabled)
    if known and cloud not in known.clouds:
        return f"Microsoft does not offer {known.kind} in this cloud. Possible here: {kinds}."
    if known:
        return f"{known.kind} is not switched on here. Possible here: {kinds}."
    nearest = enabled.nearest(word)
    guess = f"Did you mean {nearest}? " if nearest else ""
    return f"“{clip(word, 40)}” is not a kind that I know. {guess}Possible here: {kinds}."


ENDED_LISTS: Final = f"{COMMAND} mine lists what of yours is pending."


def ended_kind(resource: Resource, enabled: Registry) -> str:
    """What to answer when somebody named something of a kind that Microsoft ended."""
    off = f"{resource.label}: {resource.kind} is not switched on here."
    return f"{off} {retirement(resource)} {successors(resource, enabled)}"


def successors(resource: Resource, enabled: Registry) -> str:
    """By which kinds, of those that are switched on, one that Microsoft ended is replaced here."""
    kinds = [one.kind for one in replacing(resource, enabled)]
    return f"Here that is {_either(kinds)}." if kinds else "No kind that replaces it is switched on here."


def replacing(resource: Resource, enabled: Registry) -> tuple[Resource, ...]:
    """The kinds that are switched on and replace this one."""
    named = resource.retirement.kinds if resource.retirement else ()
    return tuple(found for kind in named if (found := enabled.find(kind)))


def instead(resource: Resource, state: str) -> str:
    """Said where the state of a request asks for another action than the one that was asked for."""
    what = f"{resource.label} ({resource.kind})"
    return f"Its state is “{state}”, which takes another action than you asked for. This dialog offers that: {what}."


def waiting(wait: Wait) -> str:
    """What the thread hears of a long wait."""
    why = "Microsoft asks to wait." if wait.asked else "No usable answer from Microsoft yet."
    return f"{why} I try again in {duration(timedelta(seconds=wait.seconds))}."


def head(day: str, seq: int, mac: str) -> str:
    """What the audit channel hears once a day: with it, a cut tail of the trail is found."""
    return f"Audit trail on {day}: {seq} rows, head {seq}:{mac}. Check it with: audit verify --head {seq}:{mac}"


def card_line(outcome: Outcome, moment: datetime) -> str:
    """What a card says after a cancellation."""
    state = f" ({outcome.state})" if outcome.result is Result.ALREADY_FINAL and outcome.state else ""
    return f"{_HEADLINES[outcome.result]}{state}, {moment:%d %B %Y %H:%M} UTC"


def past(one: Past) -> str:
    """What a list of somebody's cancellations says of one."""
    if one.outcome:
        return card_line(one.outcome, one.at)
    return ENDED_FOR_ANOTHER if one.over else CANCELLING


def as_of(moment: datetime) -> str:
    """When something was looked up."""
    return f"As of {moment:%d %B %Y %H:%M:%S} UTC"


def home_more(count: int) -> str:
    """How many more there are than the App Home shows."""
    return f"And {count:,} more: {COMMAND} finds them."


def ended_as(state: str) -> str:
    """What is said of a request that was found to be over."""
    return f"Nothing left to cancel: it already ended as “{state}”."


def missing(resource: Resource) -> str:
    """What stands in place of the details of a request that does not exist."""
    return f"{resource.service.label} knows no such request. Check the kind and the id."


def gone(resource: Resource) -> str:
    """What is said of a request that exists no more."""
    return f"Nothing left to cancel: {resource.service.label} knows no such request any more."


def details_later(resource: Resource) -> str:
    """What stands in place of details that could not be read."""
    later = "You can still go on: it is read again before the call."
    return f"{resource.service.label} does not show it just now. {later}"


def pending_before(label: str, count: int) -> str:
    """What a channel hears, once, of the requests that were pending before it began to hear of new ones."""
    were = "was" if count == 1 else "were"
    return f"{label}: {count:,} {were} pending before I began to watch, without a card. {COMMAND} lists them."


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
CANCELLING: Final = "Being cancelled …"
REFUSED_UNTOLD: Final = "Not carried out. Nothing was sent to Microsoft."
REFUSED_HERE: Final = "Not carried out. I told the reason to whoever asked."
ACCEPTED: Final = "Microsoft accepted the cancellation and is finishing it. I keep looking."


def cancelled_by(asked_at: datetime) -> str:
    """What a requestor reads before the name of whoever cancelled their request."""
    return f"Cancellation asked for on {asked_at:%d %B %Y %H:%M} UTC by "


NOTHING_TO_CANCEL: Final = "There is nothing now that you may cancel."
BY_HAND: Final = "What no list shows can be entered here."
LOOKING: Final = "Looking for what you can cancel …"
STILL_READING: Final = "Still reading from Microsoft: type again"
NOT_YET: Final = "Nothing to choose yet"
NOT_ALL_READ: Final = "Not everything could be read"
NO_MATCH: Final = "Nothing of what could be read matches"
CHOOSE_AGAIN: Final = "This cannot be chosen any more. Please choose again."


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
    return f"… and {count:,} more. {COMMAND} searches them all."


def never_listed(kinds: Sequence[Resource]) -> str:
    """Said of kinds that Microsoft gives no list of."""
    return f"Microsoft offers no list of these; they can be cancelled by kind and id: {_labels(kinds)}."


def own_only(kinds: Sequence[Resource]) -> str:
    """Said of kinds of which somebody may cancel others' requests, too, and is shown their own."""
    return f"Of these Microsoft lists only your own; others' can be cancelled by kind and id: {_labels(kinds)}."


def unlisted(kind: Resource) -> str:
    """What is said of a kind that Microsoft gives no list of."""
    return f"Microsoft offers no list of this kind ({kind.label}). Name one: {COMMAND} {kind.kind} <id>"


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


UNKNOWN_ID: Final = "This message has an id, but does not say of what. Choose what it is, if it is a request."


def not_read(kinds: Sequence[Resource]) -> str:
    """Said of lists that could not be read, so that nobody takes them for empty."""
    return f"Microsoft did not show these just now, so some may be missing: {_labels(kinds)}."


def sign_in_for(kinds: Sequence[Resource]) -> str:
    """Said of lists that are shown to somebody who has signed in; a link or a sentence follows."""
    return f"Not shown before you have signed in: {_labels(kinds)}. "


def too_long(kinds: Sequence[Resource]) -> str:
    """Said of lists that are longer than what is read of them."""
    return f"There are more than I can list: {_labels(kinds)}. What is missing can be cancelled by kind and id."


def unreadable(resource: Resource) -> str:
    """What stands in place of a state that could not be read."""
    if resource.read.permissions.application:
        return "could not be read just now"
    return "only the person concerned can read it"


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


def retirement(resource: Resource) -> str:
    """What is said of a kind that Microsoft ended; empty for the others."""
    ended = resource.retirement
    if not ended:
        return ""
    return f"Microsoft retired this kind on {ended.on:%d %B %Y}; its successor is {ended.successor}."


def _labels(kinds: Sequence[Resource]) -> str:
    return ", ".join(resource.label for resource in kinds)


def _either(words: Sequence[str]) -> str:
    *before, last = words
    return f"{', '.join(before)} or {last}" if before else last


def _sample(resource: Resource | None) -> str:
    """What ids of the kind look like: an id alone, or a path that ends with one."""
    guid = "00000000-0000-0000-0000-000000000000"
    return guid if resource is None or resource.id_pattern.fullmatch(guid) else f"/subscriptions/…/providers/…/{guid}"


def _reference(outcome: Outcome) -> str:
    parts = {
        "HTTP": str(outcome.status) if outcome.status else "",
        "code": outcome.service_code,
        "request-id": outcome.request_id,
        "client-request-id": outcome.client_request_id,
    }
    return " · ".join(f"{name} {value}" for name, value in parts.items() if value)


CHOOSE_SEVERAL: Final = "Choose several"
RECORDED_BEFORE: Final = "These were recorded before, and go on or have ended; their thread shows how."
MORE_RECORDED_LATE: Final = "More were recorded after all, a moment after I said how many; their thread shows all."
CHOICE_UNREAD: Final = "What you can cancel could not be looked up in time, so nothing was sent."
_ENDS: Final = {
    Result.CANCELLED: "cancelled",
    Result.ACCEPTED: "accepted, not finished yet",
    Result.ALREADY_FINAL: "had already ended",
    Result.REFUSED: "not carried out",
    Result.FAILED: "not cancelled",
    Result.UNKNOWN: "not known",
}


def several(count: int) -> str:
    """The headline of cancellations that were entered together."""
    return f"{_requests(count)} to cancel, for one reason"


def progress(count: int, results: Mapping[Result, int], elsewhere: int) -> str:
    """How many of them have ended, and how; `elsewhere`: with somebody else's cancellation."""
    ended = sum(results.values()) + elsewhere
    if not ended:
        return CANCELLING
    ends = [f"{number} {_ENDS[result]}" for result, number in results.items()]
    if elsewhere:
        ends.append(f"{elsewhere} with a cancellation that was there before")
    which = f"{ended} of {count} have ended" if ended < count else _all_ended(count)
    return f"{which}: {', '.join(ends)}"


def gone_of_several(names: Sequence[str]) -> str:
    """What is wrong with choices that cannot be cancelled (any more)."""
    shown = ", ".join(f"“{clip(one, 75)}”" for one in names[:3]) + (", …" if len(names) > 3 else "")
    return f"{len(names)} of these cannot be chosen any more: {shown}. Take them out, then press the button again."


def too_many(most: int, count: int) -> str:
    """What is wrong with more choices than are taken."""
    return f"At most {most} can be cancelled at once; {count} are chosen."


def recorded_of(recorded: int, count: int) -> str:
    """What a dialog says that could not record all in time."""
    return (
        f"{recorded} of {count} are recorded and go on; the others were not recorded in time, and nothing was sent for "
        "them. Press the button again to record the rest: what is recorded is not recorded twice."
    )


def another_reason(recorded: int) -> str:
    """Why the reason cannot change any more."""
    return f"{_requests(recorded)} of this dialog went on with another reason. Enter that one, or open a new dialog."


def begun_of(recorded: int) -> str:
    """Said above what did not begin as asked."""
    return f"{_requests(recorded)}: recorded. Their thread shows how they end."


def cancelled_already(count: int) -> str:
    """Said before the name of whoever has some of several cancelled already."""
    return f"{_requests(count)}: already being cancelled by "


def not_begun(count: int, why: str) -> str:
    """Those that ended before they began, for the same reason."""
    return f"{_requests(count)}: not carried out. {why}"


def _all_ended(count: int) -> str:
    return f"All {count} have ended" if count > 1 else "It has ended"


def _requests(count: int) -> str:
    return f"{count} {'request' if count == 1 else 'requests'}"
