"""Finding the orders that Meta refuses: halve what was refused, depth first, in order, within a budget of requests.

One bad order among n costs about 2 * log2(n) more requests. What the budget does not reach is simply due again. Only
where most orders are bad does halving cost more than sending one by one; then the rest goes one by one, slowly.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

MOST_POSTS = 40
"""Requests in one turn."""
MOSTLY = 4
"""One refused order in so many makes halving dearer than sending one by one."""

Part = Sequence[int]


@dataclass(slots=True)
class Hunt:
    """One turn: its claims, the requests it may still make, what came of them, and the parts left, next one last."""

    claims: int = 0
    left: int = MOST_POSTS
    good: int = 0
    bad: int = 0
    parts: list[Part] = field(default_factory=list)

    def next_part(self) -> Part | None:
        """Take the next part; None if there is none that the budget reaches."""
        return None if not self.parts or self.is_over else self.parts.pop()

    @property
    def is_over(self) -> bool:
        """Whether the budget would end before a bad order in the next part was found."""
        return bool(self.parts) and self.left < cost(len(self.parts[-1]))

    def halve(self, part: Part, index: int | None = None) -> None:
        """Put both halves of a refused part first; or all but the order that Meta named, then that one alone."""
        if index is not None and index < len(part):
            halves = [[*part[:index], *part[index + 1 :]], [part[index]]]
        else:
            middle = len(part) // 2
            halves = [list(part[:middle]), list(part[middle:])]
        self.parts.extend(reversed(halves))

    @property
    def unsent(self) -> list[int]:
        """The orders that this turn did not get to, in order."""
        return [order_id for part in reversed(self.parts) for order_id in part]

    @property
    def in_vain(self) -> bool:
        """Whether the budget is over, and most orders so far were bad: the rest had better go one by one."""
        return self.is_over and self.bad * MOSTLY > self.good + self.bad


def cost(size: int) -> int:
    """Return how many requests it takes to find the one bad order among so many, its own refusal included."""
    return 1 + 2 * (size - 1).bit_length()
