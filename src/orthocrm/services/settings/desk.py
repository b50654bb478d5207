"""`desk.settings`: the clinic's stages, hours, coordinators, absences and rules."""

from collections.abc import Sequence
from datetime import datetime

from attrs import evolve, fields_dict

from orthocrm.assignment.chain import chain_of
from orthocrm.core import limits
from orthocrm.core.actor import Permission, Scope
from orthocrm.core.appointment import TimeOff
from orthocrm.core.coordinator import Coordinator
from orthocrm.core.errors import AlreadyExists, Forbidden, InvalidInput, NotFound, Problem
from orthocrm.core.forms import FormDefinition, SavedMapping
from orthocrm.core.ids import StageId, StageSlug, TimeOffId, UserId
from orthocrm.core.reading import Reading
from orthocrm.core.settings import Clinic, Practice, Settings, checked_settings
from orthocrm.core.stage import Stage
from orthocrm.core.templates import MessageTemplate
from orthocrm.core.time import instant, zone
from orthocrm.core.visit_type import BookableResource, ReminderRule, VisitType
from orthocrm.followup import automation, holidays
from orthocrm.followup.templates import Preview
from orthocrm.followup.templates import preview as previewed
from orthocrm.pipeline import history
from orthocrm.services.assignment import assigning
from orthocrm.services.gate import Area, verb
from orthocrm.services.pipeline import staging
from orthocrm.services.scheduling import offering
from orthocrm.services.settings import configuring, own_fields, saved
from orthocrm.services.work import Work

_CHANGEABLE = ("name", "description", "color", "max_days", "auto_task", "auto_email")


class ClinicSettings(Area, area="settings"):
    """What the practice decides for itself."""

    @verb(Permission.LEAD_READ)
    def practice(self, work: Work) -> Practice:
        """Read the clinic with its stages, sources, coordinators and absences."""
        return work.practice

    @verb(Permission.LEAD_CONFIGURE)
    def change(self, work: Work, settings: Settings) -> Clinic:
        """Replace the settings by an evolved copy: hours, fallback person, rules, preset.

        Raises:
            ConfigurationError: they name an assignment strategy that is not installed.
        """
        known = checked_settings(own_fields.in_rules(work.practice, settings))
        _check_names(work, known)
        own_fields.check(work, known)
        if known.reporting.schedules:
            from orthocrm.services.analytics import mailing  # noqa: PLC0415 - slow import

            mailing.ensure_known(known.reporting.schedules)
        present = work.practice.clinic
        names = [
            n for n in fields_dict(Settings) if getattr(known, n) != getattr(present.settings, n)
        ]
        clinic = evolve(present, settings=known)
        chain_of(evolve(work.practice, clinic=clinic), work.plugins.strategies)
        assigning.make_rotations(work.store, work.clinic_id, known.routing)
        return configuring.changed(work, "settings", clinic=clinic, fields=names)

    @verb(Permission.LEAD_CONFIGURE)
    def preview(self, work: Work, template: MessageTemplate) -> Preview:
        """Show what an invented family of this practice would read; nothing is kept.

        Raises:
            InvalidInput: names everything that is wrong with the template.
        """
        return previewed(template, work.practice)

    @verb(Permission.LEAD_CONFIGURE)
    def save_form(self, work: Work, form: FormDefinition) -> Clinic:
        """Add a form, or replace the one with its slug."""
        return saved.form(work, form)

    @verb(Permission.LEAD_CONFIGURE)
    def remove_form(self, work: Work, slug: str) -> Clinic:
        """Forget a form; what came by it stays."""
        return saved.without_form(work, slug)

    @verb(Permission.LEAD_READ)
    def mappings(self, work: Work) -> tuple[SavedMapping, ...]:
        """List the saved mappings by name."""
        return work.practice.clinic.settings.mappings

    @verb(Permission.LEAD_CONFIGURE)
    def save_mapping(self, work: Work, name: str, text: str) -> SavedMapping:
        """Keep the text of a mapping file, or replace the one of this name, whatever its case."""
        return saved.mapping(work, name, text)

    @verb(Permission.LEAD_CONFIGURE)
    def remove_mapping(self, work: Work, name: str) -> None:
        """Forget a saved mapping."""
        saved.without_mapping(work, name)

    @verb(Permission.LEAD_CONFIGURE)
    def save_visit_type(self, work: Work, visit_type: VisitType) -> Clinic:
        """Add a type of visit, or replace the one with its slug."""
        return offering.visit_type(work, visit_type)

    @verb(Permission.LEAD_CONFIGURE)
    def remove_visit_type(self, work: Work, slug: str) -> Clinic:
        """Forget a type of visit; its appointments stay."""
        return offering.without_visit_type(work, slug)

    @verb(Permission.LEAD_CONFIGURE)
    def set_resources(self, work: Work, resources: Sequence[BookableResource]) -> Clinic:
        """Replace the chairs, rooms and devices that types of visits ask for."""
        return offering.resources(work, resources)

    @verb(Permission.LEAD_CONFIGURE)
    def set_reminders(
        self, work: Work, rules: Sequence[ReminderRule] | None, visit_type: str | None = None
    ) -> Clinic:
        """Replace the rules by which families are reminded, of the clinic or of a type of visit.

        None lets a type go by the clinic's rules. They hold for what is booked or moved from now,
        and workers renew what waits already (`scheduling.renew_reminders`).
        """
        return offering.reminders(work, rules, visit_type)

    @verb(Permission.LEAD_CONFIGURE)
    def rename(self, work: Work, name: str, timezone: str | None = None) -> Clinic:
        """Change the clinic's name, and its zone."""
        present = work.practice.clinic
        clinic = evolve(
            present,
            name=configuring.label(name, "name", limits.NAME),
            timezone=zone(timezone).key if timezone else present.timezone,
        )
        return configuring.changed(work, "clinic", clinic=clinic, fields=("name", "timezone"))

    @verb(Permission.LEAD_CONFIGURE)
    def add_stage(
        self,
        work: Work,
        slug: str,
        name: str,
        *,
        after: str,
        description: str | None = None,
        color: str | None = None,
        max_days: int | None = None,
    ) -> tuple[Stage, ...]:
        """Add an open stage behind another one; gives all stages in their new order."""
        new = history.checked_stage(
            Stage(
                id=StageId(work.ids()),
                clinic_id=work.clinic_id,
                slug=StageSlug(slug),
                name=name,
                order=len(work.practice.stages) + 1,
                description=description,
                color=color,
                max_days=max_days,
                created_at=work.now,
                updated_at=work.now,
            ),
            work.practice.stages,
        )
        neighbour = work.practice.stage(after, "after")
        work.store.stages.add([new])
        order = [stage.slug for stage in work.practice.stages]
        order.insert(order.index(neighbour.slug) + 1, new.slug)
        practice = evolve(work.practice, stages=(*work.practice.stages, new))
        stages = staging.reordered(work, practice, order)
        configuring.changed(work, "stage", new.id)
        return stages

    @verb(Permission.LEAD_CONFIGURE)
    def change_stage(self, work: Work, stage: Stage) -> Stage:
        """Replace name, description, colour, limits and templates of a stage; its slug lasts."""
        present = work.practice.stage(stage.slug, "slug")
        wanted = {name: getattr(stage, name) for name in _CHANGEABLE}
        draft = evolve(present, version=stage.version, **wanted)
        checked = history.checked_stage(draft, work.practice.stages)
        _refuse(automation.stage_problems(checked, work.practice.clinic.settings))
        changed = evolve(checked, updated_at=work.now)
        (saved,) = work.store.stages.save([changed])
        configuring.changed(work, "stage", present.id)
        return saved

    @verb(Permission.LEAD_CONFIGURE)
    def reorder_stages(self, work: Work, slugs: Sequence[str]) -> tuple[Stage, ...]:
        """Bring all stages into a new order; no lead moves, and no history is rewritten."""
        stages = staging.reordered(work, work.practice, slugs)
        configuring.changed(work, "stages")
        return stages

    @verb(Permission.LEAD_CONFIGURE)
    def remove_stage(self, work: Work, slug: str, move_to: str | None = None) -> tuple[Stage, ...]:
        """Remove an open stage; the leads in it go to `move_to`, an open one before or behind it.

        Won, lost and default stages stay. What happened in the stage stays on record.

        Raises:
            StageInUse: leads stand in it and no stage is given, or rules and saved mappings speak
                of it; it counts and names them.
            Vetoed: a plug-in keeps one of the leads out of the other stage.
        """
        return staging.remove(work, slug, move_to)

    @verb(Permission.LEAD_CONFIGURE)
    def add_coordinator(
        self,
        work: Work,
        user: str,
        name: str,
        *,
        weight: int = 1,
        capacity: int | None = None,
    ) -> Coordinator:
        """Let a user of the host application take leads."""
        if user in work.practice.coordinator_by_id:
            raise AlreadyExists("coordinator")
        coordinator = _checked(
            Coordinator(
                id=UserId(configuring.label(user, "user", limits.REFERENCE)),
                clinic_id=work.clinic_id,
                name=name,
                weight=weight,
                capacity=capacity,
            )
        )
        work.store.coordinators.add([coordinator])
        configuring.changed(work, "coordinator", coordinator.id)
        return coordinator

    @verb(Permission.LEAD_CONFIGURE)
    def change_coordinator(self, work: Work, coordinator: Coordinator) -> Coordinator:
        """Replace name, weight, capacity and activity of a coordinator."""
        if coordinator.id not in work.practice.coordinator_by_id:
            raise NotFound("coordinator")
        checked = evolve(_checked(coordinator), clinic_id=work.clinic_id)
        (saved,) = work.store.coordinators.save([checked])
        configuring.changed(work, "coordinator", saved.id)
        return saved

    @verb(Permission.AVAILABILITY_MANAGE)
    def add_absence(
        self,
        work: Work,
        user: str,
        starts_at: datetime,
        ends_at: datetime,
        *,
        cover: str | None = None,
        reason: str | None = None,
    ) -> TimeOff:
        """Record that a coordinator is away `[starts_at, ends_at)`: no new leads meanwhile.

        The fallback person, whose leads others hear of meanwhile, need not be a coordinator.

        Raises:
            InvalidInput: there is no such person, or nobody of that name who could cover;
                the period is empty, or the reason no text.
        """
        _only_own(work, user)
        noted = _of_absence(work, user, cover, reason)
        absence = TimeOff(
            id=TimeOffId(work.ids()),
            clinic_id=work.clinic_id,
            user=UserId(user),
            starts_at=instant(starts_at, "starts_at"),
            ends_at=instant(ends_at, "ends_at"),
            cover=None if cover is None else UserId(cover),
            reason=noted,
        )
        if absence.ends_at <= absence.starts_at:
            raise InvalidInput.at("ends_at", "empty_period", "the absence must end after it starts")
        work.store.time_off.add([absence])
        configuring.changed(work, "absence", absence.id)
        return absence

    @verb(Permission.AVAILABILITY_MANAGE)
    def remove_absence(self, work: Work, absence_id: TimeOffId) -> None:
        """Forget an absence: the coordinator is back."""
        found = work.store.time_off.get([absence_id])
        if absence_id not in found:
            raise NotFound("absence")
        _only_own(work, found[absence_id].user)
        work.store.time_off.remove([absence_id])
        configuring.changed(work, "absence", absence_id)


def _of_absence(work: Work, user: str, cover: object, reason: object) -> str | None:
    """Check who is away and who covers, and read the reason."""
    known, settings = work.practice.coordinator_by_id, work.practice.clinic.settings
    reading = Reading()
    is_known = isinstance(user, str) and (
        user in known or user == settings.fallback or work.store.schedules.get([user])
    )
    if not is_known:
        reading.refuse("user", "unknown_value", "no such coordinator or provider")
    if cover is not None:
        there = known.get(UserId(cover)) if isinstance(cover, str) else None
        may = there is not None and there.is_active
        if cover == user or not (may or cover == settings.fallback):
            reading.refuse("cover", "unknown_coordinator", "give another active coordinator")
    noted = reading.prose("reason", reason)
    reading.finish()
    return noted


def _check_names(work: Work, known: Settings) -> None:
    """Refuse a place without known holidays, an unknown reader, and names of what is not there."""
    holidays.check(known.holidays, work.now.year)
    if known.sentiment is not None and known.sentiment not in work.plugins.sentiment:
        raise InvalidInput.at("sentiment", "unknown_reader", "no reader of tone has this name")
    named = saved.mapping_problems(known, work.practice.stage_by_slug)
    _refuse([*automation.settings_problems(work.practice, known), *named])


def _refuse(problems: Sequence[Problem]) -> None:
    """Raise what is wrong, if anything is."""
    if problems:
        raise InvalidInput(problems)


def _only_own(work: Work, user: str) -> None:
    """Refuse somebody else's absence to those who manage only their own."""
    if user != work.actor.user and Scope.CLINIC not in work.scopes(work.permission):
        raise Forbidden(work.operation, work.permission)


def _checked(coordinator: Coordinator) -> Coordinator:
    name = configuring.label(coordinator.name, "name", limits.NAME)
    reading = Reading()
    reading.required("weight", reading.whole("weight", coordinator.weight, 1, limits.NOTES))
    reading.whole("capacity", coordinator.capacity, 1, limits.NOTES)
    reading.finish()
    return evolve(coordinator, name=name)
