"""Who is notified of what by itself: the tables `[[notify]]` of `policy.toml`, and what follows from them."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Final

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StrictInt

from bot.policy import ANY, no_id
from bot.resources import Registry, Resource

FEWEST_SECONDS: Final = 5
MOST_SECONDS: Final = 3600
CHANNEL: Final = re.compile(r"[CG][A-Z0-9]{2,}")
"""The id of a channel in which the bot can post; a direct message is none."""


def _channel(value: str) -> str:
    if not CHANNEL.fullmatch(value):
        raise ValueError(f"{no_id(value, CHANNEL)} of a channel (C…, G…)")
    return value


class NotifyRule(BaseModel):
    """One table: that channel hears of these kinds. `poll_seconds`: how often it is looked, instead of as usual."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kinds: tuple[str, ...] = Field(min_length=1)
    channel: Annotated[str, AfterValidator(_channel)]
    poll_seconds: StrictInt | None = Field(default=None, ge=FEWEST_SECONDS, le=MOST_SECONDS)


@dataclass(frozen=True)
class Watched:
    """A kind, who hears of it, and how often it is asked for, in seconds."""

    resource: Resource
    channels: tuple[str, ...]
    seconds: float


@dataclass(frozen=True)
class NotifyRules:
    """All tables. `channel`, which may be empty, hears of what none of them names; `seconds` is how often, 0 never."""

    rules: Sequence[NotifyRule]
    channel: str
    seconds: int

    def channels(self, kind: str) -> tuple[str, ...]:
        """Who hears of that kind, each once."""
        named = dict.fromkeys(rule.channel for rule in self._naming(kind))
        return tuple(named) or ((self.channel,) if self.channel else ())

    def watched(self, enabled: Registry) -> tuple[Watched, ...]:
        """What is looked at by itself: kinds that the application can list, and that some channel is to hear of."""
        if not self.seconds:
            return ()
        listed = [resource for resource in enabled if resource.lists_for(application=True)]
        found = (Watched(one, self.channels(one.kind), self._interval(one.kind)) for one in listed)
        return tuple(one for one in found if one.channels)

    def _interval(self, kind: str) -> float:
        return min((rule.poll_seconds or self.seconds for rule in self._naming(kind)), default=self.seconds)

    def _naming(self, kind: str) -> list[NotifyRule]:
        return [rule for rule in self.rules if {ANY, kind} & set(rule.kinds)]
