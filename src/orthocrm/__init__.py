"""Lead management and appointment scheduling for orthodontic practices.

>>> import orthocrm
>>> crm = orthocrm.connect("memory://")
>>> clinic = crm.create_clinic(name="Bright Smiles", timezone="America/Chicago")
>>> desk = crm.acting_as(
...     orthocrm.Actor(user="tc-1", clinic=clinic.id, roles={orthocrm.Role.TREATMENT_COORDINATOR})
... )
>>> captured = desk.leads.capture(
...     orthocrm.Intake(first_name="Maria", last_name="Lopez", email="maria@example.com")
... )
>>> desk.pipeline.move(captured.lead.id, "contacted").lead.status.value
'ACTIVE'
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from orthocrm.access.keys import NewKey
    from orthocrm.access.passwords import HashCost
    from orthocrm.analytics.asking import By
    from orthocrm.analytics.attributed import Attributed
    from orthocrm.analytics.costs import Accrued, Cost
    from orthocrm.analytics.declaring import (
        Declared,
        Figure,
        Measured,
        Unit,
        of_count,
        of_part,
        of_rate,
        of_share,
        of_spread,
    )
    from orthocrm.analytics.grouping import Facts
    from orthocrm.analytics.measures import Durations, Growth, Portion, Quotient, Tally
    from orthocrm.analytics.reports import Report
    from orthocrm.analytics.staying import Bottlenecks, Stay, Stays
    from orthocrm.assignment.strategies import Choice, Narrowed
    from orthocrm.core.access import Credentials, User
    from orthocrm.core.activity import (
        Activity,
        ActivityDirection,
        CallOutcome,
        Document,
        LeadActivityType,
    )
    from orthocrm.core.actor import Actor, Permission, Preset, Role
    from orthocrm.core.appointment import Appointment, AppointmentStatus
    from orthocrm.core.cadence import SIX_TOUCH, Enrollment, Sequence, Step
    from orthocrm.core.custom_fields import CustomField, FieldKind
    from orthocrm.core.emergency import Emergency
    from orthocrm.core.errors import (
        AlreadyExists,
        AppointmentClosed,
        BackendError,
        BackwardMove,
        ClosedStage,
        ConfigurationError,
        Conflict,
        Forbidden,
        HoldExpired,
        InPast,
        InvalidInput,
        KeyMisused,
        LastAdministrator,
        LeadClosed,
        LeadLocked,
        LeadMerged,
        LockedOut,
        LostReasonMissing,
        MergedSince,
        MigrationNeeded,
        MissingExtra,
        MissingKey,
        MovedTooOften,
        NobodyToAssign,
        NotEnoughOutcomes,
        NotFound,
        NotOffered,
        OrthoCRMError,
        OutsideHours,
        PluginError,
        Problem,
        RemindedTooOften,
        RuleViolated,
        SlotTaken,
        StageInUse,
        StaleVersion,
        TooEarly,
        TooLate,
        TooLittleHistory,
        TooManyOpen,
        TrailBroken,
        TwoPatients,
        UnknownBackend,
        Vetoed,
    )
    from orthocrm.core.finding import Finding, Health
    from orthocrm.core.forms import FormChoice, FormDefinition, FormField, SavedMapping
    from orthocrm.core.happening import Happened, Happening
    from orthocrm.core.inbox import InboundState
    from orthocrm.core.keyring import (
        ClinicKey,
        KeyLayer,
        KeyPurpose,
        KeysMoved,
        KeysStatus,
        KeyStanding,
    )
    from orthocrm.core.lead import (
        Channel,
        Lead,
        LeadStatus,
        LostReason,
        Objection,
        TreatmentInterest,
    )
    from orthocrm.core.lead_link import LeadLink, Relation, Verdict
    from orthocrm.core.marketing import (
        Campaign,
        ReferrerKind,
        ReferrerRecord,
        Spend,
        SpendKind,
        Touch,
    )
    from orthocrm.core.merging import Merge
    from orthocrm.core.messaging import CalendarTarget, Cap, Messaging, QuietHours, WebhookTarget
    from orthocrm.core.money import Money
    from orthocrm.core.notifying import (
        Answer,
        Attachment,
        Callback,
        CarrierError,
        Letter,
        Message,
        MessageChannel,
        MessageState,
        Notice,
        NoticeKind,
        Notifier,
        OptOut,
        Purpose,
        PushTarget,
        Sent,
        StatusReport,
    )
    from orthocrm.core.outside import CallerDetails, Outside
    from orthocrm.core.people import PatientRelationship, PreferredContact
    from orthocrm.core.query import AllOf, AnyOf, Cond, Sort
    from orthocrm.core.reminding import QuietPolicy, Reminder, Reminders, ReminderStatus, Reminding
    from orthocrm.core.reporting import Every, Reporting, ScheduledReport
    from orthocrm.core.retention import Retention
    from orthocrm.core.routing import Place, Pool, Routing, SourceRoute, Territory
    from orthocrm.core.rules import FollowUpRule, Recipient, Trigger
    from orthocrm.core.saved_view import SavedView
    from orthocrm.core.schedule import DateHours, DateWindow, RepeatedBlock, Schedule, WeeklyWindow
    from orthocrm.core.second_factor import SecondFactor
    from orthocrm.core.settings import (
        BusinessHours,
        Clinic,
        Opening,
        Practice,
        Settings,
    )
    from orthocrm.core.source import LeadSourceCategory, Source
    from orthocrm.core.stage import Stage, StageKind
    from orthocrm.core.task import LeadTaskType, Task, TaskPriority, TaskStatus
    from orthocrm.core.templates import Language, MessageTemplate, TaskTemplate
    from orthocrm.core.time import Period
    from orthocrm.core.trained_model import ModelPurpose, TrainedModel
    from orthocrm.core.visit_type import (
        BookableResource,
        Question,
        ReminderRule,
        StartGrid,
        VisitType,
    )
    from orthocrm.core.waitlist import WaitlistEntry, WaitlistState
    from orthocrm.crm import OrthoCRM, connect
    from orthocrm.desk import Desk
    from orthocrm.followup.attempts import LogEntry
    from orthocrm.followup.task_edits import TaskEdit
    from orthocrm.followup.tasks import NewTask
    from orthocrm.hooks import hook
    from orthocrm.intelligence.contact_time import CallTime, ContactTimes, contact_times
    from orthocrm.intelligence.forecast import SeriesForecast, forecast_series
    from orthocrm.intelligence.learners import Learner
    from orthocrm.intelligence.next_action import Because, Means, NextAction
    from orthocrm.intelligence.sentiment import Sentiment, Tone, read_tone
    from orthocrm.intelligence.sentiment_model import ToneModel, train_tone
    from orthocrm.intelligence.words import Reason
    from orthocrm.leads.attribution import AttributionModel
    from orthocrm.leads.channels.delivery import Awaited, Delivered
    from orthocrm.leads.channels.manual import QuickEntry
    from orthocrm.leads.channels.phone import PhoneCall
    from orthocrm.leads.channels.referral import DoctorReferral, PatientReferral, Referrer
    from orthocrm.leads.channels.signatures import Unverified
    from orthocrm.leads.channels.walk_in import WalkIn
    from orthocrm.leads.credit_groups import CreditBy
    from orthocrm.leads.editing import LeadEdit
    from orthocrm.leads.histories import History, Past, PastKind
    from orthocrm.leads.intake import Intake
    from orthocrm.leads.keeping import Side
    from orthocrm.leads.merging import MergeField, MergePreview
    from orthocrm.leads.referrers import NewReferrer
    from orthocrm.leads.spending import NewSpend
    from orthocrm.leads.touching import NewTouch
    from orthocrm.privacy.checkpoint_file import CheckpointFile
    from orthocrm.privacy.consent import NewConsent
    from orthocrm.privacy.deidentify import Anonymity
    from orthocrm.privacy.erasing import LegalHold, VisitsAhead
    from orthocrm.privacy.portrait import PersonalExport
    from orthocrm.privacy.secrets import StaticSecrets
    from orthocrm.privacy.signing import SigningKeyFile
    from orthocrm.rounds.worked import Worked
    from orthocrm.scheduling.blocks import RecurringBlock
    from orthocrm.scheduling.booking import AppointmentEdit, NewAppointment
    from orthocrm.scheduling.busy import Busy
    from orthocrm.scheduling.hours import Away, Override, WeeklyHours
    from orthocrm.scheduling.ical.feeds import FeedDetail
    from orthocrm.scheduling.ical.invites import Invite
    from orthocrm.scheduling.past import PastVisit
    from orthocrm.scheduling.refusals import Refusal, explain
    from orthocrm.scheduling.request import Provider, Resource, ResourcePool, SlotRequest
    from orthocrm.scheduling.slots import Slot, by_local_date, find_slots, next_available
    from orthocrm.scheduling.usage import Usage
    from orthocrm.services.access.results import (
        Account,
        Invited,
        IssuedKey,
        KeyDetails,
        LogIn,
        LogInOutcome,
        OneTimeToken,
        Proof,
        RecoveryCodes,
        SecondFactorSetup,
        SessionDetails,
    )
    from orthocrm.services.access.users import NewUser
    from orthocrm.services.analytics.losses import LostLead
    from orthocrm.services.batch import Refused
    from orthocrm.services.inbox.arriving import Arrived
    from orthocrm.services.inbox.desk import Processed
    from orthocrm.services.inbox.keeping import DeliveriesWait
    from orthocrm.services.intelligence.calling import CallAdvice
    from orthocrm.services.intelligence.forecasting import Forecast
    from orthocrm.services.intelligence.risks import NoShowRisk, NoShowRisks
    from orthocrm.services.intelligence.scores import Score
    from orthocrm.services.intelligence.training import Examples, Worth
    from orthocrm.services.intelligence.twins import LikelyDuplicate
    from orthocrm.services.leads.receiving import Accepted, Caller
    from orthocrm.services.notifications.contacts import ContactDetails
    from orthocrm.services.pipeline.transitions import Loss, Move, Start
    from orthocrm.services.privacy.accounting import NewDisclosure
    from orthocrm.services.privacy.erasing import Erased
    from orthocrm.services.privacy.retaining import Retained
    from orthocrm.services.results import Assigned, Captured, Logged, Moved, Observed, Recalled
    from orthocrm.services.scheduling.booking import Booked
    from orthocrm.services.scheduling.calendars import CalendarFeed, ImportedBusy
    from orthocrm.services.scheduling.daybook import DaySheet
    from orthocrm.services.scheduling.keeping import WallTimesKept
    from orthocrm.services.scheduling.links import NewLink, SelfSchedulingLink
    from orthocrm.services.scheduling.renewing import RemindersRenewed
    from orthocrm.services.scheduling.searching import Search
    from orthocrm.services.scheduling.series import Series
    from orthocrm.services.scheduling.waiting import NewWaitlistEntry
    from orthocrm.workers import Worker


_HOMES = {
    "orthocrm.services.analytics.losses": ("LostLead",),
    "orthocrm.leads.histories": ("History", "Past", "PastKind"),
    "orthocrm.analytics.asking": ("By",),
    "orthocrm.analytics.declaring": (
        "Declared",
        "Figure",
        "Measured",
        "Unit",
        "of_count",
        "of_part",
        "of_rate",
        "of_share",
        "of_spread",
    ),
    "orthocrm.analytics.grouping": ("Facts",),
    "orthocrm.analytics.measures": ("Durations", "Growth", "Portion", "Quotient", "Tally"),
    "orthocrm.analytics.reports": ("Report",),
    "orthocrm.core.reporting": ("Every", "Reporting", "ScheduledReport"),
    "orthocrm.core.retention": ("Retention",),
    "orthocrm.analytics.attributed": ("Attributed",),
    "orthocrm.analytics.costs": ("Accrued", "Cost"),
    "orthocrm.intelligence.contact_time": ("CallTime", "ContactTimes", "contact_times"),
    "orthocrm.intelligence.forecast": ("SeriesForecast", "forecast_series"),
    "orthocrm.intelligence.learners": ("Learner",),
    "orthocrm.intelligence.next_action": ("Because", "Means", "NextAction"),
    "orthocrm.intelligence.sentiment": ("Sentiment", "Tone", "read_tone"),
    "orthocrm.intelligence.sentiment_model": ("ToneModel", "train_tone"),
    "orthocrm.intelligence.words": ("Reason",),
    "orthocrm.services.inbox.arriving": ("Arrived",),
    "orthocrm.services.inbox.desk": ("Processed",),
    "orthocrm.services.inbox.keeping": ("DeliveriesWait",),
    "orthocrm.services.intelligence.calling": ("CallAdvice",),
    "orthocrm.services.intelligence.forecasting": ("Forecast",),
    "orthocrm.services.intelligence.risks": ("NoShowRisk", "NoShowRisks"),
    "orthocrm.services.intelligence.scores": ("Score",),
    "orthocrm.services.intelligence.training": ("Examples", "Worth"),
    "orthocrm.services.intelligence.twins": ("LikelyDuplicate",),
    "orthocrm.analytics.staying": ("Bottlenecks", "Stay", "Stays"),
    "orthocrm.assignment.strategies": ("Choice", "Narrowed"),
    "orthocrm.access.keys": ("NewKey",),
    "orthocrm.access.passwords": ("HashCost",),
    "orthocrm.core.access": ("Credentials", "User"),
    "orthocrm.services.access.results": (
        "Account",
        "Invited",
        "IssuedKey",
        "KeyDetails",
        "LogIn",
        "LogInOutcome",
        "OneTimeToken",
        "Proof",
        "RecoveryCodes",
        "SecondFactorSetup",
        "SessionDetails",
    ),
    "orthocrm.services.access.users": ("NewUser",),
    "orthocrm.core.activity": (
        "Activity",
        "ActivityDirection",
        "CallOutcome",
        "Document",
        "LeadActivityType",
    ),
    "orthocrm.core.actor": ("Actor", "Permission", "Preset", "Role"),
    "orthocrm.core.appointment": ("Appointment", "AppointmentStatus"),
    "orthocrm.core.cadence": ("Enrollment", "SIX_TOUCH", "Sequence", "Step"),
    "orthocrm.core.custom_fields": ("CustomField", "FieldKind"),
    "orthocrm.core.emergency": ("Emergency",),
    "orthocrm.core.errors": (
        "AlreadyExists",
        "AppointmentClosed",
        "BackendError",
        "BackwardMove",
        "ClosedStage",
        "ConfigurationError",
        "Conflict",
        "Forbidden",
        "HoldExpired",
        "InPast",
        "InvalidInput",
        "KeyMisused",
        "LastAdministrator",
        "LeadClosed",
        "LeadLocked",
        "LeadMerged",
        "LockedOut",
        "LostReasonMissing",
        "MergedSince",
        "MigrationNeeded",
        "MissingExtra",
        "MissingKey",
        "MovedTooOften",
        "NobodyToAssign",
        "NotEnoughOutcomes",
        "NotFound",
        "NotOffered",
        "OrthoCRMError",
        "OutsideHours",
        "PluginError",
        "Problem",
        "RemindedTooOften",
        "RuleViolated",
        "SlotTaken",
        "StageInUse",
        "StaleVersion",
        "TooEarly",
        "TooLate",
        "TooLittleHistory",
        "TooManyOpen",
        "TrailBroken",
        "TwoPatients",
        "UnknownBackend",
        "Vetoed",
    ),
    "orthocrm.core.finding": ("Finding", "Health"),
    "orthocrm.core.forms": ("FormChoice", "FormDefinition", "FormField", "SavedMapping"),
    "orthocrm.core.happening": ("Happened", "Happening"),
    "orthocrm.core.inbox": ("InboundState",),
    "orthocrm.core.keyring": (
        "ClinicKey",
        "KeyLayer",
        "KeyPurpose",
        "KeyStanding",
        "KeysMoved",
        "KeysStatus",
    ),
    "orthocrm.core.lead": (
        "Channel",
        "Lead",
        "LeadStatus",
        "LostReason",
        "Objection",
        "TreatmentInterest",
    ),
    "orthocrm.core.lead_link": ("LeadLink", "Relation", "Verdict"),
    "orthocrm.core.marketing": (
        "Campaign",
        "ReferrerKind",
        "ReferrerRecord",
        "Spend",
        "SpendKind",
        "Touch",
    ),
    "orthocrm.core.merging": ("Merge",),
    "orthocrm.core.messaging": (
        "CalendarTarget",
        "Cap",
        "Messaging",
        "QuietHours",
        "WebhookTarget",
    ),
    "orthocrm.core.money": ("Money",),
    "orthocrm.core.notifying": (
        "Answer",
        "Attachment",
        "Callback",
        "CarrierError",
        "Letter",
        "Message",
        "MessageChannel",
        "MessageState",
        "Notice",
        "NoticeKind",
        "Notifier",
        "OptOut",
        "Purpose",
        "PushTarget",
        "Sent",
        "StatusReport",
    ),
    "orthocrm.core.outside": ("CallerDetails", "Outside"),
    "orthocrm.core.people": ("PatientRelationship", "PreferredContact"),
    "orthocrm.core.query": ("AllOf", "AnyOf", "Cond", "Sort"),
    "orthocrm.core.reminding": (
        "QuietPolicy",
        "Reminder",
        "ReminderStatus",
        "Reminders",
        "Reminding",
    ),
    "orthocrm.core.routing": ("Place", "Pool", "Routing", "SourceRoute", "Territory"),
    "orthocrm.core.rules": ("FollowUpRule", "Recipient", "Trigger"),
    "orthocrm.core.saved_view": ("SavedView",),
    "orthocrm.core.second_factor": ("SecondFactor",),
    "orthocrm.core.schedule": (
        "DateHours",
        "DateWindow",
        "RepeatedBlock",
        "Schedule",
        "WeeklyWindow",
    ),
    "orthocrm.core.settings": ("BusinessHours", "Clinic", "Opening", "Practice", "Settings"),
    "orthocrm.core.source": ("LeadSourceCategory", "Source"),
    "orthocrm.core.stage": ("Stage", "StageKind"),
    "orthocrm.core.task": ("LeadTaskType", "Task", "TaskPriority", "TaskStatus"),
    "orthocrm.core.templates": ("Language", "MessageTemplate", "TaskTemplate"),
    "orthocrm.core.time": ("Period",),
    "orthocrm.core.trained_model": ("ModelPurpose", "TrainedModel"),
    "orthocrm.core.visit_type": (
        "BookableResource",
        "Question",
        "ReminderRule",
        "StartGrid",
        "VisitType",
    ),
    "orthocrm.core.waitlist": ("WaitlistEntry", "WaitlistState"),
    "orthocrm.crm": ("OrthoCRM", "connect"),
    "orthocrm.desk": ("Desk",),
    "orthocrm.followup.attempts": ("LogEntry",),
    "orthocrm.followup.task_edits": ("TaskEdit",),
    "orthocrm.followup.tasks": ("NewTask",),
    "orthocrm.hooks": ("hook",),
    "orthocrm.leads.attribution": ("AttributionModel",),
    "orthocrm.leads.channels.delivery": ("Awaited", "Delivered"),
    "orthocrm.leads.channels.manual": ("QuickEntry",),
    "orthocrm.leads.channels.phone": ("PhoneCall",),
    "orthocrm.leads.channels.referral": ("DoctorReferral", "PatientReferral", "Referrer"),
    "orthocrm.leads.channels.signatures": ("Unverified",),
    "orthocrm.leads.channels.walk_in": ("WalkIn",),
    "orthocrm.leads.credit_groups": ("CreditBy",),
    "orthocrm.leads.editing": ("LeadEdit",),
    "orthocrm.leads.intake": ("Intake",),
    "orthocrm.leads.keeping": ("Side",),
    "orthocrm.leads.merging": ("MergeField", "MergePreview"),
    "orthocrm.leads.referrers": ("NewReferrer",),
    "orthocrm.leads.spending": ("NewSpend",),
    "orthocrm.leads.touching": ("NewTouch",),
    "orthocrm.privacy.checkpoint_file": ("CheckpointFile",),
    "orthocrm.privacy.consent": ("NewConsent",),
    "orthocrm.privacy.deidentify": ("Anonymity",),
    "orthocrm.privacy.erasing": ("LegalHold", "VisitsAhead"),
    "orthocrm.privacy.portrait": ("PersonalExport",),
    "orthocrm.privacy.secrets": ("StaticSecrets",),
    "orthocrm.privacy.signing": ("SigningKeyFile",),
    "orthocrm.services.privacy.accounting": ("NewDisclosure",),
    "orthocrm.services.privacy.erasing": ("Erased",),
    "orthocrm.services.privacy.retaining": ("Retained",),
    "orthocrm.rounds.worked": ("Worked",),
    "orthocrm.scheduling.blocks": ("RecurringBlock",),
    "orthocrm.scheduling.booking": ("AppointmentEdit", "NewAppointment"),
    "orthocrm.scheduling.busy": ("Busy",),
    "orthocrm.scheduling.hours": ("Away", "Override", "WeeklyHours"),
    "orthocrm.scheduling.ical.feeds": ("FeedDetail",),
    "orthocrm.scheduling.ical.invites": ("Invite",),
    "orthocrm.scheduling.past": ("PastVisit",),
    "orthocrm.scheduling.refusals": ("Refusal", "explain"),
    "orthocrm.scheduling.request": ("Provider", "Resource", "ResourcePool", "SlotRequest"),
    "orthocrm.scheduling.slots": ("Slot", "by_local_date", "find_slots", "next_available"),
    "orthocrm.scheduling.usage": ("Usage",),
    "orthocrm.services.batch": ("Refused",),
    "orthocrm.services.leads.receiving": ("Accepted", "Caller"),
    "orthocrm.services.notifications.contacts": ("ContactDetails",),
    "orthocrm.services.pipeline.transitions": ("Loss", "Move", "Start"),
    "orthocrm.services.results": (
        "Assigned",
        "Captured",
        "Logged",
        "Moved",
        "Observed",
        "Recalled",
    ),
    "orthocrm.services.scheduling.booking": ("Booked",),
    "orthocrm.services.scheduling.calendars": ("CalendarFeed", "ImportedBusy"),
    "orthocrm.services.scheduling.daybook": ("DaySheet",),
    "orthocrm.services.scheduling.keeping": ("WallTimesKept",),
    "orthocrm.services.scheduling.links": ("NewLink", "SelfSchedulingLink"),
    "orthocrm.services.scheduling.renewing": ("RemindersRenewed",),
    "orthocrm.services.scheduling.searching": ("Search",),
    "orthocrm.services.scheduling.series": ("Series",),
    "orthocrm.services.scheduling.waiting": ("NewWaitlistEntry",),
    "orthocrm.workers": ("Worker",),
}
"""Where each public name lives: a module is loaded when one of its names is first asked for."""

_HOME_OF = {name: module for module, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> object:
    if name not in _HOME_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(_HOME_OF[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


__all__ = [
    "SIX_TOUCH",
    "Accepted",
    "Account",
    "Accrued",
    "Activity",
    "ActivityDirection",
    "Actor",
    "AllOf",
    "AlreadyExists",
    "Anonymity",
    "Answer",
    "AnyOf",
    "Appointment",
    "AppointmentClosed",
    "AppointmentEdit",
    "AppointmentStatus",
    "Arrived",
    "Assigned",
    "Attachment",
    "Attributed",
    "AttributionModel",
    "Awaited",
    "Away",
    "BackendError",
    "BackwardMove",
    "Because",
    "BookableResource",
    "Booked",
    "Bottlenecks",
    "BusinessHours",
    "Busy",
    "By",
    "CalendarFeed",
    "CalendarTarget",
    "CallAdvice",
    "CallOutcome",
    "CallTime",
    "Callback",
    "Caller",
    "CallerDetails",
    "Campaign",
    "Cap",
    "Captured",
    "CarrierError",
    "Channel",
    "CheckpointFile",
    "Choice",
    "Clinic",
    "ClinicKey",
    "ClosedStage",
    "Cond",
    "ConfigurationError",
    "Conflict",
    "ContactDetails",
    "ContactTimes",
    "Cost",
    "Credentials",
    "CreditBy",
    "CustomField",
    "DateHours",
    "DateWindow",
    "DaySheet",
    "Declared",
    "Delivered",
    "DeliveriesWait",
    "Desk",
    "DoctorReferral",
    "Document",
    "Durations",
    "Emergency",
    "Enrollment",
    "Erased",
    "Every",
    "Examples",
    "Facts",
    "FeedDetail",
    "FieldKind",
    "Figure",
    "Finding",
    "FollowUpRule",
    "Forbidden",
    "Forecast",
    "FormChoice",
    "FormDefinition",
    "FormField",
    "Growth",
    "Happened",
    "Happening",
    "HashCost",
    "Health",
    "History",
    "HoldExpired",
    "ImportedBusy",
    "InPast",
    "InboundState",
    "Intake",
    "InvalidInput",
    "Invite",
    "Invited",
    "IssuedKey",
    "KeyDetails",
    "KeyLayer",
    "KeyMisused",
    "KeyPurpose",
    "KeyStanding",
    "KeysMoved",
    "KeysStatus",
    "Language",
    "LastAdministrator",
    "Lead",
    "LeadActivityType",
    "LeadClosed",
    "LeadEdit",
    "LeadLink",
    "LeadLocked",
    "LeadMerged",
    "LeadSourceCategory",
    "LeadStatus",
    "LeadTaskType",
    "Learner",
    "LegalHold",
    "Letter",
    "LikelyDuplicate",
    "LockedOut",
    "LogEntry",
    "LogIn",
    "LogInOutcome",
    "Logged",
    "Loss",
    "LostLead",
    "LostReason",
    "LostReasonMissing",
    "Means",
    "Measured",
    "Merge",
    "MergeField",
    "MergePreview",
    "MergedSince",
    "Message",
    "MessageChannel",
    "MessageState",
    "MessageTemplate",
    "Messaging",
    "MigrationNeeded",
    "MissingExtra",
    "MissingKey",
    "ModelPurpose",
    "Money",
    "Move",
    "Moved",
    "MovedTooOften",
    "Narrowed",
    "NewAppointment",
    "NewConsent",
    "NewDisclosure",
    "NewKey",
    "NewLink",
    "NewReferrer",
    "NewSpend",
    "NewTask",
    "NewTouch",
    "NewUser",
    "NewWaitlistEntry",
    "NextAction",
    "NoShowRisk",
    "NoShowRisks",
    "NobodyToAssign",
    "NotEnoughOutcomes",
    "NotFound",
    "NotOffered",
    "Notice",
    "NoticeKind",
    "Notifier",
    "Objection",
    "Observed",
    "OneTimeToken",
    "Opening",
    "OptOut",
    "OrthoCRM",
    "OrthoCRMError",
    "Outside",
    "OutsideHours",
    "Override",
    "Past",
    "PastKind",
    "PastVisit",
    "PatientReferral",
    "PatientRelationship",
    "Period",
    "Permission",
    "PersonalExport",
    "PhoneCall",
    "Place",
    "PluginError",
    "Pool",
    "Portion",
    "Practice",
    "PreferredContact",
    "Preset",
    "Problem",
    "Processed",
    "Proof",
    "Provider",
    "Purpose",
    "PushTarget",
    "Question",
    "QuickEntry",
    "QuietHours",
    "QuietPolicy",
    "Quotient",
    "Reason",
    "Recalled",
    "Recipient",
    "RecoveryCodes",
    "RecurringBlock",
    "Referrer",
    "ReferrerKind",
    "ReferrerRecord",
    "Refusal",
    "Refused",
    "Relation",
    "RemindedTooOften",
    "Reminder",
    "ReminderRule",
    "ReminderStatus",
    "Reminders",
    "RemindersRenewed",
    "Reminding",
    "RepeatedBlock",
    "Report",
    "Reporting",
    "Resource",
    "ResourcePool",
    "Retained",
    "Retention",
    "Role",
    "Routing",
    "RuleViolated",
    "SavedMapping",
    "SavedView",
    "Schedule",
    "ScheduledReport",
    "Score",
    "Search",
    "SecondFactor",
    "SecondFactorSetup",
    "SelfSchedulingLink",
    "Sent",
    "Sentiment",
    "Sequence",
    "Series",
    "SeriesForecast",
    "SessionDetails",
    "Settings",
    "Side",
    "SigningKeyFile",
    "Slot",
    "SlotRequest",
    "SlotTaken",
    "Sort",
    "Source",
    "SourceRoute",
    "Spend",
    "SpendKind",
    "Stage",
    "StageInUse",
    "StageKind",
    "StaleVersion",
    "Start",
    "StartGrid",
    "StaticSecrets",
    "StatusReport",
    "Stay",
    "Stays",
    "Step",
    "Tally",
    "Task",
    "TaskEdit",
    "TaskPriority",
    "TaskStatus",
    "TaskTemplate",
    "Territory",
    "Tone",
    "ToneModel",
    "TooEarly",
    "TooLate",
    "TooLittleHistory",
    "TooManyOpen",
    "Touch",
    "TrailBroken",
    "TrainedModel",
    "TreatmentInterest",
    "Trigger",
    "TwoPatients",
    "Unit",
    "UnknownBackend",
    "Unverified",
    "Usage",
    "User",
    "Verdict",
    "Vetoed",
    "VisitType",
    "VisitsAhead",
    "WaitlistEntry",
    "WaitlistState",
    "WalkIn",
    "WallTimesKept",
    "WebhookTarget",
    "WeeklyHours",
    "WeeklyWindow",
    "Worked",
    "Worker",
    "Worth",
    "by_local_date",
    "connect",
    "contact_times",
    "explain",
    "find_slots",
    "forecast_series",
    "hook",
    "next_available",
    "of_count",
    "of_part",
    "of_rate",
    "of_share",
    "of_spread",
    "read_tone",
    "train_tone",
]
