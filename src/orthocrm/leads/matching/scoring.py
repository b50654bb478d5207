"""From a comparison to a score, a probability and a relation."""

from math import exp, log

from attrs import frozen

from orthocrm.core.lead_link import Relation
from orthocrm.leads.matching import weights
from orthocrm.leads.matching.agreement import Agreement
from orthocrm.leads.matching.comparison import CLOSE, Comparison
from orthocrm.leads.matching.weights import Evidence

LIKELY_PERSON = 0.5
"""Probability from which two leads are offered for a merge."""

LIKELY_FAMILY = 0.7
"""Probability from which two leads are linked as one household."""


@frozen
class Probability:
    """How likely two leads are one person, or at least one household."""

    person: float
    family: float


def score(comparison: Comparison) -> float:
    """Give the log-likelihood ratio (natural logarithm) of one person against anything else."""
    evidence = _evidence(comparison)
    other = _logarithm_of_sum(
        evidence.household + log(comparison.relatives / comparison.among), evidence.stranger
    )
    return evidence.person - other


def probability(comparison: Comparison) -> Probability:
    """Weigh the comparison against how rare duplicates and families are among all pairs."""
    evidence = _evidence(comparison)
    person = evidence.person + log(weights.PERSONS / comparison.among)
    household = evidence.household + log(comparison.relatives / comparison.among)
    total = _logarithm_of_sum(_logarithm_of_sum(person, household), evidence.stranger)
    one_person = exp(person - total)
    return Probability(one_person, min(one_person + exp(household - total), 1.0))


def relation(comparison: Comparison) -> Relation:
    """Say what two leads are to each other.

    Children of one parent with clearly different birth dates or first names are siblings, however
    much else agrees.
    """
    return relation_given(comparison, probability(comparison))


def relation_given(comparison: Comparison, found: Probability) -> Relation:
    """Say what two leads are to each other, when the probability is known already."""
    if comparison.same_ref:
        return Relation.SAME_INQUIRY
    likely = found.person >= LIKELY_PERSON and not _is_namesake(comparison)
    if likely and _says_which_child(comparison) and not are_two(comparison):
        return Relation.SAME_PERSON
    family = found.family >= LIKELY_FAMILY and _looks_like_family(comparison)
    family = family and not _is_namesake(comparison)
    return Relation.SAME_HOUSEHOLD if family else Relation.POSSIBLE


def _is_namesake(comparison: Comparison) -> bool:
    """Whether nothing but names agrees: in a large practice even rare ones meet by chance."""
    return not (
        {comparison.phone, comparison.email, comparison.street} & _AGREEING
        or comparison.born in _AGREEING_DATES
        or Agreement.SAME in (comparison.contact, comparison.postal_code)
        or (comparison.city in _AGREEING and comparison.postal_code is Agreement.UNKNOWN)
    )


_AGREEING = frozenset((Agreement.SAME, Agreement.SLIP, Agreement.NEAR, Agreement.PART))
_AGREEING_DATES = (Agreement.SAME, Agreement.SLIP, Agreement.NEAR)


def _looks_like_family(comparison: Comparison) -> bool:
    """Whether more than a phone or an e-mail is shared: a wrong number makes no family."""
    return (
        comparison.contact is Agreement.SAME
        or comparison.last in _FAMILY_NAME
        or comparison.street in _ONE_STREET
    )


_FAMILY_NAME = (*CLOSE, Agreement.PART, Agreement.SWAPPED)
_ONE_STREET = (Agreement.SAME, Agreement.SLIP, Agreement.NEAR)


def _says_which_child(comparison: Comparison) -> bool:
    """Whether anything tells a parent's children apart: a name, or an agreeing birth date."""
    dated = comparison.born in (Agreement.SAME, Agreement.SLIP)
    return comparison.own or dated or comparison.first is not Agreement.UNKNOWN


def are_two(comparison: Comparison) -> bool:
    """Whether two leads are certainly two people.

    A parent answers for several children, who differ in first name or birth date; who answers for
    himself differs in both.
    """
    other_name = comparison.first is Agreement.DIFFERENT
    other_date = comparison.born is Agreement.DIFFERENT
    if comparison.own:
        return other_name and other_date
    return other_date or (other_name and _reached_alike(comparison))


def _reached_alike(comparison: Comparison) -> bool:
    return Agreement.SAME in (comparison.phone, comparison.email)


def _evidence(comparison: Comparison) -> Evidence:
    first = weights.FIRST[comparison.first]
    if comparison.first is Agreement.SAME:
        first = first.by_chance(comparison.first_chance)
    last = weights.LAST[comparison.last]
    if comparison.last is Agreement.SAME:
        last = last.by_chance(comparison.last_chance)
    born = weights.BORN[comparison.born]
    return first + last + born + _reach(comparison) + _place(comparison)


def _reach(comparison: Comparison) -> Evidence:
    """Weigh phone, e-mail and contact: another parent answers with another of each.

    What agrees adds up; what differs counts once, and only where no number or address agrees.
    """
    own = comparison.own
    phone = (weights.OWN_PHONE if own else weights.PHONE)[comparison.phone]
    email = (weights.OWN_EMAIL if own else weights.EMAIL)[comparison.email]
    contact = weights.CONTACT[comparison.contact]
    agreeing = [found for found in (phone, email, contact) if found.household > found.stranger]
    if contact in agreeing and len(agreeing) == 1:
        return contact + _weaker(phone, email)
    return sum(agreeing, weights.NOTHING) if agreeing else _weaker(phone, email, contact)


def _weaker(*found: Evidence) -> Evidence:
    return min(found, key=lambda evidence: evidence.household)


def _place(comparison: Comparison) -> Evidence:
    return weights.STREET[comparison.street] + _area(comparison)


def _area(comparison: Comparison) -> Evidence:
    """Weigh city and postal code, which say the same twice unless they disagree."""
    postal = weights.POSTAL_CODE[comparison.postal_code]
    if comparison.postal_code is Agreement.SAME:
        postal = postal.by_chance(comparison.postal_chance)
    city = weights.CITY[comparison.city]
    if comparison.city is Agreement.SAME:
        city = city.by_chance(comparison.city_chance)
    if Agreement.DIFFERENT in (comparison.postal_code, comparison.city):
        return postal + city
    return max(postal, city, key=lambda evidence: evidence.person - evidence.stranger)


def _logarithm_of_sum(one: float, two: float) -> float:
    most = max(one, two)
    return most + log(exp(one - most) + exp(two - most))
