"""The pages on which people link their accounts: plain HTML, whole without scripts. Everything from outside is text."""

import base64
import hashlib
from collections.abc import Sequence
from html import escape
from typing import Final

from bot.sessions import ToConfirm

_STYLE: Final = (
    ":root{color-scheme:light dark}"
    "body{font:1.05rem/1.5 system-ui,sans-serif;color:#1d1c1d;background:#f3f5f4;margin:0}"
    "main{box-sizing:border-box;max-width:36rem;margin:3rem auto;padding:1.75rem 2rem 2rem;background:#fff;"
    "border:1px solid #d3d9d6;border-radius:.75rem;overflow-wrap:anywhere}"
    ".bot,dt,small{font-size:.9rem;color:#565b58}"
    ".bot{margin:0}"
    "h1{font-size:1.6rem;line-height:1.25;margin:.25rem 0 1.25rem}"
    "dl{margin:1.25rem 0}"
    "dl div{margin:.75rem 0;padding:.75rem 1rem;border:1px solid #767676;border-radius:.5rem}"
    "dd{margin:0}dd strong{font-size:1.2rem;line-height:1.3}small{display:block}"
    ".warning{padding:.75rem 1rem;border-left:.4rem solid #b3261e;background:#fdecea}"
    "form,.next{display:flex;flex-wrap:wrap;gap:.75rem;margin:1.5rem 0 0}"
    "button,.button{font:inherit;font-weight:600;padding:.6rem 1.2rem;border-radius:.4rem;text-align:center;"
    "border:2px solid #0b5a42;background:#0b5a42;color:#fff;text-decoration:none;cursor:pointer}"
    "button.other{background:#fff;color:#0b5a42}"
    "button:focus-visible,a:focus-visible{outline:3px solid #1264a3;outline-offset:3px}"
    "@media(max-width:40rem){body{background:#fff}"
    "main{margin:0;padding:1.25rem;border:0}button,.button{flex:1 1 100%}}"
    "@media(prefers-color-scheme:dark){body{color:#e8e8e8;background:#14171a}"
    "main{background:#1a1d21;border-color:#3a4046}.bot,dt,small{color:#b6bbb8}"
    "button,.button{border-color:#7fd6b4;background:#7fd6b4;color:#10221b}"
    "button.other{background:#1a1d21;color:#7fd6b4}"
    "button:focus-visible,a:focus-visible{outline-color:#8ec5ff}"
    ".warning{border-color:#ff8a80;background:#3a2220}}"
    "@media(prefers-color-scheme:dark) and (max-width:40rem){body{background:#1a1d21}}"
)
_HASH: Final = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()

POLICY: Final = (
    f"default-src 'none'; style-src 'sha256-{_HASH}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
"""The Content-Security-Policy of these pages."""


def start(action: str) -> str:
    """The first page, behind the link in Slack."""
    return _page(
        "Link your accounts",
        "<p>This bot cancels requests at Microsoft as you. To know who you are it asks Slack, and then Microsoft. "
        "Nothing is linked before you have said on the last page that both accounts are yours.</p>"
        f'<form method="post" action="{escape(action)}"><button>Continue with Slack</button></form>',
    )


def going(address: str) -> str:
    """Sends the browser on: a redirect after a form would need every login host on the way in `form-action`."""
    link = escape(address)
    return _page(
        "To Slack",
        f'<p>You are being sent to Slack.</p><p class="next"><a class="button" href="{link}">Continue to Slack</a></p>',
        f'<meta http-equiv="refresh" content="0; url={link}">',
    )


def confirm(asked: ToConfirm, begun: Sequence[str], action: str) -> str:
    """Asks whether both identities are the person's own; `begun`: what is cancelled then."""
    person = asked.person
    rows = (
        ("Slack", person.name, f"({person.user} in {person.team})"),
        ("Microsoft", asked.account, f"({asked.oid} in {asked.tid})"),
    )
    listed = "".join(
        f"<div><dt>{where}</dt><dd><strong>{escape(name)}</strong> <small>{escape(ids)}</small></dd></div>"
        for where, name, ids in rows
    )
    return _page(
        "Are both of these you?",
        f"<dl>{listed}</dl>{_warning(person.email) if asked.differs else ''}"
        "<p>If you link them, what that Slack user cancels with this bot is done as that Microsoft account.</p>"
        f"{_begun(begun)}"
        "<p><strong>Did somebody send you here, or is one of these not you? Then do not link them.</strong></p>"
        f'<form method="post" action="{escape(action)}">'
        f'<input type="hidden" name="csrf" value="{escape(asked.csrf)}">'
        '<button name="answer" value="link">Yes, link them</button>'
        '<button class="other" name="answer" value="no">No, do not link</button></form>',
    )


def _begun(begun: Sequence[str]) -> str:
    if not begun:
        return ""
    listed = "".join(f"<li>{escape(one)}</li>" for one in begun)
    return f"<p>What you have begun in Slack goes on then, and is cancelled:</p><ul>{listed}</ul>"


def linked(asked: ToConfirm) -> str:
    """The end of a link."""
    return _page(
        "Your accounts are linked",
        f"<p>{escape(asked.person.name)} in Slack acts as {escape(asked.account)} at Microsoft from now on. "
        "What you had begun in Slack is taken up now; Slack tells you what becomes of it.</p>"
        "<p>To undo this, type <strong>/cancel-approval signout</strong> in Slack. You can close this page.</p>",
    )


def declined() -> str:
    """The end of whoever said no."""
    return _page(
        "Nothing was linked", "<p>What Slack and Microsoft have said is forgotten. You can close this page.</p>"
    )


def failed(sentence: str, next_step: str, start_again: str) -> str:
    """Why it does not go on, and where to begin anew."""
    return _page(
        "That did not work",
        f"<p>{escape(sentence)}</p><p>{escape(next_step)}</p>"
        f'<p class="next"><a class="button" href="{escape(start_again)}">Start again</a></p>',
    )


def too_many(seconds: int) -> str:
    """There are more requests than these pages take; the address at hand still serves."""
    return _page(
        "Too many requests",
        "<p>More requests reach these pages at the moment than they take. Nothing of yours was lost.</p>"
        f"<p>Wait {seconds} {'second' if seconds == 1 else 'seconds'}, and then load this page again.</p>",
    )


def _warning(email: str) -> str:
    why = (
        f"The e-mail addresses of the two differ: Slack knows {escape(email)}."
        if email
        else "Slack has told no e-mail address, so the two could not be compared."
    )
    return f'<p class="warning" role="note"><strong>Look twice.</strong> {why}</p>'


def _page(title: str, body: str, head: str = "") -> str:
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"{head}<title>{escape(title)} · cancel-approval</title><style>{_STYLE}</style></head>"
        f'<body><main><p class="bot">cancel-approval</p><h1>{escape(title)}</h1>{body}</main></body></html>'
    )
