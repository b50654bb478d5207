"""How times are taken: in turns, after a warm-up, as medians of the quietest part of a run."""

from collections.abc import Callable, Mapping, Sequence
from cProfile import Profile
from pathlib import Path
from statistics import median
from time import perf_counter

from attrs import field, frozen

OURS = "ours"
FLOOR = "floor"

BLOCKS = 5
"""Into how many parts the rounds of a case are cut."""

Call = Callable[[int], object]


@frozen(kw_only=True)
class Pace:
    """How long to measure; with `profile`, as many calls again are profiled into that directory.

    With `million`, duplicates are looked for among a million leads as well.
    """

    quick: bool = False
    warm_up: int = 10
    profile: Path | None = None
    million: bool = False
    repetitions: Mapping[str, int] = field(factory=dict)

    def rounds(self, case: str) -> int:
        """Give the number of timed rounds of a case."""
        full = self.repetitions.get(case, 200)
        return max(3, full // 5) if self.quick else full

    def calls(self, case: str) -> int:
        """Give the number of times that a case calls each of its functions."""
        return self.warm_up + self.rounds(case) * (2 if self.profile else 1)

    def medians(self, case: str, label: str, calls: Mapping[str, Call]) -> dict[str, float]:
        """Call the functions in turns and give the median seconds of each.

        Whatever slows the machine down for a while meets all of them, and the same rounds count
        for all of them.
        """
        times: dict[str, list[float]] = {name: [] for name in calls}
        last = self.warm_up + self.rounds(case)
        for number in range(last):
            for name, call in calls.items():
                times[name].append(seconds(call, number))
        if self.profile:
            self._profile(f"{case}-{label}", calls, range(last, self.calls(case)))
        return quietest({name: taken[self.warm_up :] for name, taken in times.items()})

    def _profile(self, name: str, calls: Mapping[str, Call], numbers: range) -> None:
        """Profile our side; the others are called as well, so that all stay at the same rows."""
        assert self.profile is not None
        profile = Profile()
        for number in numbers:
            for other, call in calls.items():
                if other == OURS:
                    profile.runcall(call, number)
                else:
                    call(number)
        self.profile.mkdir(parents=True, exist_ok=True)
        profile.dump_stats(self.profile / f"{name}.prof")


def quietest(times: Mapping[str, Sequence[float]]) -> dict[str, float]:
    """Give the medians of the consecutive rounds in which all calls together were fastest.

    Other programs come and go: the parts of a run that they disturbed say nothing about ours.
    """
    rounds = min(map(len, times.values()))
    size = -(-rounds // BLOCKS)
    blocks = [
        {name: median(taken[at : at + size]) for name, taken in times.items()}
        for at in range(0, rounds - size + 1, size)
    ]
    return min(blocks, key=lambda block: sum(block.values()))


def seconds(call: Call, number: int) -> float:
    """Time one call."""
    started = perf_counter()
    call(number)
    return perf_counter() - started
