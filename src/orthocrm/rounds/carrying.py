"""Handing letters to carriers: several at once, each within its time, outside of any transaction.

A carrier gives up by itself in the time that it names. One that does not is left to itself: its
letter counts as perhaps taken, and the carrier is let alone for a while when that happens again and
again. Whatever a carrier raises is an answer, and says no more than a code.
"""

import logging
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from queue import Empty, SimpleQueue
from threading import Thread
from time import monotonic

from attrs import define, field

from orthocrm.core.notifying import CarrierError, Letter, Notifier, Sent
from orthocrm.rounds.worked import never
from orthocrm.services.notifications.gating import Outgoing
from orthocrm.services.notifications.settling import Outcome

_LOG = logging.getLogger("orthocrm")

HANDS = 8
"""How many letters one carrier gets at once."""

WITHIN = 240.0
"""No call is begun that could outlast so many seconds since the claim, which lasts 300."""

GRACE = 1.0
"""How much longer than its own time a carrier is waited for."""

PATIENCE = 30.0
"""For a carrier that names no time that makes sense."""

REST = 60.0
"""How long a carrier is let alone after `MOST_LATE` calls in a row came to no end."""

MOST_LATE = 3
TOGETHER = 0.05
"""How long results are gathered, so that few units of work record many of them."""

Result = Sent | CarrierError
_LONGEST = 120.0


@define
class _Batch:
    """The letters of one claim: who waits, and until when each call may last."""

    outgoing: Sequence[Outgoing]
    ends: float
    waiting: list[int]
    busy: dict[int, float] = field(factory=dict)
    results: SimpleQueue[tuple[int, Result]] = field(factory=SimpleQueue)

    def hands(self, carrier: str) -> int:
        """Count the calls of a carrier that are under way."""
        return sum(self.outgoing[place].carrier == carrier for place in self.busy)

    def outcome(self, place: int, result: Result | None) -> Outcome:
        """Put a letter beside what became of it."""
        return Outcome(outgoing=self.outgoing[place], result=result)


class Carriers:
    """The carriers of an installation, and how they have behaved of late."""

    def __init__(self, notifiers: Mapping[str, Notifier]) -> None:
        self._notifiers = notifiers
        self._late: Counter[str] = Counter()
        self._resting: dict[str, float] = {}

    def carry(
        self, outgoing: Sequence[Outgoing], stop: Callable[[], bool] = never
    ) -> Iterator[list[Outcome]]:
        """Hand letters over, and give what became of them as they come back.

        A letter that nobody got round to has no result: time was short, or `stop` said so.
        """
        batch = _Batch(outgoing, monotonic() + WITHIN, list(range(len(outgoing))))
        while batch.waiting or batch.busy:
            done = self._begun(batch, stop)
            done += self._come(batch) if batch.busy else []
            if done:
                yield done

    def _begun(self, batch: _Batch, stop: Callable[[], bool]) -> list[Outcome]:
        """Begin what can begin, and answer at once what cannot."""
        left, done = [], []
        for place in batch.waiting:
            one = batch.outgoing[place]
            notifier = self._notifiers.get(one.carrier)
            if notifier is None:
                done.append(batch.outcome(place, CarrierError("carrier_missing")))
                continue
            lasts = _seconds(notifier) + GRACE
            if stop() or monotonic() + lasts > batch.ends:
                done.append(batch.outcome(place, None))
            elif self._rests(one.carrier):
                done.append(batch.outcome(place, CarrierError("carrier_down")))
            elif batch.hands(one.carrier) >= HANDS:
                left.append(place)
            else:
                batch.busy[place] = monotonic() + lasts
                _start(notifier, one, place, batch.results)
        batch.waiting = left
        return done

    def _rests(self, carrier: str) -> bool:
        return self._resting.get(carrier, 0.0) > monotonic()

    def _come(self, batch: _Batch) -> list[Outcome]:
        """Wait for results; whoever is too late gets none any more."""
        done: list[Outcome] = []
        until = min(batch.busy.values())
        while batch.busy:
            try:
                place, result = batch.results.get(timeout=max(until - monotonic(), 0))
            except Empty:
                break
            if batch.busy.pop(place, None) is not None:
                self._heard(batch.outgoing[place].carrier, result)
                done.append(batch.outcome(place, result))
                until = min(until, monotonic() + TOGETHER)
        now = monotonic()
        for place in [place for place, ends in batch.busy.items() if ends <= now]:
            del batch.busy[place]
            late = CarrierError("time_out", uncertain=True)
            self._heard(batch.outgoing[place].carrier, late)
            done.append(batch.outcome(place, late))
        return done

    def _heard(self, carrier: str, result: Result) -> None:
        """Let a carrier rest that gives no answers in time."""
        if not (isinstance(result, CarrierError) and result.reason == "time_out"):
            self._late.pop(carrier, None)
            return
        self._late[carrier] += 1
        if self._late[carrier] >= MOST_LATE:
            self._late.pop(carrier)
            self._resting[carrier] = monotonic() + REST
            _LOG.warning("carrier %s does not answer in time, and is let alone", carrier)


def _seconds(notifier: Notifier) -> float:
    try:
        seconds = float(notifier.seconds)
    except Exception:  # noqa: BLE001 - a plug-in may raise anything
        return PATIENCE
    return seconds if 0 < seconds <= _LONGEST else PATIENCE


def _start(
    notifier: Notifier, one: Outgoing, place: int, results: SimpleQueue[tuple[int, Result]]
) -> None:
    def call() -> None:
        results.put((place, _sent(notifier, one.carrier, one.letter)))

    Thread(target=call, name=f"orthocrm carrier {one.carrier}", daemon=True).start()


def _sent(notifier: Notifier, carrier: str, letter: Letter) -> Result:
    try:
        result = notifier.send(letter)
    except CarrierError as error:
        return error
    except (Exception, SystemExit) as error:  # noqa: BLE001 - a plug-in may raise anything
        _LOG.error("carrier %s raised %s", carrier, type(error).__name__)
        return CarrierError("carrier_raised", uncertain=True)
    if not isinstance(result, Sent):
        return CarrierError("carrier_nonsense", uncertain=True)
    return result
