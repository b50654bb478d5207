"""Histories of leads, lived again: every event at its own instant, by the rules of single verbs.

Nothing goes out for the past: no rule speaks, nobody is told, no patient is registered. What a
rule refuses is reported, and the rest of the history stands.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import timedelta

from attrs import define, evolve, field

from orthocrm.assignment import owning
from orthocrm.core.activity import Activity, Decision
from orthocrm.core.appointment import Appointment, AppointmentStatus
from orthocrm.core.errors import (
    BackwardMove,
    InvalidInput,
    LeadClosed,
    LeadLocked,
    OrthoCRMError,
)
from orthocrm.core.ids import AppointmentId, ImportId, TaskId, UserId
from orthocrm.core.lead import Lead, StageVisit
from orthocrm.core.task import Task, TaskStatus
from orthocrm.followup import attempts
from orthocrm.followup.attempts import LogEntry
from orthocrm.followup.due import Calendar
from orthocrm.followup.paces import paced
from orthocrm.leads import histories, intake
from orthocrm.leads.dedupe import REFERENCE
from orthocrm.leads.histories import History, Numbered, Past, PastKind
from orthocrm.leads.tabular import BadRow
from orthocrm.pipeline import progression
from orthocrm.pipeline.progression import Transition
from orthocrm.services.batch import Refused, attempt
from orthocrm.services.imports import ledger
from orthocrm.services.imports.ledger import Tally
from orthocrm.services.scheduling import visiting
from orthocrm.services.sources import touches
from orthocrm.services.work import Work

RULE = "history"
"""The rule by which leads of the past were assigned."""

_UNTITLED = "Follow up"
_HOUR = timedelta(hours=1)


@define(kw_only=True)
class _Life:
    """A lead that is lived again, and everything that this leaves behind."""

    work: Work
    lead: Lead
    visits: dict[str, StageVisit] = field(factory=dict)
    activities: list[Activity] = field(factory=list)
    tasks: list[Task] = field(factory=list)
    appointments: list[Appointment] = field(factory=list)
    problems: list[tuple[int, OrthoCRMError]] = field(factory=list)


def batch(work: Work, given: Sequence[tuple[int, History]], import_id: ImportId | None) -> Tally:
    """Make leads of histories; those whose reference is known already are left as they are.

    Without an import nothing is stored. `given` are histories with their numbers.
    """
    checked = attempt(given, lambda pair: (pair[0], histories.checked_history(pair[1])))
    refused = [
        problem
        for (number, _), result in zip(given, checked, strict=True)
        if isinstance(result, Refused)
        for problem in _bad(number, result.error)
    ]
    good = [pair for pair in checked if not isinstance(pair, Refused)]
    known = _known(work, [history for _, history in good])
    lives: list[_Life] = []
    tally = Tally(refused=len(given) - len(good), problems=tuple(refused))
    for number, history in good:
        reference = str(history.intake.external_ref)
        if reference in known:
            tally += Tally(unchanged=1)
            continue
        known.add(reference)
        (life,) = attempt([history], lambda one: _lived(work, one, import_id))
        if isinstance(life, Refused):
            tally += Tally(refused=1, problems=tuple(_bad(number, life.error)))
            continue
        lives.append(life)
        found = (bad for _, error in life.problems for bad in _bad(number, error))
        tally += Tally(created=1, problems=tuple(found))
    if import_id is not None:
        _store(work, lives)
    return tally


def _known(work: Work, given: Iterable[History]) -> set[str]:
    """Tell which references leads carry already."""
    keys = [REFERENCE + str(history.intake.external_ref) for history in given]
    carriers = ledger.living(work, keys)
    return {key.removeprefix(REFERENCE) for key, leads in carriers.items() if leads}


def _bad(number: int, error: OrthoCRMError) -> list[BadRow]:
    if not isinstance(error, InvalidInput):
        return [BadRow(number, number, None, error.code, str(error))]
    return [
        BadRow(number, number, problem.path, problem.code, problem.message)
        for problem in error.problems
    ]


def _lived(work: Work, history: History, import_id: ImportId | None) -> _Life:
    lead = intake.admitted(
        history.intake,
        work.practice,
        now=work.now,
        by=work.actor.user,
        ids=work.ids,
        import_id=import_id,
        blank_source_ok=True,
    )
    life = _Life(work=work, lead=lead)
    _opened(life, progression.visit_of(lead))
    for one in histories.in_order(_readable(life, history.events)):
        _happen(life, one)
    life.lead = evolve(
        life.lead,
        stamps=evolve(life.lead.stamps, updated_at=work.now, updated_by=work.actor.user),
    )
    return life


def _readable(life: _Life, events: Sequence[object]) -> list[Numbered]:
    numbered: list[Numbered] = []
    for number, event in enumerate(events, start=1):
        try:
            numbered.append(Numbered(number, histories.checked_past(event, life.work.now)))
        except InvalidInput as error:
            life.problems.append((number, _placed(error, number)))
    return numbered


def _placed(error: InvalidInput, number: int) -> InvalidInput:
    """Say of which event a problem is."""
    return InvalidInput(
        [evolve(problem, path=f"events[{number}].{problem.path}") for problem in error.problems]
    )


def _happen(life: _Life, one: Numbered) -> None:
    """Let an event happen; a rule that refuses it is reported, unless the event is implied."""
    try:
        _HAPPEN[one.past.kind](life, one.past)
    except InvalidInput as error:
        life.problems.append((one.number, _placed(error, one.number)))
    except (BackwardMove, LeadClosed, LeadLocked) as error:
        if not one.implied:
            life.problems.append((one.number, error))
    except OrthoCRMError as error:
        life.problems.append((one.number, error))


def _contacted(life: _Life, past: Past) -> None:
    entry = LogEntry(
        type=past.activity,
        direction=past.direction,
        call_outcome=past.call_outcome,
        notes=past.notes,
        duration_minutes=past.minutes,
        occurred_at=past.at,
    )
    work = life.work
    logged = attempts.logged(life.lead, entry, now=work.now, by=_by(life, past), ids=work.ids)
    life.lead = paced(logged.lead, Calendar.of_clinic(work.practice.clinic))
    life.activities.append(logged.activity)


def _moved(life: _Life, past: Past) -> None:
    """Move a lead; one without a coordinator gets whoever moved it (rule 2)."""
    if life.lead.ownership.owner is None and life.lead.is_open:
        _own(life, past, _by(life, past))
    work = life.work
    _pass(
        life,
        progression.moved(
            life.lead,
            past.stage or "",
            work.practice,
            at=past.at,
            now=work.now,
            by=_by(life, past),
            ids=work.ids,
        ),
    )


def _assigned(life: _Life, past: Past) -> None:
    _own(life, past, UserId(past.owner or ""))


def _own(life: _Life, past: Past, user: UserId) -> None:
    """Give the lead to anybody, also to somebody who has left since."""
    decision = Decision(chosen=user, rule=RULE, previous=life.lead.ownership.owner)
    by, ids = _by(life, past), life.work.ids
    life.lead, activity = owning.assigned(life.lead, decision, at=past.at, by=by, ids=ids)
    life.activities.append(evolve(activity, created_at=life.work.now))
    visit = life.visits[life.lead.position.visit_id]
    life.visits[visit.id] = evolve(visit, owner=user)


def _met(life: _Life, past: Past) -> None:
    """Note an appointment that is over."""
    work, made = life.work, past.booked_at or past.at
    length = _HOUR if past.minutes is None else timedelta(minutes=past.minutes)
    status = AppointmentStatus(past.status or AppointmentStatus.COMPLETED)
    life.appointments.append(
        Appointment(
            id=AppointmentId(work.ids()),
            clinic_id=life.lead.clinic_id,
            lead_id=life.lead.id,
            provider=UserId(past.provider or ""),
            type=past.visit_type,
            starts_at=past.at,
            length=length,
            timezone=work.practice.clinic.timezone,
            status=status,
            created_at=made,
            updated_at=work.now,
            booked_by=_by(life, past),
            completed_at=past.at + length if status is AppointmentStatus.COMPLETED else None,
            cancelled_at=past.at if status is AppointmentStatus.CANCELLED else None,
        )
    )


def _planned(life: _Life, past: Past) -> None:
    """Note a task that was done, or that nobody needs any more."""
    work, by = life.work, _by(life, past)
    life.tasks.append(
        Task(
            id=TaskId(work.ids()),
            clinic_id=life.lead.clinic_id,
            lead_id=life.lead.id,
            type=past.task,
            title=past.title or _UNTITLED,
            assigned_to=UserId(past.owner or by),
            due_at=past.due_at or past.at,
            created_at=past.at,
            created_by=by,
            status=TaskStatus.CANCELLED if past.done_at is None else TaskStatus.COMPLETED,
            completed_at=past.done_at,
            completed_by=None if past.done_at is None else by,
            updated_at=work.now,
        )
    )


def _lost(life: _Life, past: Past) -> None:
    work = life.work
    _pass(
        life,
        progression.lost(
            life.lead,
            past.reason,
            past.notes,
            work.practice,
            at=past.at,
            now=work.now,
            by=_by(life, past),
            ids=work.ids,
        ),
    )


def _converted(life: _Life, past: Past) -> None:
    work = life.work
    _pass(
        life,
        progression.converted(
            life.lead,
            past.patient_ref or f"past-{life.lead.id}",
            work.practice,
            at=past.at,
            now=work.now,
            by=_by(life, past),
            ids=work.ids,
        ),
    )


def _reopened(life: _Life, past: Past) -> None:
    work = life.work
    _pass(
        life,
        progression.reopened(
            life.lead,
            past.notes or RULE,
            work.practice,
            now=past.at,
            by=_by(life, past),
            ids=work.ids,
        ),
    )


_HAPPEN: Mapping[PastKind, Callable[[_Life, Past], None]] = {
    PastKind.CONTACTED: _contacted,
    PastKind.MOVED: _moved,
    PastKind.ASSIGNED: _assigned,
    PastKind.APPOINTMENT: _met,
    PastKind.TASK: _planned,
    PastKind.LOST: _lost,
    PastKind.CONVERTED: _converted,
    PastKind.REOPENED: _reopened,
}


def _by(life: _Life, past: Past) -> UserId:
    return life.work.actor.user if past.by is None else UserId(past.by)


def _pass(life: _Life, transition: Transition) -> None:
    """Put the lead into its new stage; the owner of the visit that ended stays."""
    calendar = Calendar.of_clinic(life.work.practice.clinic)
    closed = evolve(transition.closed, owner=life.visits[transition.closed.id].owner)
    life.visits[closed.id] = visiting.timed(closed, calendar)
    _opened(life, transition.opened)
    life.lead = transition.lead
    life.activities.append(transition.activity)


def _opened(life: _Life, visit: StageVisit) -> None:
    life.visits[visit.id] = visit


def _store(work: Work, lives: Sequence[_Life]) -> None:
    leads = [life.lead for life in lives]
    work.store.leads.add(leads)
    work.forget_sharers()
    touches.begin(work, leads)
    work.store.visits.add([visit for life in lives for visit in life.visits.values()])
    work.store.activities.add([activity for life in lives for activity in life.activities])
    work.store.tasks.add([task for life in lives for task in life.tasks])
    work.store.appointments.add([one for life in lives for one in life.appointments])
    work.touch(lead.id for lead in leads)
