"""Logging: structlog as the one pipeline, for the libraries too, with secrets taken out."""

import contextlib
import json
import logging
import re
import sys
import threading
from collections.abc import Mapping, MutableMapping
from types import TracebackType
from typing import Any, Final, Literal, TextIO
from urllib.parse import quote, quote_plus

import structlog

log = structlog.get_logger(__name__)

# One-time values and secrets by the names under which forms, addresses and JSON carry them.
_NAMES: Final = (
    "access_token|client_assertion|client_secret|code|code_challenge|code_verifier|csrf|id_token|nonce|password"
    "|refresh_token|response_url|state|token|trigger_id"
)
_SECRETS: Final = re.compile(
    # Slack's tokens, JWTs, Entra's codes and refresh tokens, response_urls
    r"xox[a-z]-[\w.-]+|xapp-[\w-]+|eyJ[\w-]{10,}\.[\w.-]+|[01]\.A[\w.-]{30,}"
    r"|hooks\.slack(?:-gov)?\.com(?:/|%2F)[^\s\"'<>\\]+"
    rf"|((?:(?<![a-z_])|(?<=\\[nrt]))(?:{_NAMES})(?:=|%3D|\\*[\"']\s*:\s*b?\\*[\"']?)|\b(?:Bearer|Basic)\s+|__Host-[\w-]+=)[^&\s\"'\\]+"
    r"|-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END|\Z)",
    re.DOTALL,
)
_NAME: Final = re.compile(_NAMES)
_REDACTED: Final = "[redacted]"
_FEWEST_CHARACTERS: Final = 8
"""Of a value that is looked for as it is: a shorter one is part of too many words."""

# What these say at INFO is every request with its whole URL, or whole bodies of badly signed requests.
_QUIET: Final = ("dbos", "httpx", "httpcore", "msal", "slack_sdk", "slack_bolt", "aiohttp", "alembic", "asyncio")

_LONGEST: Final = 16_384
"""Characters of one value in a line."""

_hidden: Final[dict[str, tuple[str, ...]]] = {}


def configure(log_format: Literal["console", "json"], level: str) -> None:
    """Sets up logging of the whole process, to standard error: with Python's warnings, and what nobody catches."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    renderer: Any = (
        structlog.processors.JSONRenderer()
        if log_format == "json"
        else structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(),
            # The default shows local variables, and with them tokens.
            exception_formatter=structlog.dev.plain_traceback,
        )
    )
    handler = _Handler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, redact, renderer],
        )
    )
    handler.addFilter(_worth_telling)
    logging.basicConfig(handlers=[handler], level=level, force=True)
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
    # At ERROR, MSAL logs the whole body of a token answer that is no JSON, and aiohttp whatever bytes strangers send.
    for name in ("msal", "aiohttp.server"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
    )
    _catch_uncaught()


def hide(origin: str, *secrets: str) -> None:
    """Takes these values out of every line from now on, instead of those that came from the same origin before.

    Also as they look within an address, in JSON, or as Python writes them. What is shorter than eight characters stays.
    """
    forms = {form for secret in secrets if len(secret) >= _FEWEST_CHARACTERS for form in _forms(secret)}
    _hidden[origin] = tuple(sorted(forms, key=len, reverse=True))


def _forms(secret: str) -> set[str]:
    """How it looks in an address, and in JSON or Python's notation, also in one within the other."""
    as_bytes = secret.encode(errors="surrogateescape")  # what is no UTF-8 comes from the environment like that
    forms = {secret, quote(as_bytes, safe=""), quote_plus(as_bytes)}
    for _ in range(2):
        forms |= {written for form in forms for written in _notations(form)}
    return forms


def _notations(text: str) -> tuple[str, ...]:
    # Python escapes an apostrophe only where the text holds a quotation mark, too.
    plain, as_bytes = repr(f'"{text}')[2:-1], repr(b'"' + text.encode(errors="surrogateescape"))[3:-1]
    return (json.dumps(text)[1:-1], plain, plain.replace("\\'", "'"), as_bytes, as_bytes.replace("\\'", "'"))


def redact(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Takes tokens, secrets and one-time addresses out of every value, however deep."""
    for key, value in event.items():
        event[key] = _clean(value)
    return event


def _clean(value: Any) -> Any:
    """The value without secrets; of what is no plain value, its representation."""
    if isinstance(value, str):
        return _clean_text(value)
    if value is None or isinstance(value, bool | int | float):
        return value
    try:
        if isinstance(value, Mapping):
            return {_clean_text(str(key)): _clean_named(str(key), one) for key, one in value.items()}
        if isinstance(value, list | tuple | set | frozenset):
            return [_clean(one) for one in value]
        return _clean_text(repr(value))
    except Exception as error:  # noqa: BLE001 - foreign objects raise anything, and RecursionError is one of them
        return f"[unreadable: {type(error).__name__}]"


def _clean_named(name: str, value: Any) -> Any:
    return _REDACTED if _NAME.fullmatch(name) and isinstance(value, str | bytes) else _clean(value)


def _clean_text(text: str) -> str:
    for secrets in _hidden.values():
        for secret in secrets:
            if secret in text:
                text = text.replace(secret, _REDACTED)
    if len(text) > _LONGEST:  # the pattern's time grows with the square of what a stranger can make long
        text = f"{text[:_LONGEST]}… ({len(text) - _LONGEST} characters more)"
    return _SECRETS.sub(rf"\g<1>{_REDACTED}", text)


class _Handler(logging.StreamHandler[TextIO]):
    """Python's own would print a record that cannot be formatted with its arguments as they are."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - the name is logging's
        unreadable = logging.LogRecord(record.name, logging.ERROR, "", 0, "log_record_unreadable", None, None)
        with contextlib.suppress(OSError, ValueError):  # standard error is closed
            self.stream.write(self.format(unreadable) + self.terminator)


def _worth_telling(record: logging.LogRecord) -> bool:
    """Of the libraries only what is wrong, but for one of Bolt's: that it found a token which it does not need.

    Bolt sets the level of its own loggers to the root's, and at DEBUG it tells whole payloads.
    """
    if record.name.partition(".")[0] not in _QUIET:
        return True
    return record.levelno >= logging.WARNING and not (
        "SLACK_BOT_TOKEN" in str(record.msg) or "`token` will be unused" in str(record.msg)
    )


def _catch_uncaught() -> None:
    """Warnings and what nobody catches become log lines; where somebody else already listens, as pytest does, not."""
    logging.captureWarnings(True)
    if sys.excepthook is sys.__excepthook__:
        sys.excepthook = _tell
    if threading.excepthook is threading.__excepthook__:
        threading.excepthook = lambda uncaught: _tell(*uncaught[:3])
    if sys.unraisablehook is sys.__unraisablehook__:
        sys.unraisablehook = lambda uncaught: _tell(uncaught.exc_type, uncaught.exc_value, uncaught.exc_traceback)


def _tell(kind: type[BaseException], error: BaseException | None, trace: TracebackType | None) -> None:
    if not issubclass(kind, SystemExit | KeyboardInterrupt):
        log.critical("uncaught", error=kind.__name__, exc_info=(kind, error, trace))
