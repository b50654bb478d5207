"""Claims on the time of people and things: what no two appointments may have at once.

A claim covers the footprint of an appointment, buffers included. Every resource has numbered
lanes; an appointment of capacity c may lie in the lanes 0 to c - 1, and one of capacity 1 shares
its time with nobody. Two claims of one resource that overlap never have the same lane.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import pairwise

from attrs import evolve, field, frozen

from orthocrm.core.errors import InvalidInput


@frozen(kw_only=True)
class Claim:
    """A resource from `starts_at` until before `ends_at`: `user/dr-1`, `chair/3`.

    `capacity` is how many appointments may share the time, this one included. `lane` is what a
    backend gave; a claim that is to be taken has none yet.

    Raises:
        InvalidInput: the end comes before the start, or the capacity is less than 1.
    """

    resource: str
    starts_at: datetime
    ends_at: datetime
    capacity: int = 1
    lane: int = 0

    def __attrs_post_init__(self) -> None:
        if self.ends_at < self.starts_at:
            raise InvalidInput.at("ends_at", "end_before_start", "the end must not come first")
        if self.capacity < 1:
            raise InvalidInput.at("capacity", "out_of_range", "give at least 1")

    def overlaps(self, other: "Claim") -> bool:
        """Whether both want the same resource at some instant; touching is no overlap."""
        return (
            self.resource == other.resource
            and self.starts_at < other.ends_at
            and other.starts_at < self.ends_at
        )


@frozen
class Layout:
    """What to store of claims that were asked for, and those for which there is no room."""

    parts: tuple[Claim, ...] = field(default=())
    taken: tuple[Claim, ...] = field(default=())


def laid_out(claims: Iterable[Claim], standing: Iterable[Claim]) -> Layout:
    """Give every claim the lowest lane that is free, beside those that stand already.

    At each instant fewer claims stand than the least capacity among them and the new one (rule
    R13); else the new one is taken. Where no single lane is free throughout, a claim is laid over
    several, part by part. The parts come in the order in which everybody stores them: by
    resource, start and lane.
    """
    by_resource: dict[str, list[Claim]] = {}
    for one in standing:
        by_resource.setdefault(one.resource, []).append(one)
    parts: list[Claim] = []
    taken: list[Claim] = []
    for claim in sorted(claims, key=in_order):
        there = by_resource.setdefault(claim.resource, [])
        found = _laid(claim, [one for one in there if one.overlaps(claim)])
        if found is None:
            taken.append(claim)
        else:
            parts += found
            there += found
    return Layout(tuple(sorted(parts, key=in_order)), tuple(taken))


def in_order(claim: Claim) -> tuple[str, datetime, int]:
    """Give the key by which claims are sorted."""
    return claim.resource, claim.starts_at, claim.lane


def rule_of(resources: Iterable[str]) -> str:
    """Name the rule by which the time of these is taken: of people, things, or the patient."""
    kinds = {resource.partition("/")[0] for resource in resources}
    if "user" in kinds:
        return "R26"
    return "R18" if "thing" in kinds else "R19"


def _laid(claim: Claim, standing: Sequence[Claim]) -> list[Claim] | None:
    parts: list[Claim] = []
    for starts_at, ends_at in _stretches(claim, standing):
        piece = evolve(claim, starts_at=starts_at, ends_at=ends_at)
        there = [one for one in standing if one.overlaps(piece)]
        if len(there) >= min([claim.capacity, *(one.capacity for one in there)]):
            return None
        used = {one.lane for one in there}
        lane = next(lane for lane in range(claim.capacity) if lane not in used)
        if parts and parts[-1].lane == lane:
            parts[-1] = evolve(parts[-1], ends_at=ends_at)
        else:
            parts.append(evolve(piece, lane=lane))
    return parts


def _stretches(claim: Claim, standing: Sequence[Claim]) -> Iterator[tuple[datetime, datetime]]:
    """Cut a claim where a standing one begins or ends."""
    edges = {claim.starts_at, claim.ends_at}
    for one in standing:
        edges |= {at for at in (one.starts_at, one.ends_at) if claim.starts_at < at < claim.ends_at}
    yield from pairwise(sorted(edges))
