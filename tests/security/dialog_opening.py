"""One thing wrong about a command or a button. No such move has an effect at Microsoft, and each is answered."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Final

from bot.sandbox.faults import Fault
from bot.sandbox.people import BOB, BOTTY, DAVE, GONE, GUEST, STRANGER
from bot.sandbox.slack_records import Ack
from bot.sandbox.tenant import AUDIT, SHARED, Tenant
from tests.scenarios.play import tampered
from tests.security.dialog_clicks import KIND, Change, Clicks, Hand, Json
from tests.security.dialog_wrongs import ANCIENT, ID, SIGNED, Move, put, replayed

Prepare = Callable[[Tenant, str], object]

# Somebody or somewhere else, as the fields of a command say it. None: the field is missing.
FIELDS: Final[dict[str, dict[str, str | None]]] = {
    **{one.kind: {"user_id": one.slack_id} for one in (GUEST, STRANGER, BOTTY, GONE)},
    "nobody": {"user_id": "U0NOBODY"},
    "no user": {"user_id": None},
    "another team": {"team_id": "T0OTHER"},
    "no team": {"team_id": None},
    "a shared channel": {"channel_id": SHARED},
    "no trigger": {"trigger_id": None},
    "a bogus trigger": {"trigger_id": "evil"},
    "another's response_url": {"response_url": "https://evil.example.test/commands", "text": "evil"},
}
TYPED: Final[dict[str, str]] = {
    "no such kind": f"evil {ID}",
    "a kind that no rule allows": f"privileged-role {ID}",
    "a path": "approval-item ../../users/x",
    "a query": "approval-item a?x",
    "an escape": "approval-item %2e%2e",
    "a null": f"approval-item {ID}\x00",
    "another host": f"https://evil.example.test/beta/solutions/approval/approvalItems/{ID}",
    "another address": f"https://graph.microsoft.com/beta/users/{ID}",
    "a long reason": f"approval-item {ID} " + "x" * 3001,
    "markup": "<!channel>",
}


async def _told(clicks: Clicks, send: Awaitable[Ack]) -> None:
    """Acknowledged, and answered privately: once."""
    before = clicks.told()
    ack = await send
    assert ack.status == 200, ack
    await clicks.tenant.slack.until(lambda: clicks.told() > before)
    assert clicks.told() == before + 1


async def _fields(changes: dict[str, str | None], clicks: Clicks, hand: Hand) -> None:
    fields = clicks.command(hand, f"approval-item {ID}") | changes
    await _told(clicks, clicks.send(hand, {name: value for name, value in fields.items() if value is not None}))


async def _typed(typed: str, clicks: Clicks, hand: Hand) -> None:
    await _told(clicks, clicks.send(hand, clicks.command(hand, typed)))


async def _signed(headers: dict[str, str], status: int, clicks: Clicks, hand: Hand) -> None:
    before = clicks.told()
    ack = await clicks.send(hand, clicks.command(hand, f"approval-item {ID}"), **headers)
    assert ack.status == status
    assert clicks.told() == before


async def _unlinked(clicks: Clicks, hand: Hand) -> None:
    await _fields({"user_id": DAVE.slack_id}, clicks, hand)


async def _pressed(change: Change | None, tamper: str, clicks: Clicks, hand: Hand) -> None:
    """A button of a card, which is forged, foreign, unposted, used, or too old."""
    target = clicks.tenant.graph.add("approvalItem", owner=hand.person.oid)
    card = await clicks.card(target)
    if tamper:
        await tampered(clicks.tenant, f"UPDATE cards SET {tamper} WHERE ts = '{card.ts}'")  # noqa: S608 - ours
    payload = clicks.press(hand, card)
    await _told(clicks, clicks.changed(hand, payload, change or (lambda _: None)))


async def _others_button(clicks: Clicks, hand: Hand) -> None:
    """The value of a button that stands in another message."""
    target = clicks.tenant.graph.add("approvalItem", owner=hand.person.oid)
    value = (await clicks.card(target, AUDIT)).blocks[-1]["elements"][0]["value"]
    await _pressed(put("actions", 0, "value", value=value), "", clicks, hand)


async def _outage(clicks: Clicks, hand: Hand) -> None:
    clicks.tenant.slack.faults.add(Fault("users.info", error="internal_error"))
    await _typed(f"approval-item {ID}", clicks, hand)


NO_BUTTON: Final[dict[str, tuple[Change | None, str]]] = {
    "a forged value": (put("actions", 0, "value", value="0" * 32), ""),
    "a target as value": (put("actions", 0, "value", value=f"approval-item/{ID}"), ""),
    "no value": (put("actions", 0, "value", value=None), ""),
    "strange characters": (put("actions", 0, "value", value="\ud800\x00"), ""),
    "another channel": (put("channel", "id", value=AUDIT), ""),
    "no channel": (put("channel", value=None), ""),
    "another message": (put("container", "message_ts", value="1700000000.000001"), ""),
    "no message": (put("container", value=None), ""),
    "another team": (put("team", "id", value="T0OTHER"), ""),
    "a person of another team": (put("user", "team_id", value="T0OTHER"), ""),
    "a guest": (put("user", "id", value=GUEST.slack_id), ""),
    "a used button": (None, "closed = 1"),
    "an unposted card": (None, "ts = ''"),
    "a card of another team": (None, "team = 'T0OTHER'"),
    "an old card": (None, ANCIENT),
}


async def _looked(prepare: Prepare, words: str, clicks: Clicks, hand: Hand) -> None:
    """Opens a dialog, by command and by card, that shows these words, and closes it."""
    for by_card in (False, True):
        target = clicks.tenant.graph.add("approvalItem", owner=hand.person.oid)
        card = await clicks.card(target)
        prepare(clicks.tenant, target)
        view = await (hand.play.press(card.ts) if by_card else hand.play.dialog(f"{KIND} {target}"))
        await hand.play.loaded()
        assert words in str(view.blocks)
        assert "evil" not in str(view.blocks)
        await clicks.tenant.slack.close(hand.person.slack_id, view.id)
        clicks.tenant.graph.faults.clear()


async def _not_filled(clicks: Clicks, hand: Hand) -> None:
    """Slack does not take the details: the dialog stays as it was."""
    clicks.tenant.slack.faults.add(Fault("views.update", error="internal_error"))
    view = await hand.play.dialog(f"{KIND} {ID}")
    calls = clicks.tenant.slack.calls
    await clicks.tenant.slack.until(lambda: calls[-1].method == "views.update")
    await clicks.tenant.slack.close(hand.person.slack_id, view.id)


async def _others_request(clicks: Clicks, hand: Hand) -> None:
    """Somebody else's: it is asked for like any, and ends without a call."""
    target = clicks.tenant.graph.add("approvalItem", owner=BOB.oid)
    view = await hand.play.dialog(f"{KIND} {target}")
    await hand.play.loaded()
    assert "Laptop" not in str(view.blocks)
    await hand.play.submit(view, justification="evil")
    await hand.play.over(target)


def _anothers(tenant: Tenant, target: str) -> None:
    tenant.graph.faults.add(Fault("GET .*/approvalItems/", status=200, body=NOT_THEIRS | {"id": target}, times=-1))


def _graph_says(status: int) -> Prepare:
    return lambda tenant, _: tenant.graph.faults.add(Fault("GET .*/approvalItems/", status=status, times=-1))


NOT_THEIRS: Final[Json] = {"displayName": "evil", "state": "pending", "owner": {"user": {"id": BOB.oid}}}
LOOKS: Final[dict[str, tuple[Prepare, str]]] = {
    "another's": (_anothers, "You may not cancel this request, or it does not exist."),
    "a missing one": (_graph_says(404), "You may not cancel this request, or it does not exist."),
    "one that ended": (lambda tenant, target: tenant.graph.set_state("approvalItem", target, "completed"), "completed"),
    "one behind an error": (_graph_says(400), "HTTP 400"),
    "one behind an outage": (_graph_says(503), "does not show it just now"),
}


OPENING: Final[dict[str, Move]] = {
    "replayed": replayed,
    **{f"from {name}": partial(_fields, one) for name, one in FIELDS.items()},
    **{f"typed {name}": partial(_typed, one) for name, one in TYPED.items()},
    **{name: partial(_signed, *one) for name, one in SIGNED.items()},
    **{f"button: {name}": partial(_pressed, *one) for name, one in NO_BUTTON.items()},
    "another's button": _others_button,
    "not linked": _unlinked,
    "nobody knows who": _outage,
    "another's request": _others_request,
    "not filled in": _not_filled,
    **{f"looks at {name}": partial(_looked, *one) for name, one in LOOKS.items()},
}
"""Of whoever has no dialog."""
