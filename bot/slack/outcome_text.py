"""What people read of a cancellation: how it ended, why, and what to do next."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from bot.errors import SIGN_IN
from bot.history import Past
from bot.outcome import Outcome, Reason, Result
from bot.resources import Resource
from bot.slack import kind_text, text
from bot.verdict import Wait

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
SETTLED_LATER: Final = "This was not known when I told you of it first; I have kept looking since."
ENDED_FOR_ANOTHER: Final = "Somebody else's cancellation came first; I told you how it ended"
CANCELLING: Final = "Being cancelled …"
ACCEPTED: Final = "Microsoft accepted the cancellation and is finishing it. I keep looking."


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
    retired = "" if over else kind_text.retirement(resource)
    return Told(
        MARKS[outcome.result],
        _HEADLINES[outcome.result],
        f"{sentence} {retired}".strip(),
        outcome.next_step or next_step,
        _reference(outcome),
    )


def waiting(wait: Wait) -> str:
    """What the thread hears of a long wait."""
    why = "Microsoft asks to wait." if wait.asked else "No usable answer from Microsoft yet."
    return f"{why} I try again in {text.duration(timedelta(seconds=wait.seconds))}."


def card_line(outcome: Outcome, moment: datetime) -> str:
    """What a card says after a cancellation."""
    state = f" ({outcome.state})" if outcome.result is Result.ALREADY_FINAL and outcome.state else ""
    return f"{_HEADLINES[outcome.result]}{state}, {moment:%d %B %Y %H:%M} UTC"


def past(one: Past) -> str:
    """What a list of somebody's cancellations says of one."""
    if one.outcome:
        return card_line(one.outcome, one.at)
    return ENDED_FOR_ANOTHER if one.over else CANCELLING


def ended_as(state: str) -> str:
    """What is said of a request that was found to be over."""
    return f"Nothing left to cancel: it already ended as “{state}”."


def _reference(outcome: Outcome) -> str:
    parts = {
        "HTTP": str(outcome.status) if outcome.status else "",
        "code": outcome.service_code,
        "request-id": outcome.request_id,
        "client-request-id": outcome.client_request_id,
    }
    return " · ".join(f"{name} {value}" for name, value in parts.items() if value)
