"""Which channels hear of a kind by themselves, and how often it is looked."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.notify_rules import NotifyRule, NotifyRules
from bot.resources import load

ENABLED = load().only(("access-package", "approval-item", "operation-approval", "privileged-role"), "global")
LISTED = ("access-package", "operation-approval")


def rule(*kinds: str, channel: str = "C0A", seconds: int | None = None) -> NotifyRule:
    return NotifyRule(kinds=kinds, channel=channel, poll_seconds=seconds)


def watched(*rules: NotifyRule, channel: str = "C0MAIN", seconds: int = 30) -> dict[str, tuple[tuple[str, ...], float]]:
    """Channels and seconds by kind."""
    found = NotifyRules(rules, channel, seconds).watched(ENABLED)
    return {one.resource.kind: (one.channels, one.seconds) for one in found}


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        ((), dict.fromkeys(LISTED, (("C0MAIN",), 30))),
        ((rule("access-package"),), {"access-package": (("C0A",), 30), "operation-approval": (("C0MAIN",), 30)}),
        (
            (rule("access-package", seconds=60), rule("*", channel="C0B")),
            {"access-package": (("C0A", "C0B"), 30), "operation-approval": (("C0B",), 30)},
        ),
        (
            (rule("*", seconds=60), rule("access-package", channel="C0B", seconds=600), rule("*", seconds=90)),
            {"access-package": (("C0A", "C0B"), 60), "operation-approval": (("C0A",), 60)},
        ),
        ((rule("approval-item"),), dict.fromkeys(LISTED, (("C0MAIN",), 30))),
    ],
    ids=["no table", "one kind", "they add up", "the shortest pause", "what only people see"],
)
def test_watched(rules: tuple[NotifyRule, ...], expected: dict[str, tuple[tuple[str, ...], float]]) -> None:
    """Fails when one of several tables decides alone, or when a channel is named twice for a kind."""
    assert watched(*rules) == expected


def test_no_channel() -> None:
    assert watched(channel="") == {}
    assert watched(rule("access-package"), channel="") == {"access-package": (("C0A",), 30)}


def test_zero_is_off() -> None:
    """Fails when a table of its own pause is looked at all the same."""
    assert watched(rule("*", seconds=5), seconds=0) == {}


NAMED = st.lists(st.sampled_from(["*", *(resource.kind for resource in ENABLED)]), min_size=1, max_size=3)
RULES = st.lists(
    st.builds(
        lambda kinds, channel, seconds: rule(*kinds, channel=channel, seconds=seconds),
        NAMED,
        st.sampled_from(["C0A", "C0B", "G0C"]),
        st.none() | st.integers(5, 3600),
    ),
    max_size=5,
)


@given(rules=RULES, channel=st.sampled_from(["", "C0MAIN"]), seconds=st.sampled_from([0, 5, 30, 3600]))
def test_every_table_is_heeded(rules: list[NotifyRule], channel: str, seconds: int) -> None:
    """Fails when a channel is left out, or hears of what no table gives it."""
    found = watched(*rules, channel=channel, seconds=seconds)
    for kind in LISTED:
        naming = [one for one in rules if kind in one.kinds or "*" in one.kinds]
        channels = {one.channel for one in naming} or ({channel} - {""})
        if not seconds or not channels:
            assert kind not in found
            continue
        heard, pause = found.pop(kind)
        assert (set(heard), len(heard)) == (channels, len(channels))
        assert pause == min([one.poll_seconds or seconds for one in naming] or [seconds])
    assert not found


@given(rules=RULES, data=st.data())
def test_their_order_matters_to_nobody(rules: list[NotifyRule], data: st.DataObject) -> None:
    shuffled = data.draw(st.permutations(rules))
    before, after = watched(*rules), watched(*shuffled)
    assert {kind: (set(channels), pause) for kind, (channels, pause) in before.items()} == {
        kind: (set(channels), pause) for kind, (channels, pause) in after.items()
    }
