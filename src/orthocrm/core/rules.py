"""Follow-up rules as data: when, if, then."""

from datetime import timedelta
from enum import StrEnum

from attrs import frozen

from orthocrm.core.ids import StageSlug
from orthocrm.core.query import Where
from orthocrm.core.stage import Step
from orthocrm.core.task import LeadTaskType, TaskPriority


class Trigger(StrEnum):
    """What makes a follow-up rule speak."""

    LEAD_CAPTURED = "LEAD_CAPTURED"
    STAGE_ENTERED = "STAGE_ENTERED"
    NO_CONTACT = "NO_CONTACT"
    IN_STAGE = "IN_STAGE"
    UNANSWERED = "UNANSWERED"
    UPSET = "UPSET"


TIMED = frozenset({Trigger.NO_CONTACT, Trigger.IN_STAGE})
"""What comes about by the passing of time, so that a worker has to look for it."""


class Recipient(StrEnum):
    """Who gets the task of a rule."""

    OWNER = "OWNER"
    MANAGER = "MANAGER"


@frozen(kw_only=True)
class FollowUpRule:
    """When `trigger` (in `stage`, after `attempts`), if `where` holds for the lead, then act.

    To act is to make a `task` with a `title`, to queue the `message` template of a name, to start
    the `sequence` of a name, and to suggest that the lead be given up: any of them.

    LEAD_CAPTURED, STAGE_ENTERED, UNANSWERED and UPSET (a family wrote something that is clearly
    negative) speak at once, and the task is due `after` that
    long, counted in business time when `business`; so is the message. NO_CONTACT and IN_STAGE
    speak once the time `after` has passed, and what they ask for is due at once. By their task or
    sequence one sees that these two have spoken, so they need one.
    """

    name: str
    trigger: Trigger
    task: LeadTaskType | None = None
    title: str | None = None
    after: timedelta = timedelta()
    business: bool = False
    stage: StageSlug | None = None
    attempts: int | None = None
    where: Where | None = None
    message: str | None = None
    sequence: str | None = None
    priority: TaskPriority = TaskPriority.NORMAL
    recipient: Recipient = Recipient.OWNER
    suggest_lost: bool = False
    is_active: bool = True


DEFAULT_RULES = (
    FollowUpRule(
        name="speed_to_lead",
        trigger=Trigger.LEAD_CAPTURED,
        task=LeadTaskType.CALL,
        title="Call the new lead",
        after=timedelta(minutes=5),
        business=True,
        priority=TaskPriority.URGENT,
    ),
    FollowUpRule(
        name="escalate_no_contact",
        trigger=Trigger.NO_CONTACT,
        task=LeadTaskType.FOLLOW_UP,
        title="No contact for 24 hours: step in",
        after=timedelta(hours=24),
        priority=TaskPriority.HIGH,
        recipient=Recipient.MANAGER,
    ),
    FollowUpRule(
        name="confirm_consultation",
        trigger=Trigger.STAGE_ENTERED,
        stage=StageSlug(Step.CONSULTATION_SCHEDULED),
        task=LeadTaskType.CONSULTATION_CONFIRM,
        title="Send the consultation confirmation",
        message="consultation_confirmation",
    ),
    FollowUpRule(
        name="consultation_follow_up",
        trigger=Trigger.STAGE_ENTERED,
        stage=StageSlug(Step.CONSULTATION_COMPLETED),
        task=LeadTaskType.FOLLOW_UP,
        title="Follow up on the consultation",
        after=timedelta(days=3),
    ),
    FollowUpRule(
        name="pending_check_in",
        trigger=Trigger.IN_STAGE,
        stage=StageSlug(Step.PENDING_DECISION),
        task=LeadTaskType.CALL,
        title="Check in on the pending decision",
        after=timedelta(days=7),
    ),
    FollowUpRule(
        name="break_up",
        trigger=Trigger.UNANSWERED,
        attempts=3,
        task=LeadTaskType.EMAIL,
        title="Send the break-up e-mail and consider moving the lead to Lost",
        message="break_up",
        suggest_lost=True,
    ),
)
"""The six automated follow-up rules of the source document."""
