"""What the stand-ins of Microsoft's services have in common: requests in a store, behind TLS, tokens and faults."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import ClassVar
from urllib.parse import urlencode

from aiohttp import web

from bot.sandbox.entra import EntraStandIn
from bot.sandbox.faults import Faults
from bot.sandbox.graph_answers import json_answer, problem_of_status
from bot.sandbox.graph_auth import Gate
from bot.sandbox.graph_pages import SKIP_TOKEN, Found, Pages
from bot.sandbox.graph_routes import check_form, record
from bot.sandbox.graph_store import Store
from bot.sandbox.graph_types import Call, Caller, Entity, Facts, Problem, Refused, Success, Violation
from bot.sandbox.https import HttpsServer, serve_with_fault
from bot.sandbox.tls import ThrowAwayAuthority

PAGE_SIZE = 100

Ids = Mapping[str, str]
"""The headers that name one exchange."""


class Service(Store, ABC):
    """A service over TLS on loopback; all its public attributes may be changed while it runs.

    Whatever no document knows is answered 400 and noted in `violations`: tests assert that it stays empty.
    """

    name: ClassVar[str]
    """What people call it."""
    id_header = "client-request-id"
    """Where the client names its request."""

    def __init__(
        self, entra: EntraStandIn, authority: ThrowAwayAuthority, audience: str, facts: Sequence[Facts]
    ) -> None:
        super().__init__(facts)
        self.calls: list[Call] = []
        self.faults = Faults()
        self.violations: list[str] = []
        self.variant: dict[str, str] = {}
        """The success variant per type, where not the first of its facts."""
        self.admins: set[str] = set()
        """The oids of those who may cancel what others have asked for."""
        self.next_link_override: str | None = None
        """Sent as the next link of every page; `{page}` stands for the page's own address."""
        self.page_size = PAGE_SIZE
        self._pages = Pages()
        self._gate = Gate(entra, audience)
        self._server = HttpsServer(authority.context(), self._handle)

    @property
    def url(self) -> str:
        return self._server.url

    async def start(self) -> None:
        await self._server.start()

    async def stop(self) -> None:
        await self._server.stop()

    def challenge_next(self, n: int = 1) -> None:
        """Answer the next `n` calls 401 with a claims challenge, unless their token was made for one."""
        self._gate.challenges = n

    @abstractmethod
    def _ids(self, call: Call, /) -> Ids:
        """Return the headers of the answer to this call."""

    @abstractmethod
    def _answer(self, call: Call, caller: Caller | None) -> web.Response:
        """Answer a call of the right form; `caller` is None without a valid token.

        Raises:
            Refused: the service answers with an error.
            Violation: no document knows this call.
        """

    @abstractmethod
    def _error(self, problem: Problem, ids: Ids, /) -> Entity:
        """Return the body of an error answer."""

    def _success(self, facts: Facts) -> Success:
        chosen = self.variant.get(facts.type_name, "")
        return facts.success.get(chosen) or next(iter(facts.success.values()))

    def _begun(self, call: Call, caller: Caller, find: Callable[[], Sequence[Entity]]) -> tuple[Found, int]:
        """Return what a list holds, and where this page of it begins.

        Raises:
            Violation: its token is none of this list's.
        """
        options = {name: value for name, value in call.query.items() if name != SKIP_TOKEN}
        if (token := call.query.get(SKIP_TOKEN)) is not None:
            return self._pages.rest(token, call.path, options, caller.oid)
        return Found(call.path, options, caller.oid, find()), 0

    def _next_link(self, call: Call, found: Found, start: int) -> str | None:
        """Return the address of the page that begins there, if there is one."""
        if self.next_link_override:
            own = f"{self.url}{call.path}?{urlencode(call.query)}"
            return self.next_link_override.replace("{page}", own)
        if start >= len(found.entities):
            return None
        link = {**found.options, SKIP_TOKEN: self._pages.token(found, start)}
        return f"{self.url}{call.path}?{urlencode(link)}"

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        raw = await request.read()
        caller = self._gate.identify(request.headers.get("Authorization", ""))
        call = record(request, raw, caller, self.id_header)
        self.calls.append(call)
        ids = self._ids(call)

        def answer() -> web.Response:
            try:
                check_form(request, raw, self.id_header)
                return self._answer(call, caller)
            except Refused as refused:
                problem = refused.problem
            except Violation as violation:
                self.violations.append(f"{call.method} {request.path_qs}: {violation}")
                problem = Problem(400, "BadRequest", str(violation))
            refusal = json_answer(self._error(problem, ids), problem.status)
            refusal.headers.update(problem.headers)
            return refusal

        def fault_body(status: int) -> Entity:
            return self._error(problem_of_status(status), ids)

        fault = self.faults.take(f"{request.method} {request.path}")
        response = await serve_with_fault(request, fault, answer, fault_body)
        if response is None:
            return web.Response()
        response.headers.update(ids)
        call.status = response.status
        return response


def calls_of(services: Iterable[Service]) -> list[tuple[str, Call]]:
    """Return their calls in the order in which they came, each with the name of its service.

    Lists that an application filters are left out: a bot that watches reads them all the time.
    """
    told = (
        (one.name, call) for one in services for call in one.calls if not (call.app_only and "$filter" in call.query)
    )
    return sorted(told, key=lambda pair: pair[1].at)
