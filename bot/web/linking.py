"""The HTTP side of linking: what belongs to which browser, and what a browser may send."""

import math
from collections.abc import Awaitable, Callable
from typing import Final
from urllib.parse import parse_qsl

import structlog
from aiohttp import web

from bot.errors import BotError, Refused, Unavailable
from bot.linking import Linking
from bot.metrics import Became, Metrics
from bot.sessions import LIFETIME
from bot.web import pages
from bot.web.bodies import Bodies, NotRead
from bot.web.limits import RateLimits

log = structlog.get_logger(__name__)

START: Final = "/auth/start"
SLACK_CALLBACK: Final = "/auth/slack/callback"
CALLBACK: Final = "/auth/callback"
_CONFIRM: Final = "/auth/confirm"

_COOKIE: Final = "__Host-link"  # browsers take this name only with Secure, Path=/ and no Domain
_LARGEST: Final = 8192  # bytes of a form, and characters of a query
_HEADERS: Final = {
    "Content-Security-Policy": pages.POLICY,
    # With no-referrer, browsers name no origin when they send a form, and the origin is checked.
    "Referrer-Policy": "same-origin",
}
_UNREADABLE: Final = ("That request cannot be read. Nothing was linked.", "Start again.")
_FOREIGN: Final = ("That request came from another site. Nothing was linked.", "Start again.")
_OUR_FAULT: Final = (
    "Something on our side failed.",
    "Try again in a minute; in Slack, /cancel-approval whoami tells whether you are linked.",
)

Handler = Callable[[web.Request], Awaitable[web.Response]]


class LinkPages:
    """The pages under /auth. `origin` is the bot's own, from its configuration."""

    def __init__(self, linking: Linking, origin: str, limits: RateLimits, metrics: Metrics) -> None:
        self._linking = linking
        self._origin = origin
        self._limits = limits
        self._metrics = metrics
        self._bodies = Bodies()

    def routes(self) -> list[web.RouteDef]:
        """What the edge answers."""
        return [
            web.get(START, self._told(self._start), allow_head=False),
            web.post(START, self._told(self._begin)),
            web.get(SLACK_CALLBACK, self._told(self._slack), allow_head=False),
            web.get(CALLBACK, self._told(self._microsoft), allow_head=False),
            web.get(_CONFIRM, self._told(self._ask), allow_head=False),
            web.post(_CONFIRM, self._told(self._confirm)),
        ]

    async def close(self) -> None:
        """Ends what belongs to it."""
        await self._linking.close()

    async def _start(self, _request: web.Request) -> web.Response:
        return _page(pages.start(START))

    async def _begin(self, request: web.Request) -> web.Response:
        await self._form(request)
        cookie, address = await self._linking.begin()
        response = _page(pages.going(address))
        seconds = int(LIFETIME.total_seconds())
        response.set_cookie(_COOKIE, cookie, max_age=seconds, path="/", secure=True, httponly=True, samesite="Lax")
        return response

    async def _slack(self, request: web.Request) -> web.Response:
        return _see_other(await self._linking.slack_answered(_cookie(request), _query(request)))

    async def _microsoft(self, request: web.Request) -> web.Response:
        await self._linking.microsoft_answered(_cookie(request), _query(request))
        return _see_other(_CONFIRM)

    async def _ask(self, request: web.Request) -> web.Response:
        asked, begun = await self._linking.to_confirm(_cookie(request))
        return _page(pages.confirm(asked, [f"{target.kind} {target.id}" for target in begun], _CONFIRM))

    async def _confirm(self, request: web.Request) -> web.Response:
        form = await self._form(request)
        cookie, csrf = _cookie(request), form.get("csrf", "")
        if form.get("answer") == "link":
            response = _page(pages.linked(await self._linking.confirm(cookie, csrf)))
        else:
            await self._linking.decline(cookie, csrf)
            response = _page(pages.declined())
        response.del_cookie(_COOKIE, path="/", secure=True, httponly=True, samesite="Lax")
        return response

    def _told(self, handler: Handler) -> Handler:
        """The handler, with a page for everything that goes wrong, and for whoever asks too often."""

        async def handled(request: web.Request) -> web.Response:
            try:
                return self._too_many(request) or await handler(request)
            except web.HTTPException:
                raise
            except BotError as error:
                log.info("not_linked", code=error.code, reason=getattr(error, "reason", ""))
                status = 503 if isinstance(error, Unavailable) else 403
                return _page(pages.failed(error.sentence, error.next_step, START), status)
            except Exception:
                log.exception("link_page_failed", path=request.path)
                return _page(pages.failed(*_OUR_FAULT, START), 503)

        return handled

    async def _form(self, request: web.Request) -> dict[str, str]:
        """A small form that one of these pages sent; raises `Refused`."""
        if request.headers.getall("Origin", []) != [self._origin]:
            raise Refused("origin", *_FOREIGN)
        return _single(parse_qsl(await self._body(request), keep_blank_values=True))

    async def _body(self, request: web.Request) -> str:
        if request.content_type != "application/x-www-form-urlencoded" or "Content-Encoding" in request.headers:
            raise Refused("no_form", *_UNREADABLE)
        try:
            return (await self._bodies.read(request, _LARGEST)).decode("ascii")
        except NotRead as error:
            self._metrics.edge(error.became)
            if error.became is Became.TOO_LARGE:
                raise web.HTTPRequestEntityTooLarge(_LARGEST, request.content_length or _LARGEST + 1) from None
            if error.became is Became.TOO_SLOW:
                raise web.HTTPRequestTimeout from None
            raise Refused("no_form", *_UNREADABLE) from None
        except UnicodeDecodeError:
            raise Refused("no_form", *_UNREADABLE) from None

    def _too_many(self, request: web.Request) -> web.Response | None:
        """What is answered when this is one request too many."""
        forwarded = request.headers.getall("X-Forwarded-For", [])
        seconds = math.ceil(self._limits.take(request.remote or "", forwarded, _cookie(request)))
        if not seconds:
            return None
        self._metrics.edge(Became.RATE_LIMITED)
        response = _page(pages.too_many(seconds), 429)
        response.headers["Retry-After"] = str(seconds)
        return response


def _query(request: web.Request) -> dict[str, str]:
    if len(request.query_string) > _LARGEST:
        raise web.HTTPRequestURITooLong
    return _single(list(request.query.items()))


def _single(pairs: list[tuple[str, str]]) -> dict[str, str]:
    """The parameters, none of them twice; raises `Refused`."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise Refused("doubled_parameter", *_UNREADABLE)
    return found


def _cookie(request: web.Request) -> str:
    cookie = request.cookies.get(_COOKIE, "")
    return cookie if cookie.isascii() else ""


def _page(html: str, status: int = 200) -> web.Response:
    return web.Response(text=html, content_type="text/html", status=status, headers=_HEADERS)


def _see_other(address: str) -> web.Response:
    return web.Response(status=303, headers={**_HEADERS, "Location": address})
