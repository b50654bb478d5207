"""Setting up a clinic: the one act for which there is no actor of the clinic yet."""

from attrs import evolve

from orthocrm.core import limits
from orthocrm.core.actor import Role
from orthocrm.core.audit import AuditEntry, OutboxItem
from orthocrm.core.errors import InvalidInput
from orthocrm.core.events import ClinicCreated, payload
from orthocrm.core.ids import AuditId, ClinicId, OutboxId, SourceId, UserId
from orthocrm.core.ports import Backend, Clock, IdSource, UnitOfWork
from orthocrm.core.settings import Clinic, Practice, Settings, checked_settings
from orthocrm.core.source import DEFAULT_SOURCES, Source
from orthocrm.core.time import zone
from orthocrm.followup import holidays, naming
from orthocrm.pipeline import history
from orthocrm.services import auditing
from orthocrm.services.assignment import assigning
from orthocrm.services.settings import configuring, own_fields, saved


def create(
    backend: Backend, clock: Clock, ids: IdSource, *, name: str, timezone: str, settings: Settings
) -> tuple[Clinic, ClinicCreated]:
    """Create a clinic with the eight default stages, the default sources and empty rotations."""
    clinic = Clinic(
        id=ClinicId(ids()),
        name=configuring.label(name, "name", limits.NAME),
        timezone=zone(timezone).key,
        created_at=clock(),
        settings=Settings(),
    )
    stages = history.default_stages(clinic.id, ids, clinic.created_at)
    practice = Practice(clinic=clinic, stages=stages, sources=(), coordinators=())
    clinic = evolve(clinic, settings=checked_settings(own_fields.in_rules(practice, settings)))
    _check_names(clinic.settings, practice)
    holidays.check(clinic.settings.holidays, clinic.created_at.year)
    with backend.begin(clinic.id) as store:
        store.clinics.add([clinic])
        store.stages.add(stages)
        store.sources.add(_default_sources(clinic, ids))
        assigning.make_rotations(store, clinic.id, clinic.settings.routing)
        event = _record(store, clinic, ids)
    return clinic, event


def _check_names(settings: Settings, practice: Practice) -> None:
    """Refuse rules and saved mappings that name what a new clinic does not have."""
    slugs = practice.stage_by_slug
    problems = [*naming.rule_problems(settings, slugs), *saved.mapping_problems(settings, slugs)]
    if problems:
        raise InvalidInput(problems)


def _default_sources(clinic: Clinic, ids: IdSource) -> list[Source]:
    sources = [
        Source(
            id=SourceId(ids()),
            clinic_id=clinic.id,
            name=name,
            category=category,
            created_at=clinic.created_at,
            updated_at=clinic.created_at,
        )
        for name, category in DEFAULT_SOURCES
    ]
    return [*sources[:-1], evolve(sources[-1], is_default=True)]


def _record(store: UnitOfWork, clinic: Clinic, ids: IdSource) -> ClinicCreated:
    by = UserId(Role.OPERATOR.value)
    event = ClinicCreated(clinic_id=clinic.id, at=clinic.created_at, by=by)
    auditing.append(
        store,
        [
            AuditEntry(
                id=AuditId(ids()),
                clinic_id=clinic.id,
                at=clinic.created_at,
                user=by,
                roles=(Role.OPERATOR,),
                operation="clinics.create",
                objects=(clinic.id,),
            )
        ],
    )
    store.outbox.add(
        [
            OutboxItem(
                id=OutboxId(ids()),
                clinic_id=clinic.id,
                kind=event.kind,
                payload=payload(event),
                created_at=clinic.created_at,
                due_at=clinic.created_at,
            )
        ]
    )
    return event
