"""Visits keep their local time when governments change the clocks: moved in order, and told once.

Which data a clinic's visits go by is noted for each zone. A process with data that were left behind
moves nothing: while machines get new data one after the other, visits go over once and not back.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from attrs import evolve, frozen

from orthocrm.core.appointment import Appointment
from orthocrm.core.audit import Delivery
from orthocrm.core.errors import Forbidden, InvalidInput, SlotTaken
from orthocrm.core.events import AppointmentMoved, AppointmentShifted, AppointmentStranded
from orthocrm.core.ids import AppointmentId, ClinicId, UserId
from orthocrm.core.lead import Lead
from orthocrm.core.notifying import Message, MessageState
from orthocrm.core.ports import UnitOfWork
from orthocrm.core.query import Aggregate, Cond, Measure, Page, Where, both
from orthocrm.core.reading import Reading
from orthocrm.core.reminding import is_reminder, revision_of, rule_of
from orthocrm.core.task import LeadTaskType, TaskPriority
from orthocrm.core.time import zone
from orthocrm.followup import sending
from orthocrm.followup.tasks import NewTask
from orthocrm.scheduling import booking, reminders, wall_times
from orthocrm.scheduling.renewal import along
from orthocrm.scheduling.wall_times import Drift, Kept
from orthocrm.services.scheduling import booking as making
from orthocrm.services.scheduling import consultations, diaries, reaching, reminding
from orthocrm.services.work import Work, everything

BATCH: Final = 200
"""How many visits one unit of work moves."""

STRANDED: Final = "Find another time: clocks have changed, and the place is taken"

_OPERATION: Final = "scheduling.keep_wall_times"
_EVER: Final = timedelta(days=36_500)
"""What was noted before then is replaced, also where a clock was put back meanwhile."""

_WORKER: Final = UserId("system:worker")
_WAITING: Final = (MessageState.PENDING, MessageState.PARKED)

Pair = tuple[Appointment, Kept]
Cursor = tuple[Drift, tuple[Any, ...] | None]


@frozen(kw_only=True)
class WallTimesKept:
    """The visits of a batch that went along with the clocks, and those whose place was taken.

    `behind` names zones whose data here are older than those by which visits have gone already.
    `after` is what the next call is given; None: all have been looked at.
    """

    moved: tuple[AppointmentId, ...] = ()
    stranded: tuple[AppointmentId, ...] = ()
    behind: tuple[str, ...] = ()
    after: str | None = None


def keep(work: Work, after: str | None = None, *, called_off: bool = False) -> WallTimesKept:
    """Move the next visits within reach to the instants of their wall times."""
    begun = _read(after)
    if called_off and not reaching.reaches_all(work):
        raise Forbidden(work.operation, work.permission)
    done = _done(work)
    if begun is None and not called_off and _is_known(work.store, done):
        return WallTimesKept()
    zones = _own(work) | _zones(work.store, work.now)
    behind = [name for name in sorted(zones) if _is_behind(work, name, called_off=called_off)]
    drift, place = begun or (Drift.LATER, None)
    live = zones.difference(behind)
    moved, stranded, last = _page(work, live, drift, place)
    following = _following(drift, last)
    if following is None and reaching.reaches_all(work) and not _is_any_left(work, live):
        work.store.deliveries.claim(done, since=work.now + _EVER)
    return WallTimesKept(
        moved=tuple(moved), stranded=tuple(stranded), behind=tuple(behind), after=following
    )


def _page(
    work: Work, zones: Iterable[str], drift: Drift, place: tuple[Any, ...] | None
) -> tuple[list[AppointmentId], list[AppointmentId], tuple[Any, ...] | None]:
    """Move a page of visits, each to where the one before it has left."""
    where = _wrong(work, zones, drift)
    found = work.store.appointments.find(where, [drift.order], Page(BATCH, place))
    moved, stranded = _moved(work, found.items)
    return [one.id for one, _ in moved], [one.id for one, _ in stranded], found.after


def _moved(work: Work, found: Sequence[Appointment]) -> tuple[list[Pair], list[Pair]]:
    leads = work.store.leads.get(sorted({v.lead_id for v in found if v.lead_id}), lock=True)
    held = work.store.appointments.get(sorted(one.id for one in found), lock=True)
    moved: list[Pair] = []
    stranded: list[Pair] = []
    for visit in (held[one.id] for one in found if one.id in held):
        kept = wall_times.kept(visit, work.now)
        if kept is not None and visit.status in wall_times.COMING:
            (moved if _took(work, visit, kept.visit) else stranded).append((visit, kept))
    work.store.appointments.save([kept.visit for _, kept in moved])
    _remind(work, [pair for pair in moved if pair[1].is_told_time], leads)
    for visit, kept in moved:
        _tell(work, visit, kept)
    for visit, kept in stranded:
        _strand(work, visit, kept.visit.starts_at, leads)
    work.touch(visit.id for visit, _ in [*moved, *stranded])
    return moved, stranded


def _took(work: Work, before: Appointment, after: Appointment) -> bool:
    """Take the new time in place of the old one, or keep the old one.

    Raises:
        SlotTaken: somebody has come in between; the unit of work is begun anew.
    """
    if not making.takes_time(work, before):
        return True
    work.store.claims.release([before.id])
    if not work.store.claims.take(before.id, booking.claims_of(after)):
        return True
    if work.store.claims.take(before.id, booking.claims_of(before)):
        raise SlotTaken
    return False


def _tell(work: Work, before: Appointment, kept: Kept) -> None:
    """Leave an event behind; a time that clocks never show is a move, of which families hear."""
    kind = AppointmentShifted if kept.is_told_time else AppointmentMoved
    if not kept.is_told_time:
        reminding.renew(work, kept.visit)
    work.record(
        kind(
            clinic_id=work.clinic_id,
            at=work.now,
            by=work.actor.user,
            appointment_id=before.id,
            before=before.starts_at,
            after=kept.visit.starts_at,
            sequence=kept.visit.sequence,
            lead_id=before.lead_id,
        )
    )


def _strand(work: Work, visit: Appointment, wanted: datetime, leads: Mapping[str, Lead]) -> None:
    """Have somebody find another time; each visit is told of once for each time it belongs at."""
    key = f"stranded:{visit.id}:{wanted.isoformat()}"
    if work.store.deliveries.claim(_note(work.clinic_id, key, key, work.now)) is not None:
        return
    work.record(
        AppointmentStranded(
            clinic_id=work.clinic_id,
            at=work.now,
            by=work.actor.user,
            appointment_id=visit.id,
            starts_at=visit.starts_at,
            wanted=wanted,
            lead_id=visit.lead_id,
        )
    )
    lead = leads.get(visit.lead_id or "")
    if lead is None or not lead.is_open:
        return
    fallback = work.practice.clinic.settings.fallback
    new = NewTask(
        type=LeadTaskType.CALL,
        title=STRANDED,
        due_at=work.now,
        priority=TaskPriority.HIGH,
        assigned_to=lead.ownership.owner or fallback or work.actor.user,
    )
    consultations.follow_up(work, lead, new)


def _remind(work: Work, moved: Sequence[Pair], leads: Mapping[str, Lead]) -> None:
    """Let the reminders that wait go along; what a worker has in hand is on its way."""
    pairs = {before.id: (before, kept.visit) for before, kept in moved if before.lead_id in leads}
    if not pairs:
        return
    about = both(Cond("appointment_id", "in", sorted(pairs)), Cond("state", "in", _WAITING))
    ids = [one.id for one in everything(work.store.messages, about) if is_reminder(one)]
    changed = []
    for message in work.store.messages.get(sorted(ids), lock=True).values() if ids else ():
        before, after = pairs[AppointmentId(message.appointment_id or "")]
        if message.state not in _WAITING or sending.is_in_hand(message, work.now):
            continue
        if revision_of(message) == before.sequence:
            changed.append(_along(work, message, before, after, leads[before.lead_id or ""]))
    work.store.messages.save(changed)


def _along(
    work: Work, message: Message, before: Appointment, after: Appointment, lead: Lead
) -> Message:
    terms = evolve(reminding.terms(work, after, lead), made_at=message.created_at)
    plans = reminders.planned(reminding.rules_for(work, after), terms)
    mine = message.channel, rule_of(message)
    plan = next((one for one in plans if (one.rule.channel, one.rule.name) == mine), None)
    return along(message, plan, before, after)


def _wrong(work: Work, zones: Iterable[str], drift: Drift) -> Where:
    return both(wall_times.drifted(zones, work.now, drift), reaching.reach(work))


def _is_any_left(work: Work, zones: Iterable[str]) -> bool:
    """Whether some are stranded: they are tried again in each round."""
    names = sorted(zones)
    return any(work.store.appointments.count(_wrong(work, names, drift)) for drift in Drift)


def _zones(store: UnitOfWork, now: datetime) -> set[str]:
    """Give the zones of visits that are to come."""
    query = Aggregate(
        of="appointments",
        measures=(Measure("visits"),),
        by=("timezone",),
        where=wall_times.coming(now),
    )
    return set(filter(_is_there, (one.key[0] for one in store.aggregate(query))))


def _is_there(name: str) -> bool:
    """Whether there are data of a zone; visits of one that is no more stay as they are."""
    try:
        zone(name)
    except InvalidInput:
        return False
    return True


def _own(work: Work) -> set[str]:
    schedules = diaries.hours(work).schedules.values()
    return {work.practice.clinic.timezone, *(one.timezone for one in schedules if one.timezone)}


@frozen(kw_only=True)
class Astray:
    """How many visits do not stand at their wall times, by this process's data.

    `behind` names the zones whose data are older here than those by which visits have gone.
    """

    visits: int = 0
    behind: tuple[str, ...] = ()


def astray(store: UnitOfWork, clinic: ClinicId, now: datetime) -> Astray:
    """Count the visits of a clinic that wait for a worker, or for somebody to find another time."""
    zones = _zones(store, now)
    notes = {name: _notes(clinic, name, now) for name in sorted(zones)}
    behind = tuple(
        name
        for name, (present, seen) in notes.items()
        if not _is_known(store, present) and _is_known(store, seen)
    )
    live = zones.difference(behind)
    visits = [store.appointments.count(wall_times.drifted(live, now, drift)) for drift in Drift]
    return Astray(visits=sum(visits), behind=behind)


# --- what has been done


def _done(work: Work) -> Delivery:
    """Name what there is to do: once a day, and whenever a zone's rules are others.

    Day by day, since another process may have booked by older data meanwhile.
    """
    rules = [(name, wall_times.digest_of(name)) for name in sorted(_own(work))]
    said = hashlib.sha256(json.dumps(rules).encode()).hexdigest()
    return _note(work.clinic_id, f"done:{said}", work.now.date().isoformat(), work.now)


def _is_known(store: UnitOfWork, note: Delivery) -> bool:
    known = store.deliveries.known(note)
    return known is not None and known.fingerprint == note.fingerprint


def _is_behind(work: Work, name: str, *, called_off: bool) -> bool:
    """Whether visits have left this process's data of a zone behind; new data are noted."""
    present, seen = _notes(work.clinic_id, name, work.now)
    if _is_known(work.store, present):
        return False
    if not called_off and _is_known(work.store, seen):
        return True
    for note in (present, seen):
        work.store.deliveries.claim(note, since=work.now + _EVER)
    return False


def _notes(clinic: ClinicId, name: str, now: datetime) -> tuple[Delivery, Delivery]:
    """Name what visits of a zone go by, and what they went by once, as of this process's data."""
    digest = wall_times.digest_of(name)
    return (
        _note(clinic, f"zone:{name}", digest, now),
        _note(clinic, f"zone:{name}:{digest}", digest, now),
    )


def _note(clinic: ClinicId, key: str, fingerprint: str, now: datetime) -> Delivery:
    return Delivery(
        clinic_id=clinic,
        operation=_OPERATION,
        user=_WORKER,
        key=key,
        fingerprint=fingerprint,
        created_at=now,
    )


# --- where a batch begins


def _read(after: object) -> Cursor | None:
    """Read where a batch begins."""
    reading = Reading()
    text = reading.text("after", after)
    reading.finish()
    if text is None:
        return None
    try:
        drift, at, last = json.loads(text)
        place = None if at is None else (datetime.fromisoformat(at), str(last))
        found = Drift(drift), place
    except (ValueError, TypeError):
        raise _not_ours() from None
    if place is not None and place[0].tzinfo is None:
        raise _not_ours()
    return found


def _not_ours() -> InvalidInput:
    return InvalidInput.at("after", "bad_cursor", "give `after` of the last answer")


def _following(drift: Drift, last: tuple[Any, ...] | None) -> str | None:
    """Write where the next batch begins: those that go later come first."""
    if last is not None:
        at, name = last
        return json.dumps([drift, at.isoformat(), name])
    return json.dumps([Drift.EARLIER, None, None]) if drift is Drift.LATER else None
