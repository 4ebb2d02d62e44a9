"""The TLS front: what reaches the bot, what comes back, and the tenant that it is part of."""

import gzip
import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from aiohttp import web

from bot.sandbox.front import FrontDoor
from bot.sandbox.tenant import Tenant
from bot.sandbox.tls import ThrowAwayAuthority


class Bot:
    """What stands behind the front: it keeps what it gets, and answers what the test says."""

    def __init__(self) -> None:
        self.requests: list[tuple[str, str, bytes]] = []
        self.headers: list[dict[str, str]] = []
        self.answer = web.Response(text="yes")
        self.port = 0
        self._runner = web.ServerRunner(web.Server(self._handle, auto_decompress=False))

    async def start(self) -> None:
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        await self._runner.cleanup()

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        self.requests.append((request.method, request.raw_path, await request.content.read()))
        self.headers.append({name.lower(): value for name, value in request.headers.items()})
        return self.answer


@pytest.fixture
async def bot() -> AsyncIterator[Bot]:
    bot = Bot()
    await bot.start()
    yield bot
    await bot.stop()


@pytest.fixture
async def front(authority: ThrowAwayAuthority, bot: Bot) -> AsyncIterator[FrontDoor]:
    front = FrontDoor(authority)
    await front.start()
    front.forward_to(bot.port)
    yield front
    await front.stop()


@pytest.mark.parametrize(
    "path", ["/", "/auth/callback?code=a%20b%2B&state=%C3%A9&x=a+b", "//evil.example.test/%2e%2e/x", "/a%2Fb;c=d?e=/f?"]
)
async def test_path_and_query_arrive_as_they_were_sent(
    front: FrontDoor, bot: Bot, http: httpx.AsyncClient, path: str
) -> None:
    url = httpx.URL(front.url).copy_with(raw_path=path.encode())
    assert (await http.get(url)).text == "yes"
    assert bot.requests == [("GET", path, b"")]


async def test_body_and_headers_arrive(front: FrontDoor, bot: Bot, http: httpx.AsyncClient) -> None:
    headers = {
        "Host": "bot.example.test",
        "Cookie": "a=1; b=2",
        "X-Slack-Signature": "v0=00",
        "Connection": "keep-alive, X-Hop",
        "X-Hop": "1",
        "TE": "trailers",
        "Content-Encoding": "gzip",
    }
    body = gzip.compress(b"x=1")
    await http.post(f"{front.url}/slack/events", content=body, headers=headers)
    [got] = bot.headers
    assert bot.requests == [("POST", "/slack/events", body)]
    assert {got[name] for name in ("host", "cookie", "x-slack-signature")} == {"bot.example.test", "a=1; b=2", "v0=00"}
    assert not {"x-hop", "te", "content-type"} & got.keys()


async def test_large_body_is_left_to_the_bot(front: FrontDoor, bot: Bot, http: httpx.AsyncClient) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(3):
            yield b"x" * 2**20

    assert (await http.post(front.url, content=chunks())).status_code == 200
    assert len(bot.requests[0][2]) == 3 * 2**20


async def test_answer_comes_back_as_it_is(front: FrontDoor, bot: Bot, http: httpx.AsyncClient) -> None:
    bot.answer = web.Response(status=303, reason="Elsewhere", headers={"Location": "/auth/finish", "X-More": "1"})
    bot.answer.headers.add("Set-Cookie", "__Host-link=1; Path=/; Secure; HttpOnly")
    bot.answer.headers.add("Set-Cookie", "other=2")
    answer = await http.get(front.url)
    assert (answer.status_code, answer.reason_phrase, answer.headers["X-More"]) == (303, "Elsewhere", "1")
    assert answer.headers["Location"] == "/auth/finish"
    assert answer.headers.get_list("Set-Cookie") == ["__Host-link=1; Path=/; Secure; HttpOnly", "other=2"]
    assert "Content-Type" not in answer.headers
    assert len(bot.requests) == 1


async def test_compressed_answer(front: FrontDoor, bot: Bot, http: httpx.AsyncClient) -> None:
    bot.answer = web.Response(body=gzip.compress(b"yes"), headers={"Content-Encoding": "gzip"})
    assert (await http.get(front.url)).text == "yes"


async def test_head_has_no_body(front: FrontDoor, bot: Bot, http: httpx.AsyncClient) -> None:
    answer = await http.head(front.url)
    assert (answer.status_code, answer.headers["Content-Length"], answer.content) == (200, "3", b"")
    assert bot.requests == [("HEAD", "/", b"")]


async def test_without_the_bot(front: FrontDoor, bot: Bot, http: httpx.AsyncClient) -> None:
    await bot.stop()
    assert (await http.get(front.url)).status_code == 502


async def test_before_it_knows_the_bot_and_after_a_restart(
    authority: ThrowAwayAuthority, bot: Bot, http: httpx.AsyncClient
) -> None:
    front = FrontDoor(authority)
    await front.start()
    url = front.url
    assert (await http.get(url)).status_code == 502
    await front.stop()
    front.forward_to(bot.port)
    await front.start()
    assert (front.url, (await http.get(url)).status_code) == (url, 200)
    await front.stop()


@pytest.mark.parametrize("http_mode", [True, False])
async def test_tenant_is_ready_for_linking(tmp_path: Path, http_mode: bool) -> None:
    async with Tenant(tmp_path) as tenant:
        plain = tenant.environment(http=http_mode)
        linking = tenant.environment(http=http_mode, linking=True)
        more = {name: value for name, value in linking.items() if plain.get(name) != value and name != "TOKEN_KEYS"}
        assert more == {
            "PUBLIC_URL": tenant.front.url,
            "SLACK_LOGIN_URL": tenant.slack.login_url,
            "SLACK_CLIENT_ID": tenant.slack.client_id,
            "SLACK_CLIENT_SECRET": tenant.slack.client_secret,
        }
        assert f"{tenant.front.url}/auth/slack/callback" in tenant.slack.redirect_uris
        assert f"{tenant.front.url}/auth/callback" in tenant.entra.redirect_uris
        async with httpx.AsyncClient(
            verify=ssl.create_default_context(cafile=linking["CA_BUNDLE"]), trust_env=False
        ) as http:
            assert (await http.get(tenant.front.url)).status_code == 502
