"""Logging: structlog as the one pipeline, for the libraries too, with secrets taken out."""

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any, Final, Literal

import structlog

_SECRETS: Final = re.compile(
    r"xox[a-z]-[\w-]+|xapp-[\w-]+|eyJ[\w-]{10,}\.[\w-]+\.?[\w-]*|[01]\.A[\w-]{30,}"
    r"|https://hooks\.slack\.com/\S+"
    r"|\b(?:code|state|nonce|client_secret|client_assertion|refresh_token|access_token|id_token)=[^&\s\"']+"
)

# What these say at INFO is every request with its whole URL, or whole bodies of badly signed requests.
_QUIET: Final = ("dbos", "httpx", "httpcore", "msal", "slack_sdk", "slack_bolt", "aiohttp", "alembic", "asyncio")


def configure(log_format: Literal["console", "json"], level: str) -> None:
    """Sets up logging of the whole process, to standard error."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        redact,
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
    handler = logging.StreamHandler(sys.stderr)
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
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )


def _worth_telling(record: logging.LogRecord) -> bool:
    """Of the libraries only what is wrong, but for one of Bolt's: that it found a token which it does not need.

    Bolt sets the level of its own loggers to the root's, and at DEBUG it tells whole payloads.
    """
    if record.name.partition(".")[0] in _QUIET and record.levelno < logging.WARNING:
        return False
    return "SLACK_BOT_TOKEN" not in record.getMessage() and "`token` will be unused" not in record.getMessage()


def redact(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Takes tokens, secrets and one-time addresses out of every value."""
    for key, value in event.items():
        if isinstance(value, str):
            event[key] = _SECRETS.sub("[redacted]", value)
    return event
