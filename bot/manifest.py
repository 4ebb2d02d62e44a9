"""The Slack app manifest: every scope that is used, and none more."""

from typing import Any

from bot.slack.text import COMMAND

SCOPES = {
    "channels:history": "find out after a crash whether a message was posted, so that none is posted twice",
    "channels:read": "see whether a channel is shared with another organisation",
    "chat:write": "post cards, replies and audit lines",
    "commands": "take the slash command",
    "groups:history": "find such a message in private channels that the bot is in",
    "groups:read": "see the same of private channels that the bot is in",
    "im:history": "find such a message among the direct messages that the bot sent",
    "im:write": "open the conversation in which somebody is told something alone",
    "usergroups:read": "see who is in a user group that the policy names",
    "users:read": "refuse guests, strangers, bots and deactivated users",
}


USER_SCOPES = {
    "email": "compare the address that Slack knows with Microsoft's, when people link their accounts",
    "openid": "know for certain which Slack user is linking an account",
}


def manifest(public_url: str | None, *, socket: bool = False) -> dict[str, Any]:
    """The manifest for HTTP mode at that address, or for Socket Mode; without an address nobody can link accounts."""
    base = public_url.rstrip("/") if public_url else ""
    url = f"{base}/slack/events" if base and not socket else None
    endpoint = {"url": url} if url else {}
    interactivity = {"is_enabled": True, **({"request_url": url} if url else {})}
    return {
        "_metadata": {"major_version": 2},
        "display_information": {
            "name": "Cancel approvals",
            "description": "Cancels approvals, role and access requests in Microsoft Graph.",
            "background_color": "#2f3e57",
        },
        "features": {
            "app_home": {"messages_tab_enabled": True, "messages_tab_read_only_enabled": True},
            "bot_user": {"display_name": "cancel-approval", "always_online": True},
            "slash_commands": [
                {
                    "command": COMMAND,
                    **endpoint,
                    "description": "Cancel an approval, role or access request",
                    "usage_hint": "[kind] [id or Graph URL] [reason]",
                    "should_escape": False,
                }
            ],
        },
        "oauth_config": _oauth(base),
        "settings": {
            "interactivity": interactivity,
            "org_deploy_enabled": False,
            "socket_mode_enabled": url is None,
            "token_rotation_enabled": False,
        },
    }


def _oauth(base: str) -> dict[str, Any]:
    bot: dict[str, Any] = {"scopes": {"bot": sorted(SCOPES)}}
    if not base:
        return bot
    return {
        "redirect_urls": [f"{base}/auth/slack/callback"],
        "scopes": {**bot["scopes"], "user": sorted(USER_SCOPES)},
    }
