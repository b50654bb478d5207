"""Free times out of the practice's diary, for whoever asks, and why another time is none."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from attrs import evolve, frozen

from orthocrm.core import limits
from orthocrm.core.appointment import Appointment
from orthocrm.core.errors import Forbidden, InvalidInput
from orthocrm.core.ids import AppointmentId, LeadId
from orthocrm.core.reading import Reading
from orthocrm.core.time import zone
from orthocrm.core.visit_type import VisitType
from orthocrm.scheduling import asking, booking, refusals, slots
from orthocrm.scheduling.asking import Question
from orthocrm.scheduling.refusals import Refusal
from orthocrm.scheduling.slots import Slot
from orthocrm.services.scheduling import booking as making
from orthocrm.services.scheduling import diaries, reaching
from orthocrm.services.scheduling.glances import Glances
from orthocrm.services.work import Work

MOST: Final = 1000
"""The most slots of one answer, unless a smaller limit is asked for."""

_LONGEST: Final = timedelta(days=400)


@frozen(kw_only=True)
class Search:
    """Which free times are looked for.

    Starts lie in `[from_, to)`; without `to`, as far as the type may be booked ahead. `providers`
    narrows who takes it. `lead_id` or `patient_ref` is who comes, and cannot be in two places.
    `exclude` is an appointment that is to be moved: the times are those that it would be moved to,
    for who comes to it, as long as it is, with its own buffers. `zone` is the viewer's.
    """

    type: str
    from_: datetime | None = None
    to: datetime | None = None
    providers: tuple[str, ...] = ()
    lead_id: LeadId | None = None
    patient_ref: str | None = None
    exclude: AppointmentId | None = None
    zone: str | None = None
    limit: int = MOST


def find(work: Work, search: Search) -> tuple[Slot, ...]:
    """Find free times, the earliest first: three statements, whatever their number."""
    question = _question(work, search)
    diary = diaries.read(work, question, asking.last_start(question))
    found = slots.find_slots(asking.request_for(question, diary))
    return tuple(_shown(work, slot) for slot in found)


def glance(work: Work, search: Search, glances: Glances) -> tuple[Slot, ...]:
    """Give what was found a moment ago, else find it; rights are asked for each time."""
    _question(work, search)
    whose = None if reaching.reaches_all(work) else (work.actor.user, work.actor.roles)
    same = evolve(search, providers=tuple(search.providers))
    key = (work.clinic_id, work.practice.clinic.revision, whose, same)
    known = glances.find(key, work.now)
    if known is not None:
        return known
    found = find(work, search)
    glances.keep(key, work.now, found)
    return found


def first(work: Work, search: Search) -> Slot | None:
    """Find the first free time."""
    found = find(work, evolve(search, limit=1))
    return found[0] if found else None


def explain(work: Work, search: Search, start: datetime) -> Refusal | None:
    """Tell why a start is not offered; None says that it is.

    Raises:
        Forbidden: a patient asks, whom it does not concern where others are.
    """
    if reaching.is_patient(work):
        raise Forbidden(work.operation, work.permission)
    reading = Reading()
    at = reading.moment("start", start)
    reading.required("start", at)
    reading.finish()
    question = _question(work, search)
    until = max(asking.last_start(question), at or work.now)
    low = min(question.from_ or work.now, at or work.now)
    diary = diaries.read(work, evolve(question, from_=low), until)
    return refusals.explain(asking.request_for(question, diary), at or work.now)


def _question(work: Work, search: Search) -> Question:
    if not isinstance(search, Search):
        raise InvalidInput.at("search", "wrong_type", "give a Search")
    reading = Reading()
    moved = _moved(work, search)
    kind = _kind(work, reading, search, moved)
    from_, to = reading.moment("from_", search.from_), reading.moment("to", search.to)
    low = max(from_ or work.now, work.now)
    if to is not None and from_ is not None and to < from_:
        reading.refuse("to", "end_before_start", "to must not come before from_")
    elif to is not None and to - low > _LONGEST:
        reading.refuse("to", "out_of_range", "give at most 400 days")
    limit = reading.whole("limit", search.limit, 1, MOST)
    providers = _providers(reading, search.providers)
    for path in ("lead_id", "patient_ref"):
        reading.text(path, getattr(search, path), limits.REFERENCE)
    if search.zone is not None and not isinstance(search.zone, str):
        reading.refuse("zone", "wrong_type", "give an IANA time zone")
    reading.finish()
    if search.zone is not None:
        zone(search.zone, "zone")
    if kind is None:  # pragma: no cover - `finish` has refused it
        raise AssertionError
    people = _own(work, providers)
    if moved is None:
        reaching.ensure_no_team(work, kind)
    if moved is None or not reaching.is_patient(work):  # the own ones are theirs to move
        reaching.allow(work, kind, people)
    lead_id, patient_ref = _who(work, search, moved)
    return Question(
        type=kind,
        now=work.now,
        zone=work.practice.clinic.timezone,
        from_=low,
        to=None if to is None else max(to, low),
        providers=people,
        lead_id=lead_id,
        patient_ref=patient_ref,
        exclude=search.exclude,
        viewer_zone=search.zone,
        limit=limit,
    )


def _moved(work: Work, search: Search) -> Appointment | None:
    """Load the appointment that is to be moved.

    Raises:
        NotFound: it is not there, or not within reach: what it takes is nobody else's to free.
    """
    if search.exclude is None:
        return None
    reading = Reading()
    reading.text("exclude", search.exclude, limits.REFERENCE)
    reading.finish()
    return reaching.appointment(work, search.exclude)


def _kind(
    work: Work, reading: Reading, search: Search, moved: Appointment | None
) -> VisitType | None:
    """Find the kind of visit; what is to be moved keeps its own, also when its type is gone."""
    if moved is None:
        types = work.practice.clinic.settings.visit_types
        return booking.visit_type_of(reading, types, search.type)
    if search.type != moved.type:
        reading.refuse("type", "another_type", "give the type of the appointment that is to move")
        return None
    return making.kind_of(work, moved)


def _providers(reading: Reading, raw: object) -> tuple[str, ...]:
    if isinstance(raw, str) or not isinstance(raw, Sequence):
        reading.refuse("providers", "wrong_type", "give a list of users")
        return ()
    found = [reading.text(f"providers.{at}", one) for at, one in enumerate(raw)]
    return tuple(one for one in found if one)


def _own(work: Work, providers: tuple[str, ...]) -> tuple[str, ...]:
    """Let those who see only their own diary look at it and no other."""
    if providers or reaching.is_patient(work) or reaching.reaches_all(work):
        return providers
    return (work.actor.user,)


def _who(work: Work, search: Search, moved: Appointment | None) -> tuple[str | None, str | None]:
    """Say whose other appointments count; a patient's own always do."""
    if reaching.is_patient(work):
        return work.actor.user, work.actor.user
    if moved is not None and search.lead_id is None and search.patient_ref is None:
        return moved.lead_id, moved.patient_ref
    if search.lead_id is not None and (moved is None or search.lead_id != moved.lead_id):
        reaching.ensure_known(work, search.lead_id)
    return search.lead_id, search.patient_ref


def _shown(work: Work, slot: Slot) -> Slot:
    """Keep from patients which chairs there are."""
    return slot._replace(resources=()) if reaching.is_patient(work) else slot
