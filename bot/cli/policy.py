"""`policy`: whether the policy says what is meant, and what it decides for somebody."""

import argparse
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from bot.configuration import Selected

_ELSEWHERE: Final = "NOTIFY_CHANNEL, where that is set"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """check [FILE], explain --user … --kind …"""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    summary = "see whether the file can be used, and what in it is hardly meant"
    check = actions.add_parser("check", help=summary, description=summary)
    check.add_argument("file", nargs="?", type=Path, metavar="FILE", help="default: POLICY_FILE")
    summary = "see what is decided for somebody, and by which rule; exit code 1 when they may not"
    explain = actions.add_parser("explain", help=summary, description=summary)
    explain.add_argument("--user", required=True, metavar="U…", help="the Slack user's id")
    explain.add_argument("--kind", required=True, help="the kind, or a whole URL")
    explain.add_argument("--id", default="", help="the request's id, to read whose it is; not with a URL")
    explain.add_argument(
        "--channel", default="", metavar="C…", help="where they ask; default: nowhere that a rule names"
    )


async def run(options: argparse.Namespace) -> int:
    """Checks or explains; neither posts, records or cancels anything."""
    if options.action == "explain":
        from bot.cli.explain import explain

        return await explain(options)
    from bot.configuration import load_selected
    from bot.settings import load_selection

    selection = load_selection()
    if options.file:
        selection = selection.model_copy(update={"policy_file": options.file})
    print("\n".join(report(load_selected(selection))))
    return 0


def report(selected: "Selected") -> Iterator[str]:
    """What the policy is, what in it is hardly meant, who is notified, and what nobody may cancel; one line each."""
    from bot.notify_rules import NotifyRules
    from bot.policy_lint import notify_warnings, uncovered, warnings

    policy, enabled = selected.policy, selected.enabled
    if policy.text is None:
        yield f"{policy.path} does not exist: everybody may cancel their own requests, and nothing else."
    else:
        effects = Counter(rule.effect for rule in policy.rules)
        rules = "rule" if len(policy.rules) == 1 else "rules"
        counted = f"{len(policy.rules)} {rules} ({effects['allow']} allow, {effects['deny']} deny)"
        yield f"{policy.path}: {counted}{f', {len(policy.notify)} [[notify]]' if policy.notify else ''}."
        if not policy.rules:
            yield "warning: there is no [[rule]], so nobody may cancel anything."
    for number, sentence in warnings(policy.rules, enabled):
        yield f"warning: line {policy.line(number)}: rule {number}: {sentence}."
    for number, sentence in notify_warnings(policy.notify, enabled):
        yield f"warning: line {policy.line(number, table='notify')}: notify {number}: {sentence}."
    for one in NotifyRules(policy.notify, _ELSEWHERE, 1).watched(enabled) if policy.notify else ():
        yield f"New requests of {one.resource.kind} are told in {', '.join(one.channels)}."
    if left := uncovered(policy.rules, enabled):
        default = "" if policy.text is None else " (a file replaces the default: everybody's own requests)"
        yield f"Nobody may cancel: {', '.join(left)}{default}."
    else:
        yield "Every kind that is switched on may be cancelled by somebody."
