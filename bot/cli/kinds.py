"""`kinds`: what can be cancelled."""

import argparse

from bot.resources import Permissions, Resource, load


def add_arguments(_parser: argparse.ArgumentParser) -> None:
    """It takes none."""


async def run(_options: argparse.Namespace) -> int:
    """Prints every kind with its calls, permissions, states and dates; needs no configuration."""
    for resource in load():
        print("\n".join(_lines(resource)), end="\n\n")
    return 0


def _lines(resource: Resource) -> list[str]:
    states = resource.states
    calls = [
        f"  {'cancel your own' if call.only_own else 'cancel'}: {call.method} /{call.version}{call.path}  "
        f"[{_permissions(call.permissions)}]"
        for call in resource.cancel
    ]
    ended = resource.retirement
    return [
        f"{resource.kind}  ({resource.graph_type}): {resource.label}",
        *([f"  retired {ended.on:%Y-%m-%d}; successor: {ended.successor}"] if ended else []),
        *calls,
        f"  read: GET /{resource.read.version}{resource.read.path}  [{_permissions(resource.read.permissions)}]",
        *(
            f"  {'list your own' if call.own else 'list'}: GET /{call.version}{call.path}  "
            f"[{_permissions(call.permissions)}]"
            for call in resource.lists
        ),
        f"  pending ones are {_listed(resource)}",
        f"  can be cancelled: {', '.join(sorted(states.yes))}",
        f"  over: {', '.join(sorted(states.final))}",
        f"  clouds: {', '.join(sorted(resource.clouds))}",
    ]


def _listed(resource: Resource) -> str:
    if resource.lists_for(application=True):
        return "listed as the application, so channels can hear of new ones"
    if resource.lists_for(application=False):
        return "listed as the person, so people see their own and no channel hears of new ones"
    return "not listed, so they are cancelled by id or address"


def _permissions(permissions: Permissions) -> str:
    delegated = " or ".join(permissions.delegated) or "not supported"
    return f"delegated {delegated}; application {' or '.join(permissions.application) or 'not supported'}"
