"""Visits of the past are written down: no time is taken, nobody is told, no lead moves."""

from collections.abc import Sequence

from orthocrm.core.appointment import Appointment
from orthocrm.core.errors import InvalidInput
from orthocrm.core.ids import AppointmentId
from orthocrm.scheduling import past
from orthocrm.scheduling.past import PastVisit
from orthocrm.services.batch import Refused, attempt
from orthocrm.services.scheduling import reaching
from orthocrm.services.work import Work

MOST = 1_000
"""How many visits one unit of work writes down."""


def record(work: Work, visits: Sequence[PastVisit]) -> list[Appointment | Refused]:
    """Write visits down, with a result for each; whose lead is out of reach is refused."""
    wrong = isinstance(visits, str) or not isinstance(visits, Sequence)
    if wrong or not all(isinstance(one, PastVisit) for one in visits):
        raise InvalidInput.at("visits", "wrong_type", "give PastVisits")
    if len(visits) > MOST:
        raise InvalidInput.at("visits", "too_many", f"give at most {MOST} at once")
    ids = {one.lead_id for one in visits if isinstance(one.lead_id, str)}
    known = work.reachable(sorted(ids), lock=False) if ids else {}

    def rule(visit: PastVisit) -> Appointment:
        made = past.read(visit, work.practice.clinic, AppointmentId(work.ids()), work.now)
        if made.lead_id is not None and made.lead_id not in known:
            raise work.absence(made.lead_id)
        kind = next(k for k in work.practice.clinic.settings.visit_types if k.slug == made.type)
        reaching.allow(work, kind, [made.provider])
        return made

    results = attempt(visits, rule)
    made = [one for one in results if isinstance(one, Appointment)]
    work.store.appointments.add(made)
    work.touch(one.id for one in made)
    return results
