"""Who referred: the record of every referrer of whom a new lead speaks is found, or made."""

from collections.abc import Sequence

from attrs import define, field

from orthocrm.core.audit import Delivery
from orthocrm.core.errors import InvalidInput
from orthocrm.core.ids import UserId
from orthocrm.core.lead import Lead
from orthocrm.core.marketing import ReferrerKind, ReferrerRecord
from orthocrm.core.query import EVERYTHING, AnyOf, Cond, Where, both
from orthocrm.leads import referrers
from orthocrm.leads.referrers import Known, Spoken
from orthocrm.services.batch import Refused
from orthocrm.services.work import Work, everything

_NOBODY = UserId("")


@define
class Met:
    """New leads with their referrers; the records wait until it is known which leads are kept."""

    leads: list[Lead | Refused]
    made: dict[str, ReferrerRecord] = field(factory=dict)
    named: dict[str, ReferrerRecord] = field(factory=dict)
    of_lead: dict[str, list[str]] = field(factory=dict)

    def keep(self, work: Work, leads: Sequence[Lead]) -> None:
        """Store the records of the leads that were kept."""
        wanted = dict.fromkeys(i for lead in leads for i in self.of_lead.get(lead.id, ()))
        made = [self.made[i] for i in wanted if i in self.made]
        if made:
            work.store.referrers.add(made)
        named = [self.named[i] for i in wanted if i in self.named]
        if named:
            work.store.referrers.save(named)
        work.touch(record.id for record in (*made, *named))


def meet(work: Work, leads: Sequence[Lead], names: Sequence[str | None]) -> Met:
    """Find the referrers of new leads; a name that fits nobody, or several, refuses its lead."""
    met = Met(list(leads))
    spoken: dict[int, tuple[Spoken, ...]] = {}
    for place, (lead, name) in enumerate(zip(leads, names, strict=True)):
        try:
            said = referrers.spoken_of(lead, name, work.practice)
        except InvalidInput as error:
            met.leads[place] = Refused(error)
        else:
            spoken.update({place: said} if said else {})
    if spoken:
        _introduce(work, met, spoken)
    return met


def _introduce(work: Work, met: Met, spoken: dict[int, tuple[Spoken, ...]]) -> None:
    records = list(_known(work, [one for said in spoken.values() for one in said]))
    for place, said in spoken.items():
        known = Known.of(records)
        try:
            found = [(one, known.find(one)) for one in said]
        except InvalidInput as error:
            met.leads[place] = Refused(error)
            continue
        for one, record in found:
            records.append(_taken(work, met, place, one, record))


def _taken(
    work: Work, met: Met, place: int, spoken: Spoken, record: ReferrerRecord | None
) -> ReferrerRecord:
    """Note whom a lead speaks of: a record that is there, one that gets its name, or a new one."""
    lead = met.leads[place]
    assert isinstance(lead, Lead)  # noqa: S101 - for the type checker: it was not refused
    if record is None:
        record = referrers.introduced(spoken, work.clinic_id, now=work.now, ids=work.ids)
        met.made[record.id] = record
    elif spoken.name and not record.name:
        record = referrers.with_name(record, spoken.name, work.now)
        (met.made if record.id in met.made else met.named)[record.id] = record
    met.of_lead.setdefault(lead.id, []).append(record.id)
    met.leads[place] = referrers.referred_by(lead, record)
    return record


def _known(work: Work, spoken: Sequence[Spoken]) -> tuple[ReferrerRecord, ...]:
    """Read the records in question; where one is missing, wait for whoever is making it."""
    where = _in_question(spoken)
    found = everything(work.store.referrers, where)
    known = Known.of(found)
    missing = sorted({_claimed(one) for one in spoken if not known.has(one)})
    for key in missing:
        work.store.deliveries.claim(_claim(work, key), work.now)
    return everything(work.store.referrers, where) if missing else found


def _in_question(spoken: Sequence[Spoken]) -> Where:
    """Ask for records by ref; names are encrypted, so all of the kind are read for them."""
    parts: list[Where] = []
    for kind in sorted({one.kind for one in spoken}):
        of_kind = [one for one in spoken if one.kind is kind]
        refs = sorted({one.ref for one in of_kind if one.ref is not None})
        by_name = any(one.ref is None for one in of_kind)
        is_kind = Cond("kind", "eq", kind.value)
        parts.append(is_kind if by_name else both(is_kind, Cond("ref", "in", refs)))
    return AnyOf(tuple(parts))


def _claimed(spoken: Spoken) -> str:
    return f"{spoken.kind}:by name" if spoken.ref is None else f"{spoken.kind}:ref:{spoken.ref}"


def _claim(work: Work, key: str) -> Delivery:
    """Claim the making of a record, so that two captures at once make one record."""
    return Delivery(
        clinic_id=work.clinic_id,
        operation="sources.introduce",
        user=_NOBODY,
        key=key,
        fingerprint="",
        created_at=work.now,
    )


def of_kind(work: Work, kind: ReferrerKind | None) -> tuple[ReferrerRecord, ...]:
    """Read the records of a kind, or all of them."""
    where: Where = EVERYTHING if kind is None else Cond("kind", "eq", kind.value)
    return everything(work.store.referrers, where)
