"""Templates of tasks and messages, which rules, stages and sequences name."""

from datetime import timedelta
from enum import StrEnum

from attrs import frozen

from orthocrm.core.notifying import MessageChannel, Purpose
from orthocrm.core.task import LeadTaskType, TaskPriority


class Language(StrEnum):
    """The languages in which families are written to."""

    ENGLISH = "en"
    SPANISH = "es"


@frozen(kw_only=True)
class TaskTemplate:
    """A task to come: due `after` so long, counted in business time when `business`."""

    name: str
    type: LeadTaskType
    title: str
    description: str | None = None
    after: timedelta = timedelta()
    business: bool = False
    priority: TaskPriority = TaskPriority.NORMAL


@frozen(kw_only=True)
class MessageTemplate:
    """A message with merge fields in braces: `Hello {contact_first_name}`.

    Which fields a channel may carry is limited (`orthocrm.followup.templates`): an SMS names no
    treatment and no surname, and nothing of health leaves by any channel.
    """

    name: str
    channel: MessageChannel
    body: str
    subject: str | None = None
    purpose: Purpose = Purpose.CARE
    language: Language = Language.ENGLISH
