"""The stand-in's HTTP side: Web API calls and response_urls, with their tokens, arguments and faults."""

import asyncio
import json
import time
from collections.abc import Callable
from typing import Any

from aiohttp import web

from bot.sandbox.faults import Fault
from bot.sandbox.slack_chat import content
from bot.sandbox.slack_records import ApiCall, Json, Message, Method, RateLimited, ResponseUrl, SlackError
from bot.sandbox.slack_world import World

_JSON_ARGUMENTS = ("blocks", "attachments", "view", "metadata")
APP_METHODS = {"apps.connections.open"}
FORM = "application/x-www-form-urlencoded"
CLIENT_METHODS = {"openid.connect.token"}
"""What the application calls with its id and secret, and without a token."""
_SECRETS = ("client_secret", "code")
TOO_MANY = 429
Answer = tuple[int, Json]


class Api:
    """Answers requests; `methods` are the Web API methods by name."""

    def __init__(self, world: World, methods: dict[str, Method], bot_token: str, app_token: str) -> None:
        self._world = world
        self._methods = methods
        self._tokens = {bot_token: "bot", app_token: "app"}

    async def call(self, request: web.Request) -> web.StreamResponse:
        """Serve `/api/{method}`."""
        method = request.match_info["method"]
        args = await self._arguments(request)
        token = str(args.pop("token", "")) or request.headers.get("Authorization", "").removeprefix("Bearer ")
        if method in CLIENT_METHODS:
            self._check_client_call(request, token)
        return await self._answer(request, method, args, lambda: (200, self._result(method, token, args)))

    def _check_client_call(self, request: web.Request, token: str) -> None:
        if request.method != "POST" or request.query_string or request.content_type != FORM:
            self._world.violation(f"not a form: {request.method} {request.path}")
        if token:
            self._world.violation(f"a token, where none is needed: {request.path}")

    async def respond(self, request: web.Request) -> web.StreamResponse:
        """Serve a response_url."""
        key, args = request.match_info["key"], await self._arguments(request)
        return await self._answer(request, "response_url", args, lambda: self._responded(key, args))

    async def _arguments(self, request: web.Request) -> Json:
        args: Json = dict(request.query)
        try:
            if request.content_type == "application/json":
                args |= await request.json()
            else:
                args |= await request.post()
            for name in _JSON_ARGUMENTS:
                if isinstance(args.get(name), str):
                    args[name] = json.loads(args[name])
        except (ValueError, TypeError):
            self._world.violation(f"not readable: {request.path}")
        return {name: value for name, value in args.items() if value is not None}

    def _result(self, method: str, token: str, args: Json) -> Json:
        if method not in self._methods:
            self._world.violation(f"unknown method: {method}")
            raise SlackError("unknown_method", req_method=method)
        if method in CLIENT_METHODS:
            return self._methods[method](args)
        if not token:
            raise SlackError("not_authed")
        if token not in self._tokens:
            raise SlackError("invalid_auth")
        if (self._tokens[token] == "app") != (method in APP_METHODS):
            raise SlackError("not_allowed_token_type")
        self._world.pace.take(method, args)
        return self._methods[method](args)

    def _responded(self, key: str, args: Json) -> Answer:
        world, url = self._world, self._world.response_urls.get(key)
        if url is None or time.monotonic() - url.born > world.limits.response_url:
            return 404, {"ok": False, "error": "expired_url"}
        if url.uses >= world.limits.response_url_uses:
            return 404, {"ok": False, "error": "used_url"}
        url.uses += 1
        use_response_url(world, url, args)
        return 200, {}

    async def _answer(
        self, request: web.Request, key: str, args: Json, effect: Callable[[], Answer]
    ) -> web.StreamResponse:
        """Let the effect happen and answer, unless a fault waits for this request."""
        fault = self._world.faults.take(key) or Fault(key)
        replaced = fault.drop or fault.error or fault.status is not None or fault.body is not None
        outcome: Answer | None = None
        if fault.after_effect:
            outcome = self._outcome(effect)
        await asyncio.sleep(fault.delay)
        if replaced:
            self._record(key, args, fault.error or ("dropped" if fault.drop else f"status {fault.status or 200}"))
            return _replacement(request, fault)
        status, answer = outcome or self._outcome(effect)
        self._record(key, args, answer.get("error"))
        headers = {"X-OAuth-Scopes": ",".join(sorted(self._world.scopes))}
        if status == TOO_MANY:
            headers["Retry-After"] = str(answer.pop("retry_after"))
        return web.json_response(answer, status=status, headers=headers)

    def _outcome(self, effect: Callable[[], Answer]) -> Answer:
        try:
            status, answer = effect()
        except RateLimited as refusal:
            return TOO_MANY, {"ok": False, "error": refusal.error, "retry_after": refusal.seconds}
        except SlackError as refusal:
            return 200, {"ok": False, "error": refusal.error, **refusal.more}
        return status, {"ok": True, **answer}

    def _record(self, method: str, args: Json, error: Any) -> None:
        kept = {name: value for name, value in args.items() if name not in _SECRETS}
        self._world.calls.append(ApiCall(method, kept, error is None, error))
        self._world.changed()


def _replacement(request: web.Request, fault: Fault) -> web.StreamResponse:
    if fault.drop and request.transport is not None:
        request.transport.abort()
    status = fault.status or 200
    if isinstance(fault.body, bytes):
        return web.Response(status=status, body=fault.body, headers=fault.headers)
    named = fault.error or ("ratelimited" if status == 429 else "internal_error")
    return web.json_response(fault.body or {"ok": False, "error": named}, status=status, headers=fault.headers)


def use_response_url(world: World, url: ResponseUrl, args: Json) -> None:
    """Post, replace or delete as the body of a response_url asks."""
    original = url.message
    if args.get("delete_original") and original:
        original.deleted = True
        world.changed()
        return
    body = content(world, "response_url", args)
    if args.get("replace_original") and original:
        for name in ("text", "blocks", "attachments"):
            setattr(original, name, body[name])
        original.edited = True
        world.changed()
    else:
        show(world, url.user_id, url.channel_id, {**args, **body})


def show(world: World, user_id: str, channel_id: str, answer: Json) -> None:
    """Show a checked answer to one person, or to the channel when it says `in_channel`."""
    if answer.get("response_type") != "in_channel":
        world.whisper(user_id, channel_id, answer)
        return
    message = Message(channel_id, world.new_ts(), world.bot_user_id, thread_ts=answer.get("thread_ts"))
    for name in ("text", "blocks", "attachments"):
        setattr(message, name, answer[name])
    world.post(message)
