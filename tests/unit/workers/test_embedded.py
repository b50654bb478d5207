"""The loop of a worker: it goes on, outlives what fails, and ends when it is told to."""

import logging
import signal
import threading

import pytest

import orthocrm
from orthocrm import OrthoCRM
from orthocrm.rounds.worked import Worked
from orthocrm.workers import Worker, stopping_on_signals


@pytest.fixture
def crm() -> OrthoCRM:
    opened = orthocrm.connect("memory://", discover_plugins=False)
    opened.create_clinic(name="Bright Smiles", timezone="UTC")
    return opened


def test_a_worker_goes_on_until_it_is_stopped(crm: OrthoCRM) -> None:
    worker, told = Worker(crm, every=0.001), list[Worked]()

    def hear(done: Worked) -> None:
        told.append(done)
        if len(told) == 3:
            worker.stop()

    worker.run(hear)
    assert (len(told), worker.rounds) == (3, 3)


def test_a_worker_that_was_stopped_does_not_begin(crm: OrthoCRM) -> None:
    worker = Worker(crm)
    worker.stop()
    worker.run()
    assert worker.rounds == 0


def test_a_worker_can_be_stopped_by_another_thread_in_the_midst_of_its_pause(crm: OrthoCRM) -> None:
    worker, paused = Worker(crm, every=600), threading.Event()
    thread = threading.Thread(target=worker.run, args=(lambda _: paused.set(),))
    thread.start()
    assert paused.wait(60)
    worker.stop()
    thread.join(60)
    assert not thread.is_alive()


def test_a_worker_outlives_rounds_that_fail(
    crm: OrthoCRM, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker, real = Worker(crm, every=0.001), crm._backend.clinics

    def fail() -> tuple[orthocrm.Clinic, ...]:
        monkeypatch.setattr(crm._backend, "clinics", real)
        raise RuntimeError("Maria Lopez")

    monkeypatch.setattr(crm._backend, "clinics", fail)
    with caplog.at_level(logging.DEBUG):
        worker.run(lambda _: worker.stop())
    assert worker.rounds == 2
    assert caplog.messages == ["a round of work failed with RuntimeError"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_a_worker_cleanly(crm: OrthoCRM, number: signal.Signals) -> None:
    worker, before = Worker(crm, every=0.001), signal.getsignal(number)
    with stopping_on_signals(worker):
        worker.run(lambda _: signal.raise_signal(number))
        assert signal.getsignal(number) is before
    assert worker.rounds == 1


def test_signals_are_left_alone_in_other_threads(crm: OrthoCRM) -> None:
    before = signal.getsignal(signal.SIGTERM)
    seen: list[object] = []

    def enter() -> None:
        with stopping_on_signals(Worker(crm)):
            seen.append(signal.getsignal(signal.SIGTERM))

    thread = threading.Thread(target=enter)
    thread.start()
    thread.join()
    assert seen == [before]


def test_a_round_that_is_told_to_end_does_nothing_more(crm: OrthoCRM) -> None:
    assert crm.work(stop=lambda: True) == Worked()
