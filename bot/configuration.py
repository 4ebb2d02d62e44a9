"""The whole configuration of a process, checked as one: settings, kinds and policy."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeVar

from bot.errors import ConfigError
from bot.policy import ANY, Identity, Rule, load_policy
from bot.resources import Registry, RegistryError, load
from bot.settings import Selection, Settings, load_selection, load_settings

T = TypeVar("T")


@dataclass(frozen=True)
class Configuration:
    """What a process runs with. `everything` are the kinds there are, `enabled` those that are switched on."""

    settings: Settings
    everything: Registry
    enabled: Registry
    rules: tuple[Rule, ...]


def load_configuration() -> Configuration:
    """The configuration of this process; raises one `ConfigError` that names everything that is wrong."""
    try:
        everything = load()
    except RegistryError as error:
        raise ConfigError([str(error)]) from error
    settings, problems = _collected(load_settings)
    selection = settings or load_selection()
    kinds, wrong_kinds = _collected(lambda: _kinds(selection, everything))
    rules, wrong_rules = _collected(lambda: _rules(selection))
    enabled = everything.only(kinds or (), selection.azure_cloud)
    problems += [*wrong_kinds, *wrong_rules, *_contradictions(rules or (), everything, enabled)]
    if problems or not settings:
        raise ConfigError(problems)
    return Configuration(settings, everything, enabled, rules or ())


def _collected(read: Callable[[], T]) -> tuple[T | None, list[str]]:
    """What was read, or what is wrong with it."""
    try:
        return read(), []
    except ConfigError as error:
        return None, list(error.problems)


def _rules(settings: Selection) -> tuple[Rule, ...]:
    # A mistyped path must not silently drop deny rules; only the default may be absent.
    if "policy_file" in settings.model_fields_set and not settings.policy_file.is_file():
        raise ConfigError([f"POLICY_FILE: {settings.policy_file} does not exist"])
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
            nearest = everything.nearest(word)
            problems.append(f"KINDS: {word} is no kind" + (f"; did you mean {nearest}?" if nearest else ""))
        elif settings.azure_cloud not in resource.clouds:
            problems.append(f"KINDS: {resource.kind} is not offered in AZURE_CLOUD {settings.azure_cloud}")
    if problems:
        raise ConfigError(problems)
    return tuple(resource.kind for word in named if (resource := everything.find(word)))


def _contradictions(rules: tuple[Rule, ...], everything: Registry, enabled: Registry) -> Iterator[str]:
    on = {resource.kind for resource in enabled}
    for number, rule in enumerate(rules, 1):
        for kind in rule.kinds:
            resource = everything.find(kind)
            where = f"POLICY_FILE: rule {number}: {kind}"
            if kind == ANY:
                continue
            if resource is None or resource.kind != kind:
                yield f"{where} is no kind"
            elif rule.identity is Identity.APPLICATION and kind not in on:
                yield f"{where} is to be cancelled as the application, but is not switched on"
            elif rule.identity is Identity.APPLICATION and not any(
                call.permissions.application for call in resource.cancel
            ):
                yield f"{where} cannot be cancelled as the application: the service takes only people"
        if rule.identity is Identity.APPLICATION and ANY in rule.kinds:
            yield f"POLICY_FILE: rule {number}: identity application needs its kinds named one by one"
