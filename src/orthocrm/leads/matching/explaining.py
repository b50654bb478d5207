"""What each field of a comparison says for or against one person, and in which words."""

from collections.abc import Mapping
from typing import Any

from attrs import evolve

from orthocrm.leads.matching.agreement import Agreement
from orthocrm.leads.matching.comparison import Comparison
from orthocrm.leads.matching.scoring import score

FIELDS: Mapping[str, str] = {
    "first": "first name",
    "last": "last name",
    "born": "birth date",
    "phone": "phone",
    "email": "e-mail",
    "contact": "contact",
    "street": "street",
    "city": "city",
    "postal_code": "postal code",
}
"""The fields that are compared, and what people call them."""

WORDS: Mapping[Agreement, str] = {
    Agreement.SAME: "the same",
    Agreement.NICKNAME: "a short form of the other",
    Agreement.SLIP: "the same but for a slip",
    Agreement.NEAR: "alike",
    Agreement.PART: "partly the same",
    Agreement.INITIAL: "the same initial",
    Agreement.SWAPPED: "swapped with the other name",
    Agreement.DIFFERENT: "different",
}


def contributions(comparison: Comparison) -> dict[str, float]:
    """Give how much each known field moves the score: what it would be without the field, left off.

    Natural logarithms of odds. Where fields say the same thing twice, each counts for what it adds
    to the others, so that the sum may be less than the score.
    """
    whole = score(comparison)
    return {
        name: whole - score(_without(comparison, name))
        for name in FIELDS
        if getattr(comparison, name) is not Agreement.UNKNOWN
    }


def _without(comparison: Comparison, name: str) -> Comparison:
    unknown: dict[str, Any] = {name: Agreement.UNKNOWN}
    return evolve(comparison, **unknown)


def said(comparison: Comparison, name: str) -> str:
    """Say in words how far two records agree in a field."""
    return WORDS[getattr(comparison, name)]
