"""Putting pairs together into persons, so that siblings never end up as one."""

from collections.abc import Callable, Iterable

from attrs import define, field

MOST_MEMBERS = 50
"""A person with more enquiries than this is a chain of mistakes, and grows no further."""


@define
class Clusters:
    """Positions that belong together; `apart` says which two may never be in one cluster."""

    apart: Callable[[int, int], bool]
    _members: dict[int, list[int]] = field(factory=dict)

    def members(self, place: int) -> list[int]:
        """Give the cluster of a position, itself included."""
        return self._members.get(place) or [place]

    def join(self, one: int, two: int) -> bool:
        """Join two clusters unless any two of their members must stay apart."""
        here, there = self.members(one), self.members(two)
        if here is there:
            return True
        if len(here) + len(there) > MOST_MEMBERS:
            return False
        if any(self.apart(a, b) for a in here for b in there):
            return False
        self._take(here + there)
        return True

    def _take(self, together: list[int]) -> None:
        for place in together:
            self._members[place] = together

    def all(self) -> Iterable[list[int]]:
        """Give every cluster of two or more, each once."""
        return {id(cluster): cluster for cluster in self._members.values()}.values()
