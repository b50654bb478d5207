"""Two records side by side: how far each field agrees."""

from attrs import field, frozen

from orthocrm.core.masking import PERSONAL, mask
from orthocrm.leads.matching import born, names, places, reach
from orthocrm.leads.matching.agreement import Agreement
from orthocrm.leads.matching.names import Name
from orthocrm.leads.matching.population import USUAL, Population
from orthocrm.leads.matching.profile import Household, Profile, profile_of
from orthocrm.leads.matching.record import Record

CLOSE = (Agreement.SAME, Agreement.NICKNAME, Agreement.SLIP)
"""Agreements of names that leave little doubt."""


@frozen(kw_only=True)
class Comparison:
    """How far two records agree, field by field.

    `own` says that in both records the phone and the e-mail are the person's own rather than
    a parent's. The chances are those of a stranger who carries the value that agrees; `among` is
    the number of leads, and `relatives` how many of them belong to one family.
    """

    first: Agreement = Agreement.UNKNOWN
    last: Agreement = Agreement.UNKNOWN
    born: Agreement = Agreement.UNKNOWN
    phone: Agreement = Agreement.UNKNOWN
    email: Agreement = Agreement.UNKNOWN
    contact: Agreement = Agreement.UNKNOWN
    street: Agreement = Agreement.UNKNOWN
    city: Agreement = Agreement.UNKNOWN
    postal_code: Agreement = Agreement.UNKNOWN
    own: bool = False
    same_ref: bool = False
    first_chance: float = field(default=USUAL.firsts.usual, repr=mask, metadata=PERSONAL)
    last_chance: float = field(default=USUAL.lasts.usual, repr=mask, metadata=PERSONAL)
    postal_chance: float = field(default=USUAL.postal_codes.usual, repr=mask, metadata=PERSONAL)
    city_chance: float = field(default=USUAL.cities.usual, repr=mask, metadata=PERSONAL)
    among: int = USUAL.size
    relatives: float = USUAL.relatives


def compare(one: Record, two: Record, population: Population = USUAL) -> Comparison:
    """Compare two records; the order of the two does not matter."""
    return compare_profiles(profile_of(one), profile_of(two), population)


def compare_profiles(one: Profile, two: Profile, population: Population = USUAL) -> Comparison:
    """Compare two records that are folded already."""
    first, last = _names_agree(one, two)
    own = one.household.is_self and two.household.is_self
    return Comparison(
        first=first,
        last=last,
        born=born.agreement(one.born_on, two.born_on),
        phone=reach.phones_agree(one.phones, two.phones),
        email=reach.emails_agree(one.emails, two.emails),
        contact=_contacts_agree(one.household, two.household),
        street=places.streets_agree(one.street, two.street),
        city=places.cities_agree(one.city, two.city),
        postal_code=places.postal_codes_agree(one.postal_code, two.postal_code),
        own=own,
        same_ref=one.ref is not None and one.ref == two.ref,
        first_chance=population.firsts.of(_shared(one.first.text, two.first.text)),
        last_chance=population.lasts.of(_shared(one.last.text, two.last.text)),
        postal_chance=population.postal_codes.of(_shared(one.postal_code, two.postal_code)),
        city_chance=population.cities.of(_shared(one.city, two.city)),
        among=population.size,
        relatives=population.relatives,
    )


def _shared(one: str, two: str) -> str:
    return one if one == two else ""


def _names_agree(one: Profile, two: Profile) -> tuple[Agreement, Agreement]:
    """Compare first and last names; exchanged ones only where the straight ones do not agree.

    Where one name is missing, the other in the wrong place is a part of the last name.
    """
    first = names.agreement(one.first, two.first)
    last = names.agreement(one.last, two.last)
    if first in CLOSE or last in CLOSE:
        return first, last
    crossed = {names.agreement(one.first, two.last), names.agreement(one.last, two.first)}
    if crossed <= _CLOSE:
        return Agreement.SWAPPED, Agreement.SWAPPED
    if crossed <= _CLOSE_OR_UNKNOWN and crossed != {Agreement.UNKNOWN}:
        return Agreement.UNKNOWN, Agreement.PART
    return first, last


_CLOSE = frozenset(CLOSE)
_CLOSE_OR_UNKNOWN = frozenset((*CLOSE, Agreement.UNKNOWN))


def _contacts_agree(one: Household, two: Household) -> Agreement:
    """Whether somebody answers for both; of two adults only who answers beside themselves."""
    own = one.is_self and two.is_self
    ones, twos = (one.others, two.others) if own else (one.names, two.names)
    if not ones or not twos:
        return Agreement.UNKNOWN
    alike = any(_one_contact(here, there) for here in ones for there in twos)
    return Agreement.SAME if alike else Agreement.DIFFERENT


def _one_contact(one: tuple[Name, Name], two: tuple[Name, Name]) -> bool:
    return (
        names.agreement(one[0], two[0]) in CLOSE
        and names.agreement(one[1], two[1]) in _CLOSE_OR_UNKNOWN
    )
