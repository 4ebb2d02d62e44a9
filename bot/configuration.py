"""The whole configuration of a process, checked as one: settings, kinds and policy."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeVar

from bot.errors import ConfigError
from bot.files import problems_of_policy
from bot.notify_rules import NotifyRules
from bot.policy import ANY, Identity, Rule
from bot.policy_file import PolicyFile, load_policy
from bot.resources import Registry, RegistryError, load
from bot.settings import Selection, Settings, load_selection, load_settings

T = TypeVar("T")


@dataclass(frozen=True)
class Selected:
    """What can be cancelled and by whom. `everything` are the kinds there are, `enabled` those that are switched on."""

    everything: Registry
    enabled: Registry
    policy: PolicyFile

    @property
    def rules(self) -> tuple[Rule, ...]:
        """The policy's rules."""
        return self.policy.rules


@dataclass(frozen=True)
class Configuration(Selected):
    """What a process runs with."""

    settings: Settings

    @property
    def notify(self) -> NotifyRules:
        """Who is notified of what by itself."""
        return NotifyRules(self.policy.notify, self.settings.notify_channel or "", self.settings.poll_seconds)


def load_configuration() -> Configuration:
    """The configuration of this process; raises one `ConfigError` that names everything that is wrong."""
    settings, problems = _collected(load_settings)
    selected, more = _collected(lambda: load_selected(settings or load_selection()))
    if more or not settings or not selected:
        raise ConfigError([*problems, *more])
    return Configuration(selected.everything, selected.enabled, selected.policy, settings)


def load_selected(selection: Selection) -> Selected:
    """The kinds and the policy, whatever the other settings are; raises `ConfigError` like `load_configuration`."""
    try:
        everything = load()
    except RegistryError as error:
        raise ConfigError([str(error)]) from error
    kinds, problems = _collected(lambda: _kinds(selection, everything))
    policy, wrong_rules = _collected(lambda: _policy(selection))
    enabled = everything.only(kinds or (), selection.azure_cloud)
    problems += [*wrong_rules, *(_contradictions(policy, everything, enabled) if policy else ())]
    if problems or not policy:
        raise ConfigError(problems)
    return Selected(everything, enabled, policy)


def _collected(read: Callable[[], T]) -> tuple[T | None, list[str]]:
    """What was read, or what is wrong with it."""
    try:
        return read(), []
    except ConfigError as error:
        return None, list(error.problems)


def _policy(settings: Selection) -> PolicyFile:
    # A mistyped path must not silently drop deny rules; only the default may be absent.
    if "policy_file" in settings.model_fields_set and not settings.policy_file.is_file():
        raise ConfigError([f"POLICY_FILE: {settings.policy_file} does not exist"])
    if problems := [*problems_of_policy(settings.policy_file)]:
        raise ConfigError(problems)
    return load_policy(settings.policy_file)


def _kinds(settings: Selection, everything: Registry) -> tuple[str, ...]:
    named = [word.strip() for word in settings.kinds.split(",") if word.strip()]
    if not named:
        return everything.current(settings.azure_cloud)
    if named == [ANY]:
        return tuple(resource.kind for resource in everything if settings.azure_cloud in resource.clouds)
    problems = []
    for word in named:
        resource = everything.find(word)
        if resource is None:
            problems.append(f"KINDS: {_no_kind(word, everything)}")
        elif settings.azure_cloud not in resource.clouds:
            problems.append(f"KINDS: {resource.kind} is not offered in AZURE_CLOUD {settings.azure_cloud}")
    if problems:
        raise ConfigError(problems)
    return tuple(resource.kind for word in named if (resource := everything.find(word)))


def _contradictions(policy: PolicyFile, everything: Registry, enabled: Registry) -> Iterator[str]:
    for number, rule in enumerate(policy.rules, 1):
        for kind in rule.kinds:
            if sentence := _contradiction(rule, kind, everything, enabled):
                yield policy.problem(number, "kinds", sentence)
    for number, notify in enumerate(policy.notify, 1):
        for kind in notify.kinds:
            if kind != ANY and not _is_kind(kind, everything):
                yield policy.problem(number, "kinds", _no_kind(kind, everything), table="notify")


def _contradiction(rule: Rule, kind: str, everything: Registry, enabled: Registry) -> str:
    """Why the rule cannot be meant for this kind; empty where it can."""
    as_application = rule.identity is Identity.APPLICATION
    if kind == ANY:
        return "identity application needs its kinds named one by one" if as_application else ""
    if not _is_kind(kind, everything):
        return _no_kind(kind, everything)
    if as_application and enabled.find(kind) is None:
        return f"{kind} is to be cancelled as the application, but is not switched on"
    if as_application and not any(call.permissions.application for call in everything[kind].cancel):
        return f"{kind} cannot be cancelled as the application: the service takes only people"
    return ""


def _is_kind(name: str, everything: Registry) -> bool:
    resource = everything.find(name)
    return resource is not None and resource.kind == name


def _no_kind(name: str, everything: Registry) -> str:
    nearest = everything.nearest(name)
    return f"{name} is no kind" + (f"; did you mean {nearest}?" if nearest else "")
