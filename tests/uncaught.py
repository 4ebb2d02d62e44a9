"""A process in which everything speaks that can: libraries, warnings, and what nobody catches."""

import asyncio
import gc
import logging
import sys
import threading
import warnings

import structlog

from bot import logs, workflows

QUIET_ABOUT_ERRORS = ("msal", "aiohttp.server")


def fail(secret: str) -> None:
    raise ValueError(f"canary {secret}")


class Unraisable:
    """What fails where nobody can be told."""

    def __init__(self, secret: str) -> None:
        self.secret = secret

    def __del__(self) -> None:
        fail(self.secret)


async def never_awaited(secret: str) -> None:
    """A task whose error nobody looks at."""

    async def failing() -> None:
        fail(secret)

    _ = asyncio.create_task(failing())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    del _
    gc.collect()


def speak(secret: str) -> None:
    """At every level, with the secret in the arguments."""
    workflows.quiet()
    structlog.get_logger("bot.test").warning("canary", token={"deep": [secret, secret.encode()]})
    for name in ("httpx", "httpcore.connection", "msal.oauth2", "slack_sdk.web", "slack_bolt.App", "aiohttp.client"):
        logger = logging.getLogger(name)
        for level in (logging.DEBUG, logging.INFO, logging.WARNING, logging.ERROR, logging.CRITICAL):
            logger.log(level, "canary %s of %r", logging.getLevelName(level), (secret, secret.encode()))
    for name in ("aiohttp.server", "dbos", "alembic.runtime.migration", "sqlalchemy.pool", "something.else"):
        logging.getLogger(name).critical("canary %s", secret)
    logging.getLogger("something.broken").warning("canary %d", secret)
    warnings.warn(f"canary {secret}", UserWarning, stacklevel=1)


def main(log_format: str, secret: str) -> None:
    """Logs in that format, and ends with an error that nobody catches."""
    logs.configure("json" if log_format == "json" else "console", "INFO")
    logs.hide("configuration", secret)
    speak(secret)
    thread = threading.Thread(target=fail, args=(secret,))
    thread.start()
    thread.join()
    asyncio.run(never_awaited(secret))
    Unraisable(secret)
    fail(secret)


if __name__ == "__main__":
    main(*sys.argv[1:])
