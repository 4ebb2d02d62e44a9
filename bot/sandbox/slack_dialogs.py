"""views.* of the Web API, the Home tabs, and what an answer to a submitted dialog does to it."""

from typing import Any

from bot.sandbox import blockkit_views
from bot.sandbox.slack_access import required
from bot.sandbox.slack_payloads import view_payload
from bot.sandbox.slack_records import OK, Ack, Json, Method, SlackError
from bot.sandbox.slack_view import View
from bot.sandbox.slack_world import World

STACK_LIMIT = 3
TROUBLE = "We had some trouble connecting. Try again?"


class Dialogs:
    """The open dialogs of all people, for each a stack with the last one on top, and their Home tabs."""

    def __init__(self, world: World) -> None:
        self._world = world

    def methods(self) -> dict[str, Method]:
        return {"views.open": self._open, "views.update": self._update, "views.publish": self._publish}

    def top(self, user_id: str) -> View | None:
        stack = self._world.views.get(user_id)
        return stack[-1] if stack else None

    def find(self, view_id: str) -> View | None:
        return next((view for view in self._all() if view.id == view_id), None)

    def home(self, user_id: str) -> View | None:
        return self._world.homes.get(user_id)

    def close(self, view: View) -> None:
        """Take a view off its stack; it may be gone already when its app was slow."""
        stack = self._world.views[view.user_id]
        if view in stack:
            stack.remove(view)
        self._world.changed()

    def react(self, view: View, ack: Ack) -> None:
        """Do what the app answered to `view_submission`; an empty answer closes the view."""
        match ack.body:
            case _ if ack.status != OK:
                view.errors = {"": TROUBLE}
            case None:
                self.close(view)
            case {"response_action": "clear"}:
                self._world.views[view.user_id].clear()
            case {"response_action": "errors", "errors": errors}:
                self._show_errors(view, errors)
            case {"response_action": "update" | "push" as how, "view": definition}:
                self._replace(view, how, definition)
            case _:
                self._world.violation(f"unknown answer to view_submission: {ack.body}")
                view.errors = {"": TROUBLE}
        self._world.changed()

    def _show_errors(self, view: View, errors: Any) -> None:
        inputs = {block["block_id"] for block in view.blocks if block["type"] == "input"}
        if isinstance(errors, dict) and errors and set(errors) <= inputs:
            view.errors = errors
        else:
            self._world.violation(f"errors that fit no input block of the dialog: {errors}")
            view.errors = {"": TROUBLE}

    def _replace(self, view: View, how: str, definition: Any) -> None:
        try:
            if how == "update":
                view.update(self._checked(definition))
            else:
                self._push(view.user_id, self._checked(definition))
        except SlackError as refusal:
            view.errors = {"": refusal.error}

    def _open(self, args: Json) -> Json:
        (trigger_id,) = required(args, "trigger_id")
        required(args, "view")
        definition = self._checked(args["view"])
        user_id = self._world.use_trigger(trigger_id)
        self._world.views[user_id] = []
        return self._answer(self._push(user_id, definition))

    def _update(self, args: Json) -> Json:
        if not args.get("external_id"):
            required(args, "view_id")
        required(args, "view")
        view = self._known(args.get("view_id"), args.get("external_id"))
        definition = self._checked(args["view"], view)
        if args.get("hash") not in (None, "", view.hash):
            raise SlackError("hash_conflict")
        view.update(definition)
        self._world.changed()
        return self._answer(view)

    def _publish(self, args: Json) -> Json:
        (user_id,) = required(args, "user_id")
        required(args, "view")
        if user_id not in self._world.people:
            raise SlackError("invalid_arguments", response_metadata={"messages": ["invalid `user_id`"]})
        home = self._world.homes.get(user_id)
        definition = self._checked(args["view"], home, surface="home")
        if not self._world.manifest.home_tab:
            raise SlackError("not_enabled")
        if args.get("hash") not in (None, "", home.hash if home else None):
            raise SlackError("hash_conflict")
        if home:
            home.update(definition)
        else:
            home = self._world.homes[user_id] = View(self._world.new_id("V"), user_id, definition, None)
        self._world.changed()
        return self._answer(home)

    def _known(self, view_id: str | None, external_id: str | None) -> View:
        for view in self._open_ones():
            if view_id == view.id or (external_id and external_id == view.external_id):
                return view
        raise SlackError("not_found")

    def _checked(self, definition: Any, same: View | None = None, *, surface: str = "modal") -> Json:
        problems = blockkit_views.check_view(definition)
        if not problems and definition["type"] != surface:
            problems = [f"/view/type: must be {surface}"]
        if problems:
            self._world.violation(f"view: {'; '.join(problems)}")
            messages = [f"[ERROR] {problem}" for problem in problems]
            raise SlackError("invalid_arguments", response_metadata={"messages": messages})
        if blockkit_views.is_too_large(definition):
            raise SlackError("view_too_large")
        external_id = definition.get("external_id")
        if external_id and any(view.external_id == external_id for view in self._all() if view is not same):
            raise SlackError("duplicate_external_id")
        return dict(definition)

    def _push(self, user_id: str, definition: Json) -> View:
        stack = self._world.views.setdefault(user_id, [])
        if len(stack) >= STACK_LIMIT:
            raise SlackError("push_limit_reached")
        view = View(self._world.new_id("V"), user_id, definition, stack[-1] if stack else None)
        stack.append(view)
        self._world.changed()
        return view

    def _answer(self, view: View) -> Json:
        return {"view": view_payload(self._world, view)}

    def _open_ones(self) -> list[View]:
        return [view for stack in self._world.views.values() for view in stack]

    def _all(self) -> list[View]:
        return [*self._open_ones(), *self._world.homes.values()]
