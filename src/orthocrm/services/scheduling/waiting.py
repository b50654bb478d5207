"""The waitlist: a freed time is held for the first who waits for it, and goes on when it lapses."""

from collections.abc import Iterable
from datetime import date, time, timedelta
from typing import Final

from attrs import evolve, frozen

from orthocrm.core import limits
from orthocrm.core.appointment import Appointment, AppointmentStatus
from orthocrm.core.errors import AppointmentClosed, InvalidInput, NotFound, SlotTaken, Vetoed
from orthocrm.core.events import SlotOffered
from orthocrm.core.facts import APPOINTMENTS
from orthocrm.core.ids import LeadId, UserId, WaitlistId
from orthocrm.core.query import Cond, Page, Sort, both, predicate
from orthocrm.core.reading import Reading
from orthocrm.core.time import zone
from orthocrm.core.visit_type import VisitType
from orthocrm.core.waitlist import WaitlistEntry, WaitlistState
from orthocrm.scheduling import booking, choosing
from orthocrm.scheduling.booking import Taken, Wanted
from orthocrm.services.scheduling import allowing, diaries, reaching
from orthocrm.services.scheduling.booking import claim, expire, question
from orthocrm.services.work import Work, everything

OFFERED: Final = timedelta(hours=2)
"""How long an offer stands, unless the visit would begin before."""

BATCH: Final = 200
_SATURDAY: Final = 6
_MOST: Final = 50
_OPEN = (WaitlistState.WAITING, WaitlistState.OFFERED)


@frozen(kw_only=True)
class NewWaitlistEntry:
    """Who wants to come when: raw values, checked by `join`.

    `providers` empty: anybody. `earliest` and `latest` are inclusive local dates of the clinic,
    `weekdays` 0 is Sunday (empty: any), the visit starts at a wall time `[start, end)`.
    """

    type: str
    lead_id: LeadId | None = None
    patient_ref: str | None = None
    providers: tuple[UserId, ...] = ()
    earliest: date | None = None
    latest: date | None = None
    weekdays: tuple[int, ...] = ()
    start: time | None = None
    end: time | None = None


def join(work: Work, new: NewWaitlistEntry) -> WaitlistEntry:
    """Put somebody on the waitlist."""
    entry = _read(work, new)
    kind = diaries.types(work)[entry.visit_type]
    reaching.subject(work, entry.lead_id, entry.patient_ref)
    reaching.allow(work, kind, () if reaching.is_patient(work) else entry.providers)
    allowing.ensure_may_wait(work)
    work.store.waitlist.add([entry])
    work.touch([entry.id])
    return entry


def _read(work: Work, new: NewWaitlistEntry) -> WaitlistEntry:
    if not isinstance(new, NewWaitlistEntry):
        raise InvalidInput.at("new", "wrong_type", "give a NewWaitlistEntry")
    reading = Reading()
    types = work.practice.clinic.settings.visit_types
    kind = booking.visit_type_of(reading, types, new.type)
    lead_id, patient_ref = booking.subject(reading, new.lead_id, new.patient_ref)
    earliest, latest = reading.day("earliest", new.earliest), reading.day("latest", new.latest)
    if earliest is not None and latest is not None and latest < earliest:
        reading.refuse("latest", "end_before_start", "the last date must not come first")
    weekdays = tuple(
        reading.whole(f"weekdays.{at}", day, 0, _SATURDAY)
        for at, day in enumerate(_several(reading, "weekdays", new.weekdays))
    )
    providers = tuple(
        reading.text(f"providers.{at}", one, limits.REFERENCE)
        for at, one in enumerate(_several(reading, "providers", new.providers))
    )
    start, end = _wall(reading, "start", new.start), _wall(reading, "end", new.end)
    if start is not None and end is not None and end <= start:
        reading.refuse("end", "end_before_start", "the end must come after the start")
    reading.finish()
    return WaitlistEntry(
        id=WaitlistId(work.ids()),
        clinic_id=work.clinic_id,
        visit_type="" if kind is None else kind.slug,
        created_at=work.now,
        created_by=work.actor.user,
        lead_id=lead_id,
        patient_ref=patient_ref,
        providers=tuple(UserId(one) for one in providers if one),
        earliest=earliest,
        latest=latest,
        weekdays=tuple(day for day in weekdays if day is not None),
        start=start,
        end=end,
    )


def _several(reading: Reading, path: str, raw: object) -> tuple[object, ...]:
    if not isinstance(raw, (tuple, list)) or len(raw) > _MOST:
        reading.refuse(path, "wrong_type", f"give at most {_MOST} values")
        return ()
    return tuple(raw)


def _wall(reading: Reading, path: str, raw: object) -> time | None:
    if raw is None or (isinstance(raw, time) and raw.tzinfo is None):
        return raw
    reading.refuse(path, "not_a_wall_time", "give a time without a zone")
    return None


def leave(work: Work, entry_id: WaitlistId) -> WaitlistEntry:
    """Take somebody off the waitlist; an offer that stands is theirs to cancel or let lapse."""
    if not isinstance(entry_id, str):
        raise InvalidInput.at("entry_id", "wrong_type", "give the id of a waitlist entry")
    entry = work.store.waitlist.get([entry_id], lock=True).get(entry_id)
    work.seek([entry_id])
    if entry is None or not _within(work, entry):
        raise NotFound("waitlist entry")
    if entry.state not in _OPEN:
        raise AppointmentClosed(entry.state)
    (saved,) = work.store.waitlist.save([evolve(entry, state=WaitlistState.LEFT)])
    return saved


def entries(work: Work, kind: str | None = None) -> tuple[WaitlistEntry, ...]:
    """List who waits, and to whom something is offered, oldest first."""
    where = both(
        Cond("state", "in", _OPEN), Cond("visit_type", "eq", kind) if kind is not None else None
    )
    found = everything(work.store.waitlist, where, [Sort("created_at")])
    mine = tuple(entry for entry in found if _within(work, entry))
    work.touch(entry.id for entry in mine)
    return mine


def _within(work: Work, entry: WaitlistEntry) -> bool:
    user = work.actor.user
    if reaching.reaches_all(work):
        return True
    if reaching.is_patient(work):
        return user in (entry.lead_id, entry.patient_ref)
    return entry.created_by == user


def offer(work: Work, freed: Appointment, after: WaitlistEntry | None = None) -> None:
    """Hold a freed time for the first who waits for it, `after` whom it was offered to before."""
    kind = diaries.types(work).get(freed.type)
    if freed.starts_at <= work.now or kind is None or not kind.is_active:
        return
    for entry in _queue(work, freed, after):
        if _fits(work, entry, freed) and _offered(work, entry, freed, kind):
            return


def count_days(work: Work, freed: Iterable[Appointment]) -> None:
    """Lock what an offer of these times would lock, before anything of theirs is given back."""
    types = diaries.types(work)
    limited = {
        (one.type, None if _is_team(types[one.type]) else one.provider)
        for one in freed
        if one.type in types
    }
    for slug, provider in sorted(limited, key=lambda one: one[1] or ""):
        diaries.count_days(work, types[slug], provider)


def _is_team(kind: VisitType) -> bool:
    return kind.all_providers or bool(kind.groups)


def _queue(work: Work, freed: Appointment, after: WaitlistEntry | None) -> list[WaitlistEntry]:
    where = both(Cond("state", "eq", WaitlistState.WAITING), Cond("visit_type", "eq", freed.type))
    found = sorted(
        everything(work.store.waitlist, where), key=lambda entry: (entry.created_at, entry.id)
    )
    if after is None:
        return found
    return [e for e in found if (e.created_at, e.id) > (after.created_at, after.id)]


def _fits(work: Work, entry: WaitlistEntry, freed: Appointment) -> bool:
    """Whether somebody wants to come then, and to that person."""
    wall = freed.starts_at.astimezone(zone(work.practice.clinic.timezone))
    day, clock = wall.date(), wall.time()
    return (
        (not entry.providers or freed.provider in entry.providers)
        and (entry.earliest is None or entry.earliest <= day)
        and (entry.latest is None or day <= entry.latest)
        and (not entry.weekdays or day.isoweekday() % 7 in entry.weekdays)
        and (entry.start is None or entry.start <= clock)
        and (entry.end is None or clock < entry.end)
    )


def _offered(work: Work, entry: WaitlistEntry, freed: Appointment, kind: VisitType) -> bool:
    held = work.store.waitlist.get([entry.id], lock=True).get(entry.id)
    if held is None or held.state is not WaitlistState.WAITING:
        return False
    wish = Wanted(
        type=kind,
        starts_at=freed.starts_at,
        length=kind.duration,
        lead_id=entry.lead_id,
        patient_ref=entry.patient_ref,
        provider=None if _is_team(kind) else freed.provider,
    )
    asked = question(work, wish)
    diaries.count_days(work, kind, wish.provider)
    diary = diaries.read(work, asked, wish.ends_at)
    found = choosing.chosen(wish, asked, diary)
    if not isinstance(found, Taken):
        return False
    hold = _hold(work, entry, wish, found)
    try:
        claim(work, hold, diary, alone=False)
    except (SlotTaken, Vetoed):
        return False
    work.store.appointments.add([hold])
    _note(work, held, hold)
    return True


def _hold(work: Work, entry: WaitlistEntry, wish: Wanted, found: Taken) -> Appointment:
    made = booking.appointment(
        wish,
        found,
        AppointmentStatus.HELD,
        clinic=work.clinic_id,
        now=work.now,
        by=entry.created_by,
        ids=work.ids,
    )
    until = min(work.now + OFFERED, wish.starts_at)
    return evolve(made, expires_at=until, held_by=entry.id)


def _note(work: Work, entry: WaitlistEntry, hold: Appointment) -> None:
    until = hold.expires_at or work.now
    work.store.waitlist.save(
        [
            evolve(
                entry,
                state=WaitlistState.OFFERED,
                appointment_id=hold.id,
                expires_at=until,
            )
        ]
    )
    work.touch([entry.id, hold.id])
    work.record(
        SlotOffered(
            clinic_id=work.clinic_id,
            at=work.now,
            by=work.actor.user,
            entry_id=entry.id,
            appointment_id=hold.id,
            expires_at=until,
            lead_id=entry.lead_id,
        )
    )


def taken(work: Work, hold: Appointment) -> None:
    """Note that somebody took what was offered to them."""
    entry = _entry(work, hold)
    if entry is not None:
        work.store.waitlist.save([evolve(entry, state=WaitlistState.TAKEN, expires_at=None)])


def lapsed(work: Work, hold: Appointment) -> WaitlistEntry | None:
    """Let somebody whose offer is over wait again; gives the entry, if it was an offer."""
    entry = _entry(work, hold)
    if entry is None:
        return None
    waits = evolve(entry, state=WaitlistState.WAITING, appointment_id=None, expires_at=None)
    (saved,) = work.store.waitlist.save([waits])
    return saved


def _entry(work: Work, hold: Appointment) -> WaitlistEntry | None:
    """Load the entry for which a time is held."""
    if hold.status is not AppointmentStatus.HELD or hold.held_by is None:
        return None
    entry = work.store.waitlist.get([hold.held_by], lock=True).get(hold.held_by)
    offered = entry is not None and entry.state is WaitlistState.OFFERED
    return entry if offered else None


def expire_holds(work: Work) -> tuple[Appointment, ...]:
    """End holds that have run out, and offer their time to whoever waits next.

    Gives those that are within the actor's reach.
    """
    where = both(Cond("status", "eq", AppointmentStatus.HELD), Cond("expires_at", "le", work.now))
    found = work.store.appointments.find(where, [Sort("expires_at")], Page(BATCH)).items
    count_days(work, found)
    ended = expire(work, [one.id for one in found])
    for one in ended:
        offer(work, one, lapsed(work, one))
    _retire(work)
    within = predicate(reaching.reach(work), APPOINTMENTS)
    return tuple(one for one in ended if within(one))


def _retire(work: Work) -> None:
    """Close the entries whose last date has passed."""
    today = work.now.astimezone(zone(work.practice.clinic.timezone)).date()
    where = both(Cond("state", "eq", WaitlistState.WAITING), Cond("latest", "lt", today))
    found = work.store.waitlist.find(where, [Sort("created_at")], Page(BATCH)).items
    work.store.waitlist.save([evolve(one, state=WaitlistState.EXPIRED) for one in found])
