"""One cancellation as everybody sees it afterwards: thread, card, audit channel, audit rows, and the service."""

import json
import re
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from typing import Any, Final

from bot.sandbox.arm import ArmStandIn
from bot.sandbox.faults import Fault
from bot.sandbox.graph import GraphStandIn
from bot.sandbox.graph_types import Call, Effect
from bot.sandbox.people import PEOPLE, Person
from bot.sandbox.slack_records import Ack, Message
from bot.sandbox.tenant import AUDIT, CHANNEL, Tenant
from tests.scenarios.graph.cases import Case
from tests.scenarios.play import WHY, Play, buttons, tampered, words

HEADLINES: Final = {
    "cancelled": "Cancelled",
    "accepted": "Accepted, not finished yet",
    "already_final": "Nothing left to cancel",
    "refused": "Not carried out",
    "failed": "Not cancelled",
    "unknown": "Not known whether it was cancelled",
}
TOLD_PRIVATELY: Final = "Not carried out. I told the reason to whoever asked."

_REQUEST_ID: Final = re.compile(r"(?<!client-)request-id ([0-9a-f-]{36})")
_CLIENT_REQUEST_ID: Final = re.compile(r"client-request-id ([0-9a-f-]{36})")


@dataclass(frozen=True)
class Row:
    """One row of the audit trail."""

    event: str
    detail: dict[str, Any]
    justification: str
    oid: str


@dataclass(frozen=True)
class Story:
    """Everything that one cancellation left behind."""

    case: Case
    person: Person
    target: str
    roots: list[Message]
    replies: list[Message]
    private: list[str]
    lines: list[Message]
    rows: list[Row]
    posts: list[Call]
    effects: list[Effect]

    @property
    def told(self) -> str:
        """What the person reads of the end: in the thread, or privately where it is not for all."""
        return self.private[-1] if self.private else words(self.replies[-1].blocks)

    @property
    def end(self) -> dict[str, Any]:
        """What the audit trail keeps of the end."""
        return self.rows[-1].detail

    @property
    def request_id(self) -> str:
        """The service's id of the request, as the person reads it; empty when there is none."""
        found = _REQUEST_ID.search(self.told)
        return found.group(1) if found else ""

    @property
    def client_request_id(self) -> str:
        """Our id of the request, as the person reads it; empty when there is none."""
        found = _CLIENT_REQUEST_ID.search(self.told)
        return found.group(1) if found else ""

    def ended(self, result: str, *, posts: int = 0, effects: int = 0, called: int | None = None) -> None:
        """Holds what is true of every end; `called` where the service saw more or fewer calls than were begun."""
        assert (len(self.posts), len(self.effects)) == (posts, effects)
        assert [row.event for row in self.rows] == [
            "requested",
            *["called"] * (posts if called is None else called),
            "ended",
        ]
        assert self.end["result"] == result, self.end
        self._told_everywhere(HEADLINES[result], refused=result == "refused")

    def _told_everywhere(self, headline: str, *, refused: bool) -> None:
        [root], [reply], [line] = self.roots, self.replies, self.lines
        assert headline in words(root.blocks)
        assert buttons(root) == []
        assert headline in self.told
        assert bool(self.private) is refused
        if refused:
            assert words(reply.blocks) == TOLD_PRIVATELY
        told = (headline, self.case.kind, self.target, f"@{self.person.slack_id}", self.rows[0].justification)
        assert all(" ".join(part.split()) in words(line.blocks) for part in told)
        self._same_ids(words(line.blocks))

    def _same_ids(self, line: str) -> None:
        assert self.request_id == self.end.get("request_id", "")
        assert self.client_request_id == self.end.get("client_request_id", "")
        assert self.request_id in line
        assert self.client_request_id in line


class Scene:
    """A tenant with a running bot, in which one cancellation after another is played."""

    def __init__(self, tenant: Tenant) -> None:
        self.tenant = tenant
        self.graph = tenant.graph
        self._services: tuple[GraphStandIn, ArmStandIn] = (tenant.graph, tenant.arm)
        self._before: dict[str, int] = {}
        self._absent = 0

    def service(self, case: Case) -> GraphStandIn | ArmStandIn:
        """The stand-in that has requests of that kind."""
        return self.tenant.arm if case.azure else self.graph

    def add(self, case: Case, **properties: Any) -> str:
        """A request of that kind at the service; its id."""
        service = self.service(case)
        service.variant[case.graph_type] = case.variant
        return service.add(case.graph_type, **({"owner": case.owner.oid, "state": case.pending} | properties))

    def absent(self, case: Case) -> str:
        """An id of that kind that no request has: every id ends with a GUID."""
        self._absent += 1
        return f"{self.add(case)[:-36]}0f0f0f0f-0000-4000-8000-{self._absent:012d}"

    def fail(self, match: str, **what: Any) -> None:
        """The next request that matches fails so, at whichever service."""
        for service in self._services:
            service.faults.add(Fault(match, **what))

    def pass_by(self, match: str, times: int = 1) -> None:
        """The next requests that match are served as ever; a later fault meets those after them."""
        self.fail(match, times=times)

    def challenge_next(self) -> None:
        """The next call is answered with a claims challenge."""
        for service in self._services:
            service.challenge_next()

    def shown(self, case: Case, target: str, state: str) -> dict[str, Any]:
        """What reading answers about the target in another state than its own."""
        entity, collection = self.service(case).get(case.graph_type, target), case.facts.collections[0]
        case.facts.set_state(entity, state)
        viewed = case.facts.view(entity, collection.version)
        return viewed if collection.get_one else {"value": [viewed]}

    async def submit(self, case: Case, target: str, *, person: Person | None = None, why: str = WHY) -> Ack:
        """Enters it in an empty dialog, so that nothing is read before the cancellation itself does."""
        play = Play(self.tenant, person or case.person)
        return await play.submit(await play.dialog(), kind=case.kind, id=target, justification=why)

    async def cancel(self, case: Case, target: str, *, person: Person | None = None, why: str = WHY) -> Story:
        """Cancels, and waits until everybody was told."""
        person = person or case.person
        before = len(Play(self.tenant, person).private())
        await self.submit(case, target, person=person, why=why)
        story = await self.story(case, target, person=person, before=before)
        await self.tenant.slack.until(self._quiet)
        return story

    def _quiet(self) -> bool:
        """Whether nothing follows a cancellation any more: it would read what the next test has prepared."""
        query = "SELECT 1 FROM workflow_status WHERE name = 'cancel' AND status = 'PENDING'"
        with closing(sqlite3.connect(self.tenant.directory / "bot.db")) as connection:
            return connection.execute(query).fetchone() is None

    async def story(
        self, case: Case, target: str, *, person: Person | None = None, before: int = 0, lines: int = 1
    ) -> Story:
        """What is left of it once the audit channel has so many lines about the target, and it is free again."""
        person = person or case.person
        await self.tenant.slack.until(lambda: len(self._about(AUDIT, target)) >= lines)
        await Play(self.tenant, person).over(target)
        roots = [message for message in self._about(CHANNEL, target) if message.thread_ts in (None, message.ts)]
        threads = {root.ts for root in roots}
        return Story(
            case=case,
            person=person,
            target=target,
            roots=roots,
            replies=[one for one in self._messages(CHANNEL) if one.thread_ts in threads and one.ts != one.thread_ts],
            private=Play(self.tenant, person).private()[before:],
            lines=self._about(AUDIT, target),
            rows=self.rows(target),
            posts=self.posts(target),
            effects=[effect for service in self._services for effect in service.effects if effect.id == target],
        )

    def posts(self, target: str) -> list[Call]:
        """The cancel calls that reached the service."""
        return [call for call in self.calls(target) if call.method == "POST"]

    def calls(self, target: str) -> list[Call]:
        """The calls that reached the service with this id, in the path or as all of the body."""
        every = [call for service in self._services for call in service.calls]
        return [call for call in every if target in call.path or call.body == {"id": target}]

    async def replying(self, target: str, part: str) -> Message:
        """The reply in the target's thread, once it says so."""

        def found() -> Message | None:
            threads = {root.ts for root in self._about(CHANNEL, target)}
            replies = [one for one in self._messages(CHANNEL) if one.thread_ts in threads]
            return next((one for one in replies if part in words(one.blocks)), None)

        return await self.tenant.slack.until(found)

    def rows(self, target: str) -> list[Row]:
        """The audit rows of the target, in order."""
        query = (
            "SELECT event, detail, justification, oid FROM audit_rows JOIN audit_people USING (seq) "
            "WHERE lower(target_id) = lower(?) ORDER BY seq"
        )
        with closing(sqlite3.connect(self.tenant.directory / "bot.db")) as connection:
            found = connection.execute(query, (target,)).fetchall()
        return [Row(event, json.loads(detail), justification, oid) for event, detail, justification, oid in found]

    async def execute(self, statement: str) -> None:
        """Changes the bot's database behind its back."""
        await tampered(self.tenant, statement)

    def begin(self) -> None:
        """Looks from now on only at what is new."""
        self._before = {channel: len(self.tenant.slack.messages(channel)) for channel in (CHANNEL, AUDIT)}

    async def reset(self) -> None:
        """Puts everything back to how it was, and checks that the bot has sent nothing that no document knows."""
        for person in PEOPLE:
            while view := self.tenant.slack.open_view(person.slack_id):
                await self.tenant.slack.close(person.slack_id, view.id)
        assert self.tenant.slack.violations == []
        for service in self._services:
            assert service.violations == []
            service.faults.clear()
            service.challenge_next(0)
            service.cancels_uncertain = True
            service.unknown_id_as_seen = False
        self.graph.location_override = None
        self.graph.operation_script[:] = ["scheduled", "inProgress", "succeeded"]
        self.graph.finishes_on_read = True
        self.graph.retired = False
        self.graph.retired_variant.clear()

    def _messages(self, channel: str) -> list[Message]:
        return self.tenant.slack.messages(channel)[self._before.get(channel, 0) :]

    def _about(self, channel: str, target: str) -> list[Message]:
        return [one for one in self._messages(channel) if target in words(one.blocks)]
