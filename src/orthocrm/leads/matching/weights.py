"""What each degree of agreement says: its chance among one person, one household, and strangers.

The shape is that of Fellegi and Sunter ("A theory for record linkage", 1969), with a third class
beside match and non-match, because siblings share everything but first name and birth date.
Chances among strangers follow from how many values there are (birth dates of fifteen years, ten
million phone numbers, the commonest names of the census); error rates among one person are those
of names and dates typed twice (some percent a field).
How often parents, phones and addresses are shared within a family was set by hand, while looking at
mistakes on the public and semi-synthetic sets that the tests read. No optimiser was run, but
figures on those sets are not those of unseen data.
"""

from collections.abc import Mapping
from math import log

from attrs import frozen

from orthocrm.leads.matching.agreement import Agreement


@frozen
class Evidence:
    """Natural logarithms of three chances, up to a constant that is common to them."""

    person: float = 0.0
    household: float = 0.0
    stranger: float = 0.0

    def __add__(self, other: "Evidence") -> "Evidence":
        return Evidence(
            self.person + other.person,
            self.household + other.household,
            self.stranger + other.stranger,
        )

    def by_chance(self, chance: float) -> "Evidence":
        """Say the same of a value that so many strangers carry as well."""
        return Evidence(self.person, self.household, log(chance))


NOTHING = Evidence()

Weights = Mapping[Agreement, Evidence]


def _chances(person: float, household: float, stranger: float) -> Evidence:
    return Evidence(log(person), log(household), log(stranger))


FIRST: Weights = {
    Agreement.SAME: _chances(0.78, 0.012, 0.006),
    Agreement.NICKNAME: _chances(0.08, 0.004, 0.003),
    Agreement.SLIP: _chances(0.06, 0.012, 0.004),
    Agreement.NEAR: _chances(0.02, 0.04, 0.03),
    Agreement.PART: _chances(0.02, 0.004, 0.002),
    Agreement.INITIAL: _chances(0.02, 0.05, 0.06),
    Agreement.SWAPPED: _chances(0.015, 0.0004, 0.00002),
    Agreement.DIFFERENT: _chances(0.015, 0.88, 0.9),
    Agreement.UNKNOWN: NOTHING,
}

LAST: Weights = {
    Agreement.SAME: _chances(0.88, 0.86, 0.003),
    Agreement.NICKNAME: _chances(0.01, 0.01, 0.001),
    Agreement.SLIP: _chances(0.045, 0.045, 0.002),
    Agreement.NEAR: _chances(0.01, 0.01, 0.02),
    Agreement.PART: _chances(0.015, 0.02, 0.001),
    Agreement.INITIAL: _chances(0.005, 0.005, 0.06),
    Agreement.SWAPPED: NOTHING,
    Agreement.DIFFERENT: _chances(0.02, 0.07, 0.97),
    Agreement.UNKNOWN: NOTHING,
}

BORN: Weights = {
    Agreement.SAME: _chances(0.92, 0.015, 0.0002),
    Agreement.SLIP: _chances(0.05, 0.01, 0.0025),
    Agreement.NEAR: _chances(0.015, 0.04, 0.02),
    Agreement.DIFFERENT: _chances(0.01, 0.93, 0.977),
    Agreement.UNKNOWN: NOTHING,
}

PHONE: Weights = {
    Agreement.SAME: _chances(0.75, 0.62, 0.00001),
    Agreement.SLIP: _chances(0.03, 0.03, 0.0003),
    Agreement.DIFFERENT: _chances(0.22, 0.36, 1.0),
    Agreement.UNKNOWN: NOTHING,
}

OWN_PHONE: Weights = {
    Agreement.SAME: _chances(0.85, 0.2, 0.00001),
    Agreement.SLIP: _chances(0.04, 0.01, 0.0003),
    Agreement.DIFFERENT: _chances(0.11, 0.79, 1.0),
    Agreement.UNKNOWN: NOTHING,
}

EMAIL: Weights = {
    Agreement.SAME: _chances(0.75, 0.6, 0.000001),
    Agreement.SLIP: _chances(0.04, 0.035, 0.00001),
    Agreement.PART: _chances(0.02, 0.017, 0.00002),
    Agreement.DIFFERENT: _chances(0.19, 0.36, 1.0),
    Agreement.UNKNOWN: NOTHING,
}

OWN_EMAIL: Weights = {
    Agreement.SAME: _chances(0.83, 0.06, 0.000001),
    Agreement.SLIP: _chances(0.06, 0.01, 0.00001),
    Agreement.PART: _chances(0.03, 0.005, 0.00005),
    Agreement.DIFFERENT: _chances(0.08, 0.92, 1.0),
    Agreement.UNKNOWN: NOTHING,
}

CONTACT: Weights = {
    Agreement.SAME: _chances(0.8, 0.65, 0.02),
    Agreement.DIFFERENT: _chances(0.2, 0.35, 1.0),
    Agreement.UNKNOWN: NOTHING,
}

STREET: Weights = {
    Agreement.SAME: _chances(0.75, 0.75, 0.0001),
    Agreement.SLIP: _chances(0.05, 0.05, 0.0003),
    Agreement.NEAR: _chances(0.05, 0.05, 0.0005),
    Agreement.PART: _chances(0.03, 0.03, 0.01),
    Agreement.DIFFERENT: _chances(0.12, 0.12, 0.99),
    Agreement.UNKNOWN: NOTHING,
}

CITY: Weights = {
    Agreement.SAME: _chances(0.85, 0.85, 0.1),
    Agreement.SLIP: _chances(0.06, 0.06, 0.01),
    Agreement.PART: _chances(0.03, 0.03, 0.02),
    Agreement.DIFFERENT: _chances(0.06, 0.06, 0.87),
    Agreement.UNKNOWN: NOTHING,
}

POSTAL_CODE: Weights = {
    Agreement.SAME: _chances(0.9, 0.9, 0.03),
    Agreement.SLIP: _chances(0.05, 0.05, 0.01),
    Agreement.DIFFERENT: _chances(0.05, 0.05, 0.96),
    Agreement.UNKNOWN: NOTHING,
}

PERSONS = 0.8
"""Other enquiries of the same patient that a lead has."""
