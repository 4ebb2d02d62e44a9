"""Each kind in the stand-ins: found by its type and its action, so that a kind has no row of its own anywhere else."""

from collections.abc import Iterator, Sequence

from bot.resources import Resource
from bot.sandbox.arm_facts import ARM_FACTS
from bot.sandbox.graph_facts import FACTS
from bot.sandbox.graph_types import Facts

KNOWN = (*FACTS, *ARM_FACTS)


def facts_of(resource: Resource, table: Sequence[Facts] = KNOWN) -> Facts:
    """What the stand-ins know of this kind; raises `LookupError` where they cannot play it yet."""
    action = resource.cancel[0].path.rpartition("/")[2]
    for facts in _actions(table):
        if (facts.type_name, facts.collections[0].action) == (resource.graph_type, action):
            return facts
    raise LookupError(f"no stand-in plays {resource.kind}: its {action} of {resource.graph_type} is in no table")


def pending_of(resource: Resource, facts: Facts) -> str:
    """A state in which its action is possible, as the stand-in spells it."""
    candidates = (facts.initial, *sorted(resource.states.yes))
    return next(state for state in candidates if state.casefold() in facts.cancellable)


def _actions(table: Sequence[Facts]) -> Iterator[Facts]:
    for facts in table:
        yield facts
        yield from facts.others
