"""People who type, press and submit, as Slack delivers it to the bot by HTTP: rightly, or with one thing changed."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any, Final
from urllib.parse import urlencode

from bot.app import Bot
from bot.outcome import Look
from bot.resources import Target
from bot.sandbox.people import PEOPLE, Person
from bot.sandbox.slack_payloads import command_payload, message_action, view_submission
from bot.sandbox.slack_records import Ack, Message
from bot.sandbox.slack_view import View, action_of
from bot.sandbox.tenant import CHANNEL, Tenant
from tests.scenarios.play import WHY, Play

Json = dict[str, Any]
Change = Callable[[Json], object]

FORM: Final = {"Content-Type": "application/x-www-form-urlencoded"}
KIND: Final = "approval-item"


@dataclass
class Hand:
    """One person, and the dialog that they have open, for a target that is theirs."""

    play: Play
    target: str = ""
    view: View | None = None
    way: str = ""
    sent: list[tuple[bytes, dict[str, str]]] = field(default_factory=list)

    @property
    def person(self) -> Person:
        """Who it is."""
        return self.play.person

    @property
    def stage(self) -> str:
        """Which moves they have: a card's dialog cannot be given another target."""
        return "" if self.view is None else "card" if self.way == "card" else "dialog"

    @property
    def entered(self) -> dict[str, str]:
        """What they enter in their dialog."""
        return {"justification": WHY} | ({"kind": KIND, "id": self.target} if self.way == "empty" else {})


class Clicks:
    """What people do, and the effects at Microsoft that there should be: of whole right sequences, once each."""

    def __init__(self, tenant: Tenant, bot: Bot, random: Random, people: tuple[Person, ...]) -> None:
        self.tenant = tenant
        self.bot = bot
        self.random = random
        self.hands = [Hand(Play(tenant, person)) for person in people]
        self.world = tenant.slack._world
        self.effects: list[str] = []

    async def right(self, hand: Hand) -> None:
        """The next step: open the dialog, in one of three ways, or submit it."""
        if hand.view is None:
            hand.target = self.tenant.graph.add("approvalItem", owner=hand.person.oid)
            await self.random.choice([self._by_command, self._by_empty_command, self._by_card])(hand)
        else:
            await self._submit(hand)

    async def _by_command(self, hand: Hand) -> None:
        hand.view = await hand.play.dialog(f"{KIND} {hand.target}")
        hand.way = "command"
        await hand.play.loaded()

    async def _by_empty_command(self, hand: Hand) -> None:
        hand.view = await hand.play.dialog()
        hand.way = "empty"

    async def _by_card(self, hand: Hand) -> None:
        card = await self.card(hand.target)
        hand.view = await hand.play.press(card.ts)
        hand.way = "card"
        await hand.play.loaded()

    async def _submit(self, hand: Hand) -> None:
        assert hand.view
        hand.view.enter_all(hand.entered)
        ack = await self.send(hand, {"payload": json.dumps(self.submission(hand))})
        assert (ack.status, ack.body) == (200, None)
        self.effects.append(hand.target)
        await self.closed(hand)

    async def closed(self, hand: Hand) -> None:
        """What was begun ends; the dialog is gone."""
        await hand.play.over(hand.target)
        if hand.view:
            await self.tenant.slack.close(hand.person.slack_id, hand.view.id)
        hand.view = None

    async def card(self, target: str, channel: str = CHANNEL) -> Message:
        """A notification of this target."""
        await self.bot._parts._cards.notify(channel, Target(KIND, target), Look())
        return self.tenant.slack.messages(channel)[-1]

    def command(self, hand: Hand, typed: str) -> Json:
        """The fields of a slash command."""
        return command_payload(self.world, hand.person, self.world.channels[CHANNEL], "/cancel-approval", typed)

    def press(self, hand: Hand, card: Message) -> Json:
        """The payload of a press on the card's button."""
        block = card.blocks[-1]
        action = action_of(block, block["elements"][0], None, self.world.new_ts())
        return message_action(self.world, hand.person, card, action)

    def submission(self, hand: Hand) -> Json:
        """The payload of the open dialog, filled in."""
        assert hand.view
        hand.view.enter_all(hand.entered)
        return view_submission(self.world, hand.person, hand.view)

    async def send(self, hand: Hand, fields: Json, **headers: str) -> Ack:
        """Delivers it, signed by Slack, unless the headers say otherwise."""
        body = urlencode(fields, errors="surrogateescape").encode()
        lines = FORM | self.tenant.slack.sign(body) | {name.replace("_", "-"): value for name, value in headers.items()}
        ack = await self.tenant.slack.deliver_raw(body, lines)
        if not headers:
            hand.sent.append((body, lines))
        return ack

    async def changed(self, hand: Hand, payload: Json, change: Change) -> Ack:
        """Delivers an interaction of which something was changed on the way."""
        change(payload)
        return await self.send(hand, {"payload": json.dumps(payload)})

    def told(self) -> int:
        """How often anybody was told something privately."""
        return sum(len(Play(self.tenant, one).private()) for one in PEOPLE)

    def check(self) -> None:
        """Microsoft has seen what it should; who has a dialog is who asked for one."""
        assert [effect.id for effect in self.tenant.graph.effects] == self.effects
        for hand in self.hands:
            assert (self.tenant.slack.open_view(hand.person.slack_id) is not None) is (hand.view is not None)
