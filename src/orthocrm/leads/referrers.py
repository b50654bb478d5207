"""Who refers families: their records, and which of them a new lead speaks of."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from attrs import evolve, field, frozen

from orthocrm.core import limits
from orthocrm.core.errors import InvalidInput
from orthocrm.core.ids import ClinicId, ReferrerId
from orthocrm.core.lead import Channel, Incomplete, Lead
from orthocrm.core.marketing import ReferrerKind, ReferrerRecord
from orthocrm.core.masking import PERSONAL, mask
from orthocrm.core.people import Phone
from orthocrm.core.ports import IdSource
from orthocrm.core.reading import Reading
from orthocrm.core.settings import Practice
from orthocrm.core.source import LeadSourceCategory
from orthocrm.leads.contact import read_email, read_phone

_BY_CHANNEL = {
    Channel.DOCTOR_REFERRAL: ReferrerKind.PROVIDER,
    Channel.PATIENT_REFERRAL: ReferrerKind.PATIENT,
}
_BY_CATEGORY = {
    LeadSourceCategory.DOCTOR_REFERRAL: ReferrerKind.PROVIDER,
    LeadSourceCategory.PATIENT_REFERRAL: ReferrerKind.PATIENT,
}


@frozen(kw_only=True)
class NewReferrer:
    """Somebody who refers families: raw values, checked by `read`.

    Attributes:
        kind: PROVIDER or PATIENT.
        name: How the practice calls them.
        ref: Their identity in the host application; left open, the record's own id.
        organisation: The dentist's practice.
        phone: Their number.
        email: Their e-mail address.
        notes: Remarks, of several lines.
    """

    kind: ReferrerKind | str
    name: str = field(repr=mask, metadata=PERSONAL)
    ref: str | None = None
    organisation: str | None = field(default=None, repr=mask, metadata=PERSONAL)
    phone: str | None = field(default=None, repr=mask, metadata=PERSONAL)
    email: str | None = field(default=None, repr=mask, metadata=PERSONAL)
    notes: str | None = field(default=None, repr=mask, metadata=PERSONAL)


def read(new: object, practice: Practice, *, now: datetime, ids: IdSource) -> ReferrerRecord:
    """Make a record of what somebody typed, or raise one `InvalidInput`."""
    if not isinstance(new, NewReferrer):
        raise InvalidInput.at("referrer", "wrong_type", "give a NewReferrer")
    reading = Reading()
    kind = reading.choice("kind", new.kind, ReferrerKind)
    reading.required("kind", kind)
    own = ids()
    draft = ReferrerRecord(
        id=ReferrerId(own),
        clinic_id=practice.clinic.id,
        kind=kind or ReferrerKind.PROVIDER,
        ref=reading.text("ref", new.ref, limits.REFERENCE) or own,
        created_at=now,
        updated_at=now,
        name=new.name,
        organisation=new.organisation,
        phone=new.phone,
        email=new.email,
        notes=new.notes,
    )
    return _read(reading, draft, practice)


def changed(
    before: ReferrerRecord, given: ReferrerRecord, practice: Practice, *, now: datetime
) -> ReferrerRecord:
    """Take an evolved copy of a record: kind and ref stay, leads name the referrer by them."""
    reading = Reading()
    for path in ("kind", "ref"):
        if getattr(given, path) != getattr(before, path):
            reading.refuse(path, "fixed", "leads name the referrer by it; add another record")
    reading.required("is_active", reading.flag("is_active", given.is_active))
    stamped = evolve(
        given,
        clinic_id=before.clinic_id,
        kind=before.kind,
        ref=before.ref,
        created_at=before.created_at,
        updated_at=now,
    )
    return _read(reading, stamped, practice)


def differences(before: ReferrerRecord, after: ReferrerRecord) -> tuple[str, ...]:
    """Name the fields that changed, never their values."""
    names = ("name", "organisation", "phone", "email", "notes", "is_active")
    return tuple(name for name in names if getattr(before, name) != getattr(after, name))


def _read(reading: Reading, draft: ReferrerRecord, practice: Practice) -> ReferrerRecord:
    name = reading.text("name", draft.name)
    reading.required("name", name)
    cleaned = evolve(
        draft,
        name=name or "",
        organisation=reading.text("organisation", draft.organisation),
        phone=_phone(reading, draft.phone, practice),
        email=_email(reading, draft.email),
        notes=reading.prose("notes", draft.notes),
    )
    reading.finish()
    return cleaned


def _phone(reading: Reading, raw: object, practice: Practice) -> str | None:
    if raw is None or raw == "":
        return None
    try:
        phone: Phone = read_phone(raw, practice.clinic.settings.region, "phone")
    except InvalidInput as error:
        reading.adopt(error)
        return None
    return f"{phone.number} ext. {phone.extension}" if phone.extension else phone.number


def _email(reading: Reading, raw: object) -> str | None:
    if raw is None or raw == "":
        return None
    try:
        return read_email(raw, "email").typed
    except InvalidInput as error:
        reading.adopt(error)
        return None


@frozen(kw_only=True)
class Spoken:
    """The referrer of whom a new lead speaks: by identity, by name, or by both."""

    kind: ReferrerKind
    ref: str | None
    name: str | None = field(default=None, repr=mask, metadata=PERSONAL)


def spoken_of(lead: Lead, name: str | None, practice: Practice) -> tuple[Spoken, ...]:
    """Tell of whom a lead speaks; a name goes with the kind of its source, else of its channel.

    Raises:
        InvalidInput: `referrer_name` was given for what is no referral.
    """
    origin, name = lead.origin, " ".join((name or "").split()) or None
    if (name, origin.referring_provider_ref, origin.referring_patient_ref) == (None, None, None):
        return ()
    refs = {
        ReferrerKind.PROVIDER: origin.referring_provider_ref,
        ReferrerKind.PATIENT: origin.referring_patient_ref,
    }
    named = None if name is None else _kind(lead, practice)
    if name is not None and named is None:
        message = "only a referral by a dentist or a patient has one"
        raise InvalidInput.at("referrer_name", "no_referral", message)
    return tuple(
        Spoken(kind=kind, ref=ref, name=name if kind is named else None)
        for kind, ref in refs.items()
        if ref is not None or kind is named
    )


def _kind(lead: Lead, practice: Practice) -> ReferrerKind | None:
    source = practice.source_by_id.get(lead.origin.source_id) if lead.origin.source_id else None
    by_category = _BY_CATEGORY.get(source.category) if source else None
    return by_category or _BY_CHANNEL.get(lead.origin.channel)


@frozen(kw_only=True)
class Known:
    """The records of the clinic among which referrers are looked for."""

    by_ref: Mapping[tuple[ReferrerKind, str], ReferrerRecord]
    by_name: Mapping[tuple[ReferrerKind, str], tuple[ReferrerRecord, ...]]

    @classmethod
    def of(cls, records: Iterable[ReferrerRecord]) -> "Known":
        """Sort records by identity and by name; by name only those that are active."""
        by_ref: dict[tuple[ReferrerKind, str], ReferrerRecord] = {}
        by_name: dict[tuple[ReferrerKind, str], tuple[ReferrerRecord, ...]] = {}
        for record in records:
            by_ref[record.kind, record.ref] = record
            if record.is_active and record.name:
                key = record.kind, _folded(record.name)
                by_name[key] = (*by_name.get(key, ()), record)
        return cls(by_ref=by_ref, by_name=by_name)

    def has(self, spoken: Spoken) -> bool:
        """Whether there is a record, or several that may be meant."""
        if spoken.ref is not None:
            return (spoken.kind, spoken.ref) in self.by_ref
        return (spoken.kind, _folded(spoken.name)) in self.by_name

    def find(self, spoken: Spoken) -> ReferrerRecord | None:
        """Find the record of whom a lead speaks.

        Raises:
            InvalidInput: several bear the name, and no identity was given.
        """
        if spoken.ref is not None:
            return self.by_ref.get((spoken.kind, spoken.ref))
        same = self.by_name.get((spoken.kind, _folded(spoken.name)), ())
        if len(same) > 1:
            message = "several referrers bear this name; say which by their identity"
            raise InvalidInput.at("referrer_name", "ambiguous", message)
        return same[0] if same else None


def _folded(name: str | None) -> str:
    return " ".join((name or "").casefold().split())


def introduced(spoken: Spoken, clinic: ClinicId, *, now: datetime, ids: IdSource) -> ReferrerRecord:
    """Make the record of a referrer who was not known; an empty name is not known yet."""
    own = ids()
    return ReferrerRecord(
        id=ReferrerId(own),
        clinic_id=clinic,
        kind=spoken.kind,
        ref=spoken.ref or own,
        created_at=now,
        updated_at=now,
        name=spoken.name or "",
    )


def with_name(record: ReferrerRecord, name: str, now: datetime) -> ReferrerRecord:
    """Give a record the name that it lacked."""
    return evolve(record, name=name, updated_at=now)


def referred_by(lead: Lead, record: ReferrerRecord) -> Lead:
    """Let a lead name its referrer by the record's identity."""
    if record.kind is ReferrerKind.PROVIDER:
        origin = evolve(lead.origin, referring_provider_ref=record.ref)
    else:
        origin = evolve(lead.origin, referring_patient_ref=record.ref)
    flags = tuple(f for f in lead.enquiry.incomplete if f is not Incomplete.REFERRER)
    return evolve(lead, origin=origin, enquiry=evolve(lead.enquiry, incomplete=flags))
