"""What can be done wrong, shuffled: nothing is done again before all was done."""

from collections.abc import Mapping, Sequence
from random import Random


class Decks:
    """The names of the moves of each stage."""

    def __init__(self, random: Random, moves: Mapping[str, Sequence[str]]) -> None:
        self._random = random
        self._moves = moves
        self._left: dict[str, list[str]] = {stage: [] for stage in moves}
        self._drawn: set[tuple[str, str]] = set()

    def draw(self, stage: str) -> str:
        """The next one of that stage."""
        if not self._left[stage]:
            self._left[stage] = self._random.sample(self._moves[stage], len(self._moves[stage]))
        name = self._left[stage].pop()
        self._drawn.add((stage, name))
        return name

    def lacking(self) -> set[tuple[str, str]]:
        """What was never drawn."""
        return {(stage, name) for stage, names in self._moves.items() for name in names} - self._drawn
