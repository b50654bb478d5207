"""Verbs that are handed something else than they ask for say so by name, and change nothing."""

from collections.abc import Callable
from io import StringIO
from typing import Any

import pytest

from orthocrm import (
    Actor,
    Desk,
    InvalidInput,
    LeadTaskType,
    LogEntry,
    Move,
    NewTask,
    NotFound,
    Refused,
    Role,
    connect,
)
from orthocrm.core.ids import LeadId
from orthocrm.testing.clock import FrozenClock
from tests.flows import files
from tests.flows.practice import House, enquiry
from tests.security.digest import digest

NOTE = LogEntry(type="NOTE", notes="x")  # type: ignore[arg-type]  # staff type codes
Call = Callable[[Desk, LeadId], object]

CALLS: dict[str, tuple[str, Call]] = {
    "no enquiry": ("enquiry", lambda d, _: d.leads.capture(_any({"first_name": "Ann"}))),
    "a text": ("enquiries", lambda d, _: d.leads.capture_many(_any("abc"))),
    "nothing": ("enquiries", lambda d, _: d.leads.capture_many(_any(None))),
    "one of them": ("enquiries.1", lambda d, _: d.leads.capture_many(_any([enquiry(), 7]))),
    "entry": ("entry", lambda d, _: d.leads.enter(_any(enquiry()))),
    "duplicates": ("enquiry", lambda d, _: d.leads.duplicates(_any({}))),
    "edit": ("edit", lambda d, i: d.leads.edit(i, _any({"notes": "x"}))),
    "one id": ("lead_ids", lambda d, i: d.leads.tag(_any(i), ["vip"])),
    "ids": ("lead_ids.0", lambda d, _: d.leads.untag(_any([{}]), ["vip"])),
    "moves": ("moves.0", lambda d, _: d.pipeline.move_many(_any(["contacted"]))),
    "losses": ("losses.0", lambda d, _: d.pipeline.lose_many(_any([None]))),
    "starts": ("starts", lambda d, _: d.pipeline.convert_many(_any(3))),
    "log": ("entry", lambda d, i: d.followups.log(i, _any({"type": "NOTE"}))),
    "log a pair": ("entries.0", lambda d, i: d.followups.log_many(_any([(i,)]))),
    "log an entry": ("entries.0.1", lambda d, i: d.followups.log_many(_any([(i, "x")]))),
    "task": ("new", lambda d, i: d.followups.add_task(i, _any({"title": "x"}))),
    "day": ("day", lambda d, _: d.followups.agenda(day=_any("2026-11-02"))),
    "assign": ("lead_ids", lambda d, i: d.assignment.assign_many(_any(i))),
    "coordinator": ("user", lambda d, i: d.assignment.assign_to(i, _any(["tc-2"]))),
    "whose": ("user", lambda d, _: d.assignment.distribute(_any(None))),
    "id": ("lead_id", lambda d, i: d.pipeline.move(_any([i]), "contacted")),
    "look": ("lead_id", lambda d, i: d.leads.get(_any({i}))),
    "mapping": ("mapping", lambda d, _: d.imports.run(files.table([]), _any({}))),
    "text file": ("stream", lambda d, _: d.imports.run(_any(StringIO("ref")), files.leads())),
    "file name": ("stream", lambda d, _: d.imports.run(_any("leads.csv"), files.leads())),
}


def _any(given: object) -> Any:
    return given


@pytest.fixture
def house(clock: FrozenClock) -> House:
    crm = connect("memory://", clock=clock, discover_plugins=False)
    house = House(crm, crm.create_clinic(name="Bright Smiles", timezone="UTC"), clock)
    for user in ("tc-1", "tc-2"):
        house.admin.settings.add_coordinator(user, user)
    return house


@pytest.mark.parametrize("name", CALLS)
def test_something_else_is_refused_by_name(house: House, name: str) -> None:
    lead = house.lead()
    desk = house.crm.acting_as(Actor.system(Role.OPERATOR, house.clinic.id))
    before = digest(house.crm)
    path, call = CALLS[name]
    with pytest.raises(InvalidInput) as refusal:
        call(desk, lead.id)
    assert [problem.path for problem in refusal.value.problems] == [path]
    assert digest(house.crm) == before


def test_an_id_that_can_be_none_finds_nothing(house: House) -> None:
    for given in (None, 7, "", "nothing"):
        with pytest.raises(NotFound):
            house.coordinator.leads.get(_any(given))


def test_lists_of_the_right_things_go_on_as_ever(house: House) -> None:
    lead, desk = house.lead(), house.coordinator
    new = NewTask(type=LeadTaskType.CALL, title="Call", due_at=house.clock())
    assert desk.followups.add_task(lead.id, new).lead_id == lead.id
    assert len(desk.followups.log_many(((lead.id, NOTE),))) == 1
    moved = desk.pipeline.move_many((Move(lead_id=lead.id, stage="contacted"),))
    assert [isinstance(item, Refused) for item in moved] == [False]
    assert len(desk.leads.tag((lead.id,), ["vip"])) == 1
