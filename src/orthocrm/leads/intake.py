"""From an enquiry, whatever channel it came by, to a lead that keeps every rule."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from operator import attrgetter
from typing import Any

from attrs import field, frozen

from orthocrm.core import limits
from orthocrm.core.ids import ImportId, LeadId, SourceId, UserId, VisitId
from orthocrm.core.lead import (
    Channel,
    Enquiry,
    Incomplete,
    Insurance,
    Lead,
    Milestones,
    Origin,
    Position,
    Stamps,
    TreatmentInterest,
    status_of,
)
from orthocrm.core.masking import PERSONAL, mask
from orthocrm.core.people import Address, Contact, Patient, PatientRelationship, PreferredContact
from orthocrm.core.ports import IdSource
from orthocrm.core.reading import Reading
from orthocrm.core.settings import Practice
from orthocrm.core.source import Source
from orthocrm.core.values import NO_VALUES
from orthocrm.leads.custom import NO_CUSTOM, demand, kept_raw, read_custom, with_values
from orthocrm.leads.dedupe import match_keys
from orthocrm.leads.fields import (
    READERS,
    Asking,
    incomplete,
    is_reachable,
    missing_source_facts,
)

STAFF_CHANNELS = frozenset(
    {
        Channel.PHONE,
        Channel.WALK_IN,
        Channel.DOCTOR_REFERRAL,
        Channel.PATIENT_REFERRAL,
        Channel.MANUAL,
    }
)
"""Channels on which a person types who can still ask the family."""

LIVE_CHANNELS = frozenset({Channel.PHONE, Channel.WALK_IN})
"""Channels on which the family talks to somebody while the lead is made (C-59)."""


@frozen(kw_only=True)
class Intake:
    """What a channel hands over: raw values, all optional, checked by `admitted`.

    Attributes:
        channel: How the enquiry arrived.
        first_name: First name of the responsible party, the contact.
        last_name: Last name of the contact.
        patient_first_name: First name of who seeks treatment.
        patient_last_name: Last name of the patient.
        patient_born_on: The patient's birth date.
        patient_age: The patient's age in years, when the birth date is not known.
        relationship: What the patient is to the contact.
        email: The contact's e-mail address.
        phone: The contact's phone number.
        phone_alt: Another number.
        preferred_contact: How the contact would like to be reached.
        preferred_time: When, in the contact's words.
        address_line1: Street.
        address_line2: Flat, floor.
        city: City.
        state: State.
        postal_code: Postal code.
        source: Name or id of one of the clinic's sources; the default source when missing.
        campaign: Marketing campaign.
        source_detail: The specific ad, or a description of another source.
        referring_provider: Who referred, as the host application knows them.
        referring_patient: The patient who referred.
        referrer_name: The name of who referred, where nobody knows them by an identity yet.
        interests: Codes of `TreatmentInterest`.
        insurance_carrier: Insurer.
        insurance_member_id: Member number.
        notes: Concerns and remarks, of several lines.
        external_ref: Identity of the enquiry in the system that it comes from.
        custom: Values of the clinic's own fields by name, as texts or as what they are.
        no_contact: The family left no way to be reached; then names may be missing too.
        owner: The coordinator that whoever types wishes for.
        received_at: When the enquiry arrived; now when missing.
        delivery_key: The same key twice is the same enquiry.
        live: Whether somebody answered in person; so on the phone and at the desk.
    """

    channel: Channel = Channel.MANUAL
    first_name: str | None = field(default=None, repr=mask, metadata=PERSONAL)
    last_name: str | None = field(default=None, repr=mask, metadata=PERSONAL)
    patient_first_name: str | None = field(default=None, repr=mask, metadata=PERSONAL)
    patient_last_name: str | None = field(default=None, repr=mask, metadata=PERSONAL)
    patient_born_on: date | None = field(default=None, repr=mask, metadata=PERSONAL)
    patient_age: int | None = field(default=None, repr=mask, metadata=PERSONAL)
    relationship: str | None = None
    email: str | None = field(default=None, repr=mask, metadata=PERSONAL)
    phone: str | None = field(default=None, repr=mask, metadata=PERSONAL)
    phone_alt: str | None = field(default=None, repr=mask, metadata=PERSONAL)
    preferred_contact: str | None = None
    preferred_time: str | None = field(default=None, repr=mask, metadata=PERSONAL)
    address_line1: str | None = field(default=None, repr=mask, metadata=PERSONAL)
    address_line2: str | None = field(default=None, repr=mask, metadata=PERSONAL)
    city: str | None = field(default=None, repr=mask, metadata=PERSONAL)
    state: str | None = field(default=None, repr=mask, metadata=PERSONAL)
    postal_code: str | None = field(default=None, repr=mask, metadata=PERSONAL)
    source: str | SourceId | None = None
    campaign: str | None = None
    source_detail: str | None = field(default=None, repr=mask, metadata=PERSONAL)
    referring_provider: str | None = None
    referring_patient: str | None = None
    referrer_name: str | None = field(default=None, repr=mask, metadata=PERSONAL)
    interests: Sequence[str] = ()
    insurance_carrier: str | None = field(default=None, repr=mask, metadata=PERSONAL)
    insurance_member_id: str | None = field(default=None, repr=mask, metadata=PERSONAL)
    notes: str | None = field(default=None, repr=mask, metadata=PERSONAL)
    external_ref: str | None = field(default=None, repr=mask, metadata=PERSONAL)
    custom: Mapping[str, Any] = field(
        default=NO_VALUES, converter=kept_raw, repr=mask, metadata=PERSONAL
    )
    no_contact: bool = False
    owner: UserId | None = None
    received_at: datetime | None = None
    delivery_key: str | None = field(default=None, repr=mask)
    live: bool | None = None


_FIELDS = tuple(READERS.items())
_raw_values = attrgetter(*READERS)
_NAMES = ("first_name", "last_name")


def admitted(
    intake: Intake,
    practice: Practice,
    *,
    now: datetime,
    by: UserId,
    ids: IdSource,
    import_id: ImportId | None = None,
    blank_source_ok: bool = False,
) -> Lead:
    """Make a lead of an enquiry, or raise one `InvalidInput` with everything that is wrong.

    A lead needs the name of the contact and a phone number or an e-mail address, unless
    `no_contact`. What else is missing is flagged, so that staff can ask for it. Without a source
    the clinic's default one is taken, or none at all when `blank_source_ok`.
    """
    reading = Reading()
    given = _read(reading, intake, Asking(practice, now))
    arrival = _arrival(reading, intake, now)
    named = practice.source_by_id.get(given["source"])
    _choose_source(given, practice, blank_ok=blank_source_ok)
    patient, contact = _people(given, Asking(practice, arrival.at))
    origin = _origin(given, arrival.channel, import_id)
    _demand(reading, contact, given)
    own = with_values(NO_CUSTOM, read_custom(reading, intake.custom, practice), practice)
    if arrival.channel in STAFF_CHANNELS:
        demand(reading, own, practice)
    by_name = reading.text("referrer_name", intake.referrer_name)
    if arrival.channel in STAFF_CHANNELS and named is not None:
        if intake.received_at is None:
            refuse_inactive(reading, named)
        _demand_source_facts(reading, origin, named, by_name=by_name is not None)
    reading.finish()
    return Lead(
        id=LeadId(ids()),
        clinic_id=practice.clinic.id,
        patient=patient,
        contact=contact,
        origin=origin,
        enquiry=_enquiry(given, incomplete(patient, contact, origin, own, practice)),
        status=status_of(practice.default_stage, contacted=arrival.live),
        position=_first_position(practice, arrival.at, VisitId(ids())),
        milestones=_answered(arrival.at) if arrival.live else _NOT_ANSWERED,
        stamps=Stamps(created_at=arrival.at, created_by=by, updated_at=now, updated_by=by),
        custom=own,
        keys=match_keys(patient, contact, origin.external_ref),
    )


@frozen
class _Arrival:
    channel: Channel
    at: datetime
    live: bool


def _arrival(reading: Reading, intake: Intake, now: datetime) -> _Arrival:
    """Read how and when the enquiry came, and check what only others will use."""
    reading.required("channel", intake.channel)
    channel = reading.choice("channel", intake.channel, Channel) or Channel.MANUAL
    at = reading.past("received_at", intake.received_at, now) or now
    live = reading.flag("live", intake.live)
    reading.text("owner", intake.owner, limits.REFERENCE)
    reading.text("delivery_key", intake.delivery_key, limits.REFERENCE)
    return _Arrival(channel, at, channel in LIVE_CHANNELS if live is None else live)


def _read(reading: Reading, intake: Intake, asking: Asking) -> dict[str, Any]:
    return {
        name: None if raw is None or raw == () else read(reading, name, raw, asking)
        for (name, read), raw in zip(_FIELDS, _raw_values(intake), strict=True)
    }


def _choose_source(given: dict[str, Any], practice: Practice, *, blank_ok: bool) -> None:
    if given["source"] is None and not blank_ok and practice.default_source is not None:
        given["source"] = practice.default_source.id


def _people(given: dict[str, Any], asking: Asking) -> tuple[Patient, Contact]:
    relationship = given["relationship"] or _likely_relationship(given)
    if relationship is PatientRelationship.SELF:
        for name in _NAMES:
            patient_name = f"patient_{name}"
            given[patient_name] = given[patient_name] or given[name]
            given[name] = given[name] or given[patient_name]
    age = given["patient_age"]
    patient = Patient(
        first_name=given["patient_first_name"] or "",
        last_name=given["patient_last_name"] or "",
        born_on=given["patient_born_on"],
        age_years=age,
        age_as_of=None if age is None else asking.today,
        relationship=relationship,
    )
    return patient, _contact(given)


def _likely_relationship(given: Mapping[str, Any]) -> PatientRelationship:
    """Without a word about it: SELF unless two different names were given (C-41)."""
    pairs = [(given[name], given[f"patient_{name}"]) for name in _NAMES]
    same = all(a is None or b is None or a.casefold() == b.casefold() for a, b in pairs)
    return PatientRelationship.SELF if same else PatientRelationship.OTHER


def _contact(given: Mapping[str, Any]) -> Contact:
    return Contact(
        first_name=given["first_name"] or "",
        last_name=given["last_name"] or "",
        email=given["email"],
        phone=given["phone"],
        phone_alt=given["phone_alt"],
        preferred=given["preferred_contact"] or PreferredContact.PHONE,
        preferred_time=given["preferred_time"],
        address=Address(
            line1=given["address_line1"],
            line2=given["address_line2"],
            city=given["city"],
            state=given["state"],
            postal_code=given["postal_code"],
        ),
    )


def _origin(given: Mapping[str, Any], channel: Channel, import_id: ImportId | None) -> Origin:
    return Origin(
        channel=channel,
        source_id=given["source"],
        campaign=given["campaign"],
        detail=given["source_detail"],
        referring_provider_ref=given["referring_provider"],
        referring_patient_ref=given["referring_patient"],
        external_ref=given["external_ref"],
        import_id=import_id,
    )


def _enquiry(given: Mapping[str, Any], flags: tuple[Any, ...]) -> Enquiry:
    return Enquiry(
        interests=given["interests"] or (TreatmentInterest.GENERAL_INQUIRY,),
        insurance=Insurance(
            carrier=given["insurance_carrier"], member_id=given["insurance_member_id"]
        ),
        notes=given["notes"],
        no_contact=bool(given["no_contact"]),
        incomplete=flags,
    )


def _demand(reading: Reading, contact: Contact, given: Mapping[str, Any]) -> None:
    """Refuse a lead that nobody can address, unless it says so itself."""
    if given["no_contact"]:
        return
    if not contact.name and not any(reading.refused(name) for name in _NAMES):
        reading.required("first_name", None, "give the name of the contact")
    ways = ("phone", "email", "phone_alt")
    if not is_reachable(contact) and not any(reading.refused(way) for way in ways):
        reading.required("phone", None, "give a phone number or an e-mail address")


def refuse_inactive(reading: Reading, source: Source | None) -> None:
    """Refuse what staff choose now from the sources; channels and older enquiries keep theirs."""
    if source is not None and not source.is_active:
        message = "this source is not in use any more; choose another one"
        reading.refuse("source", "inactive_source", message)


def _demand_source_facts(
    reading: Reading, origin: Origin, source: Source, *, by_name: bool
) -> None:
    """Staff can ask at once, so a source that they chose comes with its facts (C-19).

    Who referred may be told by name: their record knows the identity.
    """
    for path, flag in missing_source_facts(origin, source):
        named = by_name and flag is Incomplete.REFERRER
        if not named and not (source.is_default and path == "source_detail"):
            reading.required(path, None, "this source needs it")


def _first_position(practice: Practice, at: datetime, visit_id: VisitId) -> Position:
    stage = practice.default_stage
    return Position(
        stage=stage.slug,
        order=stage.order,
        entered_at=at,
        visit_id=visit_id,
        furthest=stage.slug,
        furthest_order=stage.order,
    )


_NOT_ANSWERED = Milestones()


def _answered(at: datetime) -> Milestones:
    return Milestones(first_contact_at=at, ms_to_contact=0, business_ms_to_contact=0)
