"""The Slack manifest: valid against Slack's published schema, and asking for what is used and no more."""

import json
import os
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from bot.manifest import SCOPES, USER_SCOPES, manifest
from bot.slack.home import EVENT
from bot.slack.text import SHORTCUT

ROOT = Path(__file__).parents[1]
SCHEMA = ROOT.parent / "shared" / "slack" / "manifest.schema.2.0.0.json"

# Scopes by Web API method, from docs.slack.dev/reference/methods.
NEEDED = {
    "apps_connections_open": set(),  # with the app token
    "auth_test": set(),
    "chat_delete": {"chat:write"},
    "chat_postMessage": {"chat:write"},
    "chat_update": {"chat:write"},
    "conversations_history": {"channels:history", "groups:history", "im:history"},
    "conversations_info": {"channels:read", "groups:read"},
    "conversations_open": {"im:write"},
    "conversations_replies": {"channels:history", "groups:history", "im:history"},
    "usergroups_users_list": {"usergroups:read"},
    "users_info": {"users:read"},
    "users_lookupByEmail": {"users:read.email"},
    "views_open": set(),
    "views_publish": set(),
    "views_update": set(),
}


def test_file_is_the_printed_manifest() -> None:
    assert yaml.safe_load((ROOT / "manifest.yml").read_text()) == manifest(None)


@pytest.mark.parametrize("public_url", [None, "https://bot.example.test"])
@pytest.mark.parametrize("socket", [False, True])
def test_valid_against_slacks_schema(public_url: str | None, socket: bool) -> None:
    """The schema lies beside the checkout in CI and is not ours to copy."""
    if not SCHEMA.is_file():
        if os.environ.get("CI") == "true":
            pytest.fail(f"{SCHEMA} is missing")
        pytest.skip("Slack's manifest schema is not here")
    schema: dict[str, Any] = json.loads(SCHEMA.read_text())
    jsonschema.validate(manifest(public_url, socket=socket), schema)


def test_http_mode_has_one_address() -> None:
    made = manifest("https://bot.example.test/")
    url = "https://bot.example.test/slack/events"
    settings = made["settings"]
    assert settings["interactivity"] == {"is_enabled": True, "request_url": url, "message_menu_options_url": url}
    assert settings["event_subscriptions"]["request_url"] == url
    assert [command["url"] for command in made["features"]["slash_commands"]] == [url]
    assert json.dumps(made).count(url) == 4
    assert not settings["socket_mode_enabled"]


def test_what_slack_sends() -> None:
    """Fails when Slack is asked for another event or shortcut than those that somebody listens for."""
    made = manifest(None)
    assert made["settings"]["event_subscriptions"] == {"bot_events": [EVENT]}
    assert [(one["type"], one["callback_id"]) for one in made["features"]["shortcuts"]] == [("message", SHORTCUT)]
    assert made["features"]["app_home"]["home_tab_enabled"]


def test_linking_in_socket_mode() -> None:
    made = manifest("https://bot.example.test/", socket=True)
    assert made["settings"]["socket_mode_enabled"]
    assert "/slack/events" not in json.dumps(made)
    assert made["oauth_config"]["redirect_urls"] == ["https://bot.example.test/auth/slack/callback"]
    assert made["oauth_config"]["scopes"]["user"] == sorted(USER_SCOPES) == ["email", "openid"]


def test_scopes_are_those_that_the_code_uses() -> None:
    """The Web API methods that the bot calls, read from its source, need exactly these scopes."""
    source = "".join(path.read_text() for path in (ROOT / "bot").rglob("*.py") if "sandbox" not in path.parts)
    called = set(re.findall(r"(?:client|slack)\.([a-z]+_[A-Za-z_]+)\(", source)) & set(NEEDED)
    unknown = set(re.findall(r"\.((?:chat|conversations|views|users|usergroups)_\w+)\(", source)) - set(NEEDED)
    assert unknown == set()
    assert called == set(NEEDED)
    assert set(SCOPES) == {"commands"}.union(*NEEDED.values())
