"""Editing a lead: an allow-list of fields, so that nothing else can ever be set by an edit.

Status, stage, owner, conversion and loss change only through their own verbs (C-49).
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from operator import attrgetter
from typing import Any, Literal

import attrs
from attrs import evolve, field, frozen

from orthocrm.core.ids import UserId
from orthocrm.core.lead import Lead, TreatmentInterest, ensure_unlocked
from orthocrm.core.masking import PERSONAL, mask
from orthocrm.core.people import Email, PatientRelationship, Phone, PreferredContact
from orthocrm.core.reading import Reading
from orthocrm.core.settings import Practice
from orthocrm.core.unset import UNSET, Unset
from orthocrm.leads.custom import PREFIX, demand, kept_raw, read_custom, with_values
from orthocrm.leads.dedupe import keys_of
from orthocrm.leads.fields import READERS, Asking, incomplete, is_reachable

_Unset = Literal[Unset.UNSET]


@frozen(kw_only=True)
class LeadEdit:
    """New raw values of some fields of a lead, named and read as those of `Intake`.

    `custom` changes the clinic's own fields that it names and no others; None clears one.
    """

    first_name: str | _Unset | None = field(default=UNSET, repr=mask, metadata=PERSONAL)
    last_name: str | _Unset | None = field(default=UNSET, repr=mask, metadata=PERSONAL)
    patient_first_name: str | _Unset | None = field(default=UNSET, repr=mask, metadata=PERSONAL)
    patient_last_name: str | _Unset | None = field(default=UNSET, repr=mask, metadata=PERSONAL)
    patient_born_on: date | _Unset | None = field(default=UNSET, repr=mask, metadata=PERSONAL)
    patient_age: int | _Unset | None = field(default=UNSET, repr=mask, metadata=PERSONAL)
    relationship: str | _Unset | None = UNSET
    email: str | _Unset | None = field(default=UNSET, repr=mask, metadata=PERSONAL)
    phone: str | _Unset | None = field(default=UNSET, repr=mask, metadata=PERSONAL)
    phone_alt: str | _Unset | None = field(default=UNSET, repr=mask, metadata=PERSONAL)
    preferred_contact: str | _Unset | None = UNSET
    preferred_time: str | _Unset | None = field(default=UNSET, repr=mask, metadata=PERSONAL)
    address_line1: str | _Unset | None = field(default=UNSET, repr=mask, metadata=PERSONAL)
    address_line2: str | _Unset | None = field(default=UNSET, repr=mask, metadata=PERSONAL)
    city: str | _Unset | None = field(default=UNSET, repr=mask, metadata=PERSONAL)
    state: str | _Unset | None = field(default=UNSET, repr=mask, metadata=PERSONAL)
    postal_code: str | _Unset | None = field(default=UNSET, repr=mask, metadata=PERSONAL)
    source: str | _Unset | None = UNSET
    campaign: str | _Unset | None = UNSET
    source_detail: str | _Unset | None = field(default=UNSET, repr=mask, metadata=PERSONAL)
    referring_provider: str | _Unset | None = UNSET
    referring_patient: str | _Unset | None = UNSET
    interests: Sequence[str] | _Unset | None = UNSET
    insurance_carrier: str | _Unset | None = field(default=UNSET, repr=mask, metadata=PERSONAL)
    insurance_member_id: str | _Unset | None = field(default=UNSET, repr=mask, metadata=PERSONAL)
    notes: str | _Unset | None = field(default=UNSET, repr=mask, metadata=PERSONAL)
    external_ref: str | _Unset | None = field(default=UNSET, repr=mask, metadata=PERSONAL)
    custom: Mapping[str, Any] | _Unset = field(
        default=UNSET, converter=kept_raw, repr=mask, metadata=PERSONAL
    )
    no_contact: bool | _Unset | None = UNSET


@frozen(kw_only=True)
class Edited:
    """The lead as edited, the names of the fields that changed, and the personal ones' values.

    `before` and `after` hold JSON values, for the encrypted part of the audit trail.
    """

    lead: Lead
    fields: tuple[str, ...]
    before: Mapping[str, Any] = field(repr=False)
    after: Mapping[str, Any] = field(repr=False)


PATHS: Mapping[str, str] = {
    "first_name": "contact.first_name",
    "last_name": "contact.last_name",
    "patient_first_name": "patient.first_name",
    "patient_last_name": "patient.last_name",
    "patient_born_on": "patient.born_on",
    "patient_age": "patient.age_years",
    "relationship": "patient.relationship",
    "email": "contact.email",
    "phone": "contact.phone",
    "phone_alt": "contact.phone_alt",
    "preferred_contact": "contact.preferred",
    "preferred_time": "contact.preferred_time",
    "address_line1": "contact.address.line1",
    "address_line2": "contact.address.line2",
    "city": "contact.address.city",
    "state": "contact.address.state",
    "postal_code": "contact.address.postal_code",
    "source": "origin.source_id",
    "campaign": "origin.campaign",
    "source_detail": "origin.detail",
    "referring_provider": "origin.referring_provider_ref",
    "referring_patient": "origin.referring_patient_ref",
    "interests": "enquiry.interests",
    "insurance_carrier": "enquiry.insurance.carrier",
    "insurance_member_id": "enquiry.insurance.member_id",
    "notes": "enquiry.notes",
    "external_ref": "origin.external_ref",
    "no_contact": "enquiry.no_contact",
}
"""Where each field lies in the lead."""

_WHEN_CLEARED: Mapping[str, Any] = {
    "first_name": "",
    "last_name": "",
    "patient_first_name": "",
    "patient_last_name": "",
    "relationship": PatientRelationship.SELF,
    "preferred_contact": PreferredContact.PHONE,
    "interests": (TreatmentInterest.GENERAL_INQUIRY,),
    "no_contact": False,
}
"""What a cleared field holds instead of None."""

_PERSONAL = frozenset(a.name for a in attrs.fields(LeadEdit) if a.metadata.get("personal"))
_REACHING = frozenset({"email", "phone", "phone_alt", "no_contact"})
_NAMING = frozenset({"first_name", "last_name", "no_contact"})


def edited(lead: Lead, edit: LeadEdit, practice: Practice, *, now: datetime, by: UserId) -> Edited:
    """Apply an edit; lost and archived leads may be edited, converted ones may not.

    An edit that says nothing new changes nothing, and is no change of a locked lead either.

    Raises:
        LeadLocked: the lead was converted.
        InvalidInput: a value cannot be read, or the lead would lack its name or every way to be
            reached.
    """
    values, own = _read(edit, Asking(practice, now))
    changed = {name: value for name, value in values.items() if held(lead, name) != value}
    custom = with_values(lead.custom, own, practice)
    if not changed and custom == lead.custom:
        return Edited(lead=lead, fields=(), before={}, after={})
    ensure_unlocked(lead)
    draft = evolve(replaced(lead, changed), custom=custom)
    if "patient_age" in changed:
        as_of = Asking(practice, now).today if changed["patient_age"] is not None else None
        draft = evolve(draft, patient=evolve(draft.patient, age_as_of=as_of))
    _demand(draft, changed)
    _demand_own(draft, own, practice)
    return compared(lead, _settled(draft, practice, now=now, by=by))


def compared(before: Lead, after: Lead) -> Edited:
    """Say which fields differ between a lead and what became of it."""
    pairs = {name: (held(before, name), held(after, name)) for name in PATHS}
    changed = {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}
    personal = {name: pair for name, pair in changed.items() if name in _PERSONAL}
    changed |= _differing(before.custom.shown, after.custom.shown)
    sealed = _differing(before.custom.personal, after.custom.personal)
    changed, personal = changed | sealed, personal | sealed
    return Edited(
        lead=after,
        fields=tuple(changed),
        before={name: _plain(was) for name, (was, _) in personal.items()},
        after={name: _plain(value) for name, (_, value) in personal.items()},
    )


def _differing(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    """Pair the values of the clinic's own fields that are not the same."""
    pairs = {name: (before.get(name), after.get(name)) for name in sorted({*before, *after})}
    return {PREFIX + name: pair for name, pair in pairs.items() if pair[0] != pair[1]}


def _read(edit: LeadEdit, asking: Asking) -> tuple[dict[str, Any], dict[str, Any]]:
    """Read the values of fields, and those of the clinic's own ones."""
    reading = Reading()
    values: dict[str, Any] = {}
    for name, read in READERS.items():
        raw = getattr(edit, name)
        if raw is not UNSET:
            value = None if raw is None else read(reading, name, raw, asking)
            values[name] = _WHEN_CLEARED.get(name) if value is None else value
    own = {} if edit.custom is UNSET else read_custom(reading, edit.custom, asking.practice)
    reading.finish()
    return values, own


def held(lead: Lead, name: str) -> Any:  # noqa: ANN401 - any field of a lead
    """Give what a lead holds in a field."""
    return attrgetter(PATHS[name])(lead)


def replaced(lead: Lead, changed: Mapping[str, Any]) -> Lead:
    """Put values that were read into a lead, and derive nothing of them."""
    for name, value in changed.items():
        lead = _evolved(lead, PATHS[name].split("."), value)
    return lead


def _evolved(part: Any, path: Sequence[str], value: Any) -> Any:  # noqa: ANN401 - any part of a lead
    step, *rest = path
    if rest:
        value = _evolved(getattr(part, step), rest, value)
    return evolve(part, **{step: value})


def _demand(lead: Lead, changed: Mapping[str, Any]) -> None:
    """Refuse an edit that takes away what a lead needs; older gaps are not this edit's fault."""
    reading = Reading()
    if not lead.enquiry.no_contact:
        if not _NAMING.isdisjoint(changed) and not lead.contact.name:
            reading.required("first_name", None, "give the name of the contact")
        if not _REACHING.isdisjoint(changed) and not is_reachable(lead.contact):
            reading.required("phone", None, "give a phone number or an e-mail address")
    reading.finish()


def _demand_own(lead: Lead, told: Mapping[str, Any], practice: Practice) -> None:
    """Refuse to clear a required field; one that was never told is not this edit's fault."""
    cleared = [name for name, value in told.items() if value is None]
    reading = Reading()
    if cleared:
        demand(reading, lead.custom, practice, at=cleared)
    reading.finish()


def _settled(lead: Lead, practice: Practice, *, now: datetime, by: UserId) -> Lead:
    stamped = evolve(lead, stamps=evolve(lead.stamps, updated_at=now, updated_by=by))
    return derived(stamped, practice)


def derived(lead: Lead, practice: Practice) -> Lead:
    """Derive again what depends on the fields: what the lead lacks, and its match keys."""
    flags = incomplete(lead.patient, lead.contact, lead.origin, lead.custom, practice)
    return evolve(
        lead,
        enquiry=evolve(lead.enquiry, incomplete=flags),
        keys=keys_of(lead),
    )


def _plain(value: Any) -> Any:  # noqa: ANN401 - any personal field
    """Give a personal value as JSON."""
    if isinstance(value, Email):
        return value.typed
    if isinstance(value, Phone):
        return f"{value.number};ext={value.extension}" if value.extension else value.number
    return value.isoformat() if isinstance(value, date) else value
