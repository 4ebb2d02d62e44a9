"""What people read of several requests that are cancelled together."""

from collections.abc import Mapping, Sequence
from typing import Final

from bot.outcome import Result
from bot.slack import outcome_text, text

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
        return outcome_text.CANCELLING
    ends = [f"{number} {_ENDS[result]}" for result, number in results.items()]
    if elsewhere:
        ends.append(f"{elsewhere} with a cancellation that was there before")
    which = f"{ended} of {count} have ended" if ended < count else _all_ended(count)
    return f"{which}: {', '.join(ends)}"


def gone_of_several(names: Sequence[str]) -> str:
    """What is wrong with choices that cannot be cancelled (any more)."""
    shown = ", ".join(f"“{text.clip(one, 75)}”" for one in names[:3]) + (", …" if len(names) > 3 else "")
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
