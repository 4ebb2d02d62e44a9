"""Plays the scenes as people would, prints what happens, and checks every outcome."""

import uuid
from functools import partial

from bot.sandbox.browser import Browser, link_in
from bot.sandbox.people import Person
from bot.sandbox.scenes import Scene
from bot.sandbox.slack_records import Message
from bot.sandbox.slack_view import View
from bot.sandbox.tenant import AUDIT, CHANNEL, Tenant
from bot.sandbox.transcript import Transcript, words

_CHANNEL = "#it-ops"
_TOO_FAST = "still being posted"
_OTHER = "takes another action than you asked for"
_PATIENCE = 15.0  # seconds for one thing to appear


class Demo:
    """One run. `failed` counts scenes that did not end as they must."""

    def __init__(self, tenant: Tenant) -> None:
        self._tenant = tenant
        self._slack = tenant.slack
        self._transcript = Transcript(tenant.microsoft)
        self.failed = 0

    async def play(self, number: int, scene: Scene) -> None:
        """One scene, from the first click to the last word."""
        self._transcript.title(number, scene.title)
        self._reset()
        service = self._tenant.service_of(scene.kind.type_name)
        owner, state = scene.owner.oid, scene.state
        known = None if scene.unknown else service.add(scene.kind.type_name, owner=owner, state=state)
        target = known or str(uuid.uuid4())
        scene.prepare(self._tenant)
        effects = len(service.effects)
        said = await self._cancel(scene, target)
        self._transcript.calls()
        done = len(service.effects) - effects
        if done:
            state = service.facts[scene.kind.type_name].state(service.get(scene.kind.type_name, target))
            self._transcript.line("  Microsoft", f"now says “{state}”")
        self._transcript.line(f"  ← {_first(scene.person) if scene.private else _CHANNEL}", said)
        for line in self._audited(target):
            self._transcript.line("  ← #audit", words(line.blocks))
        if done and scene.owner is not scene.person:
            await self._heard(scene, target)
        if scene.expect not in said or done != scene.effects:
            self.failed += 1
            self._transcript.line("  WRONG", f"expected “{scene.expect}” and {scene.effects} effect(s), saw {done}")

    def _reset(self) -> None:
        """Microsoft does again as its documents say."""
        graph = self._tenant.graph
        graph.retired, graph.cancels_uncertain = False, True
        graph.variant.clear()

    async def _cancel(self, scene: Scene, target: str) -> str:
        """What the person is told in the end."""
        slack, user = self._slack, scene.person.slack_id
        told = len(self._private(user))
        await self._begin(scene, target)
        await slack.until(lambda: self._answered(user, told), _PATIENCE)
        opened = slack.open_view(user)
        if opened:
            if scene.offered:
                await self._other(user, scene.offered.name)
            self._transcript.line("  dialog", f"“{opened.title}”: {scene.why}")
            await slack.submit(user, opened.id, {"justification": scene.why})
            if scene.links:
                await slack.until(lambda: len(self._private(user)) > told, _PATIENCE)
                await self._link(scene.person)
            if scene.approver:
                await self._approve(scene.approver, target)
            # The audit channel is told last.
            await slack.until(lambda: self._audited(target), _PATIENCE)
        return words((self._private(user) if scene.private else self._replies())[-1].blocks)

    async def _other(self, user: str, kind: str) -> None:
        """Once the request is read, the dialog offers what its state asks for."""

        def said() -> str:
            view = self._slack.open_view(user)
            lines = words(view.blocks).splitlines() if view else ()
            return next((one for one in lines if _OTHER in one and f"({kind})" in one), "")

        self._transcript.line("  dialog", await self._slack.until(said, _PATIENCE))

    async def _approve(self, person: Person, target: str) -> None:
        """The second person reads the question in the thread and agrees."""
        question = await self._slack.until(lambda: self._question(target), _PATIENCE)
        self._transcript.line(f"  ← {_CHANNEL}", words(question.blocks))
        self._transcript.line(_first(person), "presses [Approve]")
        while self._question(target):
            told = len(self._private(person.slack_id))
            await self._slack.click(person.slack_id, CHANNEL, question.ts, "approve_cancellation")
            # Nobody is as fast as this: the bot may not know yet where Slack put its question, and asks to press again.
            await self._slack.until(partial(self._noticed, person, target, told), _PATIENCE)

    def _noticed(self, person: Person, target: str, told: int) -> bool:
        """Whether the press was answered: in the message itself, or privately."""
        return not self._question(target) or len(self._private(person.slack_id)) > told

    def _question(self, target: str) -> Message | None:
        """The message that has a button to approve, once nothing of it is under way any more."""
        found = [one for one in self._replies() if target in words(one.blocks)]
        return next((one for one in found if any(block["type"] == "actions" for block in one.blocks)), None)

    async def _link(self, person: Person) -> None:
        """They open the link that they were sent, and go through the pages."""
        message = self._private(person.slack_id)[-1]
        self._transcript.line(f"  ← {_first(person)}", words(message.blocks))
        async with Browser(self._tenant.directory / "ca.pem") as browser:
            await browser.open(link_in(message.blocks))
            for label in ("Continue with Slack", person.name, person.email, "Accept", "Yes, link them"):
                self._transcript.line("  browser", f"“{browser.page.heading}” [{label}]")
                await browser.press(label)
            self._transcript.line("  browser", f"“{browser.page.heading}”")

    async def _begin(self, scene: Scene, target: str) -> None:
        if scene.card:
            await self._press(scene, target)
        elif scene.picked:
            await self._appeared(target)
            await self._pick(scene)
        else:
            await self._type(scene, target)

    async def _type(self, scene: Scene, target: str) -> None:
        what = scene.url.replace("{id}", target) or f"{scene.kind.name} {target}"
        self._transcript.line(_first(scene.person), f"/cancel-approval {what}")
        await self._slack.command(scene.person.slack_id, CHANNEL, what)

    async def _press(self, scene: Scene, target: str) -> None:
        card, user = await self._appeared(target), scene.person.slack_id
        self._transcript.line(_first(scene.person), "presses [Cancel] on the notification")
        while True:
            told = len(self._private(user))
            await self._slack.click(user, CHANNEL, card.ts, "cancel_target")
            await self._slack.until(partial(self._answered, user, told), _PATIENCE)
            # Nobody is as fast as this: the bot may not know yet where Slack put its message.
            if len(self._private(user)) == told or _TOO_FAST not in words(self._private(user)[-1].blocks):
                return

    def _answered(self, user: str, told: int) -> bool:
        return bool(self._slack.open_view(user)) or len(self._private(user)) > told

    async def _appeared(self, target: str) -> Message:
        """The notification, which the bot posts by itself."""
        card = await self._slack.until(lambda: self._card(target), _PATIENCE)
        self._transcript.line(f"  ← {_CHANNEL}", words(card.blocks))
        return card

    def _card(self, target: str) -> Message | None:
        found = [one for one in self._slack.messages(CHANNEL) if not one.thread_ts and target in words(one.blocks)]
        return next((one for one in found if any(block["type"] == "actions" for block in one.blocks)), None)

    async def _pick(self, scene: Scene) -> None:
        """They look for it in the list of what they may cancel."""
        user = scene.person.slack_id
        self._transcript.line(_first(scene.person), "/cancel-approval")
        await self._slack.command(user, CHANNEL, "")
        view = await self._slack.until(lambda: self._picker(user), _PATIENCE)
        found = await self._slack.suggest(user, view.id, "pick_target", scene.picked)
        self._transcript.line("  types", f"“{scene.picked}” and sees: {'; '.join(found.texts)}")
        self._transcript.line("  chooses", f"“{found.texts[0]}”")
        # The newest stands first, and Slack shows nobody what stands for it.
        await self._slack.choose(user, view.id, "pick_target", found.values[0])

    def _picker(self, user: str) -> View | None:
        view = self._slack.open_view(user)
        return view if view and "pick_target" in str(view.blocks) else None

    async def approved_elsewhere(self, number: int, graph_type: str, person: Person, state: str) -> None:
        """A request appears, somebody approves it at Microsoft, and its notification says so."""
        self._transcript.title(number, "A new request appears, and is approved elsewhere")
        target = self._tenant.graph.add(graph_type, owner=person.oid)
        card = await self._appeared(target)
        self._transcript.line("Microsoft", f"somebody approves it there: {state}")
        self._tenant.graph.set_state(graph_type, target, state)
        await self._slack.until(lambda: not self._card(target), _PATIENCE)
        said = words(next(one.blocks for one in self._slack.messages(CHANNEL) if one.ts == card.ts))
        self._transcript.line(f"  ~ {_CHANNEL}", f"(the same card, which now has no button)\n{said}")
        if state not in said:
            self.failed += 1
            self._transcript.line("  WRONG", f"expected “{state}”")

    def _private(self, user: str) -> list[Message]:
        """What they were answered."""
        return [*self._slack.ephemerals(user), *(one for one in self._slack.dms(user) if not _is_news(one))]

    async def _heard(self, scene: Scene, target: str) -> None:
        """Whoever had asked hears that somebody else has had it cancelled."""
        user = scene.owner.slack_id

        def news() -> Message | None:
            return next((one for one in self._slack.dms(user) if _is_news(one) and target in words(one.blocks)), None)

        message = await self._slack.until(news, _PATIENCE)
        self._transcript.line(f"  ← {_first(scene.owner)}", words(message.blocks))

    def _audited(self, target: str) -> list[Message]:
        return [m for m in self._slack.messages(AUDIT) if target in words(m.blocks)]

    def _replies(self) -> list[Message]:
        return [m for m in self._slack.messages(CHANNEL) if m.thread_ts and m.thread_ts != m.ts]


def _is_news(message: Message) -> bool:
    return "A request of yours is cancelled" in words(message.blocks)


def _first(person: Person) -> str:
    return person.name.split()[0]
