"""What a kind's documents say, as the tests' own table, and the tests that hold it against the kind's `RESOURCE`.

Every fact names its source. A module of this folder subclasses `Contract` with the facts of one kind.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import ClassVar, Final

import pytest

from bot.errors import ServiceError
from bot.outcome import documented
from bot.resources import ErrorMeaning, Meaning, Resource, Slot, Standing, load, path_of, snapshot, target_of_url

HOST: Final = "graph.microsoft.com"
ID: Final = "7c53453e-d5a4-41e0-8eb1-32d5ec8bfdee"
PERSON: Final = "a4c5a837-b546-4ec5-a7df-e61547a46a4b"
EVERYWHERE: Final = frozenset({"global", "usgov", "usgovdod", "china"})


@dataclass(frozen=True)
class Call:
    """A call that cancels. In `body`, `<id>` and `<justification>` stand for what each call fills in."""

    source: str
    version: str
    path: str
    success: Mapping[int, Meaning]
    delegated: tuple[str, ...]
    application: tuple[str, ...] = ()
    body: Mapping[str, str] | None = None
    only_own: bool = False


@dataclass(frozen=True)
class Read:
    """The call that reads one request, or the list that it is looked for in."""

    source: str
    version: str
    path: str
    delegated: tuple[str, ...]
    application: tuple[str, ...] = ()
    query: Mapping[str, str] = field(default_factory=dict)
    listed: bool = False


@dataclass(frozen=True)
class Listing:
    """A call that lists requests; with `own`, the service lists only those that the caller made."""

    source: str
    version: str
    path: str
    delegated: tuple[str, ...]
    application: tuple[str, ...] = ()
    query: Mapping[str, str] = field(default_factory=dict)
    own: bool = False


@dataclass(frozen=True)
class States:
    """The documented values of one property; `cancelled` and `cancelling` are those among them that say so."""

    source: str
    path: str
    standings: Mapping[str, Standing]
    cancelled: frozenset[str]
    cancelling: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Sample:
    """An entity as the documents show it, with invented values, and what is to be read from it."""

    source: str
    entity: Mapping[str, object]
    standing: Standing
    requestor: str
    title: str = ""
    created: datetime | None = None
    expires: datetime | None = None
    email: str = ""
    decided_by: str = ""


@dataclass(frozen=True)
class Error:
    """A documented error; a code where one is documented, else only a message."""

    source: str
    status: int
    meaning: ErrorMeaning
    code: str = ""
    message: str = ""


@dataclass(frozen=True)
class Facts:
    """Everything documented about one kind. `urls` maps addresses that people paste to the provider they name."""

    kind: str
    graph_type: str
    calls: tuple[Call, ...]
    read: Read
    states: tuple[States, ...]
    samples: tuple[Sample, ...]
    urls: Mapping[str, str]
    clouds_source: str
    clouds: Collection[str]
    lists: tuple[Listing, ...] = ()
    errors: tuple[Error, ...] = ()
    retired: tuple[date, str] | None = None


class Contract:
    """The tests of one kind."""

    resource: ClassVar[Resource]
    facts: ClassVar[Facts]

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        """One test for each row of the tables."""
        facts = self.facts
        rows: dict[str, list[tuple[object, str]]] = {
            "sample": [(sample, sample.source) for sample in facts.samples],
            "url": [(url, url) for url in facts.urls],
            "states": [(states, states.path) for states in facts.states],
        }
        for name in rows.keys() & set(metafunc.fixturenames):
            values = [value for value, _ in rows[name]]
            metafunc.parametrize(name, values, ids=[label for _, label in rows[name]])

    def test_names(self) -> None:
        assert self.resource.kind == self.facts.kind
        assert self.resource.graph_type == self.facts.graph_type
        assert self.resource.sources, "a kind names the documents that its facts come from"

    def test_cancel_calls(self) -> None:
        for declared, call in zip(self.resource.cancel, self.facts.calls, strict=True):
            agree(declared.method, "POST", call.source)
            agree((declared.version, declared.path), (call.version, call.path), call.source)
            agree(_body(declared.body), call.body, call.source)
            agree(dict(declared.success), dict(call.success), call.source)
            agree(declared.permissions.delegated, call.delegated, call.source)
            agree(declared.permissions.application, call.application, call.source)
            agree(declared.only_own, call.only_own, call.source)

    def test_read_call(self) -> None:
        declared, read = self.resource.read, self.facts.read
        agree((declared.version, declared.path), (read.version, read.path), read.source)
        agree((dict(declared.query), declared.listed), (dict(read.query), read.listed), read.source)

    def test_read_permissions(self) -> None:
        declared, read = self.resource.read.permissions, self.facts.read
        agree(declared.delegated, read.delegated, read.source)
        agree(declared.application, read.application, read.source)

    def test_list_calls(self) -> None:
        for declared, listing in zip(self.resource.lists, self.facts.lists, strict=True):
            agree((declared.version, declared.path), (listing.version, listing.path), listing.source)
            agree(dict(declared.query), dict(listing.query), listing.source)
            agree(declared.permissions.delegated, listing.delegated, listing.source)
            agree(declared.permissions.application, listing.application, listing.source)
            agree(declared.own, listing.own, listing.source)

    def test_states(self, states: States) -> None:
        assert states.path in self.resource.states.paths
        for value, standing in states.standings.items():
            for spelling in spellings(value):
                seen = snapshot(self.resource, nested(states.path, spelling))
                agree(seen.standing, standing, f"{states.source}, {spelling}")
                agree(seen.cancelled, value in states.cancelled, f"{states.source}, {spelling}")
                agree(seen.cancelling, value in states.cancelling, f"{states.source}, {spelling}")

    @pytest.mark.parametrize("value", ["unknownFutureValue", "somethingNew", "", None, 7, {}])
    def test_a_state_that_no_document_names_is_unknown(self, value: object) -> None:
        for path in self.resource.states.paths:
            seen = snapshot(self.resource, nested(path, value))
            assert (seen.standing, seen.cancelled, seen.cancelling) == (Standing.UNKNOWN, False, False)

    def test_samples(self, sample: Sample) -> None:
        seen = snapshot(self.resource, sample.entity)
        agree(seen.requestor_oid, sample.requestor, sample.source)
        agree(seen.standing, sample.standing, sample.source)
        agree(seen.title, sample.title, sample.source)
        agree(seen.created, sample.created, sample.source)
        agree(seen.expires, sample.expires, sample.source)
        agree(seen.requestor_email, sample.email, sample.source)
        agree(seen.decided_by, sample.decided_by, sample.source)

    def test_errors(self) -> None:
        for error in self.facts.errors:
            codes = (error.code,) if error.code else ()
            known = documented(self.resource, ServiceError(error.status, codes, error.message))
            assert known, f"{error.source} documents {error.code or error.message}"
            agree(known.meaning, error.meaning, error.source)
            assert known.sentence
            assert known.next_step

    def test_every_declared_error_is_documented(self) -> None:
        rows = {(error.status, (error.code or error.message).casefold()) for error in self.facts.errors}
        for declared in self.resource.errors:
            assert any(status == declared.status and declared.token.casefold() in text for status, text in rows), (
                declared.token
            )

    def test_urls(self, url: str) -> None:
        target = target_of_url(load(), url, {HOST})
        assert (target.kind, target.id.casefold(), target.scope) == (self.facts.kind, ID, self.facts.urls[url])

    def test_the_path_of_a_pasted_url_is_the_documented_one(self, url: str) -> None:
        target = target_of_url(load(), url, {HOST})
        for declared, call in zip(self.resource.cancel, self.facts.calls, strict=True):
            expected = call.path.replace("{id}", target.id).replace("{scope}", self.facts.urls[url])
            assert path_of(self.resource, declared.path, target) == expected

    def test_clouds(self) -> None:
        agree(self.resource.clouds, frozenset(self.facts.clouds), self.facts.clouds_source)

    def test_retirement(self) -> None:
        ended = self.resource.retirement
        assert (ended and (ended.on, ended.successor)) == self.facts.retired


def agree(declared: object, fact: object, source: str) -> None:
    """Fails with both sides and the document's name."""
    assert declared == fact, f"{source} says {fact!r}; declared is {declared!r}"


def spellings(state: str) -> Iterator[str]:
    """A state as Graph may write it: with one l or two in "cancelled" and "cancelling", in any case."""
    for letters in ("l", "ll"):
        text = re.sub("(?<=cance)ll?(?=ed|ing)", letters, state, flags=re.IGNORECASE)
        yield from (text, text.lower(), text.upper(), text[:1].upper() + text[1:])


def nested(path: str, value: object) -> Mapping[str, object]:
    """An entity that has just this value at a dotted path."""
    for step in reversed(path.split(".")):
        value = {step: value}
    assert isinstance(value, dict)
    return value


def addresses(version: str, collection: str, scope: str = "", action: str = "cancel") -> dict[str, str]:
    """The ways to write the address of one request that people copy out of documents, tools and logs."""
    root = f"https://{HOST}/{version}{collection}"
    written = (
        f"{root}/{ID}",
        f"{root}/{ID.upper()}",
        f"{root}/{ID}/",
        f"{root}/{ID}/{action}",
        f"{root}('{ID}')",
        f"{root}('{ID}')/{action}",
        f"{root}({ID})",
        f"{root.lower()}/{ID}",
        f"{root}/{ID}?$select=id#top",
        f"<{root}/{ID}>",
        f"<{root}/{ID}|the request>",
    )
    return dict.fromkeys(written, scope)


def _body(declared: Mapping[str, str | Slot] | None) -> Mapping[str, str] | None:
    if declared is None:
        return None
    return {name: f"<{value.value}>" if isinstance(value, Slot) else value for name, value in declared.items()}
