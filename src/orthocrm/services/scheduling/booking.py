"""Appointments that are made and moved: read, decide by the search itself, claim, store, tell.

The engine decides; the claims of the storage keep two who decide at once from both being right.
"""

from collections.abc import Sequence
from typing import Final

from attrs import define, evolve, field, frozen

from orthocrm.core.appointment import Appointment, AppointmentStatus
from orthocrm.core.claims import rule_of
from orthocrm.core.errors import Forbidden, InvalidInput, OrthoCRMError, SlotTaken
from orthocrm.core.ids import AppointmentId, SeriesId
from orthocrm.core.task import Task
from orthocrm.core.visit_type import VisitType
from orthocrm.scheduling import asking, booking, choosing, lifecycle, moving
from orthocrm.scheduling.asking import Diary
from orthocrm.scheduling.booking import NewAppointment, Taken, Wanted
from orthocrm.scheduling.lifecycle import Occasion
from orthocrm.scheduling.refusals import Refusal
from orthocrm.services.batch import Refused, attempt
from orthocrm.services.scheduling import (
    allowing,
    consultations,
    diaries,
    reaching,
    reminding,
    repeating,
)
from orthocrm.services.work import Work

_S: Final = AppointmentStatus


@frozen(kw_only=True)
class Booked:
    """An appointment as it stands now, and the tasks that the clinic's rules made of it.

    `replayed` tells that the same request had been carried out before, and nothing new was made.
    """

    appointment: Appointment
    tasks: tuple[Task, ...] = ()
    replayed: bool = False


@frozen(kw_only=True)
class Move:
    """Another time, another provider, or both, for an appointment."""

    starts_at: object
    provider: str | None = None
    is_manual: bool = False


@define
class Booking:
    """Makes several appointments in one unit of work; the diary is read once for all.

    What locks there are is taken before the diary is read, so that it tells what holds.
    """

    work: Work
    status: AppointmentStatus
    series: SeriesId | None = None
    _diary: Diary | None = field(default=None, init=False)
    _made: list[Appointment] = field(factory=list, init=False)
    _room: int | None = field(default=None, init=False)
    _alone: bool = field(default=False, init=False)

    def make(self, wishes: Sequence[Wanted]) -> list[Booked | Refused]:
        """Make what can be made of wishes that differ in their start alone, with a result for each.

        Raises what is wrong with all of them: their lead or patient, and what their link allows.
        """
        first, self._alone = wishes[0], len(wishes) == 1
        reaching.subject(self.work, first.lead_id, first.patient_ref)
        self._room = allowing.room(self.work)
        self._diary = _diary(self.work, wishes)
        results = attempt(wishes, self._one)
        reminding.plan(self.work, self._made)
        return results

    def _one(self, wanted: Wanted) -> Booked:
        work = self.work
        status = _status(work, wanted.type, self.status)
        allowing.ensure(work, self._room, len(self._made))
        taken = decided(work, wanted, diaries.with_also(self._known(), self._made))
        new = booking.appointment(
            wanted,
            taken,
            status,
            clinic=work.clinic_id,
            now=work.now,
            by=work.actor.user,
            ids=work.ids,
            series=self.series,
        )
        claim(work, new, self._known(), alone=self._alone)
        work.store.appointments.add([new])
        self._made.append(new)
        tasks = told(work, new)
        return Booked(appointment=shown(work, new), tasks=tasks)

    def _known(self) -> Diary:
        if self._diary is None:  # pragma: no cover - `make` has read it
            raise AssertionError
        return self._diary


def book(work: Work, new: NewAppointment, status: AppointmentStatus) -> Booked:
    """Make one appointment; the same key and request again give the same one (R31)."""
    earlier = repeating.replayed(work, new.key, new)
    if earlier is not None:
        return _recalled(work, earlier)
    (result,) = Booking(work, status).make([wanted(work, new)])
    if isinstance(result, Refused):
        raise result.error
    repeating.finish(work, new.key, new, result.appointment.id)
    return result


def wanted(work: Work, new: NewAppointment) -> Wanted:
    """Read a request, and hold the actor to what is theirs to ask for."""
    if not isinstance(new, NewAppointment):
        raise InvalidInput.at("new", "wrong_type", "give a NewAppointment")
    read = booking.read(new, work.practice.clinic.settings.visit_types)
    if reaching.is_patient(work) and (read.is_manual or read.notes or read.meeting_link):
        raise Forbidden(work.operation, work.permission)
    mine = reaching.is_patient(work) or reaching.reaches_all(work)
    if not mine and read.provider is None:
        read = evolve(read, provider=work.actor.user)
    reaching.allow(work, read.type, [read.provider] if read.provider else [])
    reaching.ensure_no_team(work, read.type)
    return read


def decided(work: Work, wish: Wanted, diary: Diary, exclude: AppointmentId | None = None) -> Taken:
    """Decide as the search does, or raise the rule that refuses (R26)."""
    found = choosing.chosen(wish, question(work, wish, exclude), diary)
    if isinstance(found, Refusal):
        raise _error(work, found)
    return found


def question(work: Work, wish: Wanted, exclude: AppointmentId | None = None) -> asking.Question:
    """Put a wish as a question."""
    return asking.Question(
        type=wish.type,
        now=work.now,
        zone=work.practice.clinic.timezone,
        from_=wish.starts_at,
        to=wish.ends_at,
        providers=() if wish.provider is None else (wish.provider,),
        lead_id=wish.lead_id,
        patient_ref=wish.patient_ref,
        exclude=exclude,
        anybody=wish.is_manual,
    )


def claim(work: Work, appointment: Appointment, diary: Diary, *, alone: bool = True) -> None:
    """Let plug-ins refuse, then take the time, all of it; whoever was first has it (R26).

    What is booked `alone` is taken with the last writes: if somebody was faster, nothing is left
    that could be kept.

    Raises:
        Vetoed: a plug-in refused.
        SlotTaken: somebody was faster.
    """
    work.plugins.ask("before_booking", appointment=appointment, actor=work.actor)
    _end_stale_holds(work, appointment, diary)
    if not takes_time(work, appointment):
        return
    claims = booking.claims_of(appointment)
    if alone:
        work.store.claims.secure(appointment.id, claims)
        return
    taken = work.store.claims.take(appointment.id, claims)
    if taken:
        raise SlotTaken(rule_of(one.resource for one in taken))


def takes_time(work: Work, appointment: Appointment) -> bool:
    """Whether an appointment keeps its time; a request does as its type says."""
    if appointment.status is not _S.REQUESTED:
        return appointment.status not in lifecycle.FREED
    kind = diaries.types(work).get(appointment.type)
    return kind is None or kind.requests_block


def told(work: Work, appointment: Appointment) -> tuple[Task, ...]:
    """Tell of a new or newly fixed appointment; a consultation moves its lead."""
    work.touch([appointment.id])
    event = lifecycle.made(appointment, occasion(work))
    if event is not None:
        work.record(event)
    if appointment.status is _S.BOOKED:
        return consultations.scheduled(work, appointment)
    return ()


def occasion(work: Work) -> Occasion:
    """Say when and through whom something happens."""
    return Occasion(now=work.now, by=work.actor.user, is_patient=reaching.is_patient(work))


def shown(work: Work, appointment: Appointment) -> Appointment:
    """Give what the actor may see: the practice's own notes are not the patient's."""
    if not reaching.is_patient(work):
        return appointment
    return evolve(appointment, notes=None, booked_by=None, held_by=None, resources=())


def reschedule(
    work: Work, appointment_id: AppointmentId, move: Move, key: str | None = None
) -> Booked:
    """Move an appointment: it ignores itself, keeps its identity, and all of it or nothing (R28).

    Staff are not bound by a limit on patients' own moves.
    """
    body = (appointment_id, move.starts_at, move.provider, move.is_manual)
    earlier = repeating.replayed(work, key, body)
    if earlier is not None:
        return _recalled(work, earlier)
    present = reaching.appointment(work, appointment_id, lock=True)
    kind = kind_of(work, present)
    lifecycle.ensure_movable(present, occasion(work), kind)
    wish = _moved_wish(work, present, kind, move)
    diary = _diary(work, [wish])
    taken = decided(work, wish, diary, exclude=present.id)
    after = booking.rescheduled(present, wish, taken)
    turn = lifecycle.moved(present, after, occasion(work))
    work.store.claims.release([present.id])
    claim(work, turn.appointment, diary)
    (saved,) = work.store.appointments.save([turn.appointment])
    work.touch([saved.id])
    if turn.event is not None:
        work.record(turn.event)
    reminding.renew(work, saved)
    repeating.finish(work, key, body, saved.id)
    return Booked(appointment=shown(work, saved))


def _moved_wish(work: Work, present: Appointment, kind: VisitType, move: Move) -> Wanted:
    """Read a move as the request that would make the appointment anew."""
    if move.is_manual and reaching.is_patient(work):
        raise Forbidden(work.operation, work.permission)
    new = NewAppointment(
        type=kind.slug,
        starts_at=move.starts_at,  # type: ignore[arg-type] # `read` refuses what is no instant
        lead_id=present.lead_id,
        patient_ref=present.patient_ref,
        provider=move.provider or moving.person_of(present, kind),  # type: ignore[arg-type] # a user's text
        is_manual=move.is_manual,
        length=present.length if move.is_manual else None,
    )
    wish = booking.read(new, [kind])
    if not reaching.is_patient(work) and move.provider is not None:
        reaching.allow(work, kind, [move.provider])
    return wish


def kind_of(work: Work, present: Appointment) -> VisitType:
    """Give the kind of visit by which an appointment is moved, or refuse to move it.

    Raises:
        InvalidInput: a patient wants to move a visit whose type, with all its rules, is gone.
    """
    types = diaries.types(work)
    if present.type not in types and reaching.is_patient(work):
        message = "visits of this type are moved by the practice alone: call it"
        raise InvalidInput.at("type", "unknown_value", message)
    return moving.as_it_is(present, types, work.practice.clinic.settings.resources)


def _diary(work: Work, wishes: Sequence[Wanted]) -> Diary:
    """Read the diary from the first wish to the last, in two statements."""
    first = min(wishes, key=lambda one: one.starts_at)
    if not first.is_manual:
        diaries.count_days(work, first.type, first.provider)
    until = max(one.ends_at for one in wishes)
    return diaries.read(work, question(work, first), until)


def _status(work: Work, kind: VisitType, status: AppointmentStatus) -> AppointmentStatus:
    """Let patients ask for what needs the practice's approval."""
    asks = kind.needs_approval and status is _S.BOOKED and reaching.is_patient(work)
    return _S.REQUESTED if asks else status


def _error(work: Work, refusal: Refusal) -> OrthoCRMError:
    if reaching.is_patient(work):
        return choosing.blurred(refusal)
    return choosing.error_of(refusal)


def _end_stale_holds(work: Work, appointment: Appointment, diary: Diary) -> None:
    """End holds that have run out and stand in the way; nobody has to wait for a worker."""
    opens = appointment.starts_at - appointment.buffer_before
    closes = appointment.ends_at + appointment.buffer_after
    stale = sorted(
        one.id
        for one in diary.occupied
        if one.status is _S.HELD
        and one.expires_at is not None
        and one.expires_at <= work.now
        and one.starts_at - one.buffer_before < closes
        and opens < one.ends_at + one.buffer_after
    )
    if stale:
        expire(work, stale)


def expire(work: Work, ids: Sequence[AppointmentId]) -> tuple[Appointment, ...]:
    """End holds that have run out, and give back their time; gives those that were ended."""
    held = [
        one
        for one in work.store.appointments.get(sorted(ids), lock=True).values()
        if lifecycle.has_run_out(one, work.now)
    ]
    if not held:
        return ()
    over = [lifecycle.expired(one, occasion(work)).appointment for one in held]
    work.store.claims.release([one.id for one in held])
    work.store.appointments.save(over)
    work.touch(one.id for one in held)
    return tuple(held)


def _recalled(work: Work, appointment_id: AppointmentId) -> Booked:
    found = reaching.appointment(work, appointment_id)
    return Booked(appointment=shown(work, found), replayed=True)
