"""What people do in the dialogs and the Home tab of the stand-in's Slack."""

from collections.abc import Mapping
from typing import Literal

from bot.sandbox.blockkit_views import check_suggestions
from bot.sandbox.slack_payloads import block_suggestion, home_opened, view_action, view_closed, view_submission
from bot.sandbox.slack_person import PersonSide
from bot.sandbox.slack_records import OK, Ack, Suggested
from bot.sandbox.slack_view import EXTERNAL, SELECTS, CannotDo, Entry, View

LEAST_TYPED = 3
"""Slack's default for min_query_length."""


class ViewSide(PersonSide):
    """The hands of the people in views.

    Raises:
        CannotDo: from every action that Slack would not let this person do.
    """

    async def submit(self, user_id: str, view_id: str, values: Mapping[str, Entry]) -> Ack:
        """Fill in the dialog on top, by block_id or action_id, and press its submit button."""
        view = self._on_top(user_id, view_id)
        view.enter_all(values)
        view.check_complete()
        ack = await self._deliver("interactive", view_submission(self._world, self._world.people[user_id], view), 0)
        self._dialogs.react(view, ack)
        return ack

    async def send_again(self, user_id: str, view: View) -> Ack:
        """Send a filled-in dialog, in front or not: from a second device, or because the first try got no answer."""
        return await self._deliver("interactive", view_submission(self._world, self._world.people[user_id], view), 0)

    async def close(self, user_id: str, view_id: str) -> Ack:
        """Close the dialog on top; the app is told if it asked for that."""
        view = self._on_top(user_id, view_id)
        self._dialogs.close(view)
        if not view.definition.get("notify_on_close"):
            return Ack(OK)
        return await self._deliver("interactive", view_closed(self._world, self._world.people[user_id], view), 0)

    async def select_in_view(self, user_id: str, view_id: str, action_id: str, value: Entry) -> Ack:
        """Use an element of the dialog on top or of the Home tab; inputs without dispatch_action tell the app nothing.

        Of several buttons with this action_id, `value` picks one, or is forged.
        """
        view = self._in_front(user_id, view_id)
        block, element = view.element(action_id, value if isinstance(value, str) else None)
        action = view.action(block, element, value, self._world.new_ts())
        if element["type"] not in ("button", "overflow"):
            view.enter(action_id, value)
        if block["type"] == "input" and not block.get("dispatch_action"):
            return Ack(OK)
        payload = view_action(self._world, self._world.people[user_id], view, action)
        return await self._deliver("interactive", payload, 0)

    def type_in_view(self, view_id: str, block_or_action_id: str, value: Entry) -> None:
        """Type into a dialog, or choose in it, without sending it."""
        view = self._dialogs.find(view_id)
        if view is None:
            raise CannotDo(f"no open dialog {view_id}")
        view.enter(block_or_action_id, value)

    async def suggest(self, user_id: str, view_id: str, action_id: str, value: str = "") -> Suggested:
        """Open or type into an external select; the app has three seconds to answer with its options.

        Options against Slack's rules are a violation, and nothing is shown then.
        """
        view = self._in_front(user_id, view_id)
        block, element = view.element(action_id)
        if element["type"] not in EXTERNAL:
            raise CannotDo(f"{action_id} is not an external select")
        if len(value) < element.get("min_query_length", LEAST_TYPED):
            raise CannotDo(f"{action_id} asks for options only after more characters")
        asked = {"action_id": element["action_id"], "block_id": block["block_id"], "value": value}
        payload = block_suggestion(self._world, self._world.people[user_id], view, asked)
        ack = await self._deliver("interactive", payload, 0)
        found = self._read(action_id, ack)
        view.suggest(block, element, found.options)
        self._world.changed()
        return found

    def _read(self, action_id: str, ack: Ack) -> Suggested:
        if ack.status != OK:
            raise CannotDo(f"{action_id} could not be loaded: {ack}")
        problems = check_suggestions(ack.body)
        if problems or not isinstance(ack.body, dict):
            self._world.violation(f"options of {action_id}: {'; '.join(problems)}")
            raise CannotDo(f"{action_id} got no valid options")
        return Suggested(ack.body, ack.seconds)

    async def choose(self, user_id: str, view_id: str, action_id: str, value: Entry) -> Ack:
        """Choose in a menu: of an external one, what was suggested last; of one for several, all of them."""
        _, element = self._in_front(user_id, view_id).element(action_id)
        if element["type"] not in SELECTS:
            raise CannotDo(f"{action_id} is not a menu")
        return await self.select_in_view(user_id, view_id, action_id, value)

    async def open_home(
        self, user_id: str, *, tab: Literal["home", "messages"] = "home", retries: int = 0
    ) -> list[Ack]:
        """Open a tab of the app's Home; with `retries` Slack sends the same event again, as if it had no answer."""
        one = self._world.people.get(user_id)
        if one is None or (tab == "home" and not self._world.manifest.home_tab):
            raise CannotDo(f"{user_id} sees no {tab} tab")
        event = home_opened(self._world, one, tab, self.home(user_id))
        return [await self._deliver("events_api", event, number) for number in range(retries + 1)]

    def home(self, user_id: str) -> View | None:
        """Return what this person's Home tab shows; None before anything was published."""
        return self._dialogs.home(user_id)

    async def click_home(self, user_id: str, action_id: str, *, value: str | None = None) -> Ack:
        """Press a button of the Home tab; `value` picks one of several, or is forged."""
        view = self.home(user_id)
        if view is None:
            raise CannotDo(f"{user_id} has an empty Home tab")
        return await self.select_in_view(user_id, view.id, action_id, value)

    def open_view(self, user_id: str) -> View | None:
        return self._dialogs.top(user_id)

    def _in_front(self, user_id: str, view_id: str) -> View:
        home = self.home(user_id)
        return home if home and home.id == view_id else self._on_top(user_id, view_id)

    def _on_top(self, user_id: str, view_id: str) -> View:
        view = self._dialogs.top(user_id)
        if view is None or view.id != view_id:
            raise CannotDo(f"{user_id} does not have the dialog {view_id} in front")
        return view
