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
    logging.basicConfig(handlers=[handler], level=level, force=True)
    for name in _QUIET:
        logging.getLogger(name).setLevel(max(logging.WARNING, logging.getLevelName(level)))
    # At ERROR, MSAL logs the whole body of a token answer that is no JSON, and aiohttp whatever bytes strangers send.
    for name in ("msal", "aiohttp.server"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    logging.getLogger("slack_bolt.AsyncApp").addFilter(_not_of_ours)
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )


def _not_of_ours(record: logging.LogRecord) -> bool:
    """Bolt finds SLACK_BOT_TOKEN in the environment and explains at length that it does not need it."""
    return "SLACK_BOT_TOKEN" not in record.getMessage() and "`token` will be unused" not in record.getMessage()


def redact(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Takes tokens, secrets and one-time addresses out of every value."""
    for key, value in event.items():
        if isinstance(value, str):
            event[key] = _SECRETS.sub("[redacted]", value)
    return event
