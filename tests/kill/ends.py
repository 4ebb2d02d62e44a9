"""What is there when everything is over: in the database, in Slack and at the service."""

import asyncio
import time
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa

from bot.sandbox.people import ALICE
from bot.sandbox.slack_records import ApiCall, Message
from bot.sandbox.tenant import AUDIT, Tenant
from bot.store import Store, now
from bot.tables import audit_rows, cancellations, claims
from bot.trail import verify
from tests.kill.scenarios import End
from tests.scenarios.play import Play, buttons, words

_ENDED: Final = ("SUCCESS", "CANCELLED")  # cancelled: a second workflow was begun for the same cancellation


class Records:
    """The bot's database, read from outside."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._engine = sa.create_engine(url.replace("postgresql:", "postgresql+psycopg:"), poolclass=sa.NullPool)
        self.dialect = self._engine.dialect.name
        schema = None if self.dialect == "sqlite" else "dbos"
        self._jobs = sa.table("workflow_status", sa.column("status"), schema=schema)

    async def over(self, seconds: float) -> None:
        """Waits until every cancellation has ended, no target is claimed and no workflow is under way."""
        deadline = time.monotonic() + seconds
        while not await asyncio.to_thread(self._over):
            assert time.monotonic() < deadline, "it never came to an end"
            await asyncio.sleep(0.05)

    def _over(self) -> bool:
        with self._engine.connect() as connection:
            open_ones = connection.execute(sa.select(cancellations).where(cancellations.c.ended_at.is_(None))).first()
            unfinished = connection.execute(sa.select(self._jobs).where(self._jobs.c.status.not_in(_ENDED))).first()
            begun = connection.execute(sa.select(self._jobs)).first()
            claimed = connection.execute(sa.select(claims)).first()
        return bool(begun) and not (open_ones or unfinished or claimed)

    def story(self) -> tuple[str, ...]:
        """The events of the audit trail, in order."""
        with self._engine.connect() as connection:
            return tuple(connection.execute(sa.select(audit_rows.c.event).order_by(audit_rows.c.seq)).scalars())

    async def findings(self, key: str) -> tuple[str, ...]:
        """What verifying the audit trail finds."""
        store = Store(self._url)
        try:
            return (await verify(store, key.encode(), None, now())).findings
        finally:
            await store.close()

    def close(self) -> None:
        """Closes the connections."""
        self._engine.dispose()


@dataclass(frozen=True)
class Ending:
    """What one row of the table shows. `unread`: calls that came without a read since the one before."""

    roots: list[Message]
    replies: list[Message]
    direct: dict[str, list[Message]]
    lines: list[Message]
    story: tuple[str, ...]
    posts: int
    unread: int
    effects: int
    wrong: tuple[str, ...]

    @classmethod
    async def of(cls, tenant: Tenant, target: str, records: Records, key: str) -> "Ending":
        """Looks everywhere."""
        slack, anybody = tenant.slack, Play(tenant, ALICE)
        posts, unread = _posts(tenant, target)
        direct = {one.slack_id: slack.dms(one.slack_id) for one in slack.people}
        astray = [f"{call.method}: {call.error}" for call in slack.calls if _astray(call)]
        return cls(
            roots=anybody.roots(),
            replies=anybody.replies(),
            direct={user: messages for user, messages in direct.items() if messages},
            lines=slack.messages(AUDIT),
            story=await asyncio.to_thread(records.story),
            posts=posts,
            unread=unread,
            effects=len(tenant.graph.effects),
            wrong=(
                *slack.violations,
                *tenant.graph.violations,
                *tenant.arm.violations,
                *astray,
                *await records.findings(key),
            ),
        )

    def problems(self, end: End, posts: int, called: int) -> list[str]:
        """What is not as it has to be, with so many more posts and `called` rows."""
        at = end.story.index("called") if called else 0
        due: dict[str, tuple[object, object]] = {
            "effects": (self.effects, end.effects),
            "posts": (self.posts, end.posts + posts),
            "posts without a read before": (self.unread, 0),
            "replies": (len(self.replies), len(end.replies)),
            "roots": (len(self.roots), end.lines - end.story.count("settled")),
            "buttons": (sum(len(buttons(root)) for root in self.roots), 0),
            "audit lines": (len(self.lines), end.lines),
            "told directly": ({user: len(told) for user, told in self.direct.items()}, dict.fromkeys(end.direct, 1)),
            "audit": (self.story, (*end.story[:at], *["called"] * called, *end.story[at:])),
        }
        counted = [f"{what} {found}, not {expected}" for what, (found, expected) in due.items() if found != expected]
        said = [*zip(self.replies, end.replies, strict=False), *self._told(end)]
        unsaid = [f"no {expected!r} in {words(one.blocks)!r}" for one, expected in said if not _says(one, expected)]
        return [*counted, *unsaid, *self.wrong]

    def _told(self, end: End) -> list[tuple[Message, str]]:
        return [(one, end.direct[user]) for user in end.direct for one in self.direct.get(user, [])]

    def __str__(self) -> str:
        direct = sum(len(told) for told in self.direct.values())
        return (
            f"effects {self.effects}  posts {self.posts}  roots {len(self.roots)}  replies {len(self.replies)}  "
            f"direct {direct}  lines {len(self.lines)}  audit {','.join(self.story)}"
        )


def _says(message: Message, expected: str) -> bool:
    return expected in words(message.blocks)


def _astray(call: ApiCall) -> bool:
    """Nothing is posted that has to be deleted again, and nothing changed that is not there."""
    return call.method == "chat.delete" or call.error == "message_not_found"


def _posts(tenant: Tenant, target: str) -> tuple[int, int]:
    """The cancel calls that reached the service, and how many of them came without a read since the one before."""
    posts, unread, read = 0, 0, False
    for call in tenant.graph.calls:
        if call.method == "GET" and call.path.endswith(f"/{target}"):
            read = True
        if call.method == "POST" and f"/{target}/" in call.path:
            posts, unread, read = posts + 1, unread + (not read), False
    return posts, unread
