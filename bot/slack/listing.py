"""Lists of what somebody may cancel: one line each, with its button. The same in messages and in the App Home."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from slack_sdk.models.blocks import Block, ButtonElement, PlainTextObject, SectionBlock

from bot.errors import Refused
from bot.lists import Listed
from bot.pending import Choices
from bot.resources import Registry, Resource, Target
from bot.slack import list_text, text
from bot.slack.blocks import sign_in
from bot.slack.dialog import sentence

LISTED_ACTION: Final = "cancel_listed"

_TITLE: Final = 80  # characters of a title: a message takes some 13,000 in all
_NAME: Final = 40  # of a name
_OPTION: Final = 75  # characters of an option, says Slack
_KIND, _WHO = 22, 18  # of these for the kind, and for the name


class _Pointer(BaseModel):
    """What a button carries: as good as typed, no more."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    kind: str = Field(max_length=64)
    id: str = Field(max_length=2000)
    scope: str = Field(max_length=64)


def listed(items: Sequence[Listed], registry: Registry, moment: datetime) -> list[Block]:
    """One section for each, with its Cancel button; their ages are those of this moment."""
    return [_section(one, registry[one.target.kind], moment) for one in items]


def gaps(choices: Choices, link_url: str) -> list[Block]:
    """What is not shown, and why: lists that could not be read, need a sign-in, are too long, or one's own alone."""
    blocks: list[Block] = []
    if choices.unread:
        blocks.append(sentence(list_text.not_read(choices.unread)))
    if choices.sign_in and link_url:
        blocks.append(sign_in(list_text.sign_in_for(choices.sign_in), link_url))
    elif choices.sign_in:
        blocks.append(sentence(f"{list_text.sign_in_for(choices.sign_in)}{text.NO_LINKING}"))
    if choices.longer:
        blocks.append(sentence(list_text.too_long(choices.longer)))
    if choices.own_only:
        blocks.append(sentence(list_text.own_only(choices.own_only)))
    return blocks


def target_in(value: str) -> Target:
    """The target that a button carries; raises `Refused` for what the bot never wrote. It is not validated."""
    try:
        pointer = _Pointer.model_validate_json(value)
    except ValidationError:
        raise Refused("forged_button", text.OLD_BUTTON) from None
    return Target(pointer.kind, pointer.id, pointer.scope)


def option_text(one: Listed, resource: Resource, moment: datetime) -> str:
    """Kind, resource, requestor and age in 75 characters: what is long gives way, the age never does."""
    kind = text.clip(resource.label, _KIND)
    who = text.clip(_line(one.snapshot.requestor_name), _WHO)
    others = " · ".join(filter(None, (who, _age(one, moment))))
    room = _OPTION - len(kind) - len(others) - 2 * len(" · ")
    return " · ".join(filter(None, (kind, text.clip(_title(one), room), others)))


def short_target(target: Target, resource: Resource) -> str:
    """Kind and id in 75 characters; of a long id its end, which tells it from others."""
    kind = text.clip(resource.label, _KIND)
    room = _OPTION - len(kind) - len(" · ")
    return f"{kind} · {target.id if len(target.id) <= room else '…' + target.id[1 - room :]}"


def _section(one: Listed, resource: Resource, moment: datetime) -> Block:
    shown = one.snapshot
    until = f"until {shown.expires:%d %B %Y %H:%M} UTC" if shown.expires else ""
    who = text.clip(_line(shown.requestor_name), _NAME)
    facts = (who, _age(one, moment), until, f"{one.target.kind} {one.target.id}")
    words = f"{resource.label} · {text.clip(_title(one), _TITLE)}\n{' · '.join(filter(None, facts))}"
    button = ButtonElement(text="Cancel", action_id=LISTED_ACTION, value=json.dumps(asdict(one.target)), style="danger")
    return SectionBlock(text=PlainTextObject(text=text.clip(words, 3000), emoji=False), accessory=button)


def _title(one: Listed) -> str:
    return _line(one.snapshot.title) or one.target.id


def _age(one: Listed, moment: datetime) -> str:
    return text.age(one.snapshot.created, moment) if one.snapshot.created else ""


def _line(words: str) -> str:
    """Untrusted text in one line."""
    return " ".join(words.split())
