"""One pipeline for everything that speaks in the process, and nothing secret comes out of it."""

import base64
import io
import json
import logging
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from bot import logs
from bot.keys import audit_key
from bot.storage import Storage, secrets_of
from tests.secret_texts import CONFIGURED, ENTRA, JWT, SECRETS, SHAPES

ROOT: Final = Path(__file__).parents[1]
FORMATS: Final = ["console", "json"]
LOUD: Final = {"msal.oauth2": ["CRITICAL"]}  # at ERROR, MSAL tells whole bodies


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    """Logging is the process's: other tests find it as it was."""
    root, hooks = logging.getLogger(), (sys.excepthook, sys.unraisablehook)
    handlers, level, hidden = root.handlers[:], root.level, dict(logs._hidden)
    yield
    root.handlers[:], (sys.excepthook, sys.unraisablehook) = handlers, hooks
    root.setLevel(level)
    logging.captureWarnings(False)
    logs._hidden.clear()
    logs._hidden.update(hidden)


def lines(log_format: Any, speak: Callable[[], object]) -> str:
    """What is logged meanwhile, by the pipeline as it is configured for that format."""
    written, real = io.StringIO(), sys.stderr
    sys.stderr = written
    try:
        logs.configure(log_format, "DEBUG")
        logs.hide("configuration", CONFIGURED)
    finally:
        sys.stderr = real
    speak()
    return written.getvalue()


def say(value: Any) -> None:
    """Each way to log a value."""
    own, foreign = structlog.get_logger("bot.test"), logging.getLogger("something.else")
    own.warning("canary_event", value=value)
    own.warning(value if isinstance(value, str) else "event")
    foreign.warning("%s and %r", value, value)
    foreign.warning("%(name)s", {"name": value})
    try:
        raise value if isinstance(value, Exception) else ValueError(value)
    except Exception as error:  # noqa: BLE001 - of any sort
        own.exception("failed", error=error)
        foreign.exception("failed")


@pytest.mark.parametrize("log_format", FORMATS)
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("secret", SECRETS)
def test_nothing_secret(log_format: str, shape: str, secret: str) -> None:
    """Fails without the pattern, without `hide`, and when only texts at the top of a line are looked at."""
    text, part = SECRETS[secret]
    written = lines(log_format, lambda: say(SHAPES[shape](f"before {text} after")))
    assert "before" in written
    assert "[redacted]" in written
    assert part not in written.replace("canary_event", "")


@pytest.mark.parametrize("log_format", FORMATS)
def test_everything_comes_through(log_format: str) -> None:
    """Each in the format that is configured, and with nothing secret. Fails without one of the hooks."""
    secret = "s3cret-configured-value"
    ran = subprocess.run(  # noqa: S603 - this interpreter, and a file of ours
        [sys.executable, "-m", "tests.uncaught", log_format, secret],
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert (ran.returncode, ran.stdout) == (1, "")
    assert secret not in ran.stderr
    told = spoken(log_format, ran.stderr)
    libraries = ("httpx", "httpcore.connection", "msal.oauth2", "slack_sdk.web", "slack_bolt.App", "aiohttp.client")
    for name in libraries:
        assert told.count(name) == len(LOUD.get(name, ["WARNING", "ERROR", "CRITICAL"])), (name, ran.stderr)
    others = ("bot.test", "aiohttp.server", "dbos", "alembic.runtime.migration", "sqlalchemy.pool", "something.else")
    for name in (*others, "something.broken", "py.warnings", "asyncio"):
        assert told.count(name) == 1, (name, ran.stderr)
    assert told.count("bot.logs") == 3  # of a thread, of what is unraisable, and the last one


def spoken(log_format: str, written: str) -> list[str]:
    """The logger of each record; no line may be of another format."""
    if log_format == "json":
        return [json.loads(line)["logger"] for line in written.splitlines()]
    # What follows the first line of an error is its traceback, or of a warning the line of code.
    first = [line for line in written.splitlines() if re.match(r"\d{4}-\d\d-\d\dT\S+Z \[\w+ *\] ", line)]
    rest = [line for line in written.splitlines() if line and line not in first]
    assert all(re.match(r" |Traceback|ValueError|future:|During handling", line) for line in rest), rest
    return re.findall(r" \[([\w.]+)\]", written.replace("[redacted]", ""))


def test_a_record_that_cannot_be_read_stops_nobody() -> None:
    """Fails when Python's own handler prints the arguments, or when whoever logs gets the error."""
    written = lines("json", lambda: logging.getLogger("slack_bolt.App").error("%d of %s", "canary", JWT))
    assert json.loads(written)["event"] == "log_record_unreadable"
    assert "canary" not in written


def test_an_object_that_cannot_be_shown_stops_nobody() -> None:
    class Broken:
        def __repr__(self) -> str:
            raise RuntimeError(JWT)

    deep: list[Any] = []
    for _ in range(100_000):
        deep = [deep]
    around: dict[str, Any] = {}
    around["itself"] = around
    log = structlog.get_logger("bot.test")
    for value in (Broken(), deep, around):
        line = json.loads(lines("json", lambda value=value: log.warning("canary_event", value=value)))  # type: ignore[misc]
        assert line["event"] == "canary_event"
        assert "[unreadable: R" in json.dumps(line)


def configured(secret: str) -> bool:
    """Whether it is one: something that nobody writes by chance."""
    return len(set(secret)) > 5 and secret.strip() == secret


@given(
    secret=st.text(st.characters(exclude_categories=["Cs"]), min_size=8, max_size=40).filter(configured),
    shape=st.sampled_from(list(SHAPES)),
    log_format=st.sampled_from(FORMATS),
)
def test_configured_values_whatever_they_are(secret: str, shape: str, log_format: str) -> None:
    def speak() -> None:
        logs.hide("configuration", secret)
        structlog.get_logger("bot.test").warning("e", value=SHAPES[shape](f"<{secret}>"))

    written = lines(log_format, speak)
    assert "[redacted]" in written
    seen = written + (json.dumps(json.loads(written), ensure_ascii=False) if log_format == "json" else "")
    forms = (secret, repr(secret)[1:-1], json.dumps(secret)[1:-1], repr(secret.encode())[2:-1])
    assert [one for one in forms if one in seen] == []


@given(before=st.text("ab.:/ \"'\\\n{[", max_size=9), secret=st.sampled_from([JWT, ENTRA, "xoxb-12-canary"]))
def test_tokens_wherever_they_stand(before: str, secret: str) -> None:
    """Fails when a pattern wants to know what stands before: the escape of a line's end is a letter."""
    for value in (before + secret, (before + secret).encode(), {"a": before + secret}):
        written = lines("console", lambda value=value: structlog.get_logger("x").warning("e", value=value))  # type: ignore[misc]
        assert "canary" not in written
        assert secret[-12:] not in written


def test_words_that_only_look_like_it_stay() -> None:
    """A log that hides everything helps nobody."""
    words = "status code: 404, state of the art, exit code 1, decode=x, code 'BadRequest', test", "pass"
    for event in words:
        assert event in lines("console", lambda event=event: structlog.get_logger("x").warning(event))  # type: ignore[misc]
    declined = lines("console", lambda: structlog.get_logger("x").warning("declined", code="refused", state="open"))
    assert "code=refused" in declined
    assert "state=open" in declined


def test_what_is_hidden_of_a_configuration() -> None:
    """Fails when a new secret of the settings is not hidden; each token key is found also by itself."""
    storage = Storage(
        _env_file=None,  # type: ignore[call-arg]  # pydantic-settings' own
        database_url=SecretStr("postgresql://bot:p%40ssword-canary@db.example.test/bot"),
        audit_key=SecretStr("k" * 32),
    )
    assert list(secrets_of(storage)) == ["p@ssword-canary", "k" * 32]
    wrong = Storage(_env_file=None, database_url=SecretStr("postgresql://bot:canary-p@[db/bot"))  # type: ignore[call-arg]
    assert "canary-p" in "".join(secrets_of(wrong))


def test_the_key_that_is_made_is_hidden(tmp_path: Path) -> None:
    key = audit_key("", f"sqlite:///{tmp_path}/bot.db").decode()
    assert key not in lines("json", lambda: structlog.get_logger("x").warning("e", value=[key]))


def test_time_does_not_grow_with_the_square() -> None:
    """Ten times the text takes at most some ten times as long. Fails without a longest length."""
    hostile = [
        "eyJ" * 10,
        "state=" * 5,
        "-----BEGIN A" * 3,
        'code\\"' * 5,
        "Bearer  " * 4,
        "0.A" * 10,
        base64.b64encode(b"x" * 22).decode(),
    ]
    for one in hostile:
        took = []
        for times in (20_000, 200_000):
            began = time.process_time()
            logs.redact(None, "", {"event": one * (times // 10)})
            took.append(time.process_time() - began)
        assert took[1] < 30 * took[0] + 1, one[:10]


@pytest.mark.parametrize("level", ["debug", "info"])
def test_what_is_not_told_is_not_built(level: str) -> None:
    """Fails when a line below the level goes through the whole pipeline before it is dropped."""

    class Counted(Exception):
        seen = 0

        def __str__(self) -> str:
            self.seen += 1
            return "counted"

    value = Counted()

    def speak() -> None:
        logging.getLogger().setLevel(logging.WARNING)
        getattr(structlog.get_logger("bot.test"), level)("event", exc_info=value)

    assert (lines("console", speak), value.seen) == ("", 0)
