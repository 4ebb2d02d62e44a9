"""Slack's request signing: what is genuine, and everything that is not, whatever bytes it is made of."""

import hashlib
import hmac
from typing import Final

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.web import verifier
from bot.web.verifier import Verifier

SECRET: Final = "8f742231b10e8888abcd99yyyzzz85a5"
NOW: Final = 1_800_000_000
BODY: Final = b"token=x&command=%2Fcancel-approval"


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = float(NOW)

    def __call__(self) -> float:
        return self.now


def sign(body: bytes, at: bytes = str(NOW).encode(), secret: str = SECRET) -> bytes:
    """The signature as Slack documents it, written down here a second time."""
    return b"v0=" + hmac.new(secret.encode(), b"v0:%b:%b" % (at, body), hashlib.sha256).hexdigest().encode()


def genuine(timestamp: bytes, signature: bytes, body: bytes = BODY) -> bool:
    """What a new verifier says now."""
    return Verifier(SECRET, Clock()).genuine(timestamp, signature, body)


def test_the_example_of_slacks_documentation() -> None:
    body = (
        b"token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&"
        b"channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&"
        b"response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&"
        b"trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c"
    )
    signature = b"v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503"
    clock = Clock()
    clock.now = 1_531_420_618
    assert Verifier(SECRET, clock).genuine(b"1531420618", signature, body)


@pytest.mark.parametrize(("seconds", "expected"), [(-301, False), (-300, True), (0, True), (300, True), (301, False)])
def test_five_minutes_either_way(seconds: int, expected: bool) -> None:
    """Fails without the window, and with one that looks only into the past."""
    at = str(NOW + seconds).encode()
    assert genuine(at, sign(BODY, at)) is expected


@pytest.mark.parametrize(
    "timestamp",
    [
        b"",
        b"abc",
        b"-800000000",
        b"+800000000",
        b" 1800000000",
        b"1800000000\n",
        b"1_800_000_0",
        b"180000000_",
        b"1800000000.0",
        b"01800000000",
        b"9" * 5000,
        ("\uff11\uff18" + "\uff10" * 8).encode(),
        b"\xff" * 10,
    ],
)
def test_timestamps_that_are_none(timestamp: bytes) -> None:
    """Signed with the right secret. Fails where `int` decides what a number is."""
    assert not genuine(timestamp, sign(BODY, timestamp))


def test_signatures_that_are_none() -> None:
    """Fails without the comparison, and where what is compared is tidied up first."""
    at, right = str(NOW).encode(), sign(BODY)
    assert genuine(at, right)
    wrong = [
        b"",
        b"v0=",
        right[3:],
        right[:-1],
        right + b"0",
        right + b"\n",
        b" " + right,
        right.upper(),
        b"v0=" + right[3:].upper(),
        right.replace(b"v0", b"v1"),
        right + b"," + right,
        "v0=é".encode() + b"0" * 62,
        b"v0=" + b"\xff" * 64,
        b"v0=" + b"0" * 64,
        sign(BODY, secret="another"),
        sign(BODY + b" "),
        sign(BODY, b"1799999999"),
    ]
    assert [signature for signature in wrong if genuine(at, signature)] == []


@given(st.binary(max_size=40), st.binary(max_size=80), st.binary(max_size=200))
@example(b"1800000000", b"v0=" + b"0" * 64, BODY)
def test_no_bytes_raise_or_pass(timestamp: bytes, signature: bytes, body: bytes) -> None:
    assert not genuine(timestamp, signature, body)


@given(st.binary(max_size=300), st.integers(-300, 300))
def test_whatever_is_signed_passes_until_one_bit_changes(body: bytes, seconds: int) -> None:
    at = str(NOW + seconds).encode()
    signature = sign(body, at)
    assert genuine(at, signature, body)
    assert not genuine(at, signature, body + b"\x00")
    changed = bytearray(signature)
    changed[-1] ^= 1
    assert not genuine(at, bytes(changed), body)


def test_each_request_once() -> None:
    """Fails without the memory, and with one that is shorter than a signature lives."""
    clock = Clock()
    check = Verifier(SECRET, clock)
    assert check.first(b"a")
    assert not check.first(b"a")
    assert check.first(b"b")
    # Dated five minutes ahead, it is genuine for ten.
    clock.now += 600
    assert not check.first(b"a")
    clock.now += 1
    assert check.first(b"a")


def test_the_memory_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verifier, "_MOST_KEPT", 3)
    check = Verifier(SECRET, Clock())
    assert [check.first(b"%d" % number) for number in range(5)] == [True] * 5
    assert not check.first(b"4")
    assert not check.first(b"3")
