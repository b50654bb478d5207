"""Clinics in which every operation can be tried: each gets its own lead, task, absence, import."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from attrs import evolve

from orthocrm import SIX_TOUCH, Desk, OrthoCRM, Role, Settings
from orthocrm.core.ids import ImportId, TaskId, TimeOffId, UserId
from orthocrm.intelligence.forecast import LEAST_MONTHS
from orthocrm.services.imports.ledger import Tally
from orthocrm.testing.clock import FrozenClock
from tests.flows.practice import House, enquiry
from tests.security import operations
from tests.security.delivered import DELIVERING, shelved
from tests.security.entered import ENTERING, at_the_door
from tests.security.notified import NOTIFYING, boxed
from tests.security.operations import (
    ANALYTICS,
    ON_A_PAST,
    ON_ABSENT_OWNERS,
    ON_LEADS,
    ON_LOST_LEADS,
    ON_MERGED_LEADS,
    ON_OBSERVED_LEADS,
    ON_THE_CLINIC,
    ON_TWO_LEADS,
    PER_ITEM,
    Call,
    Target,
)
from tests.security.scheduled import SCHEDULING, prepared
from tests.support.pasts import bring_a_past


def ready(target: Target, name: str) -> Callable[[Desk], Any]:
    """Prepare what an operation wants beside the target; what is left is to try it."""
    if name in SCHEDULING:
        visit = prepared(target.house, target.lead, name)
        return lambda desk: SCHEDULING[name](desk, visit)
    if name in NOTIFYING:
        box = boxed(target.house, target.lead)
        return lambda desk: NOTIFYING[name](desk, box)
    if name in DELIVERING:
        shelf = shelved(target.house)
        return lambda desk: DELIVERING[name](desk, shelf)
    if name in ENTERING:
        door = at_the_door(target.house)
        return lambda desk: ENTERING[name](desk, door)
    return lambda desk: CALLS[name](desk, target)


def _prepared_anew(name: str) -> Call:
    """Prepare visits, messages and notices whenever an operation on one is tried."""
    return lambda desk, target: ready(target, name)(desk)


CALLS: Mapping[str, Call] = {
    **ON_LEADS,
    **ON_LOST_LEADS,
    **ON_ABSENT_OWNERS,
    **PER_ITEM,
    **ON_THE_CLINIC,
    **ANALYTICS,
    **{name: _prepared_anew(name) for name in (*SCHEDULING, *NOTIFYING, *ENTERING, *DELIVERING)},
}
"""Every operation that exists, by name."""


def a_target(crm: OrthoCRM, clock: FrozenClock, name: str = "") -> Target:
    """Make a clinic in which the named operation will be accepted, and what it is tried on."""
    settings = Settings(fallback=UserId("manager"), sequences=(SIX_TOUCH,))
    clinic = crm.create_clinic(name="Bright Smiles", timezone="UTC", settings=settings)
    house = House(crm, clinic, clock)
    for user in ("me", "tc-1", "tc-2"):
        house.admin.settings.add_coordinator(user, user)
    house.admin.settings.save_form(operations._form("kept"))
    house.admin.settings.save_mapping("kept", operations.MAPPING_TEXT)
    operations.marketed(house.admin)
    operations.taught(house)
    return _for(_filled(house), name)


def _filled(house: House) -> Target:
    desk, now = house.desk(Role.OPERATOR), house.clock()
    lead = desk.leads.capture(enquiry(owner="me")).lead
    bare = Target(
        house=house, lead=lead.id, task=TaskId(""), import_id=ImportId(""), absence=TimeOffId("")
    )
    task = desk.followups.add_task(lead.id, operations._task(bare))
    later = now + timedelta(days=8)
    absence = desk.settings.add_absence("tc-1", later, later + timedelta(days=1), cover="me")
    return Target(
        house=house,
        lead=lead.id,
        task=task.id,
        import_id=desk.imports.begin("leads", operations.MAPPING),
        absence=absence.id,
        view=operations.a_view(house),
    )


def _for(target: Target, name: str) -> Target:
    """Bring a lead or an import into the state that an operation wants."""
    desk, now = target.house.desk(Role.OPERATOR), target.house.clock()
    if name in ON_LOST_LEADS:
        desk.pipeline.lose(target.lead, "RELOCATED")
    if name in ON_A_PAST:
        bring_a_past(target.house, LEAST_MONTHS)
    if name in ON_ABSENT_OWNERS:
        desk.settings.add_absence("me", now, now + timedelta(days=1))
    if name in ("imports.revert_batch", "imports.close_revert"):
        desk.imports.finish(target.import_id, "", Tally())
    if name in ON_TWO_LEADS:
        sibling = desk.leads.capture(enquiry(owner="me", patient_first_name="Ben")).lead
        target = evolve(target, sibling=sibling.id)
    if name in ON_OBSERVED_LEADS:
        observe(target)
    return merged(target) if name in ON_MERGED_LEADS else target


def observe(target: Target) -> None:
    """Put the lead under observation."""
    desk = target.house.desk(Role.OPERATOR)
    desk.pipeline.observe(target.lead, operations.later_date(target))


def merged(target: Target) -> Target:
    """Let the sibling be merged into the lead."""
    desk = target.house.desk(Role.OPERATOR)
    return evolve(target, merge=desk.leads.merge(target.lead, target.sibling).id)


def tried(target: Target, name: str) -> Any:
    """Carry an operation out for somebody who may do everything."""
    return CALLS[name](target.house.desk(Role.OPERATOR, "me"), target)
