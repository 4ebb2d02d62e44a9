"""One thing wrong about a submitted dialog. No such move has an effect at Microsoft, and each is answered."""

import asyncio
import json
from functools import partial
from typing import Final

from bot.sandbox.faults import Fault
from bot.sandbox.people import BOB, GUEST, TEAM_ID
from tests.scenarios.play import tampered
from tests.security.dialog_clicks import KIND, Change, Clicks, Hand
from tests.security.dialog_wrongs import ANCIENT, ID, SIGNED, Move, put, replayed

# What is wrong with a submitted dialog, and at which input the answer stands; "" closes the dialog.
SUBMITTED: Final[dict[str, tuple[Change, str]]] = {
    "a forged dialog": (put("view", "private_metadata", value="0" * 32), ""),
    "no dialog": (put("view", "private_metadata", value=""), ""),
    "another person": (put("user", "id", value=BOB.slack_id), ""),
    "a guest": (put("user", "id", value=GUEST.slack_id), ""),
    "another team": (put("team", "id", value="T0OTHER"), ""),
    "a person of another team": (put("user", "team_id", value="T0OTHER"), ""),
}
REASONS: Final[dict[str, str]] = {
    "no reason": "",
    "spaces": " \n ",
    "1025": "x" * 1025,
    "513 emoji": "\N{PARTY POPPER}" * 513,
    "a null": "why\x00",
    "half a character": "why\ud800",
    "turned around": "why\u202e",
}
IDS: Final[dict[str, str]] = {
    "no id": "",
    "a path": "../../users/x",
    "dots": "..",
    "a fragment": f"{ID}#",
    "an escape": "%2e%2e",
    "a line": f"{ID}\n",
    "another host": f"https://evil.example.test/beta/solutions/approval/approvalItems/{ID}",
    "another user": f"https://x@graph.microsoft.com/beta/solutions/approval/approvalItems/{ID}",
    "a null": f"{ID}\x00",
    "half a character": f"{ID}\ud800",
}


async def _submitted(change: Change, block: str, clicks: Clicks, hand: Hand) -> None:
    ack = await clicks.changed(hand, clicks.submission(hand), change)
    assert ack.status == 200
    assert isinstance(ack.body, dict)
    if block:
        assert list(ack.body["errors"]) == [block]
    else:
        assert ack.body["response_action"] == "update"
        assert "submit" not in ack.body["view"]


async def _reason(value: str, clicks: Clicks, hand: Hand) -> None:
    change = put("view", "state", "values", "justification", "justification", "value", value=value)
    await _submitted(change, "justification", clicks, hand)


async def _id(value: str, clicks: Clicks, hand: Hand) -> None:
    chosen = {"id": {"id": {"value": value}}, "kind": {"kind": {"selected_option": {"value": KIND}}}}
    await _submitted(lambda payload: payload["view"]["state"]["values"].update(chosen), "id", clicks, hand)


async def _kind(value: str, block: str, clicks: Clicks, hand: Hand) -> None:
    chosen = {"id": {"id": {"value": ID}}, "kind": {"kind": {"selected_option": {"value": value}}}}
    await _submitted(lambda payload: payload["view"]["state"]["values"].update(chosen), block, clicks, hand)


async def _others_dialog(clicks: Clicks, hand: Hand) -> None:
    """What another person's open dialog carries."""
    other = next(one for one in clicks.hands if one is not hand)
    if other.view is None:
        await clicks.right(other)
    assert other.view
    change = put("view", "private_metadata", value=other.view.private_metadata)
    await _submitted(change, "", clicks, hand)


async def _old_dialog(clicks: Clicks, hand: Hand) -> None:
    """After a day it is over, and has to be opened anew."""
    assert hand.view
    opened = hand.view.private_metadata
    await tampered(clicks.tenant, f"UPDATE dialogs SET {ANCIENT} WHERE id = '{opened}'")  # noqa: S608 - ours
    await _submitted(lambda _: None, "", clicks, hand)
    await clicks.closed(hand)


async def _badly_signed(headers: dict[str, str], status: int, clicks: Clicks, hand: Hand) -> None:
    fields = {"payload": json.dumps(clicks.submission(hand))}
    assert (await clicks.send(hand, fields, **headers)).status == status


async def _unsure(clicks: Clicks, hand: Hand) -> None:
    """Slack does not say who it is: the dialog stays open."""
    clicks.tenant.slack.faults.add(Fault("users.info", error="internal_error"))
    await _submitted(lambda _: None, "justification", clicks, hand)


async def _deactivated(clicks: Clicks, hand: Hand) -> None:
    """Since the dialog was opened."""
    guest = {"id": hand.person.slack_id, "team_id": TEAM_ID, "is_restricted": True}
    clicks.tenant.slack.faults.add(Fault("users.info", body={"ok": True, "user": guest}))
    await _submitted(lambda _: None, "", clicks, hand)


async def _thrice(clicks: Clicks, hand: Hand) -> None:
    """The right submission three times at once: one begins, and the others are told of it."""
    payload = {"payload": json.dumps(clicks.submission(hand))}
    acks = await asyncio.gather(*(clicks.send(hand, payload | {"number": str(number)}) for number in range(3)))
    assert sorted(ack.body is None for ack in acks) == [False, False, True]
    clicks.effects.append(hand.target)
    await hand.play.over(hand.target)
    ack = await clicks.send(hand, payload)
    assert isinstance(ack.body, dict)
    assert ack.body["response_action"] == "update"
    await clicks.closed(hand)


async def _signed_out(clicks: Clicks, hand: Hand) -> None:
    """Since the dialog was opened."""
    user = hand.person.slack_id
    await tampered(clicks.tenant, f"UPDATE links SET user = 'U0AWAY' WHERE user = '{user}'")  # noqa: S608 - ours
    await _submitted(lambda _: None, "", clicks, hand)
    await tampered(clicks.tenant, f"UPDATE links SET user = '{user}' WHERE user = 'U0AWAY'")  # noqa: S608 - ours
    await clicks.closed(hand)


OF_A_CARD: Final[dict[str, Move]] = {
    "replayed": replayed,
    **{name: partial(_submitted, *one) for name, one in SUBMITTED.items()},
    **{f"reason: {name}": partial(_reason, value) for name, value in REASONS.items()},
    **{f"dialog, {name}": partial(_badly_signed, *one) for name, one in SIGNED.items()},
    "another's dialog": _others_dialog,
    "an old dialog": _old_dialog,
    "nobody knows who": _unsure,
    "a guest meanwhile": _deactivated,
    "signed out meanwhile": _signed_out,
    "thrice": _thrice,
}
"""Of whoever has a card's dialog, which cannot be given another target."""

OF_A_COMMAND: Final[dict[str, Move]] = {
    **OF_A_CARD,
    **{f"id: {name}": partial(_id, value) for name, value in IDS.items()},
    "no kind": partial(_kind, "", "kind"),
    "no such kind": partial(_kind, "evil", "kind"),
}
"""Of whoever has a command's dialog."""
