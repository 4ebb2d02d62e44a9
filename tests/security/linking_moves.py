"""One thing wrong about a step of linking. No such move makes a link, or takes anybody's browser a step further."""

import hashlib
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, Final

from bot.sandbox.faults import Fault
from bot.sandbox.people import BOTTY, GONE, GUEST, STRANGER
from bot.sandbox.slack_oidc import ISSUER
from tests.scenarios.play import tampered
from tests.security.linking_forms import FORMS, confirm_by_link, confirm_cookie, form
from tests.security.linking_walk import CALLBACKS, CONFIRM, REFUSED, START, Profile, Walk, refused

Move = Callable[[Walk, Profile], Awaitable[None]]

OTHER: Final = "0d1e0000-0000-4000-8000-00000000beef"
TEAM, USER = f"{ISSUER}/team_id", f"{ISSUER}/user_id"
LONG_AGO: Final = 1_700_000_000
NO_SESSIONS: Final = ("x", "0" * 64, "\udcff", '"\\303\\251"', "x" * 7000, "")


# What is wrong with the query of a callback: `{s}` is the right state, `{o}` another browser's, `{c}` the right code.
QUERIES: Final = {
    "nothing": ("", REFUSED),
    "no state": ("code={c}", REFUSED),
    "an empty state": ("code={c}&state=", REFUSED),
    "a bogus state": ("code={c}&state=evil", REFUSED),
    "the state in other letters": ("code={c}&state={S}", REFUSED),
    "another browser's state": ("code={c}&state={o}", REFUSED),
    "two states": ("code={c}&state={s}&state={o}", REFUSED),
    "the state twice": ("state={s}&code={c}&state={s}", REFUSED),
    "no code": ("state={s}", REFUSED),
    "an empty code": ("state={s}&code=", REFUSED),
    "a bogus code": ("state={s}&code=evil", REFUSED),
    "two codes": ("state={s}&code={c}&code=evil", REFUSED),
    "a code of strange bytes": (
        "state={s}&code=%ff%00%ed%b2%80%F0%9F%98%80",
        (400, 403),
    ),
    "raw bytes": ("state={s}&code=\udcff\udc80", (400, 403)),
    "an error": (
        "state={s}&error=access_denied&error_description=%3Cscript%3Eevil",
        REFUSED,
    ),
    "an error and a bogus code": ("state={s}&error=evil&code=evil", REFUSED),
    "a long query": ("state={s}&code={c}&x=" + "a" * 9000, (400, 414)),
    "another tenant's answer": (
        "state={s}&code=evil&session_state=evil&iss=https://evil.example.test",
        REFUSED,
    ),
}


async def _query(template: str, statuses: tuple[int, ...], walk: Walk, profile: Profile) -> None:
    other = walk.other(profile)
    foreign = other.state if other.page else "evil"
    code = "{c}" in template and (await walk.answer(profile)).partition("code=")[2].partition("&")[0]
    query = template.format(s=profile.state, S=profile.state.swapcase(), o=foreign, c=code)
    refused(await walk.bring(profile, query), statuses)


async def _cookie(cookie: str | None, walk: Walk, profile: Profile) -> None:
    """The right answer, in no browser, in another one, or in one with a cookie that the bot never gave out."""
    sent = f"__Host-link={walk.other(profile).cookie}" if cookie is None else cookie and f"__Host-link={cookie}"
    refused(await walk.bring(profile, await walk.answer(profile), cookie=sent))


async def _foreign_code(walk: Walk, profile: Profile) -> None:
    """Somebody else's code, with one's own state: the nonce and PKCE are of another sign-in."""
    other = walk.other(profile)
    if other.stage != profile.stage:
        await walk.right(other) if other.stage == "" and profile.stage == "slack" else None
    if other.stage != profile.stage:
        return await _query("state={s}&code=evil", REFUSED, walk, profile)
    code = (await walk.answer(other)).partition("code=")[2].partition("&")[0]
    refused(await walk.bring(profile, f"code={code}&state={profile.state}"))
    return None


async def _replayed(walk: Walk, profile: Profile) -> None:
    for passed in profile.passed[-2:]:
        refused(await walk.get(passed, profile))


async def _late(walk: Walk, profile: Profile) -> None:
    """After ten minutes even the right step is none."""
    key = hashlib.sha256(profile.cookie.encode()).hexdigest()
    aged = "strftime('%Y-%m-%d %H:%M:%f000', 'now', '-601 seconds')"
    await tampered(
        walk.tenant,
        f"UPDATE browser_sessions SET created_at = {aged} WHERE id = '{key}'",  # noqa: S608 - a hash of ours
    )
    if profile.stage == "confirm":
        refused(await walk.post(CONFIRM, profile, f"csrf={profile.csrf}&answer=link".encode()))
        refused(await walk.get(CONFIRM, profile))
    else:
        refused(await walk.bring(profile, await walk.answer(profile)))
    profile.over()


async def _other_path(walk: Walk, profile: Profile) -> None:
    """The answer of one service, brought where the other's belongs."""
    wrong = next(path for stage, path in CALLBACKS.items() if stage != profile.stage)
    refused(await walk.get(f"{wrong}?{await walk.answer(profile)}", profile))


async def _out_of_order(walk: Walk, profile: Profile) -> None:
    """The last page, before Microsoft or Slack was asked."""
    refused(await walk.get(CONFIRM, profile))
    for answer in ("link", "no"):
        refused(await walk.post(CONFIRM, profile, f"csrf={profile.csrf}&answer={answer}".encode()))


async def _methods(walk: Walk, profile: Profile) -> None:
    for path in (*CALLBACKS.values(), CONFIRM):
        for method in ("HEAD", "PUT", "DELETE"):
            refused(await walk.get(f"{path}?state=x&code=y", profile, method=method), (405,))


async def _host(walk: Walk, profile: Profile) -> None:
    kept, walk.host = walk.host, "evil.example.test"
    reply = await walk.get(START, profile)
    walk.host = kept
    refused(reply, (421,))


async def _claims(stage: str, claims: dict[str, Any], walk: Walk, profile: Profile) -> None:
    said = (walk.tenant.slack if stage == "slack" else walk.tenant.entra).id_token_claims
    query = await walk.answer(profile)
    said.update(claims)
    refused(await walk.bring(profile, query))
    said.clear()


async def _guest(walk: Walk, profile: Profile) -> None:
    refused(await walk.bring(profile, await walk.answer(profile, GUEST)))


async def _another_account(walk: Walk, profile: Profile) -> None:
    """Of somebody whose address Slack did not tell: EMAIL_MATCH=require."""
    account = next(one.person for one in walk.profiles if one.person is not profile.account)
    refused(await walk.bring(profile, await walk.answer(profile, account)))


async def _outage(fault: Fault, walk: Walk, profile: Profile) -> None:
    """Told as one; the same step done again goes on."""
    faults = (walk.tenant.slack if " " not in fault.match else walk.tenant.entra).faults
    query = await walk.answer(profile)
    walk.bot._services.msal._http_cache.clear()
    faults.add(fault)
    refused(await walk.bring(profile, query), (503,))
    faults.clear()
    walk.bot._services.msal._http_cache.clear()


ANYWHERE: Final[dict[str, Move]] = {
    "replayed": _replayed,
    "methods": _methods,
    "another host": _host,
    **{name: partial(form, name) for name, one in FORMS.items() if one[0] == START},
}
CALLBACK: Final[dict[str, Move]] = {
    **{name: partial(_query, *query) for name, query in QUERIES.items()},
    **{f"cookie {cookie[:9]!a}": partial(_cookie, cookie) for cookie in NO_SESSIONS},
    "another browser": partial(_cookie, None),
    "another's code": _foreign_code,
    "the other path": _other_path,
    "the last page": _out_of_order,
    "late": _late,
}
AT_SLACK: Final[tuple[dict[str, Any], ...]] = (
    *({name: None} for name in ("aud", "iss", "exp", "nonce", TEAM, USER)),
    {"aud": "evil"},
    {"iss": "https://evil.example.test"},
    {"exp": LONG_AGO},
    {"nonce": "evil"},
    {TEAM: "T0EVIL"},
    *({USER: one.slack_id} for one in (BOTTY, GONE, STRANGER)),
)
AT_MICROSOFT: Final[tuple[dict[str, Any], ...]] = (
    *({name: None} for name in ("aud", "iss", "exp", "nonce", "tid", "oid")),
    *({name: OTHER} for name in ("aud", "iss", "tid", "nonce")),
    {"exp": LONG_AGO},
    {"preferred_username": "evil@example.test", "email": None},
)
MOVES: Final[dict[str, dict[str, Move]]] = {
    "": {**ANYWHERE, "the last page": _out_of_order},
    "slack": {
        **ANYWHERE,
        **CALLBACK,
        **{f"claims {claims}": partial(_claims, "slack", claims) for claims in AT_SLACK},
        "a guest": _guest,
        "no token endpoint": partial(_outage, Fault("openid.connect.token", drop=True, times=-1)),
        "no directory": partial(_outage, Fault("users.info", error="internal_error", times=-1)),
        "no Entra to go to": partial(_outage, Fault(r"GET .*openid-configuration", drop=True, times=-1)),
    },
    "microsoft": {
        **ANYWHERE,
        **CALLBACK,
        **{f"claims {claims}": partial(_claims, "microsoft", claims) for claims in AT_MICROSOFT},
        "another account": _another_account,
        "no token endpoint": partial(_outage, Fault(r"POST .*/token", status=503, times=-1)),
        "no answer of Entra's": partial(_outage, Fault(r"POST .*/token", body=b"<html>evil", status=200, times=-1)),
    },
    "confirm": {
        **ANYWHERE,
        **{name: partial(form, name) for name, one in FORMS.items() if one[0] == CONFIRM},
        **{f"cookie {cookie[:9]!a}": partial(confirm_cookie, cookie) for cookie in NO_SESSIONS},
        "another browser": partial(confirm_cookie, None),
        "by a link": confirm_by_link,
        "late": _late,
    },
}
"""By the stage in which a browser is."""
