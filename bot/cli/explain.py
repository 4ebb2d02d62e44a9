"""`policy explain`: what would be decided for somebody now, found out as the bot finds it out."""

import argparse
from collections.abc import AsyncIterator, Iterator, Sequence
from typing import Final

from bot.accounts import Accounts
from bot.cancellation import Actor
from bot.configuration import Configuration, load_configuration
from bot.errors import InputError, Refused, SignInNeeded, Unavailable
from bot.gate import Gate, Seen, question_of
from bot.outcome import may_go_unread
from bot.policy import (
    ANY,
    Decision,
    Identity,
    Ownership,
    Reason,
    decide,
    groups_named,
    is_channel,
    is_user,
    may_approve,
)
from bot.reading import Reader
from bot.resources import Resource, Target, is_url
from bot.services import Services, open_services
from bot.slack.api import FAULTS, error_of
from bot.slack.directory import Directory
from bot.slack.request import Parser

_MOST: Final = 20  # second persons who are looked up: each is a question to Slack
_WHOSE: Final = {
    Ownership.OWN: "their own",
    Ownership.OTHER: "somebody else's",
    Ownership.UNKNOWN: "not known to be theirs",
}
_IDENTITIES: Final = {Identity.DELEGATED: "person", Identity.APPLICATION: "application"}
_SAID: Final = {
    Reason.ALLOWED: "allowed",
    Reason.DENY_RULE: "not allowed: a deny rule matches",
    Reason.NO_RULE: "not allowed: no rule matches",
    Reason.NOT_OWN: "not allowed: only their own requests",
    Reason.OWNERSHIP_UNKNOWN: "allowed if it is their own",
}
_IDS: Final = "Check the ids of the person, of the channel, and of the user groups that the policy names."
_LINK: Final = "They are asked to link their Microsoft account first."
_NO_LINK: Final = "But it needs their Microsoft account, and nobody can link one here: SLACK_CLIENT_ID is not set."
_NOT_READ: Final = "Nothing shows that it is their own, so it is not allowed."
_UNREAD: Final = "It is sent unread: the call is one that Microsoft itself limits to people's own requests."


async def explain(options: argparse.Namespace) -> int:
    """Prints who it is, the decision and its rule; 1 where they may not. Raises `InputError`, and as looking does."""
    if not is_user(options.user):
        raise InputError("user", "--user takes the id of a Slack user, such as U0123456789.")
    if options.channel and not is_channel(options.channel):
        raise InputError("channel", "--channel takes the id of a channel, such as C0123456789.")
    configuration = load_configuration()
    resource, target = _wanted(configuration, options.kind, options.id)
    async with open_services(configuration) as services:
        explanation = Explanation(configuration, services, resource)
        try:
            actor = await explanation.actor(options.user, options.channel)
        except Refused as error:
            print(_line("person", f"{options.user}: not allowed: {error.reason}. {error.sentence}"))
            return 1
        print("\n".join(explanation.person(actor)))
        decision, sentences = await explanation.decided(actor, target)
        print("\n".join(sentences))
        if decision and decision.second_person:
            print("\n".join([line async for line in explanation.second_persons(actor, decision)]))
    return 0 if decision else 1


class Explanation:
    """The bot's own parts, asked about one kind, without the ones that post, record or call."""

    def __init__(self, configuration: Configuration, services: Services, resource: Resource) -> None:
        self._policy = configuration.policy
        self._services = services
        self._resource = resource
        self._directory = Directory(
            services.slack,
            _Links(services.store, ""),
            services.team,
            groups_named(configuration.rules),
            services.timings.before_dialog,
        )
        self._linking = configuration.settings.linking
        self._gate = Gate(
            configuration.enabled, configuration.rules, self._directory, Reader(services.graph), linking=self._linking
        )

    async def actor(self, user: str, channel: str) -> Actor:
        """The person as the bot sees them; raises `Refused`, `Unavailable`."""
        try:
            return await self._directory.actor(self._services.team, user, channel)
        except Unavailable as error:
            cause = error_of(error.__cause__) if error.__cause__ else error.code
            raise Unavailable(f"{user} could not be looked up in Slack ({cause}).", _IDS) from error

    def person(self, actor: Actor) -> Iterator[str]:
        """Who they are, and where."""
        groups = ", ".join(sorted(actor.groups)) or "none"
        yield _line("person", f"{actor.user}: full member; of the user groups that the policy names in: {groups}")
        yield _line("account", _account(actor))
        seen = "" if actor.visible else ", which the bot does not see: a rule that names it allows nothing"
        nowhere = "not given: only rules for every channel count"
        yield _line("channel", f"{actor.channel}{seen}" if actor.channel else nowhere)

    async def decided(self, actor: Actor, target: Target | None) -> tuple[Decision | None, list[str]]:
        """The decision, if it allows or may allow the call, and the lines that tell it."""
        first = self._decide(actor, Ownership.UNKNOWN)
        lines = [_line("at the request", self._said(first))]
        try:
            self._gate.admit(actor, self._resource)
        except Refused:
            return None, lines
        except SignInNeeded:
            return (first if self._linking else None), [*lines, _line("", _LINK if self._linking else _NO_LINK)]
        if target is None:
            whose = (Ownership.OWN, Ownership.OTHER) if actor.account else ()
            return first, lines + [_line(_WHOSE[one], self._said(self._decide(actor, one))) for one in whose]
        seen = await self._gate.see(actor, target)
        lines += [_line("reading", _shown(seen)), _line("before the call", self._said(seen.decision))]
        if seen.decision.allowed or not seen.decision.possible:
            return (seen.decision if seen.decision.allowed else None), lines
        unread = may_go_unread(self._resource, seen.look, seen.decision)
        return (seen.decision if unread else None), [*lines, _line("", _UNREAD if unread else _NOT_READ)]

    async def second_persons(self, first: Actor, decision: Decision) -> AsyncIterator[str]:
        """Who may approve: another Slack user with another Microsoft account, of those that are named."""
        if ANY in decision.second_person:
            yield _line("second person", "anybody else whom no deny rule matches must approve")
            return
        yield _line("second person", f"one of {', '.join(decision.second_person)} must approve")
        members = await self._members(decision.second_person)
        for user in members[:_MOST]:
            yield _line("", f"{user}: {await self._second(first, user, decision)}")
        if len(members) > _MOST:
            yield _line("", f"and {len(members) - _MOST} more, who were not looked up")

    async def _second(self, first: Actor, user: str, decision: Decision) -> str:
        if user == first.user:
            return "may not: it is the same person"
        try:
            second = await self.actor(user, first.channel)
        except Refused as error:
            return f"may not: {error.reason}"
        except Unavailable as error:
            return f"may not: {error.sentence}"
        answer = may_approve(
            self._policy.rules, decision.second_person, question_of(second, self._resource, Ownership.UNKNOWN)
        )
        if not answer.allowed:
            return self._said(answer)
        return f"may, as {second.account_name}" if second.account else "may, once they have linked a Microsoft account"

    async def _members(self, named: Sequence[str]) -> list[str]:
        members = set()
        for name in named:
            if is_user(name):
                members.add(name)
                continue
            try:
                members |= set((await self._services.slack.usergroups_users_list(usergroup=name))["users"])
            except FAULTS as error:
                raise Unavailable(f"{name} could not be looked up in Slack ({error_of(error)}).") from error
        return sorted(members)

    def _decide(self, actor: Actor, ownership: Ownership) -> Decision:
        return decide(self._policy.rules, question_of(actor, self._resource, ownership))

    def _said(self, decision: Decision) -> str:
        said = _SAID[decision.reason]
        if decision.rule is None:
            return said
        line = self._policy.line(decision.rule)
        rule = f"rule {decision.rule}, {self._policy.path} line {line}" if line else "there is no policy file"
        if not decision.possible:
            return f"{said} ({rule})"
        second = ", with a second person" if decision.second_person else ""
        return f"{said}, as the {_IDENTITIES[decision.identity]}{second} ({rule})"


class _Links(Accounts):
    """A look at the links that ends none, not even that of somebody who is deactivated."""

    async def unlink(self, team: str, user: str) -> bool:  # noqa: ARG002
        """Leaves the link to the bot itself."""
        return False


def _wanted(configuration: Configuration, kind: str, id_text: str) -> tuple[Resource, Target | None]:
    settings, enabled = configuration.settings, configuration.enabled
    parser = Parser(configuration.everything, enabled, settings.azure_cloud, settings.service_hosts)
    if is_url(kind) or id_text:
        target = parser.target("", kind) if is_url(kind) else parser.target(kind, id_text)
        return enabled[target.kind], target
    typed = parser.command(kind)
    if typed.resource is None or typed.id:
        raise InputError("kind", "--kind takes a kind or a URL.", "See: kinds.")
    return typed.resource, None


def _account(actor: Actor) -> str:
    return f"{actor.account_name} ({actor.account.oid})" if actor.account else "no Microsoft account is linked"


def _shown(seen: Seen) -> str:
    if seen.look.missing:
        return "Microsoft knows no such request, or does not show it"
    if not seen.look.snapshot:
        return "nobody may read it, so whose it is is not known"
    asked = seen.look.snapshot.requestor_oid
    return f"{_WHOSE[seen.ownership]}{f', asked for by {asked}' if asked else ''}; state {seen.look.state or 'unknown'}"


def _line(name: str, text: str) -> str:
    return f"{name:<16} {text}"
