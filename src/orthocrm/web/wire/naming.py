"""The names of fields outside: camelCase, and those of the source documents where they differ."""

from collections.abc import Mapping
from datetime import timedelta
from types import MappingProxyType
from typing import Any, get_args

from orthocrm.leads.editing import LeadEdit
from orthocrm.leads.intake import Intake

_OF_LEADS = {
    "patient_born_on": "patientDob",
    "relationship": "patientRelationship",
    "source": "sourceId",
    "campaign": "sourceCampaign",
    "referring_provider": "referringProviderId",
    "referring_patient": "referringPatientId",
    "interests": "treatmentInterest",
    "owner": "assignedToId",
}

CALLED: Mapping[type, Mapping[str, str]] = MappingProxyType(
    {Intake: _OF_LEADS, LeadEdit: _OF_LEADS}
)
"""What the source documents call fields of what they describe."""


EXACTLY: Mapping[str, str] = MappingProxyType(
    {
        "hub_mode": "hub.mode",
        "hub_verify_token": "hub.verify_token",
        "hub_challenge": "hub.challenge",
    }
)
"""What others call parameters that they send."""


def camel(name: str) -> str:
    """Give the name of a field outside.

    >>> camel("due_before"), camel("from_"), camel("address_line1")
    ('dueBefore', 'from', 'addressLine1')
    """
    first, *rest = name.strip("_").split("_")
    return first + "".join(part[:1].upper() + part[1:] for part in rest)


def snake(name: str) -> str:
    """Give the name of a field inside.

    >>> snake("dueBefore")
    'due_before'
    """
    return "".join(f"_{sign.lower()}" if sign.isupper() else sign for sign in name)


def outside(name: str, annotation: object, owner: type | None = None) -> str:
    """Give the name of one field or parameter outside; lengths of time say their unit."""
    called = CALLED.get(owner, {}) if owner is not None else {}
    if name in called:
        return called[name]
    if name in EXACTLY:
        return EXACTLY[name]
    return camel(name) + ("Seconds" if _is_length(annotation) else "")


def path(inside: str, owner: type | None = None) -> str:
    """Turn the path of a problem inside a noun into the one that a caller knows."""
    called = CALLED.get(owner, {}) if owner is not None else {}
    first, dot, rest = inside.partition(".")
    return called.get(first, camel(first)) + dot + ".".join(map(camel, rest.split(".")))


def _is_length(annotation: Any) -> bool:  # noqa: ANN401 - any annotation
    return annotation is timedelta or timedelta in get_args(annotation)
