"""Smooth weighted rotation by virtual time.

Each member has a time; the least one is next and grows by 1/weight. Who is away is skipped, and
their time is carried along with the least time of those present: on return they are as far from
their next turn as when they left. So there is no flood of missed leads, no waiting until the others
have caught up, and nothing to be won by coming and going. Newcomers start at the least time.

Times are integers in units of 1/TURN_SCALE, so that equal weights stay exactly equal.
"""

from collections.abc import Collection, Iterable, Sequence

from attrs import evolve

from orthocrm.core.coordinator import TURN_SCALE, Rotation, Turn
from orthocrm.core.ids import UserId

Candidates = Sequence[tuple[UserId, int]]
"""Who may be chosen now, with the weight; who has none takes no turns."""


class Wheel:
    """A rotation while a batch is decided; one use per unit of work."""

    def __init__(self, rotation: Rotation) -> None:
        self._rotation = rotation
        self._times = {turn.user: turn.time for turn in rotation.turns}
        self._present = {turn.user for turn in rotation.turns if turn.present}
        self._turned = False
        self._known: tuple[Candidates, dict[UserId, int]] | None = None

    def peek(self, there: Candidates, among: Collection[UserId] | None = None) -> UserId | None:
        """Tell whose turn it is, of all who are there or of some of them, ties by user.

        Who is there and not among them keeps the turn for another time.
        """
        times = self._times_of(there)
        asked = times if among is None else [user for user in among if user in times]
        return min(asked, key=lambda user: (times[user], user), default=None)

    def turn(self, user: UserId, there: Candidates) -> None:
        """Let somebody who is there have a turn; who is not there misses theirs."""
        times = dict(self._times_of(there))
        begun = min(times.values())
        weight = next(weight for one, weight in there if one == user)
        times[user] += max(1, TURN_SCALE // weight)
        passed = min(times.values()) - begun
        carried = {one: at + passed for one, at in self._times.items() if one not in times}
        self._times = {**carried, **times}
        self._present = set(times)
        self._turned = True
        self._known = there, times

    def _times_of(self, there: Candidates) -> dict[UserId, int]:
        """Give the times of those who are there; most leads of a batch ask for the same ones."""
        if self._known is None or self._known[0] is not there:
            self._known = there, self._joined(there)
        return self._known[1]

    def _joined(self, there: Candidates) -> dict[UserId, int]:
        """Let those in who are there: whoever joins has no less than the least time."""
        users = [user for user, weight in there if weight > 0]
        staying = [user for user in users if user in self._present]
        least = min([self._times[user] for user in staying or self._present], default=0)
        return {
            user: self._times[user]
            if user in self._present
            else max(self._times.get(user, least), least)
            for user in users
        }

    def stopped(self) -> Rotation:
        """Give the rotation to save; the very same one when nobody had a turn."""
        if not self._turned:
            return self._rotation
        turns = (
            Turn(user=user, time=time, present=user in self._present)
            for user, time in sorted(self._times.items())
        )
        return evolve(self._rotation, turns=tuple(turns))


def next_turns(
    rotation: Rotation, candidates: Candidates, count: int
) -> tuple[Rotation, tuple[UserId, ...]]:
    """Choose the next `count` members, with repetition; nobody when there is no candidate."""
    wheel = Wheel(rotation)
    chosen = tuple(_turns(wheel, candidates, count))
    return wheel.stopped(), chosen


def _turns(wheel: Wheel, candidates: Candidates, count: int) -> Iterable[UserId]:
    for _ in range(count):
        user = wheel.peek(candidates)
        if user is None:
            return
        wheel.turn(user, candidates)
        yield user
