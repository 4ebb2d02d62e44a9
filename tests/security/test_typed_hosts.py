"""Addresses that people paste: only those of the configured host are understood, whatever surrounds its name."""

from typing import Final

import httpx
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.resources import Registry, TargetError, load, target_of_url

ID: Final = "00000000-0000-4000-8000-00000000c0de"
HOST: Final = "graph.microsoft.com"
HOSTS: Final = (HOST, "localhost:8443")
REGISTRY: Final[Registry] = load()
PIECES: Final = st.sampled_from(
    ["x@", ":8443", HOST, "@", ":", "443", "8443", ".", "evil.example.test", "\\", "#", "?", "/", "\uff0f", "\u3002"]
)


AROUND: Final = st.lists(PIECES, max_size=2).map("".join)


@settings(deadline=None)
@given(st.sampled_from(["https", "https", "http", "HTTPS", "ftp", ""]), AROUND, st.sampled_from(HOSTS), AROUND)
def test_no_other_host_is_understood(scheme: str, before: str, host: str, after: str) -> None:
    """Read by the client that would call it. Fails without the comparison of scheme, user, host or port."""
    url = f"{scheme}://{before}{host}{after}/beta/solutions/approval/approvalItems/{ID}"
    try:
        target_of_url(REGISTRY, url, HOSTS)
    except TargetError:
        return
    parsed = httpx.URL(url)
    assert (parsed.scheme, parsed.userinfo) == ("https", b"")
    assert (parsed.host, parsed.port) in ((HOST, None), ("localhost", 8443))
