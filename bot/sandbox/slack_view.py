"""A dialog or Home tab of a person: its blocks, what is entered in it, and how an update changes both."""

from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from secrets import token_hex
from typing import Any

from bot.sandbox.blockkit import elements_of, options_of

Json = dict[str, Any]
Key = tuple[str, str]
"""block_id and action_id."""
Entry = str | Sequence[str] | None
"""What a person enters: a text, the value of a choice or the values of several; None empties the field."""
SELECTS = ("static_select", "external_select", "multi_external_select")
EXTERNAL = SELECTS[1:]
MULTI = "multi_external_select"
_IN_STATE = {"plain_text_input": "value", MULTI: "selected_options"}


class CannotDo(AssertionError):
    """A person cannot do this: Slack's client has no such button, field or choice, or does not send it."""


class View:
    """A dialog of a person's stack, or their Home tab. `definition` is the app's, with the ids that Slack adds."""

    def __init__(self, view_id: str, user_id: str, definition: Json, below: "View | None") -> None:
        self.id = view_id
        self.user_id = user_id
        self.previous_view_id = below.id if below else None
        self.root_view_id: str = below.root_view_id if below else view_id
        self.errors: dict[str, str] = {}
        """What the app's `response_action: errors` shows, by block_id; "" for the dialog as a whole."""
        self._fields: dict[Key, Json] = {}
        self._entered: dict[Key, Any] = {}
        self._suggested: dict[Key, list[Json]] = {}
        self.update(definition)

    @property
    def blocks(self) -> list[Json]:
        blocks: list[Json] = self.definition["blocks"]
        return blocks

    @property
    def title(self) -> str:
        return str(self.definition.get("title", {}).get("text", ""))

    @property
    def private_metadata(self) -> str:
        return str(self.definition.get("private_metadata", ""))

    @property
    def callback_id(self) -> str:
        return str(self.definition.get("callback_id", ""))

    @property
    def external_id(self) -> str:
        return str(self.definition.get("external_id", ""))

    @property
    def state(self) -> Json:
        """`{"values": {block_id: {action_id: …}}}`, as in Slack's payloads."""
        values: Json = {}
        for (block_id, action_id), element in self._fields.items():
            entered = self._entered[block_id, action_id]
            name = _IN_STATE.get(element["type"], "selected_option")
            values.setdefault(block_id, {})[action_id] = {"type": element["type"], name: entered}
        return {"values": values}

    def update(self, definition: Json) -> None:
        """Show other content. What is entered stays where block_id, action_id and type stay the same."""
        self.definition = {**definition, "blocks": identify(definition["blocks"])}
        self.errors = {}
        self.hash = f"{token_hex(5)}.{token_hex(4)}"
        before, self._fields = self._fields, dict(_fields(self.blocks))
        kept = {key for key, element in before.items() if self._fields.get(key, {}).get("type") == element["type"]}
        self._entered = {
            key: self._entered[key] if key in kept else _initial(element) for key, element in self._fields.items()
        }
        self._suggested = {key: options for key, options in self._suggested.items() if key in kept}

    def element(self, block_or_action_id: str, value: str | None = None) -> tuple[Json, Json]:
        """Return the block and the element that has this action_id or is in the block with this id.

        Of several with the same action_id it is the one that has this value, or the first.
        """
        pairs = [(block, element) for block in self.blocks for element in elements_of(block)]
        found = [(b, e) for b, e in pairs if block_or_action_id in (e["action_id"], b["block_id"])]
        if not found:
            raise CannotDo(f"the dialog {self.title!r} has nothing called {block_or_action_id}")
        return next((pair for pair in found if pair[1].get("value") == value), found[0])

    def suggest(self, block: Json, element: Json, options: list[Json]) -> None:
        """Show these options in an external select; only they can be chosen now."""
        self._suggested[block["block_id"], element["action_id"]] = options

    def option(self, block: Json, element: Json, value: str) -> Json:
        """Return the option of a menu that has this value; what is chosen already stays a choice."""
        key = (block["block_id"], element["action_id"])
        external = element["type"] in EXTERNAL
        entered = self._entered.get(key) if external else None
        chosen = entered if isinstance(entered, list) else [entered]
        for one in [*self._suggested.get(key, []), *chosen] if external else options_of(element):
            if one and one["value"] == value:
                return one
        raise CannotDo(f"{element['action_id']} has no option {value!r}")

    def _options(self, block: Json, element: Json, values: Entry) -> list[Json]:
        """Return the options of a menu that takes several; each once, and no more than it takes."""
        if isinstance(values, str):
            raise CannotDo(f"{element['action_id']} takes a list of values")
        found = [self.option(block, element, value) for value in values or []]
        if len(set(values or [])) < len(found) or len(found) > element.get("max_selected_items", len(found)):
            raise CannotDo(f"{element['action_id']} does not take these together: {values}")
        return found

    def action(self, block: Json, element: Json, value: Entry, ts: str) -> Json:
        """Return the entry in `actions` for the use of this element; `value` replaces a button's own."""
        used = _used(block, element, ts)
        if element["type"] == MULTI:
            return {**used, "selected_options": self._options(block, element, value)}
        if not (value is None or isinstance(value, str)):
            raise CannotDo(f"{element['action_id']} takes one value")
        if element["type"] == "button":
            return action_of(block, element, value, ts)
        if element["type"] == "plain_text_input":
            return {**used, "value": value}
        return {**used, "selected_option": None if value is None else self.option(block, element, value)}

    def enter(self, block_or_action_id: str, value: Entry) -> None:
        """Type into a text field, or choose the options with these values; None empties it."""
        block, element = self.element(block_or_action_id)
        key = (block["block_id"], element["action_id"])
        if element["type"] == MULTI:
            self._entered[key] = self._options(block, element, value)
        elif not (value is None or isinstance(value, str)):
            raise CannotDo(f"{block_or_action_id} takes one value")
        elif element["type"] == "plain_text_input":
            if value and len(value) > element.get("max_length", 3000):
                raise CannotDo(f"{block_or_action_id} takes no more characters")
            self._entered[key] = value or None
        elif element["type"] in SELECTS:
            self._entered[key] = None if value is None else self.option(block, element, value)
        else:
            raise CannotDo(f"{block_or_action_id} is not a field")

    def enter_all(self, values: Mapping[str, Entry]) -> None:
        for name, value in values.items():
            self.enter(name, value)

    def check_complete(self) -> None:
        """Refuse what Slack's client does not submit: empty required fields and texts that are too short."""
        if "submit" not in self.definition:
            raise CannotDo(f"the dialog {self.title!r} has no submit button")
        optional = {block["block_id"] for block in self.blocks if block.get("optional")}
        inputs = {block["block_id"] for block in self.blocks if block["type"] == "input"} - optional
        for (block_id, action_id), element in self._fields.items():
            value = self._entered[block_id, action_id]
            if block_id in inputs and not value:
                raise CannotDo(f"the dialog says that {action_id} is required")
            if isinstance(value, str) and len(value) < element.get("min_length", 0):
                raise CannotDo(f"{action_id} is too short")

    def payload(self) -> Json:
        """Return the view as Slack describes it to the app, without the fields about the workspace."""
        texts = ("title", "submit", "close")
        return {
            "id": self.id,
            "type": self.definition["type"],
            "blocks": self.blocks,
            "private_metadata": self.private_metadata,
            "callback_id": self.callback_id,
            "external_id": self.external_id,
            "state": self.state,
            "hash": self.hash,
            **{name: self.definition.get(name) for name in texts},
            "clear_on_close": self.definition.get("clear_on_close", False),
            "notify_on_close": self.definition.get("notify_on_close", False),
            "previous_view_id": self.previous_view_id,
            "root_view_id": self.root_view_id,
        }


def _fields(blocks: list[Json]) -> Iterator[tuple[Key, Json]]:
    for block in blocks:
        for element in elements_of(block):
            if element["type"] in ("plain_text_input", *SELECTS):
                yield (block["block_id"], element["action_id"]), element


def _initial(element: Json) -> Any:
    if element["type"] == MULTI:
        return []
    return element.get("initial_value") or element.get("initial_option")


def identify(blocks: list[Json]) -> list[Json]:
    """Return these blocks with the ids that the app left out, as Slack adds them."""
    blocks = deepcopy(blocks)
    for block in blocks:
        block.setdefault("block_id", token_hex(3))
        for element in elements_of(block):
            element.setdefault("action_id", token_hex(3))
    return blocks


def action_of(block: Json, element: Json, value: str | None, ts: str) -> Json:
    """Return the entry in `actions` for a button; `value` replaces its own."""
    shown: Json = {key: element[key] for key in ("text", "style", "confirm") if key in element}
    chosen = element.get("value") if value is None else value
    return {**_used(block, element, ts), **shown, **({} if chosen is None else {"value": chosen})}


def _used(block: Json, element: Json, ts: str) -> Json:
    return {
        "type": element["type"],
        "action_id": element["action_id"],
        "block_id": block["block_id"],
        "action_ts": ts,
    }
