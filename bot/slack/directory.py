"""Who a Slack user is right now: a member of the bot's own team, with groups and a linked account, or a stranger."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any, Final, TypeVar

import structlog
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.accounts import Accounts
from bot.cancellation import Actor
from bot.errors import Refused, Unavailable
from bot.slack.api import FAULTS, Fate, error_of, fate_of
from bot.slack.inbox import Click

log = structlog.get_logger(__name__)
T = TypeVar("T")

_KEEP: Final = 60.0  # seconds that a look-up may be used
_MOST: Final = 5000
_UNSEEN: Final = ("channel_not_found", "not_in_channel", "missing_scope", "method_not_supported_for_channel_type")
_STRANGER: Final = ("This bot works only for full members of its own Slack team.", "Ask a member of the team to do it.")
_SHARED: Final = (
    "This channel is shared with another organisation, so nothing is cancelled from here.",
    "Use a channel of your own team.",
)
_UNSURE: Final = ("I could not check with Slack who you are, so nothing was sent.", "Try again in a minute.")


class Directory:
    """Looks people and channels up in Slack; answers are kept for a minute, failures never."""

    def __init__(
        self, client: AsyncWebClient, accounts: Accounts, team: str, groups: frozenset[str], seconds: float
    ) -> None:
        self._client = client
        self._accounts = accounts
        self._team = team
        self._groups = groups
        self._seconds = seconds
        self._kept: dict[tuple[str, str], tuple[float, Any]] = {}

    async def actor(self, team: str, user: str, channel: str, user_team: str = "") -> Actor:
        """The person who acts; raises `Refused` for strangers and shared channels, `Unavailable` without an answer."""
        if team != self._team or user_team not in ("", self._team):
            raise Refused("other_team", *_STRANGER)
        try:
            _, visible, groups = await asyncio.gather(
                self._member(team, user), self._visible(channel), self._groups_of(user)
            )
        except FAULTS as error:
            log.warning("slack_lookup_failed", error=error_of(error))
            raise Unavailable(*_UNSURE) from error
        linked = await self._accounts.linked(team, user)
        return Actor(
            team=team,
            user=user,
            channel=channel,
            visible=visible,
            groups=groups,
            account=linked.account if linked else None,
            account_name=linked.name if linked else "",
        )

    async def name(self, team: str, user: str) -> str:
        """What a member of the team is called; raises `Refused` for strangers, `Unavailable` without an answer."""
        if team != self._team:
            raise Refused("other_team", *_STRANGER)
        try:
            return await self._member(team, user)
        except FAULTS as error:
            log.warning("slack_lookup_failed", error=error_of(error))
            raise Unavailable(*_UNSURE) from error

    async def user_of(self, email: str) -> str:
        """The one Slack user with this e-mail address, of whatever standing; empty where Slack tells none.

        Raises `Unavailable`.
        """
        try:
            found = (await self._client.users_lookupByEmail(email=email))["user"]
        except FAULTS as error:
            log.info("not_found_by_email", error=error_of(error))
            if fate_of(error) is Fate.REFUSED:
                return ""
            raise Unavailable(*_UNSURE) from error
        same = str((found.get("profile") or {}).get("email", "")).casefold() == email.casefold()
        return str(found["id"]) if same else ""

    async def in_time(self, click: Click, channel: str = "") -> Actor:
        """Whoever clicked, looked up fast enough to open a dialog afterwards; raises like `actor`."""
        try:
            async with asyncio.timeout(self._seconds):
                return await self.actor(click.team, click.user, channel or click.channel, click.user_team)
        except TimeoutError:
            raise Unavailable(*_UNSURE) from None

    async def again(self, actor: Actor) -> Actor:
        """The same person as they are now; raises like `actor`."""
        return await self.actor(actor.team, actor.user, actor.channel)

    async def _member(self, team: str, user: str) -> str:
        async def look_up() -> tuple[str, str]:
            found = (await self._client.users_info(user=user))["user"]
            return _strangeness(found, self._team), str(found.get("real_name") or found.get("name") or "")

        reason, name = await self._keep("user", user, look_up)
        if reason == "deactivated":
            await self._accounts.unlink(team, user)
        if reason:
            raise Refused(reason, *_STRANGER)
        return name

    async def _visible(self, channel: str) -> bool:
        """Whether the bot can see the channel; one that it cannot see is no reason to refuse the person."""
        if not channel:
            return False

        async def look_up() -> str:
            try:
                answer = await self._client.conversations_info(channel=channel)
            except SlackApiError as error:
                if error_of(error) in _UNSEEN:
                    return "unseen"
                raise
            found = answer["channel"]
            shared = found.get("is_ext_shared") or found.get("is_pending_ext_shared")
            return "shared" if shared else "own"

        seen = await self._keep("channel", channel, look_up)
        if seen == "shared":
            raise Refused("shared_channel", *_SHARED)
        return seen == "own"

    async def _groups_of(self, user: str) -> frozenset[str]:
        """The groups named in the policy that the person is in."""

        found = set()
        for group in sorted(self._groups):
            if user in await self._keep("group", group, partial(self._members_of, group)):
                found.add(group)
        return frozenset(found)

    async def _members_of(self, group: str) -> frozenset[str]:
        answer = await self._client.usergroups_users_list(usergroup=group)
        return frozenset(answer["users"])

    async def _keep(self, what: str, key: str, look_up: Callable[[], Awaitable[T]]) -> T:
        until, value = self._kept.get((what, key), (0.0, None))
        if until > time.monotonic():
            kept: T = value
            return kept
        if len(self._kept) >= _MOST:
            self._kept.clear()
        fresh = await look_up()
        self._kept[what, key] = (time.monotonic() + _KEEP, fresh)
        return fresh


def _strangeness(user: Mapping[str, Any], team: str) -> str:
    """Why this user may not use the bot; empty for a full member of the team."""
    teams = {user.get("team_id"), *(user.get("enterprise_user") or {}).get("teams", [])}
    marks = {
        "deactivated": user.get("deleted"),
        "bot": user.get("is_bot") or user.get("id") == "USLACKBOT",
        "guest": user.get("is_restricted") or user.get("is_ultra_restricted"),
        "stranger": user.get("is_stranger"),
        "other_team": team not in teams,
    }
    return next((reason for reason, marked in marks.items() if marked), "")
