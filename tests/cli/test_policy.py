"""`policy check`: what an operator is told of a policy file."""

from pathlib import Path

import pytest

from bot.resources import load
from tests.cli.conftest import Command

CURRENT = load().current("global")
"""The kinds that are switched on where nobody says which."""

LISTED = [kind for kind in CURRENT if load()[kind].lists_for(application=True)]
"""Those of which somebody can be notified."""


def nobody_may(*kinds: str) -> str:
    return f"Nobody may cancel: {', '.join(kinds)} (a file replaces the default: everybody's own requests)."


async def test_check_needs_only_the_file(command: Command, tmp_path: Path) -> None:
    """Fails when it asks for what only a serving bot needs."""
    (tmp_path / "new.toml").write_text(
        '[[rule]]\neffect = "allow"\nkinds = ["*"]\nactors = ["S0HELPDESK"]\nsecond_person = ["S0LEADS"]\n'
    )
    ran = await command("policy", "check", "new.toml", KINDS="*")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out == (
        "new.toml: 1 rule (1 allow, 0 deny).\nEvery kind that is switched on may be cancelled by somebody.\n"
    )


async def test_check_tells_what_is_hardly_meant(command: Command, tmp_path: Path) -> None:
    rule = '[[rule]]\neffect = "allow"\nkinds = ["access-package"]\nactors = ["*"]\n'
    (tmp_path / "policy.toml").write_text(f"\n{rule}own_only = false\n\n{rule}")
    ran = await command("policy", "check")
    assert (ran.code, ran.out.splitlines()) == (
        0,
        [
            "policy.toml: 2 rules (2 allow, 0 deny).",
            "warning: line 2: rule 1: it lets everybody in the team cancel anybody's requests, "
            "as far as Microsoft lets them.",
            "warning: line 8: rule 2: it adds nothing to rule 1.",
            nobody_may(*(kind for kind in CURRENT if kind != "access-package")),
        ],
    )


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[[rule]]\nwho = 1", "line 2: rule 1 who: there is no such key"),
        ('[[rule]]\neffect = "allow"\nkinds = ["acess-package"]\nactors = ["*"]', "did you mean access-package?"),
        ("[[rule", "line 1: [[rule: it is no TOML"),
        (None, "policy.toml does not exist"),
    ],
)
async def test_check_of_what_cannot_be_used(command: Command, tmp_path: Path, text: str | None, told: str) -> None:
    if text:
        (tmp_path / "policy.toml").write_text(text)
    ran = await command("policy", "check", "policy.toml")
    assert (ran.code, ran.out, told in ran.err) == (2, "", True), ran.err


async def test_check_of_who_is_notified(command: Command, tmp_path: Path) -> None:
    (tmp_path / "policy.toml").write_text(
        '[[rule]]\neffect = "allow"\nkinds = ["*"]\nactors = ["*"]\n'
        '[[notify]]\nkinds = ["*"]\nchannel = "C01"\n'
        '[[notify]]\nkinds = ["approval-item"]\nchannel = "C01"\n'
    )
    ran = await command("policy", "check")
    assert (ran.code, ran.out.splitlines()) == (
        0,
        [
            "policy.toml: 1 rule (1 allow, 0 deny), 2 [[notify]].",
            "warning: line 8: notify 2: Microsoft lists approval-item only for people and not for the application, "
            "so nobody is notified of it.",
            f"Told in C01: {', '.join(LISTED)}.",
            "Every kind that is switched on may be cancelled by somebody.",
        ],
    )


async def test_check_of_what_is_told_where(command: Command, tmp_path: Path) -> None:
    (tmp_path / "policy.toml").write_text(
        '[[rule]]\neffect = "allow"\nkinds = ["*"]\nactors = ["*"]\n'
        '[[notify]]\nkinds = ["access-package"]\nchannel = "C02"\n'
    )
    ran = await command("policy", "check")
    assert ran.out.splitlines()[1:-1] == [
        "Told in C02: access-package.",
        f"Told in NOTIFY_CHANNEL, where that is set: {', '.join(LISTED[1:])}.",
    ]


@pytest.mark.parametrize("text", ["", '[[notify]]\nkinds = ["*"]\nchannel = "C01"\n'], ids=["empty", "notify only"])
async def test_check_of_a_file_without_rules(command: Command, tmp_path: Path, text: str) -> None:
    """It replaces the default. Fails when whoever adds a channel is not told that nobody can cancel any more."""
    (tmp_path / "policy.toml").write_text(text)
    ran = await command("policy", "check")
    told = [line for line in ran.out.splitlines()[1:] if not line.startswith("Told in")]
    assert (ran.code, told) == (
        0,
        [
            "warning: there is no [[rule]], so nobody may cancel anything.",
            nobody_may(*CURRENT),
        ],
    )


async def test_check_without_a_file(command: Command) -> None:
    ran = await command("policy", "check")
    assert (ran.code, ran.out.splitlines()[0]) == (
        0,
        "policy.toml does not exist: everybody may cancel their own requests, and nothing else.",
    )
