"""Hostile requests, sent byte by byte from a process of their own: what none of them may do is take effect."""

import asyncio
import contextlib
import gzip
import random
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import cycle, islice
from typing import Final

AT_ONCE: Final = 40
_PATIENCE: Final = 30.0  # seconds until an answer counts as not given
_FORM: Final = {"Content-Type": "application/x-www-form-urlencoded"}
_MEGABYTE: Final = 1024 * 1024
_PACKED: Final = gzip.compress(bytes(30 * _MEGABYTE), mtime=0)

# Opened and never finished; the bot drops them in its own time.
_slow: list[asyncio.StreamWriter] = []


@dataclass(frozen=True)
class Click:
    """What Slack has signed and sent: a body, and its headers."""

    body: bytes
    headers: Mapping[str, str]


@dataclass(frozen=True)
class Stolen:
    """What the attackers have: clicks that were just made, and others that were not, some with an old signature."""

    host: str
    made: Sequence[Click]
    not_made: Sequence[bytes]
    stale: Sequence[Click]


@dataclass(frozen=True)
class Hostile:
    """One request, and the statuses with which it may end; none: whoever sends it does not wait."""

    sort: str
    sent: bytes
    statuses: frozenset[int]


def hostile(stolen: Stolen, seed: int) -> Iterator[Hostile]:
    """Requests without end, every sort in turn, the same ones for the same seed."""
    chance = random.Random(seed)  # noqa: S311  # nothing here is secret
    made, not_made, stale = cycle(stolen.made), cycle(stolen.not_made), cycle(stolen.stale)
    while True:
        body, old, again = next(not_made), next(stale), next(made)
        guessed = {
            "X-Slack-Request-Timestamp": str(int(time.time())),
            "X-Slack-Signature": f"v0={chance.randbytes(32).hex()}",
        }
        yield _post(stolen, "unsigned", body, {}, 401)
        yield _post(stolen, "badly signed", body, guessed, 401)
        yield _post(stolen, "nonsense for a signature", body, guessed | {"X-Slack-Signature": "v0=\u00e9"}, 401)
        yield _post(stolen, "stale", old.body, old.headers, 401)
        yield _post(stolen, "replayed", again.body, again.headers, 200)
        yield _post(stolen, "changed", body + b"&x=1", again.headers, 401)
        yield _post(stolen, "huge", b"a" * (_MEGABYTE - chance.randrange(1000)), guessed, 401)
        yield _post(stolen, "too large", b"payload=", {"Content-Length": str(5 * _MEGABYTE)}, 413)
        yield _post(stolen, "small, and large when unpacked", _PACKED, {"Content-Encoding": "gzip"}, 401)
        slow = _post(stolen, "slow body", b"a", {"Content-Length": "1000"}, 401)
        yield Hostile(slow.sort, slow.sent, frozenset())
        yield _post(stolen, "deep", b"payload=" + b"[" * 100_000, {}, 401)
        yield _post(stolen, "wrong host", body, {"Host": "evil.example.test"}, 421)
        yield Hostile("malformed", chance.randbytes(200) + b"\r\n\r\n", frozenset({400}))
        yield Hostile("endless head", b"GET / HTTP/1.1\r\nX: " + b"a" * 100_000, frozenset({400, 0}))
        yield Hostile("slow head", b"POST /slack/events HTTP/1.1\r\nHost: ", frozenset())
        yield from _linking(stolen, chance.randbytes(16).hex())


def _linking(stolen: Stolen, made_up: str) -> Iterator[Hostile]:
    cookie = {"Cookie": f"__Host-link={made_up}"}
    query = f"?code={made_up}&state={made_up}"
    start = _FORM | {"Origin": f"https://{stolen.host}"}
    yield _request(stolen, "begin to link", "POST /auth/start", start, 200, 429)
    yield _request(stolen, "first page", "GET /auth/start", cookie, 200, 429)
    yield _request(stolen, "made-up answer", f"GET /auth/slack/callback{query}", cookie, 403, 429)
    yield _request(stolen, "made-up answer", f"GET /auth/callback{query}", cookie, 403, 429)
    yield _request(stolen, "foreign form", "POST /auth/confirm", _FORM | cookie, 403, 429)


def _post(stolen: Stolen, sort: str, body: bytes, headers: Mapping[str, str], status: int) -> Hostile:
    whole = {"Content-Length": str(len(body))} | _FORM | dict(headers)
    request = _request(stolen, sort, "POST /slack/events", whole, status)
    return Hostile(sort, request.sent + body, request.statuses)


def _request(stolen: Stolen, sort: str, line: str, headers: Mapping[str, str], *statuses: int) -> Hostile:
    lines = {"Host": stolen.host, "Content-Length": "0"} | dict(headers)
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return Hostile(sort, f"{line} HTTP/1.1\r\n{head}\r\n".encode(), frozenset(statuses))


def attack(port: int, stolen: Stolen, seed: int, number: int) -> tuple[int, Counter[str]]:
    """Sends so many, some at once: how many had to wait for the rate limits, and what should not have happened."""
    return _runner().run(_attack(port, islice(hostile(stolen, seed), number)))


_runners: list[asyncio.Runner] = []


def _runner() -> asyncio.Runner:
    """One loop for the whole process, or what is slow would end with its batch."""
    if not _runners:
        _runners.append(asyncio.Runner())
    return _runners[0]


async def _attack(port: int, requests: Iterator[Hostile]) -> tuple[int, Counter[str]]:
    limited, wrong = 0, Counter[str]()

    async def send_some() -> None:
        nonlocal limited
        for one in requests:
            status = await _send(port, one)
            limited += status == 429
            if one.statuses and status not in one.statuses:
                wrong[f"{one.sort}: {status}"] += 1

    await asyncio.gather(*(send_some() for _ in range(AT_ONCE)))
    return limited, wrong


async def _send(port: int, one: Hostile) -> int:
    """The status of the answer; 0 where the connection ends without one."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    if not one.statuses:
        writer.write(one.sent)
        _slow.append(writer)
        return 0
    answer = b""
    with contextlib.suppress(ConnectionError):
        async with asyncio.timeout(_PATIENCE):
            writer.write(one.sent)
            answer = await reader.readline()
    writer.transport.abort()
    return int(answer.split()[1]) if answer else 0
