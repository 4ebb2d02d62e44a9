"""What the app may do and see: granted scopes, channel membership, and required arguments."""

from bot.sandbox.slack_records import Channel, Json, SlackError
from bot.sandbox.slack_world import World


def required(args: Json, *names: str) -> list[str]:
    """Return these arguments as strings."""
    missing = [name for name in names if not args.get(name)]
    if missing:
        messages = [f"[ERROR] missing required field: {name}" for name in missing]
        raise SlackError("invalid_arguments", response_metadata={"messages": messages})
    return [str(args[name]) for name in names]


def flag(args: Json, name: str) -> bool:
    """Return a boolean argument, which forms send as text."""
    return args.get(name) in (True, 1, "1", "true", "True")


def family(channel: Channel) -> str:
    """Return the first half of the scopes for this sort of conversation."""
    if channel.is_im:
        return "im"
    return "groups" if channel.private else "channels"


class Access:
    """Refuses with Slack's documented errors what the scopes and memberships do not allow."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.scopes = world.scopes

    def need(self, *any_of: str) -> None:
        """Refuse unless one of these scopes is granted."""
        if not self.scopes.intersection(any_of):
            raise SlackError("missing_scope", needed=any_of[0], provided=",".join(sorted(self.scopes)))

    def visible(self, channel_id: str) -> Channel:
        channel = self.world.channels.get(channel_id)
        if channel is None or (channel.private and not channel.bot_is_member):
            raise SlackError("channel_not_found")
        return channel

    def readable(self, channel_id: str) -> Channel:
        channel = self.visible(channel_id)
        self.need(f"{family(channel)}:history")
        if not channel.bot_is_member:
            raise SlackError("not_in_channel")
        return channel

    def writable(self, channel_id: str) -> Channel:
        channel = self.visible(channel_id)
        if not channel.bot_is_member and "chat:write.public" not in self.scopes:
            raise SlackError("not_in_channel")
        return channel
