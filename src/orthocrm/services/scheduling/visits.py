"""What happens to an appointment after it was made: confirmed, begun, over; its time goes back."""

from collections.abc import Callable, Sequence

from attrs import evolve

from orthocrm.core.appointment import Appointment, AppointmentStatus
from orthocrm.core.errors import AppointmentClosed, InvalidInput, NotFound
from orthocrm.core.ids import AppointmentId, SeriesId, UserId
from orthocrm.core.query import Cond, both
from orthocrm.core.reading import Reading
from orthocrm.core.task import Task
from orthocrm.followup.tasks import NewTask
from orthocrm.scheduling import asking, booking, lifecycle
from orthocrm.scheduling.booking import AppointmentEdit
from orthocrm.scheduling.lifecycle import Occasion, Turn
from orthocrm.services.scheduling import booking as making
from orthocrm.services.scheduling import consultations, diaries, reaching, reminding, waiting
from orthocrm.services.scheduling.booking import Booked, Move, claim, occasion, shown
from orthocrm.services.work import Work, everything

_S = AppointmentStatus

Rule = Callable[[Appointment, Occasion], Turn]


def confirm(work: Work, appointment_id: AppointmentId) -> Booked:
    """Make a hold an appointment, or note that the patient will come (R27)."""
    present = reaching.appointment(work, appointment_id, lock=True)
    turn = lifecycle.confirmed(present, occasion(work))
    was_held = present.status is _S.HELD
    saved = _saved(work, turn)
    tasks = consultations.scheduled(work, saved) if was_held else ()
    if was_held:
        reminding.plan(work, [saved])
    waiting.taken(work, present)
    return Booked(appointment=shown(work, saved), tasks=tasks)


def accept(work: Work, appointment_id: AppointmentId) -> Booked:
    """Accept a request; one that kept no time takes it now, if it is still free.

    Raises:
        SlotTaken: somebody else has the time by now.
    """
    present = reaching.appointment(work, appointment_id, lock=True)
    turn = lifecycle.accepted(present, occasion(work))
    low, high = present.starts_at - asking.MARGIN, present.ends_at + asking.MARGIN
    work.store.claims.release([present.id])
    claim(work, turn.appointment, diaries.between(work, low, high))
    saved = _saved(work, turn)
    tasks = consultations.scheduled(work, saved)
    reminding.plan(work, [saved])
    return Booked(appointment=saved, tasks=tasks)


def decline(work: Work, appointment_id: AppointmentId) -> Booked:
    """Decline a request; its time is free again."""
    return _ended(work, appointment_id, lifecycle.declined)


def arrive(work: Work, appointment_id: AppointmentId) -> Booked:
    """Note that the patient is there."""
    return _turned(work, appointment_id, lifecycle.arrived)


def start(work: Work, appointment_id: AppointmentId) -> Booked:
    """Note that the visit has begun."""
    return _turned(work, appointment_id, lifecycle.started)


def complete(work: Work, appointment_id: AppointmentId) -> Booked:
    """Note that the visit took place; a consultation moves its lead (R30)."""
    done = _turned(work, appointment_id, lifecycle.completed)
    return evolve(done, tasks=consultations.completed(work, done.appointment))


def miss(work: Work, appointment_id: AppointmentId) -> Booked:
    """Note that nobody came; somebody has to call, and the rest of the time is free (R30)."""
    missed = _ended(work, appointment_id, lifecycle.missed)
    return evolve(missed, tasks=consultations.missed(work, missed.appointment))


def reschedule(
    work: Work, appointment_id: AppointmentId, move: Move, key: str | None = None
) -> Booked:
    """Move an appointment; the time that it leaves is offered to whoever waits for it (R28)."""
    before = reaching.appointment(work, appointment_id)
    if _counts_days(work):
        _count_days(work, [before, *_as_wished(before, move)])
    done = making.reschedule(work, appointment_id, move, key)
    if not done.replayed:
        waiting.offer(work, before)
    return done


def cancel(work: Work, appointment_id: AppointmentId, because: str | None = None) -> Booked:
    """Cancel an appointment; its time is offered to whoever waits for it (R29)."""
    reason = _because(because)

    def rule(present: Appointment, when: Occasion) -> Turn:
        kind = diaries.types(work).get(present.type)
        return lifecycle.cancelled(present, when, kind, reason)

    return _ended(work, appointment_id, rule)


def cancel_series(work: Work, series_id: SeriesId, because: str | None = None) -> list[Booked]:
    """Cancel what is still to come of a series."""
    where = both(
        Cond("series_id", "eq", series_id),
        Cond("starts_at", "ge", work.now),
        Cond("status", "in", tuple(lifecycle.ALLOWED[lifecycle.Act.CANCEL])),
        reaching.reach(work),
    )
    found = sorted(everything(work.store.appointments, where), key=lambda one: one.starts_at)
    if not found:
        raise NotFound("series")
    _count_days(work, found)
    return [cancel(work, one.id, because) for one in found]


def edit(work: Work, appointment_id: AppointmentId, change: AppointmentEdit) -> Appointment:
    """Write notes, the reason or the meeting's address; the time stays.

    Raises:
        AppointmentClosed: it is over, so that no address leads to it any more.
    """
    if not isinstance(change, AppointmentEdit):
        raise InvalidInput.at("edit", "wrong_type", "give an AppointmentEdit")
    present = reaching.appointment(work, appointment_id, lock=True)
    if present.status in lifecycle.FINAL and change.meeting_link:
        raise AppointmentClosed(present.status)
    (saved,) = work.store.appointments.save([booking.edited(present, change, now=work.now)])
    work.touch([saved.id])
    return saved


def follow_up(work: Work, appointment_id: AppointmentId, new: NewTask) -> Task:
    """Make a task for the lead of an appointment.

    Raises:
        InvalidInput: the appointment is for a patient who is no lead here.
    """
    present = reaching.appointment(work, appointment_id, lock=True)
    found = [] if present.lead_id is None else [*work.store.leads.get([present.lead_id]).values()]
    if not found:
        raise InvalidInput.at("appointment_id", "no_lead", "tasks belong to leads")
    work.touch([present.id])
    (lead,) = found
    person = lead.ownership.owner or work.practice.clinic.settings.fallback or work.actor.user
    wish = new if new.assigned_to else evolve(new, assigned_to=person)
    return consultations.follow_up(work, lead, wish)


def _turned(work: Work, appointment_id: AppointmentId, rule: Rule) -> Booked:
    present = reaching.appointment(work, appointment_id, lock=True)
    saved = _saved(work, rule(present, occasion(work)))
    return Booked(appointment=shown(work, saved))


def _ended(work: Work, appointment_id: AppointmentId, rule: Rule) -> Booked:
    """End an appointment, give its time back, and offer it to whoever waits."""
    if _counts_days(work):
        _count_days(work, [reaching.appointment(work, appointment_id)])
    present = reaching.appointment(work, appointment_id, lock=True)
    saved = _saved(work, rule(present, occasion(work)))
    work.store.claims.release([saved.id])
    reminding.void(work, [saved.id])
    waiting.offer(work, present, waiting.lapsed(work, present))
    return Booked(appointment=shown(work, saved))


def _counts_days(work: Work) -> bool:
    """Whether any type has a limit per day (R16)."""
    return any(kind.max_per_day is not None for kind in diaries.types(work).values())


def _as_wished(before: Appointment, move: Move) -> list[Appointment]:
    """Give the appointment with whom it is wished for, so that both people are locked in order."""
    if not isinstance(move.provider, str):
        return []
    return [evolve(before, provider=UserId(move.provider))]


def _count_days(work: Work, ending: Sequence[Appointment]) -> None:
    """Lock, in the order in which a booking does, what the offer of these times would lock."""
    work.store.leads.get(sorted({one.lead_id for one in ending if one.lead_id}), lock=True)
    waiting.count_days(work, ending)


def _saved(work: Work, turn: Turn) -> Appointment:
    (saved,) = work.store.appointments.save([turn.appointment])
    work.touch([saved.id])
    if turn.event is not None:
        work.record(turn.event)
    return saved


def _because(raw: str | None) -> str | None:
    """Read why it is cancelled: a code, so that reports can count it and nobody writes a story."""
    reading = Reading()
    text = reading.text("because", raw, 64)
    if text is not None and not text.replace("_", "").isalnum():
        reading.refuse("because", "bad_code", "give a code of letters, digits and underscores")
    reading.finish()
    return text
