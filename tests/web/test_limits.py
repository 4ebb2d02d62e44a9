"""Token buckets, and whose they are."""

from collections.abc import Sequence
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.networks import networks
from bot.web.limits import CLIENT, EVERYBODY, SESSION, Buckets, Limit, RateLimits, client

PROXIES: Final = networks("10.1.0.0/16, 192.0.2.7, 2001:db8:1::/48")
PROXY: Final = "10.1.0.5"
STEPS: Final = 6  # requests of one link: two pages, two forms, two answers


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_a_burst_and_then_its_rate() -> None:
    """Fails when a bucket is not emptied, not filled again, or filled beyond its burst."""
    clock = Clock()
    buckets = Buckets(Limit(3, 0.5), clock)
    assert [buckets.take(b"a") for _ in range(4)] == [0, 0, 0, 2]
    assert buckets.take(b"b") == 0
    clock.now += 1
    assert buckets.take(b"a") == 1
    clock.now += 1
    assert [buckets.take(b"a") for _ in range(2)] == [0, 2]
    clock.now += 1_000_000
    assert [buckets.take(b"a") for _ in range(4)] == [0, 0, 0, 2]


def test_who_goes_on_asking_waits_no_longer_for_it() -> None:
    """Fails when a refused request takes a token, too."""
    clock = Clock()
    buckets = Buckets(Limit(1, 1), clock)
    assert [buckets.take(b"a") for _ in range(50)] == [0] + [1] * 49
    clock.now += 1
    assert buckets.take(b"a") == 0


def test_buckets_have_an_end() -> None:
    """Fails without the bound: each address, and each cookie, would cost memory for ever."""
    clock = Clock()
    buckets = Buckets(Limit(1, 1), clock, most=100)
    buckets.take(b"often")
    for number in range(1000):
        buckets.take(b"%d" % number)
        assert buckets.take(b"often") == 1  # whoever asks all the time is not forgotten
    assert len(buckets) == 100


@pytest.mark.parametrize(
    ("peer", "forwarded", "expected"),
    [
        (PROXY, ["203.0.113.9"], "203.0.113.9/32"),
        (PROXY, ["198.51.100.1, 203.0.113.9"], "203.0.113.9/32"),
        (PROXY, ["198.51.100.1", "203.0.113.9"], "203.0.113.9/32"),
        (PROXY, ["203.0.113.9, 192.0.2.7,10.1.9.9"], "203.0.113.9/32"),
        (PROXY, ["evil, 203.0.113.9"], "203.0.113.9/32"),
        (PROXY, ["203.0.113.9:4711"], "203.0.113.9/32"),
        (PROXY, ["2001:db8:2::7"], "2001:db8:2::/48"),
        (PROXY, ["[2001:db8:2::7]:4711"], "2001:db8:2::/48"),
        (PROXY, ["::ffff:203.0.113.9"], "203.0.113.9/32"),
        ("::ffff:10.1.0.5", ["203.0.113.9"], "203.0.113.9/32"),
        ("2001:db8:1::1", ["203.0.113.9"], "203.0.113.9/32"),
        ("203.0.113.50", ["198.51.100.1"], "203.0.113.50/32"),
        ("fe80::1%eth0", [], "fe80::/48"),
        (PROXY, [], ""),
        (PROXY, ["10.1.2.3"], ""),
        (PROXY, ["203.0.113.9, unknown"], ""),
        (PROXY, ["203.0.113.9,"], ""),
        (PROXY, ["203.0.113.9, \udcff"], ""),
        ("", ["203.0.113.9"], ""),
    ],
)
def test_the_client_is_the_nearest_stranger(peer: str, forwarded: Sequence[str], expected: str) -> None:
    """Fails when the leftmost entry counts, or a stranger's header, or where entries stand in several lines."""
    assert client(peer, forwarded, PROXIES) == expected


def test_nobody_is_told_without_trusted_proxies() -> None:
    assert client("203.0.113.9", ["198.51.100.1"], ()) == ""


@given(st.lists(st.text(max_size=60), max_size=4), st.text(max_size=30))
def test_no_header_raises(forwarded: list[str], peer: str) -> None:
    for one in (peer, PROXY):
        client(one, forwarded, PROXIES)


@given(st.lists(st.ip_addresses().map(str), max_size=5))
def test_what_a_client_sends_does_not_change_who_it_is(forged: list[str]) -> None:
    """Fails when anything counts that stands left of what the proxy has added."""
    assert client(PROXY, [*forged, "203.0.113.9"], PROXIES) == "203.0.113.9/32"
    assert client(PROXY, [", ".join([*forged, "203.0.113.9"])], PROXIES) == "203.0.113.9/32"


@pytest.mark.parametrize("forwarded", [[], ["203.0.113.9"]], ids=["nobody told apart", "one address"])
def test_a_team_that_signs_in_after_an_announcement(forwarded: list[str]) -> None:
    """200 people at one instant, from behind one address. Fails with limits meant for one browser."""
    limits = RateLimits(PROXIES if forwarded else (), Clock())
    people = [f"session {number}" for number in range(200)]
    assert {limits.take(PROXY, forwarded, one) for one in people for _ in range(STEPS)} == {0}


def test_a_client_that_floods_is_alone_with_that() -> None:
    """Fails when everybody shares one bucket where proxies tell clients apart."""
    limits = RateLimits(PROXIES, Clock())
    flood = [limits.take(PROXY, ["203.0.113.9"], "") for _ in range(CLIENT.burst + 100)]
    assert (flood.count(0), max(flood)) == (CLIENT.burst, 1 / CLIENT.per_second)
    assert limits.take(PROXY, ["203.0.113.10"], "") == 0


def test_everybody_together_and_each_session() -> None:
    """Where nobody is told apart. Fails without the bucket for all, and without those of the sessions."""
    limits = RateLimits((), Clock())
    assert [limits.take(PROXY, ["203.0.113.9"], "one") > 0 for _ in range(100)].count(False) == SESSION.burst
    left = EVERYBODY.burst - SESSION.burst
    assert [limits.take(PROXY, [], str(number)) > 0 for number in range(3_000)].count(False) == left


def test_all_clients_together() -> None:
    """One network's addresses are one client; and many clients have an end. Fails without the bucket for all."""
    limits = RateLimits(PROXIES, Clock())
    neighbours = [limits.take(PROXY, [f"2001:db8:2:{number:x}::1"], "") for number in range(1, 2_000)]
    assert neighbours.count(0) == CLIENT.burst
    strangers = [limits.take(PROXY, [f"198.51.{number // 250}.{number % 250}"], "") for number in range(3_000)]
    assert strangers.count(0) == EVERYBODY.burst - CLIENT.burst
