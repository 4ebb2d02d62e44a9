"""Browser sessions: how many there may be. What their stages are worth is tried in tests/scenarios/linking."""

import pytest
import sqlalchemy as sa
from cryptography.fernet import Fernet

from bot import sessions
from bot.errors import Refused
from bot.keys import Vault
from bot.sessions import AtMicrosoft, AtSlack, Sessions, SlackPerson
from bot.store import Store
from bot.tables import browser_sessions


async def _count(store: Store) -> int:
    return len(await store.rows(sa.select(browser_sessions.c.id)))


async def test_the_oldest_go_when_there_are_too_many(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever presses the first button has a row. Fails without `forget` in `begin`, and when it has no number."""
    monkeypatch.setattr(sessions, "_MOST_BEGUN", 5)
    monkeypatch.setattr(sessions, "_TIDIED_EVERY", 3)
    kept = Sessions(store, Vault(Fernet.generate_key().decode()))
    cookies = [await kept.begin(AtSlack(f"state {number}", "nonce")) for number in range(30)]
    assert 5 <= await _count(store) <= 5 + 3
    assert (await kept.at(cookies[-1], AtSlack)).state == "state 29"
    with pytest.raises(Refused):
        await kept.at(cookies[0], AtSlack)


async def test_whom_slack_vouched_for_is_not_pushed_out(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Fails when every session counts: strangers, who begin without end, would end everybody's sign-in."""
    monkeypatch.setattr(sessions, "_MOST_BEGUN", 2)
    monkeypatch.setattr(sessions, "_TIDIED_EVERY", 1)
    kept = Sessions(store, Vault(Fernet.generate_key().decode()))
    cookie = await kept.begin(AtSlack("state", "nonce"))
    await kept.advance(cookie, AtSlack, AtMicrosoft(SlackPerson("T0", "U0", "Dave", ""), {"state": "x"}))
    for _ in range(20):
        await kept.begin(AtSlack("state", "nonce"))
    assert (await kept.at(cookie, AtMicrosoft)).person.user == "U0"
