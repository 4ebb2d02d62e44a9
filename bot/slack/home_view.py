"""What the App Home shows."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from slack_sdk.models.blocks import Block, ContextBlock, HeaderBlock, PlainTextObject

from bot.cancellation import Actor
from bot.history import Past
from bot.outcome import Result
from bot.pending import Choices
from bot.resources import Registry
from bot.slack import blocks, list_text, text
from bot.slack.dialog import sentence
from bot.slack.listing import gaps, listed

_MOST: Final = 10
_GONE: Final = (Result.CANCELLED, Result.ACCEPTED)


@dataclass(frozen=True)
class Drawing:
    """`registry` are the kinds that are switched on; `link_url` is where people sign in, empty where they cannot."""

    registry: Registry
    link_url: str

    def of(self, actor: Actor, choices: Choices | None, past: Sequence[Past], at: datetime) -> list[Block]:
        """The whole Home; without `choices`, they are still being read."""
        return [
            self._account(actor),
            _header(list_text.HOME_PENDING),
            *(self._pending(choices, past, at) if choices else [sentence(text.READING)]),
            _header(list_text.HOME_PAST),
            blocks.past(past) if past else sentence(list_text.HOME_NO_PAST),
            ContextBlock(elements=[_plain(list_text.as_of(at))]),
        ]

    def _account(self, actor: Actor) -> Block:
        if actor.account:
            return sentence(text.who(actor.account_name))
        return blocks.sign_in(text.SIGN_IN_HERE, self.link_url) if self.link_url else sentence(text.NO_LINKING)

    def _pending(self, choices: Choices, past: Sequence[Past], at: datetime) -> list[Block]:
        # What was cancelled here just now may still stand in Microsoft's list.
        gone = {one.target.key for one in past if _left(one)}
        items = [one for one in choices.items if one.target.key not in gone]
        unseen = [*gaps(choices, self.link_url), *self._unlisted()]
        shown = listed(items[:_MOST], self.registry, at)
        if len(items) > _MOST:
            shown.append(sentence(list_text.home_more(len(items) - _MOST)))
        if not items:
            shown.append(sentence(list_text.NOTHING_SEEN if unseen else list_text.NOTHING_TO_CANCEL))
        return [*shown, *unseen]

    def _unlisted(self) -> list[Block]:
        kinds = [kind for kind in self.registry if not kind.lists]
        return [sentence(list_text.never_listed(kinds))] if kinds else []


def _left(one: Past) -> bool:
    """Whether this cancellation is under way, or was the end of its request."""
    return not one.over or (one.outcome is not None and one.outcome.result in _GONE)


def _header(words: str) -> HeaderBlock:
    return HeaderBlock(text=_plain(words))


def _plain(words: str) -> PlainTextObject:
    return PlainTextObject(text=words, emoji=False)
