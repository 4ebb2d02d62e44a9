"""What the page shows: one person's Slack, and what happened at Microsoft, as JSON."""

from collections.abc import Iterator, Sequence
from typing import Any

from bot.sandbox.graph_types import Call, Entity, Item
from bot.sandbox.page_faults import CHOICES, Switches
from bot.sandbox.people import Person
from bot.sandbox.service import Service, calls_of
from bot.sandbox.slack import SlackStandIn
from bot.sandbox.slack_records import Channel, Message
from bot.sandbox.slack_view import View

Json = dict[str, Any]

MESSAGES_SHOWN = 200
"""In one conversation, the newest."""
CALLS_SHOWN = 50
_ABOUT = ("accessPackage", "roleDefinition", "group")
_TITLES = ("displayName", "requestJustification", "justification", "reason")


class Eyes:
    """Looks at the stand-ins for one person."""

    def __init__(self, slack: SlackStandIn, microsoft: Sequence[Service], switches: Switches) -> None:
        self._slack = slack
        self._microsoft = microsoft
        self._switches = switches
        self._names = {one.oid: one.name for one in slack.people}
        self._authors = {one.slack_id: one for one in slack.people}

    @property
    def people(self) -> list[Person]:
        """Return those who can sit before the page."""
        return [one for one in self._slack.people if one.kind not in ("bot", "deactivated")]

    def look(self, user_id: str) -> Json:
        """Return all that the page shows to this person."""
        view, home = self._slack.open_view(user_id), self._slack.home(user_id)
        return {
            "me": user_id,
            "people": [{"id": one.slack_id, "name": one.name, "kind": one.kind} for one in self.people],
            "names": {one.slack_id: one.name for one in self._slack.people},
            "channels": [self._channel(one, user_id) for one in self._slack.channels(user_id)],
            "view": _view(view) if view else None,
            "home": _view(home) if home else None,
            "requests": [self._request(service, item) for service, item in self._items()],
            "calls": self._calls(),
            "faults": [{"key": one.key, "label": one.label, "on": self._switches.is_on(one.key)} for one in CHOICES],
            "violations": [*self._slack.violations, *(line for one in self._microsoft for line in one.violations)],
        }

    def _channel(self, channel: Channel, user_id: str) -> Json:
        whispers = [one for one in self._slack.ephemerals(user_id) if one.channel == channel.id]
        seen = sorted([*self._slack.messages(channel.id), *whispers], key=lambda one: one.ts)
        return {
            "id": channel.id,
            "name": channel.name,
            "im": channel.is_im,
            "private": channel.private,
            "shared": channel.ext_shared,
            "messages": [self._message(one) for one in seen[-MESSAGES_SHOWN:]],
        }

    def _message(self, message: Message) -> Json:
        author = self._authors.get(message.user)
        return {
            "ts": message.ts,
            "thread_ts": message.thread_ts,
            "by": author.name if author else "cancel-approval",
            "app": author is None or author.kind == "bot",
            "text": message.text,
            "blocks": message.blocks,
            "attachments": [one.get("blocks", []) for one in message.attachments],
            "private": message.ephemeral_to is not None,
            "edited": message.edited,
        }

    def _items(self) -> Iterator[tuple[Service, Item]]:
        for service in self._microsoft:
            for type_name in service.facts:
                yield from ((service, item) for item in service.of_type(type_name, None))

    def _request(self, service: Service, item: Item) -> Json:
        effects = [one for one in service.effects if (one.type_name, one.id) == (item.type_name, item.id)]
        return {
            "type": item.type_name,
            "id": item.id,
            "title": _title(item.entity),
            "owner": self._name(item.owner),
            "state": service.facts[item.type_name].state(item.entity),
            "open": service.cancellable(item),
            "effects": [{"by": self._name(one.oid), "why": one.justification} for one in effects],
        }

    def _calls(self) -> list[Json]:
        """Return the newest calls, the last one first, without the polls of the bot's watch."""
        numbered = list(enumerate(calls_of(self._microsoft), start=1))
        return [self._call(number, place, call) for number, (place, call) in numbered[: -CALLS_SHOWN - 1 : -1]]

    def _call(self, number: int, place: str, call: Call) -> Json:
        return {
            "number": number,
            "service": place,
            "method": call.method,
            "path": call.path,
            "query": dict(call.query),
            "body": call.body,
            "by": self._name(call.oid) if call.oid or call.app_only else "nobody",
            "permissions": sorted(call.scopes),
            "client_request_id": call.client_request_id,
            "status": call.status,
        }

    def _name(self, oid: str | None) -> str:
        return "the application" if oid is None else self._names.get(oid, oid)


def _title(entity: Entity) -> str:
    """Return what it is about, or else why it was made."""
    facts = entity.get("properties", entity)  # where Azure keeps them
    things = facts.get("expandedProperties", facts)
    named = next((things[name] for name in _ABOUT if things.get(name)), facts)
    return next((str(named[name]) for name in _TITLES if named.get(name)), "")


def _view(view: View) -> Json:
    texts: Json = {
        name: view.definition[name]["text"] for name in ("title", "submit", "close") if name in view.definition
    }
    return {
        "id": view.id,
        "hash": view.hash,
        "blocks": view.blocks,
        "values": view.state["values"],
        "errors": view.errors,
        **texts,
    }
