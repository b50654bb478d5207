"""How likely booked visits are to be missed, and what may be done about it."""

from collections.abc import Sequence

from attrs import frozen

from orthocrm.core.errors import AppointmentClosed, InvalidInput, NotFound
from orthocrm.core.facts import APPOINTMENTS
from orthocrm.core.ids import AppointmentId, ModelId
from orthocrm.core.query import predicate
from orthocrm.core.trained_model import ModelPurpose
from orthocrm.intelligence.no_show import AHEAD, is_risky, overbooking
from orthocrm.intelligence.words import Reason
from orthocrm.services.batch import Refused
from orthocrm.services.intelligence import models, visits_known
from orthocrm.services.intelligence.scores import reasons, usual
from orthocrm.services.scheduling import reaching
from orthocrm.services.work import Work

MOST_ASKED = 500


@frozen(kw_only=True)
class NoShowRisk:
    """The chance that a visit is missed, and why; `call` advises to call the family beforehand."""

    appointment_id: AppointmentId
    probability: float
    call: bool
    reasons: tuple[Reason, ...]
    model_id: ModelId


@frozen(kw_only=True)
class NoShowRisks:
    """The risks of visits in the order asked for, and what they come to together.

    `expected` is how many are missed on the average. `room` is how many visits more could be
    booked beside them so that nine times in ten as many stay away: advice, which nothing books by.
    """

    risks: tuple[NoShowRisk | Refused, ...]
    expected: float
    room: int


def of(work: Work, appointment_ids: Sequence[AppointmentId]) -> NoShowRisks:
    """Weigh visits that are booked and have not begun."""
    ids = _checked(appointment_ids)
    work.seek(ids)
    within = predicate(reaching.reach(work), APPOINTMENTS)
    found = work.store.appointments.get(ids)
    visits = [found[each] for each in ids if each in found and within(found[each])]
    if len(visits) < len(ids):
        raise NotFound("appointment")
    using = models.in_use(work, ModelPurpose.NO_SHOWS)
    ahead = [v for v in visits if v.status in AHEAD and v.starts_at > work.now]
    rows = visits_known.rows_now(work, ahead)
    said = using.scorecard.probabilities(rows)
    average = usual(using.scorecard)
    weighed = {
        visit.id: NoShowRisk(
            appointment_id=visit.id,
            probability=probability,
            call=is_risky(probability, average),
            reasons=reasons(using.scorecard, row),
            model_id=using.model.id,
        )
        for visit, row, probability in zip(ahead, rows, said, strict=True)
    }
    return NoShowRisks(
        risks=tuple(
            weighed.get(visit.id) or Refused(AppointmentClosed(visit.status)) for visit in visits
        ),
        expected=sum(said),
        room=overbooking(said),
    )


def _checked(appointment_ids: object) -> Sequence[AppointmentId]:
    if isinstance(appointment_ids, str) or not isinstance(appointment_ids, Sequence):
        raise InvalidInput.at("appointment_ids", "not_a_list", "give a list of appointments")
    if len(appointment_ids) > MOST_ASKED:
        raise InvalidInput.at("appointment_ids", "too_many", f"give at most {MOST_ASKED}")
    if not all(isinstance(each, str) for each in appointment_ids):
        raise InvalidInput.at("appointment_ids", "wrong_type", "give the ids of appointments")
    if len(set(appointment_ids)) < len(appointment_ids):
        raise InvalidInput.at("appointment_ids", "repeated", "give each appointment once")
    return appointment_ids
