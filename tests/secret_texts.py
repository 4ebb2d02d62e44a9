"""Secrets as they stand in lines, and the shapes in which they come."""

import json
from collections.abc import Callable
from typing import Any, Final
from urllib.parse import quote, quote_plus

CONFIGURED: Final = "kü'n\"s\\t zq4711 ~canary"
JWT: Final = "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.eyJjYW5hcnkiOiI0NzExIn0.c2lnbmF0dXJlLWNhbmFyeQ"
ENTRA: Final = f"0.AXoA{'c4n4rY_' * 6}.AgABAw{'EAAAD--canary' * 6}"

# Every secret that facts about Slack's and Microsoft's wires name, as it stands in a line; and the part that is secret.
SECRETS: Final = {
    "bot token": ("xoxb-1234-zq5678-canary", "zq5678"),
    "rotated token": ("xoxe.xoxp-1-Mi0yLWNhbmFyeQ", "Mi0y"),
    "refresh token of Slack": ("xoxe-1-My0xLWNhbmFyeQ", "My0x"),
    "app token": ("xapp-1-A0-zq5678-canary", "zq5678"),
    "JWT": (JWT, "c2lnbmF0dXJl"),
    "JWE without a key": (JWT.replace(".eyJ", "..eyJ"), "c2lnbmF0dXJl"),
    "code or refresh token of Entra": (ENTRA, "canary"),
    "response_url": ("https://hooks.slack.com/actions/T0/1/canary", "canary"),
    "response_url of GovSlack": ("https://hooks.slack-gov.com/commands/T0/1/canary", "canary"),
    "response_url in a form": ("https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT0%2F1%2Fcanary", "canary"),
    "code in an address": ("https://bot.example.test/auth/callback?code=canary&x=1", "canary"),
    "state in an address": ("/auth/callback?session=1&state=canary", "canary"),
    "form": ("grant_type=x&client_secret=canary&client_assertion=canary&code_verifier=canary", "canary"),
    "form within a form": ("url=%2Fcallback%3Fcode%3Dcanary", "canary"),
    "JSON": ('{"refresh_token": "canary", "expires_in": 1}', "canary"),
    "JSON within JSON": (json.dumps({"body": json.dumps({"trigger_id": "canary"})}), "canary"),
    "mapping": ("{'state': 'canary', 'nonce': b'canary'}", "canary"),
    "header": ("Authorization: Bearer canary~+/=", "canary"),
    "client's header": ("Authorization: Basic Y2FuYXJ5OmNhbmFyeQ==", "Y2FuYXJ5"),
    "cookie": ("Cookie: __Host-link=canary; other=1", "canary"),
    "private key": ("-----BEGIN PRIVATE KEY-----\nY2FuYXJ5\nY2FuYXJ5\n-----END PRIVATE KEY-----\n", "Y2FuYXJ5"),
    "private key that is cut off": ("-----BEGIN RSA PRIVATE KEY-----\nY2FuYXJ5\nY2Fu", "Y2Fu"),
    "configured": (CONFIGURED, "zq4711 ~canary"),
    "configured, in an address": (f"https://db.example.test/?p={quote(CONFIGURED, safe='')}", "zq4711"),
    "configured, in a form": (f"p={quote_plus(CONFIGURED)}", "zq4711"),
    "configured, in JSON": (json.dumps({"p": CONFIGURED}), "zq4711"),
}


class Thing:
    """Something with a representation of its own."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __repr__(self) -> str:
        return f"<Thing {self.text}>"


SHAPES: Final[dict[str, Callable[[str], Any]]] = {
    "text": str,
    "bytes": str.encode,
    "list": lambda text: [1, [text]],
    "tuple": lambda text: (None, text),
    "set": lambda text: {text},
    "value": lambda text: {"a": {"b": text}},
    "key": lambda text: {text: 1},
    "bytes within": lambda text: {"a": [text.encode()]},
    "exception": ValueError,
    "exception that quotes": KeyError,
    "object": Thing,
    "object within": lambda text: [Thing(text)],
}
