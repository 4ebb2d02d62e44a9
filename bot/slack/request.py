"""What a person asked for in a command or a dialog, as a target; every mistake gets one clear sentence."""

import re
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from bot.errors import InputError
from bot.resources import Cloud, Registry, Resource, Target, TargetError, is_url, target_of, target_of_url
from bot.slack import kind_text, text
from bot.slack.dialog import ID, JUSTIFICATION, KIND

_LONGEST: Final = 3000  # what a dialog's input can hold


class Word(StrEnum):
    """What the command does besides cancelling."""

    HELP = "help"
    SIGNIN = "signin"
    WHOAMI = "whoami"
    SIGNOUT = "signout"
    MINE = "mine"
    PENDING = "pending"
    SEVERAL = "several"


class Ended(InputError):
    """Somebody named something of a kind that Microsoft has ended, and that is not switched on."""

    def __init__(self, resource: Resource, sentence: str) -> None:
        super().__init__(KIND, sentence, kind_text.ENDED_LISTS)
        self.resource = resource


@dataclass(frozen=True)
class Command:
    """A parsed slash command: a word of its own, of a kind where it takes one, or a cancellation.

    `id` is as it was typed. Without a word and a resource, the dialog offers what can be cancelled.
    """

    word: Word | None = None
    resource: Resource | None = None
    target: Target | None = None
    id: str = ""
    justification: str = ""


class Parser:
    """Reads kinds, ids and addresses; raises `InputError`."""

    def __init__(self, everything: Registry, enabled: Registry, cloud: Cloud, hosts: Collection[str]) -> None:
        self._everything = everything
        self._enabled = enabled
        self._cloud = cloud
        self._hosts = hosts

    def command(self, typed: str) -> Command:
        """The text after the command, as Slack delivers it: escaped once."""
        words = text.unescape(_unlinked(typed)).strip()
        if words.casefold() in set(Word):
            return Command(Word(words.casefold()))
        first, rest = _split(words)
        if not first:
            return Command()
        if first.casefold() in (Word.MINE, Word.PENDING, Word.SEVERAL):
            return Command(Word(first.casefold()), self._resource(rest))
        if is_url(first):
            return self._filled(self._of_url(first), first, rest)
        resource = self._resource(first)
        id_text, rest = _split(rest)
        return self._filled(self._of_id(resource, id_text), id_text, rest) if id_text else Command(resource=resource)

    def target(self, kind: str, id_text: str) -> Target:
        """The target that the dialog's inputs name."""
        trimmed = id_text.strip(" ")
        if is_url(trimmed):
            target = self._of_url(trimmed)
            if kind and self._resource(kind).graph_type == self._enabled[target.kind].graph_type:
                return replace(target, kind=kind)  # an address names no action
            if kind:
                raise InputError(ID, f"That address is of the kind {target.kind}, but {kind} is chosen above.")
            return target
        if not kind:
            raise InputError(KIND, "Please choose what it is.")
        return self._of_id(self._resource(kind), trimmed)

    def _filled(self, target: Target, typed: str, justification: str) -> Command:
        return Command(None, self._enabled[target.kind], target, typed, _held(justification))

    def _resource(self, word: str) -> Resource:
        resource = self._enabled.find(word)
        if resource is None:
            known = self._everything.find(word)
            if known and known.retirement:
                raise Ended(known, kind_text.ended_kind(known, self._enabled))
            raise InputError(KIND, kind_text.unknown_kind(word, self._everything, self._enabled, self._cloud))
        return resource

    def _of_id(self, resource: Resource, id_text: str) -> Target:
        try:
            return target_of(resource, id_text)
        except TargetError as error:
            raise InputError(ID, kind_text.of_target_error(error, resource)) from None

    def _of_url(self, url: str) -> Target:
        try:
            return target_of_url(self._enabled, url, self._hosts)
        except TargetError as error:
            with suppress(TargetError):
                self._resource(target_of_url(self._everything, url, self._hosts).kind)
            raise InputError(ID, kind_text.of_target_error(error, None)) from None


def _unlinked(typed: str) -> str:
    """Addresses as they were typed: Slack may deliver them as <address> or <address|label>."""
    return re.sub(r"<(https?://[^<>|\s]*)(?:\|[^<>]*)?>", r"\1", typed)


def _split(words: str) -> tuple[str, str]:
    parts = words.split(maxsplit=1)
    return (parts[0] if parts else "", parts[1] if len(parts) > 1 else "")


def _held(justification: str) -> str:
    """A justification that the dialog can hold; what it cannot is refused now, so that nothing is cut."""
    if len(justification) > _LONGEST:
        raise InputError(
            JUSTIFICATION, f"The justification has {len(justification)} characters; at most 1024 are possible."
        )
    return justification
