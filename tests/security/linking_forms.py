"""What can be wrong with a form of the pages of linking."""

import gzip
from typing import Final

from tests.security.linking_walk import CONFIRM, REFUSED, START, Profile, Walk, refused

# What is wrong with a form: its body, its headers, and the statuses. `{t}` is the right token, `{o}` another's.
FORMS: Final[dict[str, tuple[str, bytes, dict[str, str], tuple[int, ...]]]] = {
    "no token": (CONFIRM, b"answer=link", {}, REFUSED),
    "an empty token": (CONFIRM, b"csrf=&answer=link", {}, REFUSED),
    "a bogus token": (CONFIRM, b"csrf=evil&answer=link", {}, REFUSED),
    "a token of strange bytes": (CONFIRM, b"csrf=%C3%A9%ff&answer=link", {}, REFUSED),
    "another's token": (CONFIRM, b"csrf={o}&answer=link", {}, REFUSED),
    "another's token, to decline": (CONFIRM, b"csrf={o}&answer=no", {}, REFUSED),
    "two tokens": (CONFIRM, b"csrf={t}&csrf=evil&answer=link", {}, REFUSED),
    "two answers": (CONFIRM, b"csrf={t}&answer=no&answer=link", {}, REFUSED),
    "no origin": (CONFIRM, b"csrf={t}&answer=link", {"Origin": ""}, REFUSED),
    "another origin": (
        CONFIRM,
        b"csrf={t}&answer=link",
        {"Origin": "https://evil.example.test"},
        REFUSED,
    ),
    "no form": (
        CONFIRM,
        b"csrf={t}&answer=link",
        {"Content_Type": "text/plain"},
        REFUSED,
    ),
    "raw bytes": (CONFIRM, b"csrf={t}\xff&answer=link", {}, REFUSED),
    "no gzip": (
        CONFIRM,
        b"csrf={t}&answer=link",
        {"Content_Encoding": "gzip"},
        REFUSED,
    ),
    "a bomb": (
        CONFIRM,
        gzip.compress(b"a" * 5_000_000, mtime=0),
        {"Content_Encoding": "gzip"},
        REFUSED,
    ),
    "too large": (CONFIRM, b"csrf={t}&answer=link&x=" + b"a" * 9000, {}, (413,)),
    "a start from another origin": (
        START,
        b"",
        {"Origin": "https://evil.example.test"},
        REFUSED,
    ),
    "a start that is no form": (
        START,
        b"{}",
        {"Content_Type": "application/json"},
        REFUSED,
    ),
    "a start that is too large": (START, b"a" * 9000, {}, (413,)),
    "a start of strange bytes": (START, b"\xff\x00", {}, REFUSED),
}


async def form(name: str, walk: Walk, profile: Profile) -> None:
    path, body, headers, statuses = FORMS[name]
    body = body.replace(b"{t}", profile.csrf.encode()).replace(b"{o}", walk.other(profile).csrf.encode() or b"evil")
    reply = await walk.post(path, profile, body, **headers)
    refused(reply, statuses)
    assert "set-cookie" not in reply.headers


async def confirm_cookie(cookie: str | None, walk: Walk, profile: Profile) -> None:
    """The right form from another browser, whose own session it is not."""
    sent = f"__Host-link={walk.other(profile).cookie}" if cookie is None else f"__Host-link={cookie}"
    refused(await walk.post(CONFIRM, profile, f"csrf={profile.csrf}&answer=link".encode(), cookie=sent))


async def confirm_by_link(walk: Walk, profile: Profile) -> None:
    refused(await walk.get(f"{CONFIRM}?csrf={profile.csrf}&answer=link", profile), (200,))
