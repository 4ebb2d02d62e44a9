"""The page's switches: the faults that a person can try."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from bot.sandbox.faults import Fault, Faults

_CANCEL = r"POST .*/cancel\w*$"


@dataclass(frozen=True)
class Choice:
    """One fault on offer; `make` returns a fresh one. At Microsoft it waits in all services, and happens in one."""

    key: str
    label: str
    place: Literal["microsoft", "slack"]
    make: Callable[[], Fault]


CHOICES = (
    Choice(
        "lost",
        "Next cancel: done, but the answer is lost",
        "microsoft",
        lambda: Fault(_CANCEL, drop=True, after_effect=True),
    ),
    Choice(
        "throttled",
        "Next cancel: 429, wait 5 s",
        "microsoft",
        lambda: Fault(_CANCEL, 429, headers={"Retry-After": "5"}),
    ),
    Choice("unavailable", "Next cancel: 503, nothing done", "microsoft", lambda: Fault(_CANCEL, 503)),
    Choice("slow", "Microsoft takes 3 s for every call", "microsoft", lambda: Fault(r"^[A-Z]+ /", delay=3.0, times=-1)),
    Choice(
        "absent",
        "Slack refuses the next post: not_in_channel",
        "slack",
        lambda: Fault("chat.postMessage", error="not_in_channel"),
    ),
)


class Switches:
    """Which of the choices wait for their request; one that was used up is off again."""

    def __init__(self, microsoft: Sequence[Faults], slack: Faults) -> None:
        self._places = {"microsoft": microsoft, "slack": [slack]}
        self._choices = {one.key: one for one in CHOICES}
        self._made: dict[str, Fault] = {}

    def is_on(self, key: str) -> bool:
        return key in self._made and self._made[key].times != 0

    def turn(self, key: str, on: bool) -> None:
        """Turn one on or off.

        Raises:
            KeyError: there is no such choice.
        """
        choice = self._choices[key]
        if on == self.is_on(key):
            return
        if on:
            self._made[key] = choice.make()
            for place in self._places[choice.place]:
                place.add(self._made[key])
        else:
            self._made[key].times = 0
