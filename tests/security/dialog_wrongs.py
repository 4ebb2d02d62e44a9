"""What can be wrong about anything that Slack delivers."""

from collections.abc import Awaitable, Callable
from typing import Any, Final

from tests.security.dialog_clicks import Change, Clicks, Hand, Json

Move = Callable[[Clicks, Hand], Awaitable[None]]

ID: Final = "00000000-0000-4000-8000-00000000c0de"
ANCIENT: Final = "created_at = '2026-01-01 00:00:00.000000'"
SIGNED: Final[dict[str, tuple[dict[str, str], int]]] = {
    "no signature": ({"X_Slack_Signature": ""}, 401),
    "another's signature": ({"X_Slack_Signature": "v0=" + "0" * 64}, 401),
    "a signature that is no text": ({"X_Slack_Signature": "v0=é"}, 401),
    "another time": ({"X_Slack_Request_Timestamp": "1700000000"}, 401),
    "no time": ({"X_Slack_Request_Timestamp": "abc"}, 401),
    "another host": ({"Host": "evil.example.test"}, 421),
}
"""Headers, and the status that they bring."""


def put(*path: str | int, value: Any) -> Change:
    """Puts a value into a payload; None takes away what is there."""

    def change(payload: Json) -> None:
        node: Any = payload
        for step in path[:-1]:
            node = node[step]
        if value is None:
            del node[path[-1]]
        else:
            node[path[-1]] = value

    return change


async def replayed(clicks: Clicks, hand: Hand) -> None:
    """The very bytes that were delivered before, signature and all."""
    before = clicks.told()
    for body, headers in hand.sent[-3:]:
        ack = await clicks.tenant.slack.deliver_raw(body, headers)
        assert (ack.status, ack.body) == (200, None)
    assert clicks.told() == before
