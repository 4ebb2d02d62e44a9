"""conversations.* of the Web API, with the errors that Slack documents for it."""

from collections.abc import Iterable

from bot.sandbox.slack_access import Access, family, flag, required
from bot.sandbox.slack_payloads import message_payload
from bot.sandbox.slack_records import Json, Message, Method, SlackError


class Conversations:
    """Channels and what is written in them."""

    def __init__(self, access: Access) -> None:
        self._access = access
        self._world = access.world

    def methods(self) -> dict[str, Method]:
        return {
            "conversations.info": self._info,
            "conversations.open": self._open,
            "conversations.history": self._history,
            "conversations.replies": self._replies,
        }

    def _info(self, args: Json) -> Json:
        self._access.need("channels:read", "groups:read", "im:read")
        channel = self._access.visible(*required(args, "channel"))
        self._access.need(f"{family(channel)}:read")
        return {
            "channel": {
                "id": channel.id,
                "name": channel.name,
                "is_channel": family(channel) == "channels",
                "is_group": family(channel) == "groups",
                "is_im": channel.is_im,
                "is_mpim": False,
                "is_private": channel.private,
                "is_member": channel.bot_is_member,
                "is_archived": False,
                "is_shared": channel.ext_shared,
                "is_ext_shared": channel.ext_shared,
                "is_org_shared": False,
                "context_team_id": self._world.team_id,
            }
        }

    def _open(self, args: Json) -> Json:
        self._access.need("im:write")
        (users,) = required(args, "users")
        if "," in users:
            self._access.need("mpim:write")
        return {"channel": {"id": self._world.dm(users).id}}

    def _history(self, args: Json) -> Json:
        channel = self._access.readable(*required(args, "channel"))
        roots = [one for one in self._world.visible(channel.id) if one.thread_ts is None]
        return self._page(args, reversed(roots))

    def _replies(self, args: Json) -> Json:
        channel_id, ts = required(args, "channel", "ts")
        found = self._world.thread(self._access.readable(channel_id).id, ts)
        if not found:
            raise SlackError("thread_not_found")
        return self._page(args, found)

    def _page(self, args: Json, found: Iterable[Message]) -> Json:
        """Return one page of messages; the cursor is the place in the list."""
        kept = [one for one in found if _in_range(one.ts, args)]
        try:
            start, limit = int(args.get("cursor") or 0), int(args.get("limit") or 100)
        except ValueError as error:
            raise SlackError("invalid_cursor") from error
        more = start + limit < len(kept)
        metadata = flag(args, "include_all_metadata")
        return {
            "messages": [message_payload(self._world, one, metadata=metadata) for one in kept[start : start + limit]],
            "has_more": more,
            "response_metadata": {"next_cursor": str(start + limit) if more else ""},
        }


def _in_range(ts: str, args: Json) -> bool:
    """Tell whether a message lies between `oldest` and `latest`; both ends count with `inclusive`."""
    oldest, latest = float(args.get("oldest") or 0), float(args.get("latest") or "inf")
    if flag(args, "inclusive"):
        return oldest <= float(ts) <= latest
    return oldest < float(ts) < latest
