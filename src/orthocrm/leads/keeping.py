"""Whose value a merged lead keeps, field by field: by default, and by choice.

The survivor's value stands unless it is missing. Nothing by which a family can be reached is lost:
what finds no place in a field is written down among the notes.
"""

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any

from attrs import evolve, frozen

from orthocrm.core import limits
from orthocrm.core.errors import InvalidInput
from orthocrm.core.lead import Lead, Origin, TreatmentInterest
from orthocrm.core.people import Address, Email, Phone
from orthocrm.core.reading import Reading
from orthocrm.leads import editing


class Side(StrEnum):
    """Whose value is kept."""

    SURVIVOR = "survivor"
    LOSER = "loser"


ADDRESS = ("address_line1", "address_line2", "city", "state", "postal_code")
"""Fields of `LeadEdit` that stand together as the field `address`: a half of each is no address."""

FIRST_TOUCH = (
    "source",
    "campaign",
    "source_detail",
    "referring_provider",
    "referring_patient",
    "external_ref",
)
"""What the older of the two leads decides, and nobody chooses."""

FIELDS = tuple(dict.fromkeys("address" if name in ADDRESS else name for name in editing.PATHS))
"""The fields of a merge: those of `LeadEdit`, with the address as one."""

CHOOSABLE = frozenset(FIELDS) - frozenset(FIRST_TOUCH)


@frozen(kw_only=True)
class Pair:
    """Two leads of which `loser` is to become a part of `survivor`."""

    survivor: Lead
    loser: Lead

    @property
    def elder(self) -> Lead:
        """Give the one that was created first."""
        both = (self.survivor, self.loser)
        return min(both, key=lambda lead: (lead.stamps.created_at, lead.id))

    @property
    def younger(self) -> Lead:
        """Give the other one."""
        return self.loser if self.elder is self.survivor else self.survivor

    def side(self, side: Side) -> Lead:
        """Give the lead of a side."""
        return self.survivor if side is Side.SURVIVOR else self.loser


Choices = Mapping[str, Side]
NO_CHOICES: Choices = {}


def read_choices(raw: Mapping[str, Side | str] | None) -> Choices:
    """Read whose value is chosen by field.

    Raises:
        InvalidInput: a field cannot be chosen, or its side is neither `survivor` nor `loser`.
    """
    if raw is None:
        return NO_CHOICES
    if not isinstance(raw, Mapping):
        raise InvalidInput.at("choices", "wrong_type", "give `survivor` or `loser` by field")
    reading = Reading()
    if not all(isinstance(name, str) and name in CHOOSABLE for name in raw):
        reading.refuse("choices", "unknown_field", "name fields of a preview that may be chosen")
    chosen = {}
    for name in sorted(CHOOSABLE.intersection(raw)):
        side = reading.choice(f"choices.{name}", raw[name], Side)
        reading.required(f"choices.{name}", side)
        chosen[name] = side or Side.SURVIVOR
    reading.finish()
    return chosen


def origin_of(pair: Pair) -> Origin:
    """Give the first touch, with a reference to elsewhere from whichever lead has one."""
    first, later = pair.elder.origin, pair.younger.origin
    return evolve(first, external_ref=first.external_ref or later.external_ref)


def former_refs(pair: Pair, kept: str | None) -> tuple[str, ...]:
    """Give the references of both, but for the one that is the merged lead's own.

    Whoever knows one of the leads by its reference finds the merged one, so that no import makes
    it anew. This holds for a converted survivor too.
    """
    refs: set[str | None] = {*pair.survivor.former_refs, *pair.loser.former_refs}
    refs |= {pair.survivor.origin.external_ref, pair.loser.origin.external_ref}
    return tuple(sorted(ref for ref in refs if ref is not None and ref != kept))


def held(lead: Lead, name: str) -> Any:  # noqa: ANN401 - any field of a lead
    """Give what a lead holds in a field of a merge."""
    return lead.contact.address if name == "address" else editing.held(lead, name)


def is_missing(value: object) -> bool:
    """Whether a field holds nothing."""
    return value in (None, "", Address())


def values_of(pair: Pair, choices: Choices) -> dict[str, Any]:
    """Say what is kept of every field, in their order: some follow from others before them."""
    if pair.survivor.is_locked:
        return {name: held(pair.survivor, name) for name in FIELDS}
    values: dict[str, Any] = {}
    for name in FIELDS:
        values[name] = _value(pair, name, choices, values)
    return values


def _value(pair: Pair, name: str, choices: Choices, values: Mapping[str, Any]) -> Any:  # noqa: ANN401 - any field of a lead
    if name == "notes":
        return packed(pair, choices, values)[0]
    if name in choices:
        return held(pair.side(choices[name]), name)
    if name in FIRST_TOUCH:
        return editing.held(evolve(pair.survivor, origin=origin_of(pair)), name)
    if name in _OWN_RULES:
        return _OWN_RULES[name](pair, values)
    mine = held(pair.survivor, name)
    return held(pair.loser, name) if is_missing(mine) else mine


def _phones(pair: Pair) -> list[Phone]:
    """Give all numbers of both, each once, in the order in which they find a place."""
    mine, theirs = pair.survivor.contact, pair.loser.contact
    found = (mine.phone_alt, mine.phone, theirs.phone, theirs.phone_alt)
    return list(dict.fromkeys(phone for phone in found if phone is not None))


def _phone_alt(pair: Pair, values: Mapping[str, Any]) -> Phone | None:
    """Keep the second number that there is, whosever it is."""
    return next((phone for phone in _phones(pair) if phone != values["phone"]), None)


def _interests(pair: Pair, _: Mapping[str, Any]) -> tuple[TreatmentInterest, ...]:
    """Unite what both ask for; a general enquiry says nothing beside others."""
    both = dict.fromkeys((*pair.survivor.enquiry.interests, *pair.loser.enquiry.interests))
    certain = tuple(one for one in both if one is not TreatmentInterest.GENERAL_INQUIRY)
    return certain or tuple(both)


def _carrier(pair: Pair, _: Mapping[str, Any]) -> str | None:
    """Take the loser's insurance unless the survivor's membership is another one."""
    mine, theirs = pair.survivor.enquiry.insurance, pair.loser.enquiry.insurance
    is_other = mine.member_id is not None and theirs.member_id not in (None, mine.member_id)
    return mine.carrier if mine.carrier or is_other else theirs.carrier


def _member_id(pair: Pair, values: Mapping[str, Any]) -> str | None:
    """Keep a membership of the insurance that is kept, never one of another."""
    kept = values["insurance_carrier"]
    both = (pair.survivor.enquiry.insurance, pair.loser.enquiry.insurance)
    fitting = [one for one in both if one.member_id and one.carrier in (kept, None)]
    best = min(fitting, key=lambda one: one.carrier != kept, default=None)
    return None if best is None else best.member_id


def _no_contact(pair: Pair, _: Mapping[str, Any]) -> Any:  # noqa: ANN401 - a truth value among other fields
    return pair.survivor.enquiry.no_contact and pair.loser.enquiry.no_contact


_OWN_RULES: Mapping[str, Callable[[Pair, Mapping[str, Any]], Any]] = {
    "phone_alt": _phone_alt,
    "interests": _interests,
    "insurance_carrier": _carrier,
    "insurance_member_id": _member_id,
    "no_contact": _no_contact,
}
"""Fields that are more than the survivor's value, or else the loser's."""


def packed(
    pair: Pair, choices: Choices, values: Mapping[str, Any]
) -> tuple[str | None, tuple[str, ...]]:
    """Join the notes and what found no place, as far as there is room; give what is left over."""
    own = pair.survivor.enquiry.notes
    texts = _texts(pair, choices, values)
    if pair.survivor.is_locked:
        return own, tuple(text for text in texts if text != own)
    notes, over = None, []
    for text in texts:
        grown = text if notes is None else f"{notes}\n\n{text}"
        if notes is None or len(grown) <= limits.NOTES:
            notes = grown
        else:
            over.append(text)
    return notes, tuple(over)


def _texts(pair: Pair, choices: Choices, values: Mapping[str, Any]) -> list[str]:
    mine, theirs = pair.survivor.enquiry.notes, pair.loser.enquiry.notes
    if "notes" in choices:
        kept = [pair.side(choices["notes"]).enquiry.notes]
    else:
        is_known = mine is not None and theirs is not None and theirs in mine
        kept = [mine] if is_known else [mine, theirs]
    return [text for text in (*kept, _homeless(pair, values)) if text]


def _homeless(pair: Pair, values: Mapping[str, Any]) -> str | None:
    """Write down the numbers and addresses for which the lead has no field."""
    placed, kept = (values["phone"], values["phone_alt"]), values["email"]
    ways = [_dialled(phone) for phone in _phones(pair) if phone not in placed]
    ways += [email.typed for email in _emails(pair) if not _is_same(email, kept)]
    return f"Also reached by: {', '.join(ways)}" if ways else None


def _emails(pair: Pair) -> list[Email]:
    found = (pair.survivor.contact.email, pair.loser.contact.email)
    return [email for email in found if email is not None]


def _is_same(email: Email, kept: Email | None) -> bool:
    return kept is not None and email.address == kept.address


def _dialled(phone: Phone) -> str:
    return f"{phone.number} ext. {phone.extension}" if phone.extension else phone.number
