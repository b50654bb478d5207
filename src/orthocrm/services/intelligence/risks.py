"""How likely booked visits are to be missed, and what may be done about it."""

from collections.abc import Sequence
from typing import TypeGuard

from attrs import evolve, frozen

from orthocrm.core.actor import Permission
from orthocrm.core.appointment import Appointment
from orthocrm.core.errors import AppointmentClosed, InvalidInput, NotFound
from orthocrm.core.facts import APPOINTMENTS, LEADS
from orthocrm.core.ids import AppointmentId, LeadId, ModelId
from orthocrm.core.lead import Lead
from orthocrm.core.query import Cond, both, predicate
from orthocrm.core.task import OPEN_TASKS, LeadTaskType, Task, TaskPriority
from orthocrm.core.trained_model import ModelPurpose
from orthocrm.followup import tasks
from orthocrm.followup.tasks import NewTask
from orthocrm.intelligence.no_show import AHEAD, KNOWN_BEFORE, is_risky, overbooking
from orthocrm.intelligence.words import Reason
from orthocrm.services.batch import Refused
from orthocrm.services.followups import agenda
from orthocrm.services.intelligence import models, visits_known
from orthocrm.services.intelligence.scores import reasons, usual
from orthocrm.services.scheduling import reaching
from orthocrm.services.work import Work, everything

MOST_ASKED = 500
RULE = "no_show_risk"
TITLE = "Call before the visit: it may be missed"


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


def ask_to_call(work: Work, appointment_ids: Sequence[AppointmentId]) -> tuple[Task, ...]:
    """Have the families of risky visits called, a day before at the latest.

    Leads that are closed or out of reach, and those with such a task to be done, get none.
    """
    work.demand(Permission.LEAD_UPDATE)
    risky = [risk for risk in of(work, appointment_ids).risks if _calls(risk)]
    found = work.store.appointments.get([risk.appointment_id for risk in risky])
    visits = [visit for visit in found.values() if visit.lead_id is not None]
    leads = _open_leads(work, [visit.lead_id for visit in visits if visit.lead_id is not None])
    made: list[Task] = []
    for visit in sorted(visits, key=lambda visit: (visit.starts_at, visit.id)):
        lead = leads.pop(visit.lead_id, None) if visit.lead_id is not None else None
        if lead is not None:
            made.append(_called(work, lead, visit))
    agenda.add(work, made)
    redate(work, [task.lead_id for task in made])
    return tuple(made)


def _calls(risk: NoShowRisk | Refused) -> TypeGuard[NoShowRisk]:
    return not isinstance(risk, Refused) and risk.call


def _open_leads(work: Work, ids: Sequence[LeadId]) -> dict[LeadId, Lead]:
    within = predicate(work.reach(Permission.LEAD_UPDATE), LEADS)
    found = work.store.leads.get(ids, lock=True)
    asked = both(Cond("lead_id", "in", sorted(found)), Cond("rule", "eq", RULE))
    waiting = both(asked, Cond("status", "in", OPEN_TASKS))
    busy = {task.lead_id for task in everything(work.store.tasks, waiting)} if found else set()
    return {
        lead.id: lead
        for lead in found.values()
        if lead.is_open and lead.id not in busy and within(lead)
    }


def _called(work: Work, lead: Lead, visit: Appointment) -> Task:
    new = NewTask(
        type=LeadTaskType.CALL,
        title=TITLE,
        due_at=max(work.now, visit.starts_at - KNOWN_BEFORE),
        priority=TaskPriority.HIGH,
        assigned_to=lead.ownership.owner
        or work.practice.clinic.settings.fallback
        or work.actor.user,
    )
    task, _ = tasks.created(lead, new, now=work.now, by=work.actor.user, ids=work.ids)
    return evolve(task, rule=RULE)


def redate(work: Work, lead_ids: Sequence[LeadId]) -> None:
    """Date the next action of leads anew."""
    present = agenda.open_tasks(work, lead_ids)
    leads = work.store.leads.get(lead_ids, lock=True)
    dated = [(lead, agenda.dated(lead, present[lead.id])) for lead in leads.values()]
    work.store.leads.save([after for before, after in dated if after != before])


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
