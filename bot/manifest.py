"""The Slack app manifest: every scope that is used, and none more."""

from typing import Any

from bot.slack.text import COMMAND, SHORTCUT

SCOPES = {
    "channels:history": "find out after a crash whether a message was posted, so that none is posted twice",
    "channels:read": "see whether a channel is shared with another organisation",
    "chat:write": "post cards, replies and audit lines",
    "commands": "take the slash command and the message shortcut",
    "groups:history": "find such a message in private channels that the bot is in",
    "groups:read": "see the same of private channels that the bot is in",
    "im:history": "find such a message among the direct messages that the bot sent",
    "im:write": "open the conversation in which somebody is told something alone",
    "usergroups:read": "see who is in a user group that the policy names",
    "users:read": "refuse guests, strangers, bots and deactivated users",
    "users:read.email": "find the one member who asked, when somebody else's request was cancelled",
}


USER_SCOPES = {
    "email": "compare the address that Slack knows with Microsoft's, when people link their accounts",
    "openid": "know for certain which Slack user is linking an account",
}


def manifest(public_url: str | None, *, socket: bool = False) -> dict[str, Any]:
    """The manifest for HTTP mode at that address, or for Socket Mode; without an address nobody can link accounts."""
    base = public_url.rstrip("/") if public_url else ""
    url = f"{base}/slack/events" if base and not socket else ""
    return {
        "_metadata": {"major_version": 2},
        "display_information": {
            "name": "Cancel approvals",
            "description": "Cancels approvals, role and access requests in Microsoft Graph.",
            "background_color": "#2f3e57",
        },
        "features": _features(url),
        "oauth_config": _oauth(base),
        "settings": _settings(url),
    }


def _features(url: str) -> dict[str, Any]:
    return {
        "app_home": {
            "home_tab_enabled": True,
            "messages_tab_enabled": True,
            "messages_tab_read_only_enabled": True,
        },
        "bot_user": {"display_name": "cancel-approval", "always_online": True},
        "shortcuts": [
            {
                "name": "Cancel this request",
                "type": "message",
                "callback_id": SHORTCUT,
                "description": "Cancel the approval, role or access request that this message is about",
            }
        ],
        "slash_commands": [
            {
                "command": COMMAND,
                **({"url": url} if url else {}),
                "description": "Cancel an approval, role or access request",
                "usage_hint": "[kind] [id or URL] [reason] | mine | pending [kind] | several [kind]",
                "should_escape": False,
            }
        ],
    }


def _oauth(base: str) -> dict[str, Any]:
    bot: dict[str, Any] = {"scopes": {"bot": sorted(SCOPES)}}
    if not base:
        return bot
    return {
        "redirect_urls": [f"{base}/auth/slack/callback"],
        "scopes": {**bot["scopes"], "user": sorted(USER_SCOPES)},
    }


def _settings(url: str) -> dict[str, Any]:
    called = {"request_url": url} if url else {}
    options = {"message_menu_options_url": url} if url else {}
    return {
        "event_subscriptions": {**called, "bot_events": ["app_home_opened"]},
        "interactivity": {"is_enabled": True, **called, **options},
        "org_deploy_enabled": False,
        "socket_mode_enabled": not url,
        "token_rotation_enabled": False,
    }
