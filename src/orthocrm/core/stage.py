"""Pipeline stages: each clinic's own data, told apart by kind and not by name."""

from datetime import datetime
from enum import StrEnum

from attrs import frozen

from orthocrm.core.ids import ClinicId, StageId, StageSlug


class StageKind(StrEnum):
    """What a stage means: worked on, treatment started, or did not convert."""

    OPEN = "OPEN"
    WON = "WON"
    LOST = "LOST"


@frozen(kw_only=True)
class Stage:
    """One column of the pipeline. `slug` lasts; `name`, `order` and `color` may change.

    `auto_task` and `auto_email` name templates; `max_days` is the source's `maxDaysInStage`.
    """

    id: StageId
    clinic_id: ClinicId
    slug: StageSlug
    name: str
    order: int
    kind: StageKind = StageKind.OPEN
    description: str | None = None
    color: str | None = None
    auto_task: str | None = None
    auto_email: str | None = None
    max_days: int | None = None
    is_default: bool = False
    created_at: datetime
    updated_at: datetime
    version: int = 1

    @property
    def is_terminal(self) -> bool:
        """Whether the stage ends the pipeline (won or lost)."""
        return self.kind is not StageKind.OPEN


class Step(StrEnum):
    """The default slugs that milestones, rules and the demo speak of."""

    NEW_LEAD = "new_lead"
    CONTACTED = "contacted"
    CONSULTATION_SCHEDULED = "consultation_scheduled"
    CONSULTATION_COMPLETED = "consultation_completed"
    PENDING_DECISION = "pending_decision"
    TREATMENT_ACCEPTED = "treatment_accepted"
    TREATMENT_STARTED = "treatment_started"
    LOST = "lost"


@frozen
class StageTemplate:
    """A stage of the default pipeline, before it belongs to a clinic."""

    slug: Step
    name: str
    description: str
    color: str
    kind: StageKind = StageKind.OPEN
    max_days: int | None = None


DEFAULT_STAGES = (
    StageTemplate(Step.NEW_LEAD, "New Lead", "Just captured, not yet contacted", "#4c6ef5"),
    StageTemplate(Step.CONTACTED, "Contacted", "Initial outreach made", "#228be6"),
    StageTemplate(
        Step.CONSULTATION_SCHEDULED, "Consultation Scheduled", "Appointment booked", "#15aabf"
    ),
    StageTemplate(
        Step.CONSULTATION_COMPLETED,
        "Consultation Completed",
        "Exam done, treatment presented",
        "#12b886",
    ),
    StageTemplate(
        Step.PENDING_DECISION,
        "Pending Decision",
        "Considering treatment options",
        "#fab005",
        max_days=7,
    ),
    StageTemplate(Step.TREATMENT_ACCEPTED, "Treatment Accepted", "Contract signed", "#82c91e"),
    StageTemplate(
        Step.TREATMENT_STARTED, "Treatment Started", "Active patient", "#40c057", StageKind.WON
    ),
    StageTemplate(Step.LOST, "Lost", "Did not convert", "#868e96", StageKind.LOST),
)
"""The eight default stages of the source document, in order."""
