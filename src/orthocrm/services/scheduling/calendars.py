"""Other calendars: invitations, a provider's private feed, and busy time that is imported."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Final

from attrs import evolve, field, frozen

from orthocrm.core import limits
from orthocrm.core.actor import Actor, Permission, Role, Scope
from orthocrm.core.appointment import Appointment, TimeOff
from orthocrm.core.errors import Forbidden, InvalidInput, NotFound
from orthocrm.core.facts import LEADS
from orthocrm.core.ids import AppointmentId, ClinicId, TimeOffId, UserId
from orthocrm.core.lead import Lead
from orthocrm.core.notifying import Message
from orthocrm.core.query import Cond, Where, both, predicate
from orthocrm.core.reading import Reading
from orthocrm.core.schedule import Schedule
from orthocrm.scheduling import fhir
from orthocrm.scheduling.ical.busy import OURS, BusyTime, busy_times
from orthocrm.scheduling.ical.feeds import (
    Feed,
    FeedDetail,
    address,
    feed,
    new_token,
    no_feed,
    opens,
)
from orthocrm.scheduling.ical.invites import Invite, InviteText, invite
from orthocrm.services.gate import Area, verb
from orthocrm.services.notifications import calendar_pushes
from orthocrm.services.notifications.calendar_pushes import Push
from orthocrm.services.scheduling import diaries, exporting, reaching
from orthocrm.services.settings import configuring
from orthocrm.services.work import Work, everything

BEHIND: Final = timedelta(days=30)
"""How long past appointments stay in a feed."""
AHEAD: Final = timedelta(days=400)
"""How far feeds reach, and up to when busy time is imported."""
_BEFORE: Final = timedelta(days=1)


@frozen(kw_only=True)
class CalendarFeed:
    """The feed of somebody: `token` is told once, and whoever has it reads the feed."""

    owner: str
    detail: FeedDetail
    token: str = field(repr=False)


@frozen(kw_only=True)
class ImportedBusy:
    """What an import of busy time did: times that are new, gone and as before.

    `left_out` counts the entries that could not be read, by reason.
    """

    added: int
    removed: int
    unchanged: int
    left_out: Mapping[str, int]


class Calendars(Area, area="scheduling"):
    """What other calendars get from us, and what they tell us."""

    @verb(Permission.APPOINTMENT_READ)
    def invite(self, work: Work, appointment_id: AppointmentId) -> Invite:
        """Write the iCalendar message of an appointment as it stands: a request or its withdrawal.

        It is addressed to the family where the actor may know their address, and else to nobody.

        Raises:
            InvalidInput: the practice has no e-mail address in its settings.
            AppointmentClosed: the appointment is only held.
        """
        return invite(*_invitation(work, appointment_id), work.now)

    @verb(Permission.AVAILABILITY_MANAGE)
    def feed(
        self, work: Work, provider: str, detail: FeedDetail | str = FeedDetail.BUSY
    ) -> CalendarFeed:
        """Make a private feed of somebody's calendar; the address that was there opens nothing now.

        `crm.calendar_feed(token)` gives the calendar to whoever has the token.
        """
        told = configuring.member(FeedDetail, detail, "detail")
        schedule = _schedule(work, provider)
        token = new_token(work.clinic_id, schedule.id, told)
        work.store.schedules.save([evolve(schedule, feed=token.kept)])
        work.touch([schedule.id])
        return CalendarFeed(owner=schedule.id, detail=told, token=token.token)

    @verb(Permission.AVAILABILITY_MANAGE)
    def revoke_feed(self, work: Work, provider: str) -> None:
        """Let the address of somebody's feed open nothing any more."""
        schedule = _schedule(work, provider)
        work.store.schedules.save([evolve(schedule, feed=None)])
        work.touch([schedule.id])

    @verb(Permission.APPOINTMENT_READ)
    def read_feed(self, work: Work, token: str) -> str:
        """Give the calendar that a token opens, 30 days back and 400 ahead, as iCalendar text.

        Raises:
            InvalidInput: the token opens nothing: it was revoked, or never was one.
        """
        named = address(token)
        known = work.store.schedules.get([named.owner]).get(named.owner)
        detail = opens(named.secret, None if known is None else known.feed)
        if known is None or detail is None or named.clinic != work.clinic_id:
            raise no_feed()
        work.touch([known.id])
        return feed(_theirs(work, known.id), _about(work, known, detail), work.now)

    @verb(Permission.AVAILABILITY_MANAGE)
    def push_calendar(self, work: Work, provider: str) -> int:
        """Have all of somebody's appointments to come written in the calendars elsewhere.

        That is for calendars that are new, or were lost: changes are brought there anyway. Gives
        how many entries are on their way, at most 400 days ahead.
        """
        owner = _schedule(work, provider).id
        coming = [one for one in _theirs(work, owner) if one.ends_at > work.now]
        messages = [message for one in coming for message in _pushes(work, owner, one)]
        work.store.messages.add(messages)
        work.touch([owner])
        return len(messages)

    @verb(Permission.AVAILABILITY_MANAGE)
    def import_busy(
        self, work: Work, provider: str, content: str | bytes, origin: str = "calendar"
    ) -> ImportedBusy:
        """Take from somebody's other calendar when they are busy, up to 400 days ahead.

        Everything that was imported from the same `origin` is replaced. Nothing is offered at
        these times; appointments that stand there stay. Of an entry its times and its UID are
        kept, nothing else.

        Raises:
            InvalidInput: the calendar as a whole cannot be read; nothing changed then.
        """
        schedule = _schedule(work, provider)
        named = _origin(origin)
        found = busy_times(
            content,
            schedule.timezone or work.practice.clinic.timezone,
            (work.now - _BEFORE, work.now + AHEAD),
            own=(OURS, f"@{work.clinic_id}"),
        )
        return _replaced(work, schedule.id, named, found.times, found.left_out)

    @verb(Permission.AVAILABILITY_MANAGE)
    def forget_busy(self, work: Work, provider: str, origin: str = "calendar") -> ImportedBusy:
        """Forget everything that was imported from an origin."""
        return _replaced(work, _schedule(work, provider).id, _origin(origin), (), {})

    @verb(Permission.APPOINTMENT_READ)
    def fhir(
        self,
        work: Work,
        provider: str,
        from_: datetime,
        to: datetime,
        type: str | None = None,  # noqa: A002 - the field's name
    ) -> fhir.Resource:
        """Give a Bundle of FHIR R4: somebody's Schedule, taken Slots and Appointments.

        It covers what starts in `[from_, to)`, at most 400 days. With a type of appointment, the
        free Slots for it come too.
        """
        return exporting.exported(work, _schedule(work, provider), from_, to, type)


def reader(token: object) -> Actor:
    """Give whoever comes with the token of a feed: they may try to read that feed.

    Raises:
        InvalidInput: it is no token of a feed.
    """
    named = address(token)
    return Actor(user=UserId(named.owner), clinic=ClinicId(named.clinic), roles={Role.PROVIDER})


def _schedule(work: Work, provider: str) -> Schedule:
    if provider != work.actor.user and Scope.CLINIC not in work.scopes(work.permission):
        raise Forbidden(work.operation, work.permission)
    if not isinstance(provider, str):
        raise InvalidInput.at("provider", "wrong_type", "give a user")
    found = work.store.schedules.get([provider]).get(provider)
    if found is None or found.is_template:
        raise NotFound("schedule")
    return found


def _invitation(work: Work, appointment_id: AppointmentId) -> tuple[Appointment, InviteText]:
    appointment = reaching.appointment(work, appointment_id)
    clinic = work.practice.clinic
    return appointment, InviteText(
        practice=clinic.name,
        title=_title(work, appointment.type),
        organizer=clinic.settings.messaging.email,  # type: ignore[arg-type]  # it refuses none
        attendee=_attendee(work, appointment),
    )


def _title(work: Work, slug: str) -> str:
    kind = diaries.types(work).get(slug)
    return slug if kind is None else kind.name


def _attendee(work: Work, appointment: Appointment) -> str | None:
    """Give the family's address to those who may read their lead, and to themselves."""
    if appointment.lead_id is None:
        return None
    lead = work.store.leads.get([appointment.lead_id]).get(appointment.lead_id)
    email = None if lead is None or not _may_read(work, lead) else lead.contact.email
    return None if email is None else email.address


def _may_read(work: Work, lead: Lead) -> bool:
    if reaching.is_patient(work):
        return True
    may = work.may(Permission.LEAD_READ)
    return may and predicate(work.reach(Permission.LEAD_READ), LEADS)(lead)


def _theirs(work: Work, owner: str) -> tuple[Appointment, ...]:
    return everything(
        work.store.appointments,
        both(
            reaching.taking_part(owner),
            Cond("starts_at", "ge", work.now - BEHIND),
            Cond("starts_at", "lt", work.now + AHEAD),
        ),
    )


def _pushes(work: Work, owner: str, appointment: Appointment) -> Iterator[Message]:
    messaging = work.practice.clinic.settings.messaging
    for target in calendar_pushes.targets(messaging, appointment, ()):
        if target.user == owner:
            by = work.actor.user
            push = Push(appointment=appointment, target=target, item=work.ids(), by=by)
            yield push.message(work.now, work.ids)


def _about(work: Work, schedule: Schedule, detail: FeedDetail) -> Feed:
    clinic = work.practice.clinic
    return Feed(
        name=clinic.name,
        timezone=schedule.timezone or clinic.timezone,
        detail=detail,
        title=lambda slug: _title(work, slug),
    )


def _origin(raw: object) -> str:
    reading = Reading()
    found = reading.text("origin", raw, limits.REFERENCE)
    reading.required("origin", found)
    reading.finish()
    return found or ""


def _imported(owner: str, origin: str) -> Where:
    return both(Cond("user", "eq", owner), Cond("origin", "eq", origin))


def _key(one: BusyTime | TimeOff) -> tuple[object, ...]:
    uid = one.uid if isinstance(one, BusyTime) else one.external_uid
    return one.starts_at, one.ends_at, uid


def _replaced(
    work: Work, owner: str, origin: str, times: tuple[BusyTime, ...], left_out: Mapping[str, int]
) -> ImportedBusy:
    """Let the time off of an origin be these times; what stays as it is, is not written."""
    before = {_key(one): one for one in everything(work.store.time_off, _imported(owner, origin))}
    wanted = {_key(one): one for one in times}
    gone = [one.id for key, one in before.items() if key not in wanted]
    new = [_time_off(work, owner, origin, one) for key, one in wanted.items() if key not in before]
    if gone:
        work.store.time_off.remove(gone)
    if new:
        _tell_of_the_first(work, owner)
        work.store.time_off.add(new)
    work.touch([owner])
    return ImportedBusy(
        added=len(new),
        removed=len(gone),
        unchanged=len(wanted) - len(new),
        left_out=left_out,
    )


def _tell_of_the_first(work: Work, owner: str) -> None:
    """Let every process know that calendars from outside have to be asked from now on."""
    if not diaries.has_imported(work):
        configuring.changed(work, "calendar", owner)


def _time_off(work: Work, owner: str, origin: str, one: BusyTime) -> TimeOff:
    return TimeOff(
        id=TimeOffId(work.ids()),
        clinic_id=work.clinic_id,
        user=UserId(owner),
        starts_at=one.starts_at,
        ends_at=one.ends_at,
        origin=origin,
        external_uid=one.uid,
    )
