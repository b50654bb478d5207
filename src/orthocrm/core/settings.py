"""What a clinic decides for itself, and the snapshot of it that verbs and rules work with."""

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta
from functools import cached_property
from itertools import chain

from attrs import define, field, frozen

from orthocrm.core import limits
from orthocrm.core.actor import Preset
from orthocrm.core.appointment import TimeOff
from orthocrm.core.cadence import Sequence
from orthocrm.core.coordinator import Coordinator
from orthocrm.core.custom_field_checks import custom_field_problems
from orthocrm.core.custom_fields import CustomField
from orthocrm.core.default_templates import DEFAULT_MESSAGES
from orthocrm.core.documents import document_scheme_problems
from orthocrm.core.errors import InvalidInput, Problem
from orthocrm.core.follow_up_checks import follow_up_problems
from orthocrm.core.forms import (
    FormDefinition,
    SavedMapping,
    form_problems,
    mapping_problems,
    unknown_fills,
)
from orthocrm.core.ids import ClinicId, SourceId, UserId
from orthocrm.core.messaging import Messaging
from orthocrm.core.messaging_checks import messaging_problems
from orthocrm.core.reminder_checks import reminder_template_problems, reminding_problems
from orthocrm.core.reminding import Reminding
from orthocrm.core.reporting import Reporting, reporting_problems
from orthocrm.core.retention import Retention, retention_problems
from orthocrm.core.routing import ROUTING_CHECKS, Routing
from orthocrm.core.rules import DEFAULT_RULES, FollowUpRule
from orthocrm.core.second_factor import SecondFactor, second_factor_problems
from orthocrm.core.source import Source
from orthocrm.core.stage import Stage, StageKind
from orthocrm.core.templates import MessageTemplate, TaskTemplate
from orthocrm.core.visit_checks import visit_problems
from orthocrm.core.visit_type import (
    DEFAULT_REMINDERS,
    DEFAULT_VISIT_TYPES,
    BookableResource,
    ReminderRule,
    VisitType,
)

MOST_OWN_BOOKINGS = 1000
"""The most appointments to come that a clinic lets patients book by themselves."""


@frozen
class Opening:
    """Open wall times `[start, end)` of one weekday. `weekday` 0 is Sunday, 6 Saturday.

    `end <= start` ends on the next local date; `00:00` to `00:00` is the whole day.
    """

    weekday: int
    start: time
    end: time


MONDAY_TO_FRIDAY = tuple(Opening(day, time(9), time(17)) for day in range(1, 6))
"""Nine to five on weekdays."""


@frozen(kw_only=True)
class BusinessHours:
    """When the practice is open. A date in `special` replaces the week's hours of that date.

    A date in `closed` is closed, whatever `special` says. No opening at all: never open.
    """

    week: tuple[Opening, ...] = MONDAY_TO_FRIDAY
    closed: frozenset[date] = frozenset()
    special: Mapping[date, tuple[Opening, ...]] = field(factory=dict)


DEFAULT_CHAIN = ("sticky", "capacity", "round_robin")
"""Families keep their coordinator, who is full gets nothing more, the others take turns."""


@frozen(kw_only=True)
class Settings:
    """A clinic's choices. `region` reads phone numbers that lack a country code.

    `fallback` gets the leads that nobody else can take. With `own_leads_only` coordinators see
    their own and unassigned leads instead of all. `assignment` is the chain of strategies, and
    `routing` what its source and territory links go by. Leads that nobody has tried to reach for
    `untouched_after` of business time may be given to somebody else; None: never. With
    `reassign_absent` the front desk may pass on the leads of somebody who is away. `forms` are
    what channels accept, `mappings` the tables that the practice imports again and again.
    `holidays` names a country and perhaps a part of it (`US`, `US-TX`) whose public holidays are
    closed days, but for special openings. `sequences` are those that leads can be put through. An
    open task that is overdue for `escalate_after` is escalated to the fallback person; None: never.
    Models are trained anew every `retrain_after`; None: only by hand.
    `custom_fields` are the clinic's own fields of leads. Documents lie behind `https`, or behind
    the host application's own `document_schemes`. `visit_types` is what can be booked, `resources`
    the chairs and rooms for it, and `reminders` those of types that have none of their own;
    `own_bookings` is how many appointments to come patients may have booked by themselves at a
    time; None: as many as they like. `reminding` says how they are sent. `retention` says what
    becomes of lost leads in the end. `reporting` is what reports go by, and who gets which.
    `sentiment` names the reader of tone that looks at what
    families write; None: nobody looks. `second_factor` names the roles that log in with one.
    """

    region: str = "US"
    currency: str = "USD"
    hours: BusinessHours = field(factory=BusinessHours)
    fallback: UserId | None = None
    preset: Preset = Preset.LITERAL
    own_leads_only: bool = False
    assignment: tuple[str, ...] = DEFAULT_CHAIN
    routing: Routing = field(factory=Routing)
    untouched_after: timedelta | None = None
    reassign_absent: bool = True
    rules: tuple[FollowUpRule, ...] = DEFAULT_RULES
    replay_window: timedelta = timedelta(seconds=300)
    forms: tuple[FormDefinition, ...] = ()
    mappings: tuple[SavedMapping, ...] = ()
    holidays: str | None = None
    task_templates: tuple[TaskTemplate, ...] = ()
    message_templates: tuple[MessageTemplate, ...] = DEFAULT_MESSAGES
    sequences: tuple[Sequence, ...] = ()
    escalate_after: timedelta | None = timedelta(hours=24)
    retrain_after: timedelta | None = timedelta(days=30)
    custom_fields: tuple[CustomField, ...] = ()
    document_schemes: tuple[str, ...] = ()
    messaging: Messaging = field(factory=Messaging)
    visit_types: tuple[VisitType, ...] = DEFAULT_VISIT_TYPES
    resources: tuple[BookableResource, ...] = ()
    own_bookings: int | None = 5
    reminders: tuple[ReminderRule, ...] = DEFAULT_REMINDERS
    reporting: Reporting = field(factory=Reporting)
    sentiment: str | None = "lexicon"
    reminding: Reminding = field(factory=Reminding)
    retention: Retention = field(factory=Retention)
    second_factor: SecondFactor = field(factory=SecondFactor)


@frozen(kw_only=True)
class Clinic:
    """A practice: the tenant. `revision` grows whenever anything of its `Practice` changes."""

    id: ClinicId
    name: str
    timezone: str
    created_at: datetime
    settings: Settings = field(factory=Settings)
    revision: int = 1
    version: int = 1


@define(frozen=True, kw_only=True, slots=False)
class Practice:
    """A clinic with its stages, sources, coordinators and absences, as they stood at `revision`.

    `brought` are the follow-up rules of plug-ins; one of the clinic's own replaces its namesake.
    """

    clinic: Clinic
    stages: tuple[Stage, ...]
    sources: tuple[Source, ...]
    coordinators: tuple[Coordinator, ...]
    absences: tuple[TimeOff, ...] = ()
    brought: tuple[FollowUpRule, ...] = ()

    @cached_property
    def rules(self) -> tuple[FollowUpRule, ...]:
        """The follow-up rules: the clinic's own, and those that plug-ins bring besides."""
        own = self.clinic.settings.rules
        names = {rule.name for rule in own}
        return (*own, *(rule for rule in self.brought if rule.name not in names))

    @cached_property
    def rule_by_name(self) -> Mapping[str, FollowUpRule]:
        """The follow-up rules by name."""
        return {rule.name: rule for rule in self.rules}

    @cached_property
    def custom_field_by_name(self) -> Mapping[str, CustomField]:
        """The clinic's own fields of leads by name."""
        return {each.name: each for each in self.clinic.settings.custom_fields}

    @cached_property
    def stage_by_slug(self) -> Mapping[str, Stage]:
        """The stages by slug."""
        return {stage.slug: stage for stage in self.stages}

    @cached_property
    def source_by_id(self) -> Mapping[SourceId, Source]:
        """The sources by id."""
        return {source.id: source for source in self.sources}

    @cached_property
    def source_by_name(self) -> Mapping[str, Source]:
        """The sources by case-folded name."""
        return {source.name.casefold(): source for source in self.sources}

    @cached_property
    def coordinator_by_id(self) -> Mapping[UserId, Coordinator]:
        """The coordinators by user."""
        return {coordinator.id: coordinator for coordinator in self.coordinators}

    @cached_property
    def default_stage(self) -> Stage:
        """The stage in which new leads begin."""
        return next(stage for stage in self.stages if stage.is_default)

    @cached_property
    def default_source(self) -> Source | None:
        """The source of enquiries that name none."""
        return next((source for source in self.sources if source.is_default), None)

    def stage(self, slug: str, path: str = "stage") -> Stage:
        """Find a stage by slug."""
        try:
            return self.stage_by_slug[slug]
        except (KeyError, TypeError):
            raise InvalidInput.at(path, "unknown_stage", "no such stage") from None

    def stage_of(self, kind: StageKind) -> Stage:
        """Find the clinic's single won or lost stage."""
        return next(stage for stage in self.stages if stage.kind is kind)

    def is_away(self, user: UserId, at: datetime) -> bool:
        """Whether somebody has time off at an instant."""
        return any(absence.user == user and absence.covers(at) for absence in self.absences)


def checked_settings(settings: object) -> Settings:
    """Take settings whose parts fit together; name every one that does not."""
    if not isinstance(settings, Settings):
        raise InvalidInput.at("settings", "wrong_type", "give Settings")
    problems = [problem for check in _CHECKS if (problem := _problem(check, settings))]
    problems += _routing_problems(settings.routing)
    problems += [*form_problems(settings.forms), *mapping_problems(settings.mappings)]
    problems += follow_up_problems(
        settings.rules, settings.task_templates, settings.message_templates, settings.sequences
    )
    problems += messaging_problems(settings.messaging)
    problems += visit_problems(settings.visit_types, settings.resources, settings.reminders)
    problems += reminding_problems(settings.reminding)
    problems += retention_problems(settings.retention)
    problems += second_factor_problems(settings.second_factor)
    problems += reminder_template_problems(
        settings.reminders, settings.visit_types, settings.message_templates
    )
    problems += custom_field_problems(settings.custom_fields)
    problems += reporting_problems(
        settings.reporting, settings.currency, tuple(settings.custom_fields)
    )
    problems += document_scheme_problems(settings.document_schemes)
    if not problems:
        problems += unknown_fills(settings.forms, settings.custom_fields)
    if problems:
        raise InvalidInput(problems)
    return settings


def _region(settings: Settings) -> bool:
    region = settings.region
    return isinstance(region, str) and re.fullmatch("[A-Z]{2}", region) is not None


def _currency(settings: Settings) -> bool:
    currency = settings.currency
    return isinstance(currency, str) and re.fullmatch("[A-Z]{3}", currency) is not None


def _hours(settings: Settings) -> bool:
    if not isinstance(settings.hours, BusinessHours):
        return False
    openings = [*settings.hours.week, *chain(*settings.hours.special.values())]
    return all(
        opening.weekday in range(7) and opening.start.tzinfo is opening.end.tzinfo is None
        for opening in openings
    )


def _fallback(settings: Settings) -> bool:
    person = settings.fallback
    return person is None or (isinstance(person, str) and 0 < len(person) <= limits.REFERENCE)


def _sentiment(settings: Settings) -> bool:
    reader = settings.sentiment
    return reader is None or (isinstance(reader, str) and 0 < len(reader) <= limits.LABEL)


def _chain(settings: Settings) -> bool:
    names = settings.assignment
    return (
        isinstance(names, tuple)
        and all(isinstance(name, str) for name in names)
        and len(set(names)) == len(names)
    )


def _untouched(settings: Settings) -> bool:
    after = settings.untouched_after
    return after is None or timedelta() < after <= timedelta(days=365)


def _escalation(settings: Settings) -> bool:
    after = settings.escalate_after
    return after is None or (
        isinstance(after, timedelta) and timedelta() < after <= timedelta(days=365)
    )


def _retraining(settings: Settings) -> bool:
    after = settings.retrain_after
    return after is None or (
        isinstance(after, timedelta) and timedelta(days=1) <= after <= timedelta(days=365)
    )


def _holidays(settings: Settings) -> bool:
    place = settings.holidays
    return place is None or (
        isinstance(place, str) and re.fullmatch("[A-Z]{2}(-[A-Z0-9]{1,4})?", place) is not None
    )


def _own_bookings(settings: Settings) -> bool:
    most = settings.own_bookings
    return most is None or (
        isinstance(most, int) and not isinstance(most, bool) and 0 <= most <= MOST_OWN_BOOKINGS
    )


def _window(settings: Settings) -> bool:
    return timedelta() <= settings.replay_window <= timedelta(days=1)


_CHECKS: tuple[tuple[str, str, Callable[[Settings], bool]], ...] = (
    ("region", "give a two-letter country code", _region),
    ("currency", "give a three-letter currency code", _currency),
    ("hours", "give wall times without a zone, weekdays from 0 (Sunday) to 6", _hours),
    ("fallback", "give a user", _fallback),
    ("sentiment", "give the name of a reader of tone", _sentiment),
    ("assignment", "give the names of strategies, each of them once", _chain),
    ("untouched_after", "give more than nothing and at most a year", _untouched),
    ("escalate_after", "give more than nothing and at most a year", _escalation),
    ("retrain_after", "give a day to a year", _retraining),
    ("holidays", "give a country, perhaps with a part of it: US, US-TX", _holidays),
    ("replay_window", "give at most a day", _window),
    ("own_bookings", "give 0 to 1000, or None", _own_bookings),
)


def _problem(
    check: tuple[str, str, Callable[[Settings], bool]], settings: Settings
) -> Problem | None:
    path, message, holds = check
    return None if holds(settings) else Problem(path, "bad_setting", message)


def _routing_problems(routing: object) -> list[Problem]:
    if not isinstance(routing, Routing):
        return [Problem("routing", "bad_setting", "give Routing")]
    return [
        Problem(f"routing.{path}", "bad_setting", message)
        for path, message, holds in ROUTING_CHECKS
        if not holds(routing)
    ]
