"""`kinds`: what can be cancelled."""

import argparse
from collections.abc import Iterator
from typing import Final

from bot.resources import CancelCall, ListCall, Permissions, ReadCall, Resource, Service, load

_COLUMN: Final = 17  # characters


def add_arguments(_parser: argparse.ArgumentParser) -> None:
    """It takes none."""


async def run(_options: argparse.Namespace) -> int:
    """Prints every kind with its calls, permissions, states and dates; needs no configuration."""
    print("\n\n".join("\n".join(_lines(resource)) for resource in load()))
    return 0


def _lines(resource: Resource) -> Iterator[str]:
    yield f"{resource.kind}  {resource.label} ({resource.graph_type}, {resource.service.label})"
    rows = [*_calls(resource), *_facts(resource)]
    for number, (name, value) in enumerate(rows):
        again = number > 0 and rows[number - 1][0] == name
        yield f"  {'' if again else name:<{_COLUMN}} {value}"


def _calls(resource: Resource) -> Iterator[tuple[str, str]]:
    """Each call under its name, and below it who may make it; calls that differ in their filter alone are one."""
    named: list[tuple[str, str, CancelCall | ReadCall | ListCall]] = [
        *(("cancel your own" if call.only_own else "cancel", call.method, call) for call in resource.cancel),
        ("read", "GET", resource.read),
        *(("list your own" if call.own else "list", "GET", call) for call in resource.lists),
    ]
    for name, address, permissions in dict.fromkeys(
        (name, f"{method} {_address(resource, call)}", call.permissions) for name, method, call in named
    ):
        yield name, address
        yield from ((name, line) for line in _permissions(permissions))


def _facts(resource: Resource) -> Iterator[tuple[str, str]]:
    states, ended = resource.states, resource.retirement
    yield "pending ones are", _listed(resource)
    yield "can be cancelled", ", ".join(sorted(states.yes))
    yield "over", ", ".join(sorted(states.final))
    if states.active:
        yield "may be active", ", ".join(sorted(states.active))
    yield "other states", "are attempted, and Microsoft decides"
    yield "clouds", ", ".join(sorted(resource.clouds))
    if ended:
        by = f"; here: {', '.join(ended.kinds)}" if ended.kinds else ""
        yield "retired", f"{ended.on:%Y-%m-%d}; its successor is {ended.successor}{by}"


def _address(resource: Resource, call: CancelCall | ReadCall | ListCall) -> str:
    if resource.service is Service.ARM:
        return f"{call.path}?api-version={call.version}"
    return f"/{call.version}{call.path}"


def _listed(resource: Resource) -> str:
    if resource.lists_for(application=True):
        return "listed as the application, so channels can hear of new ones"
    if resource.lists_for(application=False):
        return "listed as the person, so people see their own and no channel hears of new ones"
    return "not listed, so they are cancelled by id or address"


def _permissions(permissions: Permissions) -> Iterator[str]:
    if permissions.delegated == permissions.application:
        yield f"as either: {' or '.join(permissions.delegated)}"
        return
    yield f"as the person: {' or '.join(permissions.delegated) or 'not supported'}"
    yield f"as the application: {' or '.join(permissions.application) or 'not supported'}"
