"""A worker in the process: round after round, until it is told to stop.

Any number of them may run at once, on one machine or on many, and each may be killed at any time.
"""

import logging
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, current_thread, main_thread
from types import FrameType

from orthocrm.crm import OrthoCRM
from orthocrm.rounds.worked import Worked

_LOG = logging.getLogger("orthocrm")
_SIGNALS = (signal.SIGTERM, signal.SIGINT)


class Worker:
    """Works until it is stopped, with a pause between rounds; run it in a thread or process.

    A round that fails as a whole, since the database is gone, is logged and tried again.

    >>> import orthocrm
    >>> crm = orthocrm.connect("memory://")
    >>> worker = Worker(crm, every=0.01)
    >>> worker.run(told=lambda done: worker.stop())
    >>> worker.rounds
    1
    """

    def __init__(self, crm: OrthoCRM, *, every: float = 30.0) -> None:
        self._crm = crm
        self._every = every
        self._stopped = Event()
        self.rounds = 0

    def run(self, told: Callable[[Worked], object] = lambda _: None) -> None:
        """Work until `stop` is called; `told` hears what each round did."""
        while not self._stopped.is_set():
            done = self._round()
            if done is not None:
                told(done)
            self._stopped.wait(self._every)

    def stop(self) -> None:
        """End after what is in hand; nothing that was begun is left half done."""
        self._stopped.set()

    def _round(self) -> Worked | None:
        self.rounds += 1
        try:
            return self._crm.work(stop=self._stopped.is_set)
        except Exception as error:  # noqa: BLE001 - a worker outlives whatever happens to a round
            _LOG.error("a round of work failed with %s", type(error).__name__)
            return None


@contextmanager
def stopping_on_signals(worker: Worker) -> Iterator[None]:
    """Let SIGTERM and SIGINT stop a worker, as long as this lasts; a second one is as usual."""
    if current_thread() is not main_thread():
        yield
        return
    before = {number: signal.getsignal(number) for number in _SIGNALS}

    def stop(number: int, _: FrameType | None) -> None:
        worker.stop()
        signal.signal(number, before[signal.Signals(number)])

    for number in _SIGNALS:
        signal.signal(number, stop)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
