"""A practice: its clinic, stages, sources, coordinators, rotations, saved views and models."""

from typing import Any

from orthocrm.core.coordinator import Coordinator, Rotation
from orthocrm.core.ids import ClinicId
from orthocrm.core.saved_view import SavedView
from orthocrm.core.settings import Clinic
from orthocrm.core.source import DEFAULT_SOURCES, LeadSourceCategory, Source
from orthocrm.core.stage import DEFAULT_STAGES, Stage
from orthocrm.core.trained_model import ModelPurpose, TrainedModel
from orthocrm.testing.clock import MONDAY_MORNING
from orthocrm.testing.factories.making import COORDINATOR, made, new_id


def a_clinic(**fields: Any) -> Clinic:  # noqa: ANN401 - any field of the noun, here and below
    """Make a practice in Chicago."""
    usual = {
        "id": new_id(),
        "name": "Bright Smiles",
        "timezone": "America/Chicago",
        "created_at": MONDAY_MORNING,
    }
    return made(Clinic, usual, fields)


def a_stage(clinic: Clinic, slug: str = "recall", order: int = 9, **fields: Any) -> Stage:  # noqa: ANN401
    """Make an open stage behind the default ones."""
    usual = {
        "id": new_id(),
        "clinic_id": clinic.id,
        "slug": slug,
        "name": slug.replace("_", " ").title(),
        "order": order,
        "created_at": MONDAY_MORNING,
        "updated_at": MONDAY_MORNING,
    }
    return made(Stage, usual, fields)


def the_default_stages(clinic: Clinic) -> tuple[Stage, ...]:
    """Make the eight stages of the source document, orders 1 to 8; the first is the default."""
    return tuple(
        a_stage(
            clinic,
            template.slug.value,
            order,
            name=template.name,
            kind=template.kind,
            description=template.description,
            color=template.color,
            max_days=template.max_days,
            is_default=order == 1,
        )
        for order, template in enumerate(DEFAULT_STAGES, start=1)
    )


def a_source(clinic: Clinic, name: str = "Dr. Weber", **fields: Any) -> Source:  # noqa: ANN401
    """Make an active source, by default a referring dentist."""
    usual = {
        "id": new_id(),
        "clinic_id": clinic.id,
        "name": name,
        "category": LeadSourceCategory.DOCTOR_REFERRAL,
        "created_at": MONDAY_MORNING,
        "updated_at": MONDAY_MORNING,
    }
    return made(Source, usual, fields)


def the_default_sources(clinic: Clinic) -> tuple[Source, ...]:
    """Make the ten sources of the source document; the last is the default."""
    last = DEFAULT_SOURCES[-1][0]
    return tuple(
        a_source(clinic, name, category=category, is_default=name == last)
        for name, category in DEFAULT_SOURCES
    )


def a_coordinator(clinic: Clinic, user: str = COORDINATOR, **fields: Any) -> Coordinator:  # noqa: ANN401
    """Make an active coordinator of weight 1."""
    usual = {"id": user, "clinic_id": clinic.id, "name": user.upper()}
    return made(Coordinator, usual, fields)


def a_rotation(clinic: Clinic, pool: str = "everybody", **fields: Any) -> Rotation:  # noqa: ANN401
    """Make a rotation in which nobody has had a turn."""
    return made(Rotation, {"id": pool, "clinic_id": clinic.id}, fields)


def a_saved_view(clinic: Clinic, name: str = "My new leads", **fields: Any) -> SavedView:  # noqa: ANN401
    """Make a coordinator's own list of all leads."""
    usual = {
        "id": new_id(),
        "clinic_id": clinic.id,
        "name": name,
        "subject": "leads",
        "owner": COORDINATOR,
        "created_at": MONDAY_MORNING,
        "updated_at": MONDAY_MORNING,
    }
    return made(SavedView, usual, fields)


def another_clinic_id() -> ClinicId:
    """Draw the id of a clinic that does not exist."""
    return ClinicId(new_id())


def a_trained_model(clinic: Clinic, number: int = 1, **fields: Any) -> TrainedModel:  # noqa: ANN401
    """Make a model of the clinic that says nothing."""
    usual = {
        "id": new_id(),
        "clinic_id": clinic.id,
        "purpose": ModelPurpose.LEADS,
        "number": number,
        "trained_at": MONDAY_MORNING,
        "trained_by": COORDINATOR,
        "document": {},
        "report": {},
    }
    return made(TrainedModel, usual, fields)
