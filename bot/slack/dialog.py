"""The dialog that asks why: what it looks like in each of its states, and what was entered."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from slack_sdk.models.blocks import (
    ActionsBlock,
    Block,
    ButtonElement,
    ExternalDataMultiSelectElement,
    ExternalDataSelectElement,
    InputBlock,
    Option,
    PlainTextInputElement,
    PlainTextObject,
    SectionBlock,
    StaticSelectElement,
)
from slack_sdk.models.views import View

from bot.resources import Registry, Resource
from bot.slack import kind_text, several_text, text

CALLBACK: Final = "cancel_dialog"
KIND, ID, JUSTIFICATION, DETAILS = "kind", "id", "justification", "details"
PICK: Final = "pick_target"
BY_HAND: Final = "enter_by_hand"
SEVERAL_CALLBACK: Final = "cancel_several"
SEVERAL: Final = "pick_several"
CHOOSE_SEVERAL: Final = "choose_several"
MOST_AT_ONCE: Final = 25

_LONGEST_INPUT: Final = 3000  # Slack's own limit of an input
_WHICH: Final = "Which one?"
_SEARCH: Final = "Type a kind, a resource, a person or an id"


@dataclass(frozen=True)
class Prefilled:
    """What a dialog starts with. A `fixed` target was chosen before, and cannot be changed."""

    dialog_id: str
    resource: Resource | None = None
    id: str = ""
    justification: str = ""
    fixed: bool = False


@dataclass(frozen=True)
class Picking:
    """A dialog in which the target is chosen: by searching or, where there are `options`, of these.

    `options` are values and their texts; `notes` stand above.
    """

    dialog_id: str
    options: tuple[tuple[str, str], ...] = ()
    notes: tuple[Block, ...] = ()


@dataclass(frozen=True)
class Entered:
    """What a person submitted, as they typed it. `pick` is what they chose, where they could choose."""

    kind: str
    id: str
    justification: str
    pick: str


@dataclass(frozen=True)
class Several:
    """What a person submitted who could choose several: the values and texts of their choices, and their reason.

    `input` is where they chose.
    """

    input: str
    choices: Mapping[str, str]
    justification: str


def view(prefilled: Prefilled, enabled: Registry, details: Block | None, notes: Sequence[Block] = ()) -> dict[str, Any]:
    """The dialog. Its inputs keep their block and action ids, so what is typed survives new `details`."""
    blocks: list[Block] = [*notes]
    if prefilled.resource and prefilled.resource.retirement:
        replaced = kind_text.successors(prefilled.resource, enabled)
        ended = f"{kind_text.retirement(prefilled.resource)} {replaced} {kind_text.ENDED_LISTS}"
        blocks.append(SectionBlock(block_id="retired", text=_plain(ended)))
    if details:
        details.block_id = DETAILS
        blocks.append(details)
    if not prefilled.fixed:
        blocks += [_kind_input(prefilled.resource, enabled), _id_input(prefilled.id)]
    blocks.append(_justification_input(prefilled.justification))
    return _view(blocks, prefilled.dialog_id, submit="Cancel the request")


def picking(picked: Picking, details: Block | None) -> dict[str, Any]:
    """The dialog with a choice of targets; `details` are those of the chosen one."""
    blocks = [*picked.notes, _found_input(picked.options) if picked.options else _search_input()]
    if details:
        details.block_id = DETAILS
        blocks.append(details)
    blocks.append(_justification_input(""))
    if not picked.options:
        other = ButtonElement(text="Enter an id or address instead", action_id=BY_HAND, value="form")
        several = ButtonElement(text=several_text.CHOOSE_SEVERAL, action_id=CHOOSE_SEVERAL, value="several")
        blocks.append(ActionsBlock(block_id=BY_HAND, elements=[other, several]))
    return _view(blocks, picked.dialog_id, submit="Cancel the request")


def choosing(dialog_id: str, kind: str, notes: Sequence[Block]) -> dict[str, Any]:
    """The dialog in which several are chosen, of this kind or of all; `notes` stand above."""
    element = ExternalDataMultiSelectElement(
        action_id=SEVERAL, min_query_length=0, max_selected_items=MOST_AT_ONCE, placeholder=_SEARCH
    )
    # Slack tells the block with what is typed in it.
    which = InputBlock(
        block_id=f"{SEVERAL}:{kind}", label="Which ones?", element=element, hint=f"At most {MOST_AT_ONCE}."
    )
    blocks = [*notes, which, _justification_input("")]
    return _view(blocks, dialog_id, "Cancel the requests", SEVERAL_CALLBACK, "Cancel several requests")


def kinds_of(block_id: object) -> tuple[str, ...]:
    """The kinds that are chosen from in this block; none where it is all."""
    name, _, kind = block_id.partition(":") if isinstance(block_id, str) else ("", "", "")
    return (kind,) if name == SEVERAL and kind else ()


def loading() -> Block:
    """The place where the details will stand."""
    return sentence(text.READING)


def sentence(words: str) -> Block:
    """Details that are one sentence."""
    return SectionBlock(text=_plain(words))


def closed(*blocks: Block) -> dict[str, Any]:
    """A dialog that offers nothing to submit, and says why."""
    return _view(blocks, "", submit=None)


def entered(view_payload: Mapping[str, Any]) -> Entered:
    """The inputs of a submitted view; empty where there is none."""
    values = view_payload["state"]["values"]
    return Entered(
        kind=_chosen(values, KIND),
        id=str(values.get(ID, {}).get(ID, {}).get("value") or ""),
        justification=str(values.get(JUSTIFICATION, {}).get(JUSTIFICATION, {}).get("value") or ""),
        pick=_chosen(values, PICK),
    )


def several(view_payload: Mapping[str, Any]) -> Several:
    """The inputs of a submitted view in which several could be chosen."""
    values: Mapping[str, Mapping[str, Any]] = view_payload["state"]["values"]
    block_id = next((block for block, inputs in values.items() if SEVERAL in inputs), SEVERAL)
    chosen = values.get(block_id, {}).get(SEVERAL, {})
    options = chosen.get("selected_options") or []
    why = values.get(JUSTIFICATION, {}).get(JUSTIFICATION, {}).get("value")
    return Several(block_id, {str(one["value"]): str(one["text"]["text"]) for one in options}, str(why or ""))


def _chosen(values: Mapping[str, Any], menu: str) -> str:
    option = values.get(menu, {}).get(menu, {}).get("selected_option") or {}
    return str(option.get("value") or "")


def _view(
    blocks: Sequence[Block],
    dialog_id: str,
    submit: str | None,
    callback: str = CALLBACK,
    title: str = "Cancel a request",
) -> dict[str, Any]:
    made = View(
        type="modal",
        callback_id=callback,
        private_metadata=dialog_id,
        title=title,
        submit=submit,
        close="Close",
        blocks=blocks,
    )
    return dict(made.to_dict())


def _kind_input(chosen: Resource | None, enabled: Registry) -> InputBlock:
    options = [Option(value=resource.kind, text=_plain(_choice(resource))) for resource in enabled]
    initial = next((option for option in options if chosen and option.value == chosen.kind), None)
    select = StaticSelectElement(action_id=KIND, options=options, initial_option=initial)
    return InputBlock(block_id=KIND, label="What is it?", element=select)


def _search_input() -> InputBlock:
    element = ExternalDataSelectElement(action_id=PICK, min_query_length=0, placeholder=_SEARCH)
    return InputBlock(block_id=PICK, label=_WHICH, element=element, dispatch_action=True)


def _found_input(options: Sequence[tuple[str, str]]) -> InputBlock:
    element = StaticSelectElement(
        action_id=PICK, options=[Option(value=value, text=_plain(words)) for value, words in options]
    )
    return InputBlock(block_id=PICK, label=_WHICH, element=element, dispatch_action=True)


def _choice(resource: Resource) -> str:
    """What the kind is called in a list; Slack allows 75 characters."""
    return text.clip(f"{resource.label}{' (retired)' if resource.retirement else ''}", 75)


def _id_input(initial: str) -> InputBlock:
    element = PlainTextInputElement(
        action_id=ID, initial_value=initial or None, placeholder="00000000-0000-0000-0000-000000000000"
    )
    return InputBlock(block_id=ID, label="Its id, or its URL", element=element)


def _justification_input(initial: str) -> InputBlock:
    element = PlainTextInputElement(
        action_id=JUSTIFICATION, initial_value=initial or None, multiline=True, max_length=_LONGEST_INPUT
    )
    return InputBlock(
        block_id=JUSTIFICATION,
        label="Why should it be cancelled?",
        element=element,
        hint="At most 1024 characters. Recorded, shown in the thread, and sent to Microsoft where it has a field.",
    )


def _plain(words: str) -> PlainTextObject:
    return PlainTextObject(text=text.clip(words, 3000), emoji=False)
