"""A person's browser: keeps cookies, follows redirects, and presses the buttons of plain pages."""

import ssl
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlencode, urljoin, urlsplit

import httpx

_MOST_HOPS = 10
_FORM = "application/x-www-form-urlencoded"


@dataclass
class Form:
    """A form: where it goes, its hidden fields, and the buttons' fields by what people read on them."""

    action: str
    hidden: dict[str, str] = field(default_factory=dict)
    buttons: dict[str, dict[str, str]] = field(default_factory=dict)


@dataclass
class Page:
    """What the browser shows."""

    url: str
    status: int
    headers: httpx.Headers
    html: str
    title: str = ""
    text: str = ""
    refresh: str = ""
    links: dict[str, str] = field(default_factory=dict)
    forms: list[Form] = field(default_factory=list)

    @property
    def heading(self) -> str:
        return self.title.partition(" · ")[0]

    @property
    def buttons(self) -> list[str]:
        return [label for form in self.forms for label in form.buttons]


class Browser:
    """One browser profile. It trusts the stand-ins' authority; `page` is what it shows."""

    def __init__(self, authority: Path) -> None:
        context = ssl.create_default_context(cafile=authority)
        self.client = httpx.AsyncClient(verify=context, trust_env=False, follow_redirects=False, timeout=20)
        self.page = Page("about:blank", 0, httpx.Headers(), "")
        self.visited: list[str] = []

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        await self.client.aclose()

    async def open(self, url: str) -> Page:
        """Goes there, and wherever it is sent from there."""
        return await self._go("GET", url)

    async def press(self, label: str) -> Page:
        """Presses the button, or follows the link, on which people read this; part of it will do.

        Raises:
            LookupError: the page has no such button.
        """
        for form in self.page.forms:
            for shown, sent in form.buttons.items():
                if label in shown:
                    action = urljoin(self.page.url, form.action or self.page.url)
                    return await self._go("POST", action, {**form.hidden, **sent})
        for shown, address in self.page.links.items():
            if label in shown:
                return await self._go("GET", urljoin(self.page.url, address))
        raise LookupError(f"no button {label!r} among {self.page.buttons} on {self.page.title!r}: {self.page.text}")

    async def _go(self, method: str, url: str, form: dict[str, str] | None = None) -> Page:
        for _ in range(_MOST_HOPS):
            self.visited.append(url)
            # A browser names the page's origin with every form that it sends.
            headers = {"Origin": _origin(self.page.url), "Content-Type": _FORM} if method == "POST" else {}
            answer = await self.client.request(method, url, content=urlencode(form or {}), headers=headers)
            if answer.is_redirect:
                method, url, form = "GET", urljoin(url, answer.headers["Location"]), None
                continue
            self.page = _read(url, answer)
            if not self.page.refresh:
                return self.page
            method, url, form = "GET", urljoin(url, self.page.refresh), None
        raise LookupError(f"sent around too often: {[urlsplit(one).path for one in self.visited[-_MOST_HOPS:]]}")


def link_in(node: Any) -> str:
    """The address of the first link in a message's blocks; empty where there is none."""
    if isinstance(node, dict):
        if node.get("type") == "link":
            return str(node["url"])
        node = list(node.values())
    return next(filter(None, map(link_in, node)), "") if isinstance(node, list) else ""


class _Reader(HTMLParser):
    """Reads what people see, and what they can press."""

    def __init__(self, page: Page) -> None:
        super().__init__()
        self._page = page
        self._words: list[str] = []
        self._within: list[str] = []
        self._sent: dict[str, str] = {}
        self._label: list[str] = []
        self._link = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._page.forms.append(Form(given.get("action", "")))
        elif tag == "input" and given.get("type") == "hidden":
            self._page.forms[-1].hidden[given["name"]] = given.get("value", "")
        elif tag == "meta" and given.get("http-equiv", "").casefold() == "refresh":
            self._page.refresh = given["content"].partition("url=")[2]
        elif tag in ("button", "a", "title", "style"):
            self._within.append(tag)
            self._label = []
            self._sent = {given["name"]: given.get("value", "")} if "name" in given else {}
            self._link = given.get("href", "")

    def handle_endtag(self, tag: str) -> None:
        if not self._within or self._within[-1] != tag:
            return
        self._within.pop()
        label = "".join(self._label).strip()
        if tag == "button":
            self._page.forms[-1].buttons[label] = self._sent
        elif tag == "a":
            self._page.links[label] = self._link
        elif tag == "title":
            self._page.title = label

    def handle_data(self, data: str) -> None:
        if self._within:
            self._label.append(data)
        if "style" not in self._within and data.strip():
            self._words.append(data.strip())
            self._page.text = " ".join(self._words)


def _read(url: str, answer: httpx.Response) -> Page:
    page = Page(url, answer.status_code, answer.headers, answer.text)
    _Reader(page).feed(answer.text)
    return page


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
