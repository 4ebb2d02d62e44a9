"""Plain pages on which a person chooses: HTML forms, without JavaScript."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

from aiohttp import web

NOTHING: Mapping[str, str] = {}


@dataclass(frozen=True)
class Button:
    """A submit button: the form field that it sends, and what people read on it."""

    name: str
    value: str
    label: str


def form_page(
    title: str,
    texts: Sequence[str] = (),
    buttons: Sequence[Button] = (),
    *,
    hidden: Mapping[str, str] = NOTHING,
    status: int = 200,
) -> web.Response:
    """Return a page with these paragraphs and, in a form, these buttons; everything is escaped."""
    paragraphs = "".join(f"<p>{escape(text)}</p>\n" for text in texts)
    document = (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        # Without an icon of its own the browser would ask the stand-in for one.
        f'<link rel="icon" href="data:,">\n<title>{escape(title)}</title>\n</head>\n<body>\n'
        f"<h1>{escape(title)}</h1>\n{paragraphs}{_form(buttons, hidden)}</body>\n</html>\n"
    )
    headers = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
    return web.Response(text=document, content_type="text/html", status=status, headers=headers)


# Without an action the form goes to the page's own address, with the query that the application sent.
def _form(buttons: Sequence[Button], hidden: Mapping[str, str]) -> str:
    if not buttons:
        return ""
    fields = "".join(
        f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">\n' for name, value in hidden.items()
    )
    choices = "".join(
        f'<p><button type="submit" name="{escape(one.name)}" value="{escape(one.value)}">'
        f"{escape(one.label)}</button></p>\n"
        for one in buttons
    )
    return f'<form method="post">\n{fields}{choices}</form>\n'
