"""Rows: one hand-written mapping per noun, between the noun and the columns of its table."""

from typing import Any

from orthocrm.backends.sql.rows.access import API_KEY, ATTEMPT, SECRETS, SESSION, USER
from orthocrm.backends.sql.rows.cadence import ENROLLMENT, VIEW
from orthocrm.backends.sql.rows.inbox import ANSWER, INBOUND
from orthocrm.backends.sql.rows.kinship import LINK, MERGE
from orthocrm.backends.sql.rows.leads import LEAD
from orthocrm.backends.sql.rows.learning import MODEL
from orthocrm.backends.sql.rows.marketing import CAMPAIGN, REFERRER, SPENDING, TOUCH
from orthocrm.backends.sql.rows.messages import CONSENT, CONTACT, MESSAGE, NOTICE
from orthocrm.backends.sql.rows.practice import (
    ABSENCE,
    CLINIC,
    COORDINATOR,
    ROTATION,
    SOURCE,
    STAGE,
)
from orthocrm.backends.sql.rows.records import (
    AUDIT_ENTRY,
    IMPORT,
    IMPORT_CHANGE,
    OUTBOX_ITEM,
    PERSONAL_CHANGE,
)
from orthocrm.backends.sql.rows.scheduling import APPOINTMENT, SCHEDULE, WAITING
from orthocrm.backends.sql.rows.shape import Shape
from orthocrm.backends.sql.rows.timeline import ACTIVITY, TASK, VISIT

__all__ = [
    "ABSENCE",
    "ACTIVITY",
    "ANSWER",
    "API_KEY",
    "APPOINTMENT",
    "ATTEMPT",
    "AUDIT_ENTRY",
    "CAMPAIGN",
    "CLINIC",
    "CONSENT",
    "CONTACT",
    "COORDINATOR",
    "ENROLLMENT",
    "IMPORT",
    "IMPORT_CHANGE",
    "INBOUND",
    "LEAD",
    "LINK",
    "MERGE",
    "MESSAGE",
    "MODEL",
    "NOTICE",
    "OF",
    "OUTBOX_ITEM",
    "PERSONAL_CHANGE",
    "REFERRER",
    "ROTATION",
    "SCHEDULE",
    "SECRETS",
    "SESSION",
    "SHAPES",
    "SOURCE",
    "SPENDING",
    "STAGE",
    "TASK",
    "TOUCH",
    "USER",
    "VIEW",
    "VISIT",
    "WAITING",
]

SHAPES: tuple[Shape[Any], ...] = (
    CLINIC,
    STAGE,
    SOURCE,
    COORDINATOR,
    ROTATION,
    ABSENCE,
    SCHEDULE,
    IMPORT,
    CAMPAIGN,
    REFERRER,
    SPENDING,
    LEAD,
    VISIT,
    ACTIVITY,
    TASK,
    APPOINTMENT,
    WAITING,
    TOUCH,
    LINK,
    MERGE,
    MESSAGE,
    NOTICE,
    CONSENT,
    CONTACT,
    INBOUND,
    ANSWER,
    ENROLLMENT,
    VIEW,
    MODEL,
    USER,
    SECRETS,
    ATTEMPT,
    SESSION,
    API_KEY,
    AUDIT_ENTRY,
    IMPORT_CHANGE,
    PERSONAL_CHANGE,
    OUTBOX_ITEM,
)
"""Every shape, in an order in which what is referred to is written first."""

OF = {shape.schema.of: shape for shape in SHAPES}
"""The shapes by the name that queries use."""
