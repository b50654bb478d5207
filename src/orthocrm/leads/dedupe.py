"""Duplicates: a class of relation, never a boolean, and never a reason to refuse.

Siblings share phone, e-mail and address: a match of those alone says household, not person.
"""

from collections.abc import Collection, Iterable

from attrs import evolve, frozen

from orthocrm.core.ids import LeadId
from orthocrm.core.lead import Lead
from orthocrm.core.lead_link import Relation
from orthocrm.core.people import Contact, Patient
from orthocrm.leads.matching.agreement import Agreement
from orthocrm.leads.matching.blocking import CROWD, fuzzy_keys
from orthocrm.leads.matching.comparison import CLOSE, Comparison, compare_profiles
from orthocrm.leads.matching.names import common_name, folded
from orthocrm.leads.matching.pairs import Pair
from orthocrm.leads.matching.profile import Profile, profile_of
from orthocrm.leads.matching.record import record_of, record_of_people
from orthocrm.leads.matching.scoring import probability, relation_given

__all__ = [
    "CROWD",
    "REFERENCE",
    "Duplicate",
    "DuplicatePair",
    "Relation",
    "common_name",
    "described",
    "exact",
    "folded",
    "judged",
    "match_keys",
    "reaching",
    "shareable",
    "unjudged",
]

REFERENCE = "ref:"


@frozen
class Duplicate:
    """A lead that may belong together with another one, why, and how sure that is (0 to 1)."""

    lead_id: LeadId
    relation: Relation
    reasons: tuple[str, ...]
    score: float


@frozen(kw_only=True)
class DuplicatePair:
    """Two leads of a clinic that belong together, the older one first; score as in `Duplicate`."""

    one: LeadId
    other: LeadId
    relation: Relation
    reasons: tuple[str, ...]
    score: float


def match_keys(patient: Patient, contact: Contact, external_ref: str | None) -> tuple[str, ...]:
    """Compute the keys by which duplicates are found, sorted; each names its kind first.

    `phone:`, `email:` and `ref:` are exact, and those of `blocking.fuzzy_keys` find whoever
    gives other ones: seven in all for a child with a birth date and a full address.
    """
    keys = set(fuzzy_keys(record_of_people(patient, contact, external_ref)))
    for phone in (contact.phone, contact.phone_alt):
        if phone is not None:
            keys.add(f"phone:{phone.number}")
    if contact.email is not None:
        keys.add(f"email:{contact.email.address}")
    if external_ref is not None:
        keys.add(REFERENCE + external_ref)
    return tuple(sorted(keys))


def keys_of(lead: Lead) -> tuple[str, ...]:
    """Compute the keys of a lead, with the references of those that became a part of it."""
    keys = match_keys(lead.patient, lead.contact, lead.origin.external_ref)
    return with_references(keys, lead.former_refs)


def with_references(keys: tuple[str, ...], refs: Collection[str]) -> tuple[str, ...]:
    """Add further external references to the keys by which a lead is found."""
    return tuple(sorted({*keys, *(REFERENCE + ref for ref in refs)})) if refs else keys


def shareable(keys: Iterable[str]) -> tuple[str, ...]:
    """Leave out the external reference, which tells enquiries apart rather than families."""
    return tuple([key for key in keys if not key.startswith(REFERENCE)])


def reaching(keys: Iterable[str]) -> tuple[str, ...]:
    """Keep the phone numbers and e-mail addresses: what always warns (rule 6)."""
    return tuple([key for key in keys if key.startswith(_REACHING)])


def exact(keys: Iterable[str]) -> tuple[str, ...]:
    """Keep what identifies by itself: phone numbers, e-mail addresses and the reference."""
    return tuple([key for key in keys if key.startswith(_EXACT)])


_REACHING = ("phone:", "email:")
_EXACT = (*_REACHING, REFERENCE)


def unjudged(lead_id: LeadId) -> Duplicate:
    """Warn of a lead that shares a key, without having read it."""
    return Duplicate(lead_id, Relation.POSSIBLE, (), _SCORES[Relation.POSSIBLE])


def judged(lead: Lead, others: Iterable[Lead]) -> tuple[Duplicate, ...]:
    """Say what each of the others is to the lead, the surest first."""
    profile = profile_of(record_of(lead))
    found = [_judged(lead, profile, other) for other in others if other.id != lead.id]
    return tuple(sorted(found, key=lambda duplicate: (-duplicate.score, duplicate.lead_id)))


def described(pair: Pair) -> DuplicatePair:
    """Say of a pair that a search found what `judged` says of a duplicate."""
    one, other = sorted((pair.one, pair.two))
    return DuplicatePair(
        one=LeadId(one),
        other=LeadId(other),
        relation=pair.relation,
        reasons=_reasons(pair.comparison),
        score=_score(pair.relation, pair.probability),
    )


_SCORES = {
    Relation.SAME_INQUIRY: 1.0,
    Relation.SAME_PERSON: 0.8,
    Relation.SAME_HOUSEHOLD: 0.5,
    Relation.POSSIBLE: 0.2,
}
"""Where each relation begins; the probability adds up to 0.19 and never reaches the next one."""


def _judged(lead: Lead, profile: Profile, other: Lead) -> Duplicate:
    compared = compare_profiles(profile, profile_of(record_of(other)))
    comparison = evolve(compared, same_ref=_same_reference(lead, other))
    likely = probability(comparison)
    found = relation_given(comparison, likely)
    reasons = _reasons(comparison)
    sure = likely.person if found is Relation.SAME_PERSON else likely.family
    return Duplicate(other.id, found, reasons, _score(found, sure))


def _score(relation: Relation, sure: float) -> float:
    if relation is Relation.SAME_INQUIRY:
        return 1.0
    return round(_SCORES[relation] + 0.19 * sure, 4)


def _same_reference(lead: Lead, other: Lead) -> bool:
    shared = set(lead.keys) & set(other.keys)
    return any(key.startswith(REFERENCE) for key in shared)


def _reasons(comparison: Comparison) -> tuple[str, ...]:
    """Name what agrees, in a fixed order."""
    named_alike = comparison.first in _ALIKE and comparison.last in _ALIKE
    facts = {
        "external_ref": comparison.same_ref,
        "phone": comparison.phone is Agreement.SAME,
        "email": comparison.email is Agreement.SAME,
        "patient_name": named_alike,
        "birth_date": comparison.born is Agreement.SAME,
        "contact_name": comparison.contact is Agreement.SAME,
        "last_name": comparison.last in CLOSE,
        "address": comparison.street is Agreement.SAME,
    }
    return tuple(reason for reason, holds in facts.items() if holds)


_ALIKE = (*CLOSE, Agreement.SWAPPED)
