"""`desk.scheduling`: schedules, free times, appointments, the waitlist, and links for patients."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime

from orthocrm.core.actor import Actor, Pass, Permission, Role
from orthocrm.core.appointment import Appointment, AppointmentStatus
from orthocrm.core.errors import InvalidInput, NotFound
from orthocrm.core.ids import AppointmentId, LeadId, SeriesId, UserId, WaitlistId
from orthocrm.core.notifying import MessageChannel
from orthocrm.core.reading import Reading
from orthocrm.core.reminding import Reminder, Reminders
from orthocrm.core.schedule import DateHours, RepeatedBlock, Schedule, WeeklyWindow
from orthocrm.core.task import Task
from orthocrm.core.time import Period
from orthocrm.core.waitlist import WaitlistEntry
from orthocrm.followup.tasks import NewTask
from orthocrm.scheduling import booking as rules
from orthocrm.scheduling.booking import AppointmentEdit, NewAppointment
from orthocrm.scheduling.past import PastVisit
from orthocrm.scheduling.refusals import Refusal
from orthocrm.scheduling.slots import Slot
from orthocrm.scheduling.usage import Usage
from orthocrm.services.batch import Refused
from orthocrm.services.gate import Area, verb
from orthocrm.services.scheduling import (
    booking,
    daybook,
    keeping,
    links,
    reaching,
    recording,
    reminding,
    renewing,
    searching,
    series,
    timetables,
    visits,
    waiting,
)
from orthocrm.services.scheduling.booking import Booked, Move
from orthocrm.services.scheduling.calendars import Calendars
from orthocrm.services.scheduling.daybook import DaySheet
from orthocrm.services.scheduling.keeping import WallTimesKept
from orthocrm.services.scheduling.links import NewLink, SelfSchedulingLink
from orthocrm.services.scheduling.renewing import RemindersRenewed
from orthocrm.services.scheduling.searching import Search
from orthocrm.services.scheduling.series import Series
from orthocrm.services.scheduling.waiting import NewWaitlistEntry
from orthocrm.services.work import Work


class Timetables(Area, area="scheduling"):
    """When people and things can be booked. Who manages only the own hours, manages those."""

    @verb(Permission.AVAILABILITY_READ)
    def schedules(self, work: Work) -> tuple[Schedule, ...]:
        """List the schedules of people, chairs, rooms and templates."""
        return timetables.every(work)

    @verb(Permission.AVAILABILITY_MANAGE)
    def save_schedule(self, work: Work, schedule: Schedule) -> Schedule:
        """Add a schedule, or replace the one with its id: of a user, a resource, a template."""
        return timetables.save(work, schedule)

    @verb(Permission.AVAILABILITY_MANAGE)
    def set_week(self, work: Work, owner: str, windows: Sequence[WeeklyWindow]) -> Schedule:
        """Replace somebody's weekly hours; dates, closures and blocks stay."""
        return timetables.set_week(work, owner, windows)

    @verb(Permission.AVAILABILITY_MANAGE)
    def set_date(self, work: Work, owner: str, hours: DateHours) -> Schedule:
        """Give one date hours of its own, in place of all weekly windows (R5)."""
        return timetables.set_date(work, owner, hours)

    @verb(Permission.AVAILABILITY_MANAGE)
    def close_dates(self, work: Work, owner: str, days: Iterable[date]) -> Schedule:
        """Close dates for somebody; appointments that stand there stay."""
        return timetables.close(work, owner, days)

    @verb(Permission.AVAILABILITY_MANAGE)
    def close_holidays(
        self, work: Work, owner: str, year: int, place: str | None = None
    ) -> Schedule:
        """Close the public holidays of a year for somebody, or for all who share a template.

        `place` is a country, perhaps with a part of it (`US`, `US-TX`); by default that of the
        clinic's settings. It needs the extra `calendar`.
        """
        return timetables.close_holidays(work, owner, year, place)

    @verb(Permission.AVAILABILITY_MANAGE)
    def open_dates(self, work: Work, owner: str, days: Iterable[date]) -> Schedule:
        """Let dates have the weekly hours again."""
        return timetables.reopen(work, owner, days)

    @verb(Permission.AVAILABILITY_MANAGE)
    def set_blocks(self, work: Work, owner: str, blocks: Sequence[RepeatedBlock]) -> Schedule:
        """Replace what takes somebody's time away again and again: lunch, meetings."""
        return timetables.set_blocks(work, owner, blocks)

    @verb(Permission.AVAILABILITY_MANAGE)
    def remove_schedule(self, work: Work, owner: str) -> None:
        """Forget a schedule; without hours nothing is offered."""
        timetables.remove(work, owner)

    @verb(Permission.AVAILABILITY_READ)
    def slots(self, work: Work, search: Search) -> tuple[Slot, ...]:
        """Find free times, the earliest first; each can be booked unless somebody is faster.

        Patients find those of public types, without the chairs.
        """
        return searching.find(work, search)

    @verb(Permission.AVAILABILITY_READ)
    def glance(self, work: Work, search: Search) -> tuple[Slot, ...]:
        """Show free times as they were up to a minute ago: for screens that ask again and again.

        A booking never trusts them: it decides anew.
        """
        return searching.glance(work, search, self._office.glances)

    @verb(Permission.AVAILABILITY_READ)
    def next_available(self, work: Work, search: Search) -> Slot | None:
        """Find the first free time."""
        return searching.first(work, search)

    @verb(Permission.AVAILABILITY_READ)
    def explain(self, work: Work, search: Search, start: datetime) -> Refusal | None:
        """Tell why a start is not offered, with the rule; None says that it is."""
        return searching.explain(work, search, start)


class Appointments(Area, area="scheduling"):
    """Appointments, from the first hold to the last note."""

    @verb(Permission.APPOINTMENT_BOOK)
    def book(self, work: Work, new: NewAppointment) -> Booked:
        """Book an appointment; a consultation moves its lead to Consultation Scheduled.

        Where a type needs approval, patients request.

        Raises:
            InvalidInput: names every field that is wrong.
            InPast, OutsideHours, NotOffered: the start is not offered, and by which rule.
            SlotTaken: somebody has the time, the chair or the patient.
            Vetoed: a plug-in refused.
            KeyMisused: the idempotency key came with another request before.
        """
        return booking.book(work, new, AppointmentStatus.BOOKED)

    @verb(Permission.APPOINTMENT_BOOK)
    def hold(self, work: Work, new: NewAppointment) -> Booked:
        """Keep a time for as long as the type says; `confirm` books it."""
        return booking.book(work, new, AppointmentStatus.HELD)

    @verb(Permission.APPOINTMENT_BOOK)
    def request(self, work: Work, new: NewAppointment) -> Booked:
        """Ask for a time; the practice accepts or declines."""
        return booking.book(work, new, AppointmentStatus.REQUESTED)

    @verb(Permission.APPOINTMENT_BOOK)
    def book_series(self, work: Work, new: NewAppointment, rrule: str) -> Series:
        """Book every occurrence of a recurrence rule (RFC 5545), with a result for each."""
        return series.book(work, new, rrule)

    @verb(Permission.APPOINTMENT_BOOK)
    def confirm(self, work: Work, appointment_id: AppointmentId) -> Booked:
        """Make a hold an appointment, or note that the patient will come (R27).

        Raises:
            HoldExpired: the hold has run out.
        """
        return visits.confirm(work, appointment_id)

    @verb(Permission.APPOINTMENT_BOOK)
    def reschedule(
        self,
        work: Work,
        appointment_id: AppointmentId,
        starts_at: datetime,
        provider: str | None = None,
        *,
        is_manual: bool = False,
        key: str | None = None,
    ) -> Booked:
        """Move an appointment to another time or provider; it stays the same appointment (R28).

        It keeps its length and buffers, also where its type takes longer by now; `slots` with
        `exclude` gives the times. Its old time is offered to whoever waits for it.

        Raises:
            TooLate, MovedTooOften: a patient moves it too late, or too often.
        """
        move = Move(starts_at=starts_at, provider=provider, is_manual=is_manual)
        return visits.reschedule(work, appointment_id, move, key)

    @verb(Permission.APPOINTMENT_BOOK)
    def cancel(
        self, work: Work, appointment_id: AppointmentId, because: str | None = None
    ) -> Booked:
        """Cancel an appointment, `because` of a code; its lead stays in its stage (R29, C-06).

        Raises:
            TooLate: a patient cancels what starts too soon.
        """
        return visits.cancel(work, appointment_id, because)

    @verb(Permission.APPOINTMENT_BOOK)
    def cancel_series(
        self, work: Work, series_id: SeriesId, because: str | None = None
    ) -> tuple[Booked, ...]:
        """Cancel what is still to come of a series."""
        return tuple(visits.cancel_series(work, series_id, because))

    @verb(Permission.APPOINTMENT_MANAGE)
    def accept(self, work: Work, appointment_id: AppointmentId) -> Booked:
        """Accept a request."""
        return visits.accept(work, appointment_id)

    @verb(Permission.APPOINTMENT_MANAGE)
    def decline(self, work: Work, appointment_id: AppointmentId) -> Booked:
        """Decline a request."""
        return visits.decline(work, appointment_id)

    @verb(Permission.APPOINTMENT_MANAGE)
    def arrive(self, work: Work, appointment_id: AppointmentId) -> Booked:
        """Note that the patient is there."""
        return visits.arrive(work, appointment_id)

    @verb(Permission.APPOINTMENT_MANAGE)
    def start(self, work: Work, appointment_id: AppointmentId) -> Booked:
        """Note that the visit has begun."""
        return visits.start(work, appointment_id)

    @verb(Permission.APPOINTMENT_MANAGE)
    def complete(self, work: Work, appointment_id: AppointmentId) -> Booked:
        """Note that the visit took place; a consultation moves its lead, and rules follow it up.

        Raises:
            TooEarly: it has not started yet (R30).
        """
        return visits.complete(work, appointment_id)

    @verb(Permission.APPOINTMENT_MANAGE)
    def no_show(self, work: Work, appointment_id: AppointmentId) -> Booked:
        """Note that nobody came: somebody calls the family, and the rest of the time is free."""
        return visits.miss(work, appointment_id)

    @verb(Permission.APPOINTMENT_MANAGE)
    def edit(self, work: Work, appointment_id: AppointmentId, edit: AppointmentEdit) -> Appointment:
        """Write notes, the reason for the visit, or the meeting's https address."""
        return visits.edit(work, appointment_id, edit)

    @verb(Permission.APPOINTMENT_MANAGE)
    def follow_up(self, work: Work, appointment_id: AppointmentId, new: NewTask) -> Task:
        """Make a task for the lead of an appointment."""
        return visits.follow_up(work, appointment_id, new)

    @verb(Permission.APPOINTMENT_READ)
    def reminders(self, work: Work, appointment_id: AppointmentId) -> Reminders:
        """Tell how the reminders of an appointment stand: waiting, claimed, sent, skipped, why."""
        return reminding.status(work, appointment_id)

    @verb(Permission.APPOINTMENT_REMIND)
    def remind(
        self, work: Work, appointment_id: AppointmentId, channel: MessageChannel | None = None
    ) -> Reminder:
        """Send a reminder now, by e-mail or SMS, else by what the family prefers.

        It goes with the next round of work, and only if the gate lets it: consent, quiet hours,
        and that the appointment stands.

        Raises:
            AppointmentClosed: the appointment is not booked or confirmed.
            RemindedTooOften: so many were sent by hand in 24 hours as the clinic allows.
            InvalidInput: it has begun, or there is no way to write to the family.
        """
        return reminding.send_now(work, appointment_id, channel)

    @verb(Permission.APPOINTMENT_MANAGE)
    def record_past(
        self, work: Work, visits: Sequence[PastVisit]
    ) -> tuple[Appointment | Refused, ...]:
        """Write down visits that are over, as another system knew them, with a result for each.

        They count in a patient's history and in the numbers. No lead moves, and nobody is told.
        """
        return tuple(recording.record(work, visits))

    @verb(Permission.APPOINTMENT_MANAGE)
    def expire_holds(self, work: Work) -> tuple[Appointment, ...]:
        """End holds that have run out, 200 at a time; who waits next gets the offer."""
        return waiting.expire_holds(work)

    @verb(Permission.APPOINTMENT_MANAGE)
    def renew_reminders(self, work: Work, after: str | None = None) -> RemindersRenewed:
        """Let reminders that wait follow changed rules, those of 100 appointments at a time.

        Workers do so by themselves. Give `after` of the last answer until it is None. What was
        sent, or is with a carrier, stays; what rules of today would have sent before is not sent.
        """
        return renewing.renew(work, after)

    @verb(Permission.APPOINTMENT_MANAGE)
    def keep_wall_times(
        self, work: Work, after: str | None = None, *, called_off: bool = False
    ) -> WallTimesKept:
        """Let visits keep the local time that families were told, once zone data say otherwise.

        Workers do so by themselves, once a day and whenever a zone's rules are new to them. What
        waits for a visit goes along: its claims, reminders, and entries of calendars. Where
        somebody else has the place, the visit stays and staff are told. Give `after` of the last
        answer until it is None.

        Data that visits have left behind move nothing back, since a process may not have the
        newer ones yet; `called_off` says that a government took its change back.

        Raises:
            Forbidden: somebody who sees only the own diary says `called_off`.
        """
        return keeping.keep(work, after, called_off=called_off)


class Views(Area, area="scheduling"):
    """Looking at appointments, the waitlist, and links for patients."""

    @verb(Permission.APPOINTMENT_READ)
    def appointment(self, work: Work, appointment_id: AppointmentId) -> Appointment:
        """Read one appointment."""
        return booking.shown(work, reaching.appointment(work, appointment_id))

    @verb(Permission.APPOINTMENT_READ)
    def day(self, work: Work, on: date | None = None, provider: str | None = None) -> DaySheet:
        """See a local day of the practice, or of one person; today unless told otherwise."""
        return daybook.day(work, on, provider)

    @verb(Permission.APPOINTMENT_READ)
    def week(
        self, work: Work, on: date | None = None, provider: str | None = None
    ) -> tuple[DaySheet, ...]:
        """See the week of a date, Monday first."""
        return daybook.week(work, on, provider)

    @verb(Permission.APPOINTMENT_READ)
    def history(
        self, work: Work, lead_id: LeadId | None = None, patient_ref: str | None = None
    ) -> tuple[Appointment, ...]:
        """List the appointments of a lead or patient, the latest first; patients see their own."""
        return daybook.history(work, lead_id, patient_ref)

    @verb(Permission.APPOINTMENT_READ)
    def utilisation(
        self, work: Work, period: Period, providers: Sequence[str] = ()
    ) -> tuple[Usage, ...]:
        """Measure booked minutes against open ones, for each person."""
        return daybook.utilisation(work, period, providers)

    @verb(Permission.APPOINTMENT_BOOK)
    def join_waitlist(self, work: Work, new: NewWaitlistEntry) -> WaitlistEntry:
        """Let somebody wait for a time; the first who fits is offered what comes free."""
        return waiting.join(work, new)

    @verb(Permission.APPOINTMENT_BOOK)
    def leave_waitlist(self, work: Work, entry_id: WaitlistId) -> WaitlistEntry:
        """Take somebody off the waitlist."""
        return waiting.leave(work, entry_id)

    @verb(Permission.APPOINTMENT_READ)
    def waitlist(self, work: Work, type: str | None = None) -> tuple[WaitlistEntry, ...]:  # noqa: A002 - the field's name
        """List who waits, oldest first."""
        return waiting.entries(work, type)

    @verb(Permission.APPOINTMENT_MANAGE)
    def make_link(self, work: Work, new: NewLink) -> SelfSchedulingLink:
        """Make a link with which a lead or patient books, confirms, moves and cancels own visits.

        `crm.with_link(token)` gives the desk of whoever comes by it.
        """
        if not isinstance(new, NewLink):
            raise InvalidInput.at("new", "wrong_type", "give a NewLink")
        reading = Reading()
        lead_id, patient_ref = rules.subject(reading, new.lead_id, new.patient_ref)
        lasts = links.lasting(reading, new.lasts)
        types = _types(work, reading, new.types)
        reading.finish()
        reaching.subject(work, lead_id, patient_ref)
        reaching.ensure_may_invite(work, patient_ref)
        link = Pass(
            id=work.ids(), types=types, expires_at=(work.now + lasts).replace(microsecond=0)
        )
        patient = Actor(
            user=UserId(lead_id or patient_ref or ""),
            clinic=work.clinic_id,
            roles={Role.PATIENT},
            link=link,
        )
        work.touch([link.id])
        work.store.deliveries.claim(links.issue(work.actor, link.id, work.now))
        secret = links.secrets_of(work.store, self._office.outside.secrets)[0]
        return SelfSchedulingLink(
            id=link.id,
            token=links.written(secret, patient),
            types=types,
            expires_at=link.expires_at,
        )

    @verb(Permission.APPOINTMENT_MANAGE)
    def revoke_link(self, work: Work, link_id: str) -> None:
        """Let a link open nothing any more; that it existed is not checked.

        Who reaches only the own appointments revokes links that they made.

        Raises:
            NotFound: somebody else made it, or nobody.
        """
        reading = Reading()
        known = reading.text("link_id", link_id)
        reading.required("link_id", known)
        reading.finish()
        work.seek([known or ""])
        mine = links.issue(work.actor, known or "", work.now)
        if not reaching.reaches_all(work) and work.store.deliveries.known(mine) is None:
            raise NotFound("link")
        work.store.deliveries.claim(links.revocation(work.clinic_id, known or "", work.now))


class Scheduling(Timetables, Appointments, Views, Calendars, area="scheduling"):
    """Everything about appointments."""


def _types(work: Work, reading: Reading, raw: object) -> tuple[str, ...]:
    """Read for which types a link is: public ones, all of them unless some are named."""
    public = [
        one.slug
        for one in work.practice.clinic.settings.visit_types
        if one.is_public and one.is_active
    ]
    if raw is None:
        return tuple(public)
    if not isinstance(raw, (tuple, list)) or not raw or not set(public).issuperset(raw):
        reading.refuse("types", "unknown_value", "give types that patients may book")
        return ()
    return tuple(dict.fromkeys(raw))
