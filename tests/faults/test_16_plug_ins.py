"""Fault 16. A plug-in raises, hangs, exits, or returns nonsense: the unit of work is untouched.

Carriers that do so are those of `test_06_07_slow_carriers.py` and of the rounds' own tests; what a
plug-in contributes at the start is looked at when the installation opens.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

import orthocrm
from orthocrm import Actor, Clinic, NewAppointment, OrthoCRM, PluginError, Role, hook
from orthocrm.core.events import StageChanged
from orthocrm.core.ids import UserId
from orthocrm.core.lead import Lead
from orthocrm.core.query import Cond
from orthocrm.services.work import everything
from tests.faults.processes import a_clinic, killed, opened, started
from tests.faults.victim import enquiry
from tests.flows.conftest import KEYS
from tests.security.digest import digest_of

HOOKS = ("before_stage_change", "before_booking", "stage_changed")


def _raise(error: BaseException) -> Callable[[], object]:
    def act() -> object:
        raise error

    return act


class _Class:
    """What no hook expects."""

    def __bool__(self) -> bool:
        raise ValueError


def _recurse() -> object:
    return _recurse()


MISDEEDS: dict[str, Callable[[], object]] = {
    "raises": _raise(ValueError("Qz canary")),
    "raises a group": _raise(ExceptionGroup("several", [ValueError(), KeyError()])),
    "exits": _raise(SystemExit(1)),
    "recurses": _recurse,
    "returns a class": _Class,
    "returns nonsense": object,
    "returns False": lambda: False,
}
HARMLESS = {name for name in MISDEEDS if name.startswith("returns")}


class Rogue:
    """Does something else than it should, at the hook of its choice."""

    def __init__(self) -> None:
        self.at: str | None = None
        self.act: Callable[[], object] = lambda: None
        self.heard: list[str] = []

    def _asked(self, name: str) -> Any:
        return self.act() if name == self.at else None

    @hook
    def before_stage_change(self) -> Any:
        return self._asked("before_stage_change")

    @hook
    def before_booking(self) -> Any:
        return self._asked("before_booking")

    @hook
    def stage_changed(self, event: StageChanged) -> Any:
        result = self._asked("stage_changed")
        self.heard.append(event.lead_id)
        return result


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest) -> str:
    return str(request.getfixturevalue(f"migrated_{request.param}_url"))


@pytest.fixture
def rogue() -> Rogue:
    return Rogue()


@pytest.fixture
def crm(url: str, rogue: Rogue) -> Iterator[OrthoCRM]:
    with orthocrm.connect(url, keys=KEYS, discover_plugins=False, plugins=[rogue]) as crm:
        yield crm


def _refused(
    crm: OrthoCRM, clinic: Clinic, lead: Lead, hour: int, verbs: Sequence[str] = HOOKS[:2]
) -> list[str]:
    """Move a lead, and book for a patient; tell what was refused, and that nothing came of it."""
    desk, refused = crm.acting_as(Actor.system(Role.OPERATOR, clinic.id)), []
    today = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    new = NewAppointment(
        type="consultation",
        patient_ref="p-1",
        starts_at=today + timedelta(days=1, hours=hour),
        provider=UserId("dr"),
        is_manual=True,
    )
    works: dict[str, Callable[[], object]] = {
        "before_stage_change": lambda: desk.pipeline.move(lead.id, "contacted"),
        "before_booking": lambda: desk.scheduling.book(new),
    }
    for name in verbs:
        before = digest_of(crm, clinic)
        try:
            works[name]()
        except PluginError as error:
            refused.append(name if "canary" not in f"{error} {error!r}" else "it told too much")
            after = digest_of(crm, clinic)
        else:
            after = before
        assert after == before
    return refused


@pytest.mark.parametrize("at", HOOKS)
def test_a_plug_in_that_misbehaves_leaves_whole_units_of_work(
    crm: OrthoCRM, rogue: Rogue, at: str
) -> None:
    clinic = a_clinic(crm)
    desk = crm.acting_as(Actor.system(Role.OPERATOR, clinic.id))
    for number, (name, act) in enumerate(MISDEEDS.items()):
        lead = desk.leads.capture(enquiry(2 * number)).lead
        rogue.at, rogue.act, rogue.heard = at, act, []
        refused = _refused(crm, clinic, lead, 2 * number)
        is_refused = at.startswith("before_") and name not in HARMLESS
        assert refused == ([at] if is_refused else []), name
        rogue.at = None
        assert _refused(crm, clinic, lead, 2 * number + 1, refused) == []
        assert crm.work().errors == ()


@pytest.mark.faults
@pytest.mark.slow
@pytest.mark.parametrize("how", ["exit", "hang"])
@pytest.mark.parametrize("at", HOOKS)
def test_a_plug_in_that_takes_its_process_along_leaves_whole_units_of_work(
    url: str, at: str, how: str
) -> None:
    """The process exits within the hook, or hangs there until somebody kills it."""
    with opened(url) as crm:
        clinic = a_clinic(crm)
        desk = crm.acting_as(Actor.system(Role.OPERATOR, clinic.id))
        lead = desk.leads.capture(enquiry(0)).lead
        before = digest_of(crm, clinic)
        victim = started("struck", url, clinic.id, lead.id, at, how)
        assert victim.stdout is not None
        assert victim.stdout.readline() == "struck\n"
        assert killed(victim) == []
        with crm._backend.begin(clinic.id) as store:
            done = {e.operation for e in everything(store.audit, Cond("outcome", "eq", "done"))}
            visits = store.appointments.count()
        if at == "before_stage_change":
            assert digest_of(crm, clinic) == before
        assert ("pipeline.move" in done) == (at != "before_stage_change")
        assert ("scheduling.book" in done, visits) == (False, 0)
    rogue = Rogue()
    clock = lambda: datetime.now(UTC) + timedelta(hours=1)  # noqa: E731 - the lease of the dead is over
    with orthocrm.connect(
        url, keys=KEYS, discover_plugins=False, plugins=[rogue], clock=clock
    ) as crm:
        assert crm.work().errors == ()
        assert rogue.heard == ([lead.id] if at == "stage_changed" else [])
        left = HOOKS[:2] if at == "before_stage_change" else ["before_booking"]
        assert _refused(crm, clinic, lead, 1, left) == []
