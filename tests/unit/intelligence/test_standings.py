"""What the forecast reads from the leads, beside a count of them one by one."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest
from attrs import evolve

import orthocrm
from orthocrm import Permission
from orthocrm.core.ids import UserId
from orthocrm.core.lead import Conversion, Lead, LeadStatus, Loss, LostReason, Milestones
from orthocrm.core.query import EVERYTHING
from orthocrm.core.settings import Clinic
from orthocrm.core.time import midnight
from orthocrm.intelligence.forecast_pipeline import NEW, Standing
from orthocrm.services.intelligence import forecasting
from orthocrm.services.intelligence.forecasting import Outcome
from orthocrm.services.work import Work
from orthocrm.testing.clock import FrozenClock
from orthocrm.testing.factories import a_lead
from tests.flows.practice import House

ZONE = "America/Chicago"
EDGES = [
    midnight(datetime(2025 + m // 12, m % 12 + 1, 1, tzinfo=UTC).date(), ZONE) for m in range(7, 13)
]
NAMES = ("created_at", "first_contact_at", "scheduled_at", "completed_at", "accepted_at")


def some_lead(random: Random, clinic: Clinic) -> Lead:
    """Make a lead that went as far as chance took it, skipping milestones, and ended or did not."""
    at = EDGES[0] + timedelta(days=random.uniform(-90, 150))
    lead = a_lead(clinic, created_at=at)
    reached: dict[str, Any] = {}
    for name in NAMES[1:]:
        at += timedelta(days=random.expovariate(1 / 12))
        if random.random() < 0.7:
            reached[name] = at
        if random.random() < 0.2:
            break
    at += timedelta(days=random.expovariate(1 / 20))
    lead = evolve(lead, milestones=Milestones(**reached))
    fate = random.random()
    if fate < 0.4:
        done = Conversion(at=at, patient_ref="p", owner=UserId("tc-1"))
        return evolve(lead, status=LeadStatus.CONVERTED, conversion=done)
    if fate < 0.7:
        loss = Loss(at=at, reason=LostReason.RELOCATED, stage=lead.position.stage, order=1)
        return evolve(lead, status=LeadStatus.LOST, loss=loss)
    if fate < 0.75:
        return evolve(lead, stamps=evolve(lead.stamps, deleted_at=at))
    return lead


def by_hand(leads: Sequence[Lead], outcome: Outcome, place: int) -> Standing:
    """Count the leads that were open at an edge, and those that came through later."""
    edge, names = EDGES[place], NAMES[: 4 if outcome is Outcome.ACCEPTANCES else 5]
    living = [lead for lead in leads if lead.stamps.deleted_at is None]
    standing: dict[str, int] = dict.fromkeys(names, 0)
    came = [dict.fromkeys((*names, NEW), 0) for _ in EDGES[place:-1]]
    for lead in living:
        through = _through(lead, outcome)
        ended = [at for at in (through, _converted(lead), lead.loss and lead.loss.at) if at]
        if lead.stamps.created_at >= edge:
            where = NEW
        elif any(at < edge for at in ended):
            continue
        else:
            where = [n for n in names if (at := _milestone(lead, n)) and at < edge][-1]
            standing[where] += 1
        for month, (first, last) in enumerate(zip(EDGES[place:], EDGES[place + 1 :], strict=False)):
            if through is not None and first <= through < last:
                came[month][where] += 1
    return Standing(open=standing, came=tuple(came))


def _milestone(lead: Lead, name: str) -> datetime | None:
    if name == "created_at":
        return lead.stamps.created_at
    found: datetime | None = getattr(lead.milestones, name)
    return found


def _converted(lead: Lead) -> datetime | None:
    return lead.conversion.at if lead.conversion else None


def _through(lead: Lead, outcome: Outcome) -> datetime | None:
    if outcome is Outcome.ACCEPTANCES:
        return lead.milestones.accepted_at
    return _converted(lead)


def full(standing: Standing, names: Sequence[str]) -> Standing:
    """Write out the places at which nobody stood."""
    came = tuple({n: month.get(n, 0) for n in (*names, NEW)} for month in standing.came)
    return Standing(open=standing.open, came=came)


@pytest.mark.parametrize("outcome", Outcome)
@pytest.mark.parametrize("seed", range(3))
def test_the_open_leads_of_every_month_are_counted_where_they_stood(
    seed: int, outcome: Outcome
) -> None:
    random = Random(seed)
    clock = FrozenClock(EDGES[-1] + timedelta(days=10))
    with orthocrm.connect("memory://", clock=clock, discover_plugins=False) as crm:
        house = House(crm, crm.create_clinic(name="Bright Smiles", timezone=ZONE), clock)
        leads = [some_lead(random, house.clinic) for _ in range(120)]
        with crm._backend.begin(house.clinic.id) as store:
            store.leads.add(leads)

        def read(work: Work) -> list[Standing]:
            now, pasts = forecasting._standings(work, outcome, EDGES, EVERYTHING)
            return [*pasts, now]

        office = house.admin.office
        found = office.carry_out("intelligence.forecast", Permission.LEAD_ANALYTICS, read)
    names = NAMES[: 4 if outcome is Outcome.ACCEPTANCES else 5]
    assert [full(each, names) for each in found] == [
        by_hand(leads, outcome, place) for place in range(len(EDGES))
    ]
