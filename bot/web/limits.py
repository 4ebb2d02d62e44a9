"""Rate limits of the pages under /auth: token buckets, for each client where that can be told."""

import hashlib
import ipaddress
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Final

from bot.networks import Network

_MOST_KEPT: Final = 10_000  # buckets of each sort, some 300 bytes each
_IPV6_CLIENT: Final = 48  # bits: the most that one subscriber is given, who can use every address in it


@dataclass(frozen=True)
class Limit:
    """So many requests at once, and then so many a second."""

    burst: int
    per_second: float


# To link accounts takes six requests. An announcement brings 200 people at once, and they may all come from behind one
# address: 1,200 requests, which is every client's burst, and with some repeated ones everybody's together. One browser
# never needs 60. What goes on after that is four, eight and a tenth of a link a second: more than a team ever does, and
# one client takes no more than half of what everybody has.
CLIENT: Final = Limit(burst=1_200, per_second=25)
EVERYBODY: Final = Limit(burst=2_000, per_second=50)
SESSION: Final = Limit(burst=60, per_second=1)


class Buckets:
    """A bucket for each key. The one that was not asked for the longest goes when there are too many."""

    def __init__(self, limit: Limit, clock: Callable[[], float], most: int = _MOST_KEPT) -> None:
        self._limit = limit
        self._clock = clock
        self._most = most
        self._kept: OrderedDict[bytes, tuple[float, float]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._kept)

    def take(self, key: bytes) -> float:
        """Takes one token: 0, or the seconds until there is one."""
        now = self._clock()
        left, at = self._kept.pop(key, (float(self._limit.burst), now))
        left = min(left + (now - at) * self._limit.per_second, self._limit.burst)
        wait = max(0.0, (1 - left) / self._limit.per_second)
        self._kept[key] = (left if wait else left - 1, now)
        if len(self._kept) > self._most:
            self._kept.popitem(last=False)
        return wait


class RateLimits:
    """Counts everybody's requests; and each client's where `trusted` proxies tell it, or else each session's."""

    def __init__(self, trusted: Sequence[Network], clock: Callable[[], float] = time.monotonic) -> None:
        self._trusted = trusted
        self._clients = Buckets(CLIENT, clock)
        self._sessions = Buckets(SESSION, clock)
        self._everybody = Buckets(EVERYBODY, clock)

    def take(self, peer: str, forwarded: Sequence[str], cookie: str) -> float:
        """Takes what one request costs: 0, or the seconds to wait.

        `peer` is the other end of the connection, `forwarded` the request's X-Forwarded-For headers.
        """
        found = client(peer, forwarded, self._trusted)
        if found:
            return self._clients.take(found.encode()) or self._everybody.take(b"")
        # A cookie is whatever a stranger sends, so its hash is kept: 10,000 long ones would be no bound on memory.
        wait = self._sessions.take(hashlib.sha256(cookie.encode()).digest()) if cookie else 0.0
        return wait or self._everybody.take(b"")


def client(peer: str, forwarded: Sequence[str], trusted: Sequence[Network]) -> str:
    """The network of the nearest address that is no trusted proxy's; "" where none tells it.

    Each proxy appends whom it was called by, so what stands left of the first stranger is a stranger's word.
    """
    if not trusted:
        return ""
    for hop in chain([peer], (hop for line in reversed(forwarded) for hop in reversed(line.split(",")))):
        address = _address(hop)
        if address is None:
            return ""
        if not any(address in network for network in trusted):
            width = _IPV6_CLIENT if address.version == 6 else address.max_prefixlen
            return str(ipaddress.ip_network((address, width), strict=False))
    return ""


def _address(hop: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """One entry, with a port or without, as proxies write it."""
    host = hop.strip().partition("%")[0]
    if host.startswith("["):
        host = host[1:].partition("]")[0]
    elif host.count(":") == 1:
        host = host.partition(":")[0]
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address
