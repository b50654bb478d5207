"""Every operation on appointments with arguments that would be accepted, and what it is tried on.

Each call is made on a visit that was prepared in the state that the operation wants.
"""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import attrs
from attrs import evolve

from orthocrm import Desk, MessageChannel, NewTask, Role
from orthocrm.core.appointment import AppointmentStatus
from orthocrm.core.ids import AppointmentId, LeadId, SeriesId, UserId, WaitlistId
from orthocrm.core.schedule import DateHours, Schedule
from orthocrm.core.task import LeadTaskType
from orthocrm.core.time import Period
from orthocrm.scheduling.booking import AppointmentEdit
from orthocrm.scheduling.past import PastVisit
from orthocrm.services.batch import only
from orthocrm.services.scheduling.links import NewLink
from orthocrm.services.scheduling.waiting import NewWaitlistEntry
from tests.flows.practice import House
from tests.flows.scheduling import HOUR, TUESDAY, WEEK, open_the_diary, search, wish

ME = UserId("me")
BUSY = "BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n"
NOTHING = AppointmentId("nothing"), SeriesId("nothing"), WaitlistId("nothing")


@attrs.frozen(kw_only=True)
class Visit:
    """What an operation is tried on: a lead with an appointment in somebody's diary."""

    house: House
    lead: LeadId
    provider: UserId = ME
    appointment: AppointmentId = NOTHING[0]
    series: SeriesId = NOTHING[1]
    entry: WaitlistId = NOTHING[2]
    token: str = "nothing"

    def wish(self, **fields: Any) -> Any:
        """Ask for a time of the provider for the lead."""
        usual = {"lead_id": self.lead, "provider": self.provider, "starts_at": TUESDAY}
        return evolve(wish(patient_ref="-"), patient_ref=None, **{**usual, **fields})

    def past(self) -> PastVisit:
        """A visit of the lead with the provider, a month ago."""
        start = TUESDAY - timedelta(days=30)
        return PastVisit(
            type="follow_up", starts_at=start, provider=self.provider, lead_id=self.lead
        )


Call = Callable[[Desk, Visit], Any]


def _s(desk: Desk) -> Any:
    return desk.scheduling


ON_HOURS: dict[str, Call] = {
    "save_schedule": lambda d, v: _s(d).save_schedule(
        Schedule(id=v.provider, clinic_id=v.house.clinic.id, windows=WEEK)
    ),
    "set_week": lambda d, v: _s(d).set_week(v.provider, WEEK),
    "set_date": lambda d, v: _s(d).set_date(v.provider, DateHours(on=date(2026, 12, 24))),
    "close_dates": lambda d, v: _s(d).close_dates(v.provider, [date(2026, 12, 24)]),
    "close_holidays": lambda d, v: _s(d).close_holidays(v.provider, 2026, "US"),
    "open_dates": lambda d, v: _s(d).open_dates(v.provider, [date(2026, 12, 24)]),
    "set_blocks": lambda d, v: _s(d).set_blocks(v.provider, []),
    "remove_schedule": lambda d, v: _s(d).remove_schedule(v.provider),
    "feed": lambda d, v: _s(d).feed(v.provider),
    "revoke_feed": lambda d, v: _s(d).revoke_feed(v.provider),
    "import_busy": lambda d, v: _s(d).import_busy(v.provider, BUSY),
    "push_calendar": lambda d, v: _s(d).push_calendar(v.provider),
    "forget_busy": lambda d, v: _s(d).forget_busy(v.provider),
    "fhir": lambda d, v: _s(d).fhir(v.provider, TUESDAY, TUESDAY + HOUR),
}
"""Operations on somebody's hours."""

ON_VISITS: dict[str, Call] = {
    "appointment": lambda d, v: _s(d).appointment(v.appointment),
    "invite": lambda d, v: _s(d).invite(v.appointment),
    "confirm": lambda d, v: _s(d).confirm(v.appointment),
    "reschedule": lambda d, v: _s(d).reschedule(v.appointment, TUESDAY + HOUR),
    "cancel": lambda d, v: _s(d).cancel(v.appointment),
    "cancel_series": lambda d, v: _s(d).cancel_series(v.series),
    "accept": lambda d, v: _s(d).accept(v.appointment),
    "decline": lambda d, v: _s(d).decline(v.appointment),
    "arrive": lambda d, v: _s(d).arrive(v.appointment),
    "start": lambda d, v: _s(d).start(v.appointment),
    "complete": lambda d, v: _s(d).complete(v.appointment),
    "no_show": lambda d, v: _s(d).no_show(v.appointment),
    "edit": lambda d, v: _s(d).edit(v.appointment, AppointmentEdit(notes="new")),
    "follow_up": lambda d, v: _s(d).follow_up(
        v.appointment,
        NewTask(type=LeadTaskType.CALL, title="Call", due_at=v.house.clock() + HOUR),
    ),
    "leave_waitlist": lambda d, v: _s(d).leave_waitlist(v.entry),
    "reminders": lambda d, v: _s(d).reminders(v.appointment),
    "remind": lambda d, v: _s(d).remind(v.appointment),
}
"""Operations that name an appointment, a series or an entry: out of reach, `NotFound`."""

FOR_LEADS: dict[str, Call] = {
    "book": lambda d, v: _s(d).book(v.wish()),
    "hold": lambda d, v: _s(d).hold(v.wish()),
    "request": lambda d, v: _s(d).request(v.wish()),
    "book_series": lambda d, v: _s(d).book_series(v.wish(), "FREQ=WEEKLY;COUNT=2"),
    "record_past": lambda d, v: only(_s(d).record_past([v.past()])),
    "join_waitlist": lambda d, v: _s(d).join_waitlist(
        NewWaitlistEntry(type="consultation", lead_id=v.lead, providers=(v.provider,))
    ),
    "make_link": lambda d, v: _s(d).make_link(NewLink(lead_id=v.lead)),
}
"""Operations that make something for a lead."""

LOOKING: dict[str, Call] = {
    "schedules": lambda d, _: _s(d).schedules(),
    "slots": lambda d, v: _s(d).slots(search(providers=(v.provider,))),
    "glance": lambda d, v: _s(d).glance(search(providers=(v.provider,))),
    "next_available": lambda d, v: _s(d).next_available(search(providers=(v.provider,))),
    "explain": lambda d, v: _s(d).explain(search(providers=(v.provider,)), TUESDAY),
    "expire_holds": lambda d, _: _s(d).expire_holds(),
    "renew_reminders": lambda d, _: _s(d).renew_reminders(),
    "keep_wall_times": lambda d, _: _s(d).keep_wall_times(),
    "day": lambda d, _: _s(d).day(TUESDAY.date()),
    "week": lambda d, _: _s(d).week(TUESDAY.date()),
    "history": lambda d, v: _s(d).history(lead_id=v.lead),
    "utilisation": lambda d, v: _s(d).utilisation(
        Period.days(TUESDAY.date(), TUESDAY.date()), [v.provider]
    ),
    "waitlist": lambda d, _: _s(d).waitlist(),
    "read_feed": lambda d, v: _s(d).read_feed(v.token),
    "revoke_link": lambda d, _: _s(d).revoke_link("0190c0de-0000-7000-8000-000000000000"),
}
"""Operations on the clinic's diary."""

SCHEDULING = {
    f"scheduling.{name}": call
    for name, call in {**ON_HOURS, **ON_VISITS, **FOR_LEADS, **LOOKING}.items()
}
"""Every operation on appointments."""


def _connect(house: House) -> None:
    """Let the practice write e-mails."""
    settings = house.admin.settings.practice().clinic.settings
    carriers = ((MessageChannel.EMAIL, "nobody"),)
    messaging = evolve(settings.messaging, carriers=carriers, phone="(312) 555-0100")
    house.admin.settings.change(evolve(settings, messaging=messaging))


_PAST = ("complete", "no_show")
_REQUESTED = ("accept", "decline")


def prepared(house: House, lead: LeadId, name: str, provider: UserId = ME) -> Visit:
    """Prepare what an operation wants, through somebody who may do everything."""
    if not house.admin.scheduling.schedules():
        open_the_diary(house)
    for user in ("me", "tc-1"):
        house.admin.scheduling.set_week(user, WEEK)
    visit = Visit(house=house, lead=lead, provider=provider)
    desk, verb = house.desk(Role.OPERATOR).scheduling, name.removeprefix("scheduling.")
    if verb == "cancel_series":
        series = desk.book_series(visit.wish(), "FREQ=WEEKLY;COUNT=2")
        return evolve(visit, series=series.id)
    if verb == "read_feed":
        return evolve(visit, token=house.admin.scheduling.feed(provider).token)
    if verb == "leave_waitlist":
        waits = NewWaitlistEntry(type="consultation", lead_id=lead)
        return evolve(visit, entry=desk.join_waitlist(waits).id)
    if verb == "remind":
        _connect(house)
    if verb not in ON_VISITS:
        return visit
    if verb in _PAST:
        made = desk.book(visit.wish(starts_at=house.clock() - timedelta(days=1), is_manual=True))
    elif verb in _REQUESTED:
        made = desk.request(visit.wish())
    else:
        made = desk.book(visit.wish())
    assert made.appointment.status is not AppointmentStatus.HELD
    return evolve(visit, appointment=made.appointment.id)
