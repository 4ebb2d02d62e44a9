"""What a policy file may say, and that every mistake gets one plain sentence with its line and key."""

from pathlib import Path
from typing import Final

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.errors import ConfigError
from bot.notify_rules import NotifyRule
from bot.policy import OWN_REQUESTS_ONLY, Identity, Ownership, Rule, decide
from bot.policy_file import lines_of, load_policy
from tests.test_policy import KIND, allow, deny, question


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "policy.toml"


def problems(path: Path, content: str | bytes) -> list[str]:
    """What is said of the file, without its name."""
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    with pytest.raises(ConfigError) as refused:
        load_policy(path)
    before = f"POLICY_FILE: {path}: "
    assert all(problem.startswith(before) for problem in refused.value.problems)
    return [problem.removeprefix(before) for problem in refused.value.problems]


def test_a_file(path: Path) -> None:
    path.write_text(
        f"""
        [[rule]]
        effect = "allow"
        kinds = ["{KIND}"]
        actors = ["S0HELPDESK"]
        own_only = false
        identity = "application"
        second_person = ["U0LEAD", "S0LEADS"]

        [[rule]]
        effect = "deny"
        kinds = ["*"]
        actors = ["*"]
        channels = ["C0PUBLIC", "D0DIRECT"]
        """,
        encoding="utf-8",
    )
    helpdesk = allow((KIND,), ("S0HELPDESK",), identity=Identity.APPLICATION, second=("U0LEAD", "S0LEADS"))
    assert load_policy(path).rules == (helpdesk, deny(channels=("C0PUBLIC", "D0DIRECT")))


def test_no_file(path: Path) -> None:
    policy = load_policy(path)
    assert (policy.rules, policy.text) == (OWN_REQUESTS_ONLY, None)
    assert (policy.notify, policy.line(1), policy.line(1, table="notify")) == ((), 0, 0)


def test_who_is_notified(path: Path) -> None:
    """Fails when a table of one sort is counted among those of the other."""
    path.write_text(
        f"""
        [[notify]]
        kinds = ["{KIND}"]
        channel = "C0SECURITY"
        poll_seconds = 300

        [[rule]]
        effect = "deny"
        kinds = ["*"]
        actors = ["*"]

        [[notify]]
        kinds = ["*"]
        channel = "G0PRIVATE"
        """,
        encoding="utf-8",
    )
    policy = load_policy(path)
    security = NotifyRule(kinds=(KIND,), channel="C0SECURITY", poll_seconds=300)
    assert policy.notify == (security, NotifyRule(kinds=("*",), channel="G0PRIVATE"))
    assert policy.rules == (deny(),)
    assert [policy.line(n, "channel", table="notify") for n in (1, 2)] == [4, 14]
    assert policy.line(1, "kinds") == 9
    assert policy.problem(2, "kinds", "No.", table="notify") == f"POLICY_FILE: {path}: line 13: notify 2 kinds: No."


def test_an_empty_file_allows_nothing(path: Path) -> None:
    path.touch()
    assert not decide(load_policy(path).rules, question(Ownership.OWN)).possible


_ALLOW: Final = '[[rule]]\neffect = "allow"\nkinds = ["*"]\nactors = ["*"]\n'
_DENY: Final = _ALLOW.replace("allow", "deny")
_NOTIFY: Final = '[[notify]]\nkinds = ["*"]\nchannel = "C01"\n'


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (_ALLOW + 'actor = "*"', "line 5: rule 1 actor: there is no such key; did you mean actors?"),
        (_ALLOW + _ALLOW + "onw_only = false", "line 9: rule 2 onw_only: there is no such key; did you mean own_only?"),
        (_ALLOW + 'x = "*"', "line 5: rule 1 x: there is no such key; [[rule]] has effect, kinds, actors,"),
        ("[[rules]]\n", "line 1: rules: there is no such key; a policy is tables below lines [[rule]] and [[notify]]"),
        ('\neffect = "allow"', "line 2: effect: there is no such key"),
        (_ALLOW + "[rule.hours]\nfrom = 8", "line 5: rule 1 hours: there is no such key"),
        ("rule = 1", "line 1: rule: must be tables, each below a line [[rule]]"),
        ('# one\n[rule]\neffect = "allow"', "line 2: rule: must be tables, each below a line [[rule]]"),
        ("\nrule = [1]", "line 2: rule 1: must be a table, below a line [[rule]]"),
        (_DENY + "own_only = false", "line 5: rule 1 own_only: a deny rule takes no own_only: it always denies"),
        (_DENY + "own_only = true", "line 5: rule 1 own_only: a deny rule takes no own_only"),
        (_DENY + '\nidentity = "application"', "line 6: rule 1 identity: a deny rule takes no identity"),
        (_DENY + 'second_person = ["*"]', "line 5: rule 1 second_person: a deny rule takes no second_person"),
        (_ALLOW.replace("allow", "permit"), 'line 2: rule 1 effect: must be "allow" or "deny"'),
        (_ALLOW.replace("effect", "#"), 'line 1: rule 1 effect: is missing; it must be "allow" or "deny"'),
        (_ALLOW.replace('kinds = ["*"]', ""), "line 1: rule 1 kinds: is missing; it must be a list of kinds"),
        (
            _ALLOW.replace('actors = ["*"]', "actors = []"),
            "line 4: rule 1 actors: is empty; it must be a list of Slack",
        ),
        (_ALLOW.replace('["*"]', '"*"', 1), "line 3: rule 1 kinds: must be a list of kinds"),
        (_ALLOW.replace('["*"]', "[7]", 1), "line 3: rule 1 kinds: must be a list of kinds"),
        (_ALLOW + "channels = []", "line 5: rule 1 channels: is empty; it must be a list of channel ids"),
        (_ALLOW + 'channels = ["#it-ops"]', "line 5: rule 1 channels: '#it-ops' is no id of a channel (C…, G…, D…)"),
        (_ALLOW + 'channels = ["<#C01|it>"]', "line 5: rule 1 channels: write C01: '<#C01|it>' is no id"),
        (
            _ALLOW.replace('["*"]\n', '[\n"*"]\n').replace('actors = [\n"*"]', 'actors = [\n"bob"]'),
            "line 5: rule 1 act",
        ),
        (_ALLOW.replace('actors = ["*"]', 'actors = ["bob"]'), "line 4: rule 1 actors: 'bob' is no id of a Slack user"),
        (_ALLOW.replace('actors = ["*"]', 'actors = ["u01"]'), "line 4: rule 1 actors: write U01: 'u01' is no id"),
        (_ALLOW + 'second_person = ["<!subteam^S01>"]', "line 5: rule 1 second_person: write S01: '<!subteam^S01>'"),
        (_ALLOW + "second_person = []", "line 5: rule 1 second_person: is empty; it must be a list of Slack"),
        (_ALLOW + 'own_only = "false"', "line 5: rule 1 own_only: must be true or false, without quotes"),
        (_ALLOW + 'identity = "robot"', 'line 5: rule 1 identity: must be "delegated" or "application"'),
        (_ALLOW + '"\\u0007" = 1', 'line 5: rule 1 "\\u0007": there is no such key'),
        ('[[rule]]\neffect = "allow', 'line 2: effect = "allow: it is no TOML: '),
        ('[[rule]]\nkinds = [\n"*"\n', "line 2: kinds = [: it is no TOML: "),
        (_ALLOW + _ALLOW.replace("effect", "effect = 1\neffect"), 'line 7: effect = "allow": it is no TOML: '),
        ("a = " + "[" * 10_000, "line 1: a = [[[["),
        ("\na = " + "9" * 5_000, "line 2: a = 9999"),
        (_NOTIFY + _NOTIFY.replace("C01", "*"), "line 6: notify 2 channel: '*' is no id of a channel (C…, G…)"),
        (_NOTIFY.replace("C01", "#it-ops"), "line 3: notify 1 channel: '#it-ops' is no id of a channel (C…, G…)"),
        (_NOTIFY.replace("C01", "<#C01|it>"), "line 3: notify 1 channel: write C01: '<#C01|it>' is no id"),
        (_NOTIFY.replace("C01", "c01"), "line 3: notify 1 channel: write C01: 'c01' is no id"),
        (_NOTIFY.replace("C01", "D01"), "line 3: notify 1 channel: 'D01' is no id of a channel (C…, G…)"),
        (_NOTIFY.replace("C01", "C"), "line 3: notify 1 channel: 'C' is no id of a channel"),
        (_NOTIFY.replace('"C01"', '["C01"]'), "line 3: notify 1 channel: must be one channel id such as"),
        (_NOTIFY.replace("channel =", "#"), "line 1: notify 1 channel: is missing; it must be one channel id"),
        (_NOTIFY + 'channels = ["*"]', "line 4: notify 1 channels: there is no such key; did you mean channel?"),
        (_NOTIFY.replace('["*"]', "[]"), "line 2: notify 1 kinds: is empty; it must be a list of kinds"),
        (_NOTIFY.replace("kinds", "#"), "line 1: notify 1 kinds: is missing; it must be a list of kinds"),
        (_NOTIFY.replace('["*"]', "[7]"), "line 2: notify 1 kinds: must be a list of kinds"),
        (_NOTIFY + "poll_seconds = 4", "line 4: notify 1 poll_seconds: must be a whole number from 5 to 3600"),
        (_NOTIFY + "poll_seconds = 3601", "line 4: notify 1 poll_seconds: must be a whole number"),
        (_NOTIFY + "poll_seconds = 0", "line 4: notify 1 poll_seconds: must be a whole number"),
        (_NOTIFY + 'poll_seconds = "30"', "line 4: notify 1 poll_seconds: must be a whole number"),
        (_NOTIFY + "poll_seconds = 30.0", "line 4: notify 1 poll_seconds: must be a whole number"),
        (_NOTIFY + "poll_seconds = true", "line 4: notify 1 poll_seconds: must be a whole number"),
        (_NOTIFY + 'x = "*"', "line 4: notify 1 x: there is no such key; [[notify]] has kinds, channel, poll_seconds"),
        (_NOTIFY + 'actors = ["*"]', "line 4: notify 1 actors: there is no such key; [[notify]] has kinds"),
        (_ALLOW + 'channel = "C01"', "line 5: rule 1 channel: there is no such key; did you mean channels?"),
        ('[notify]\nchannel = "C01"', "line 1: notify: must be tables, each below a line [[notify]]"),
        (
            '[notify]\nkinds = ["*"]\nchannel = "C01"\n[notify]',
            "line 4: [notify]: it is no TOML: Cannot declare ('notify',) twice; each of these tables stands below a "
            "line [[notify]], in double brackets",
        ),
        ("notify = []\nnotify.a = 1", "line 2: notify.a = 1: it is no TOML: "),
        ('\nnotify = ["C01"]', "line 2: notify 1: must be a table, below a line [[notify]]"),
        (_NOTIFY + "[notify.hours]\nfrom = 8", "line 4: notify 1 hours: there is no such key"),
        (_NOTIFY + _ALLOW + "[notify.hours]\nfrom = 8", "line 8: notify 1 hours: there is no such key"),
        (_ALLOW + _NOTIFY + "who = 1", "line 8: notify 1 who: there is no such key"),
        (b"\xef\xbb\xbf" + _ALLOW.encode(), "line 1: it begins with a byte order mark"),
        (_ALLOW.encode("utf-16"), "line 1: it is not UTF-8"),
        (_ALLOW.encode() + b"# \xe9", "line 5: it is not UTF-8"),
    ],
    ids=lambda value: "" if isinstance(value, bytes) or len(value) > 100 else None,
)
def test_a_mistake_names_line_and_key(path: Path, text: str | bytes, told: str) -> None:
    """Fails, for instance, when Pydantic's or tomllib's own words are passed on as they are."""
    [problem] = problems(path, text)
    assert problem.startswith(told)


def test_lines_are_those_that_an_editor_shows(path: Path) -> None:
    r"""Fails when lines are those of `str.splitlines`, or when what looks like a key is found within a text."""
    texts = '# \u2028 \u0085\r\n[[rule]]\r\nkinds = ["*"]\r\nactors = ["""\r\n[[rule]]\r\nwho = 1\r\n"""]\r\n'
    text = texts + "\r\n[[rule]]\r\nwho = 1\r\n"
    told = problems(path, text)
    assert [problem.split(": ")[:2] for problem in told] == [
        ["line 2", "rule 1 effect"],
        ["line 4", "rule 1 actors"],
        ["line 9", "rule 2 effect"],
        ["line 9", "rule 2 kinds"],
        ["line 9", "rule 2 actors"],
        ["line 10", "rule 2 who"],
    ]


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        (' [[ "rule" ]] # one\n\tkinds = []', {("rule", 0): 1, ("rule", 0, "kinds"): 2}),
        ("rule = [{a = 1}, {b = 2}]", {("rule",): 1, ("rule", 0): 1, ("rule", 1): 1}),
        (
            "[other]\nrule = 1\n[[rule]]\n[rule.a]\nb = 1\n[[rule]]",
            {("other",): 1, ("rule", 0): 3, ("rule", 0, "a"): 4, ("rule", 1): 6},
        ),
        ("[[rule]]\na.b = 1\n\na.c = 2", {("rule", 0): 1, ("rule", 0, "a"): 2}),
        (
            "[[rule]]\n[[notify]]\na = 1\n[rule.b]\n[notify.c]\n[[notify]]\n[[rule]]\na = 1",
            {
                ("rule", 0): 1,
                ("notify", 0): 2,
                ("notify", 0, "a"): 3,
                ("rule", 0, "b"): 4,
                ("notify", 0, "c"): 5,
                ("notify", 1): 6,
                ("rule", 1): 7,
                ("rule", 1, "a"): 8,
            },
        ),
        ("[notify]\na = 1\n[notify.b]", {("notify",): 1}),
        ("", {}),
    ],
    ids=["quoted", "inline", "tables within", "dotted", "both sorts", "no list", "empty"],
)
def test_lines_of(text: str, lines: dict[tuple[int | str, ...], int]) -> None:
    assert lines_of(text) == lines


def test_every_mistake_is_told_at_once(path: Path) -> None:
    assert len(problems(path, _ALLOW + "one = 1\n" + _ALLOW + "two = 2\n")) == 2
    assert len(problems(path, _DENY + 'own_only = false\nidentity = "application"\n')) == 2


def test_what_cannot_be_read_stops_the_start(path: Path) -> None:
    path.mkdir()
    with pytest.raises(ConfigError, match=f"{path}: it cannot be read: Is a directory"):
        load_policy(path)


_WORDS: Final = [
    *("[[notify]]", "[notify]", "notify", "channel", "poll_seconds", "30", '"C01"'),
    *("[[rule]]", "[rule]", "rule", "effect", "kinds", "actors", "own_only", "hours", "true", "1", "1979-05-27"),
    *("[", "]", "{", "}", ".", ",", "#", " = ", '"', '"""', '"allow"', '"deny"', '["*"]', '["U01"]'),
    *("\n", "\r\n", "\r"),
]
_NEARLY: Final = st.lists(st.sampled_from(_WORDS), max_size=60).map(lambda words: "".join(words).encode())


@given(content=st.one_of(st.binary(), st.text().map(str.encode), _NEARLY))
@example(content=b"a." * 2000 + b"b = 1")
@example(content=b"rule = [" + b"[" * 900 + b"]" * 900 + b"]")
@example(content=b"rule = [" + b"{a = " * 300 + b"1" + b"}" * 300 + b"]")
@example(content=b"a = " + b"9" * 5000)
@settings(deadline=None)
def test_any_bytes_are_rules_or_refused(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    """Fails when tomllib's RecursionError or its plain ValueError for a long number is let through."""
    path = tmp_path_factory.getbasetemp() / "any.toml"
    path.write_bytes(content)
    try:
        policy = load_policy(path)
    except ConfigError as error:
        assert error.problems, "nothing is said"  # noqa: PT017
        return
    assert all(isinstance(rule, Rule) for rule in policy.rules)
    assert all(isinstance(rule, NotifyRule) for rule in policy.notify)
    assert all(policy.line(number) for number in range(1, len(policy.rules) + 1))
    assert all(policy.line(number, table="notify") for number in range(1, len(policy.notify) + 1))
