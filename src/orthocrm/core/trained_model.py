"""What a clinic learnt from its own past, as numbers: never code, never anybody's data."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any

from attrs import field, frozen

from orthocrm.core.ids import ClinicId, ModelId, UserId


class ModelPurpose(StrEnum):
    """What a model was trained for."""

    LEADS = "LEADS"
    """The chance that a lead becomes a patient."""
    NO_SHOWS = "NO_SHOWS"
    """The chance that an appointment is missed."""
    DUPLICATES = "DUPLICATES"
    """How much each agreement of two leads counts."""


@frozen(kw_only=True)
class TrainedModel:
    """One training: `number` counts the models of a purpose, and the highest is in use.

    `document` holds the model and `report` what it is worth, both as JSON values. They name columns
    and codes of the clinic, and count leads; no value of a single lead stands in them.
    """

    id: ModelId
    clinic_id: ClinicId
    purpose: ModelPurpose
    number: int
    trained_at: datetime
    trained_by: UserId
    document: Mapping[str, Any] = field(hash=False, repr=False)
    report: Mapping[str, Any] = field(hash=False, repr=False)
    version: int = 1
