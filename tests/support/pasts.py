"""Years that a practice has behind it: leads that converted, month by month."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from attrs import evolve

from orthocrm.core.lead import Conversion, Lead, LeadStatus, Milestones
from orthocrm.core.settings import Clinic
from orthocrm.core.stage import Step
from orthocrm.testing.factories import a_lead
from tests.flows.practice import House

DAY = timedelta(days=1)


def months_before(now: datetime, months: int) -> list[datetime]:
    """Give an instant of each of the months before the running one, oldest first."""
    middle, found = now.replace(day=15), []
    for _ in range(months):
        middle = middle.replace(day=1) - DAY
        middle = middle.replace(day=15)
        found.append(middle)
    return found[::-1]


def converted(clinic: Clinic, at: datetime, owner: str | None = "me") -> Lead:
    """Make a lead that asked three weeks before it signed, and started a day after that."""
    asked, signed = at - 22 * DAY, at - DAY
    lead = a_lead(clinic, stage=Step.TREATMENT_STARTED, owner=owner, created_at=asked)
    return evolve(
        lead,
        status=LeadStatus.CONVERTED,
        milestones=Milestones(
            first_attempt_at=asked,
            first_contact_at=asked,
            scheduled_at=asked + DAY,
            completed_at=asked + 10 * DAY,
            accepted_at=signed,
        ),
        conversion=Conversion(at=at, patient_ref=f"patient-{lead.id}", owner=lead.ownership.owner),
    )


def bring_a_past(
    house: House,
    months: int,
    count: Callable[[int], int] = lambda _: 1,
    *,
    owner: str | None = "me",
) -> Sequence[Lead]:
    """Store what converted in each of the months before the running one."""
    instants = months_before(house.clock(), months)
    leads = [
        converted(house.clinic, at, owner)
        for place, at in enumerate(instants)
        for _ in range(count(place))
    ]
    with house.crm._backend.begin(house.clinic.id) as store:
        store.leads.add(leads)
    return leads
