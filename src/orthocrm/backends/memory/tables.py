"""What the memory backend knows of each kind of noun: key, indexes, unique values, copies."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, date, datetime
from operator import attrgetter
from typing import Any

from attrs import evolve, field, frozen

from orthocrm.core.audit import AuditEntry, Delivery, OutboxItem, PersonalChange
from orthocrm.core.cadence import Enrollment, EnrollmentState
from orthocrm.core.facts import SCHEMAS
from orthocrm.core.query import Schema
from orthocrm.core.query_text import dumped, dumped_sort, loaded, loaded_sort
from orthocrm.core.saved_view import SavedView
from orthocrm.core.settings import Clinic
from orthocrm.core.trained_model import TrainedModel

Values = Callable[[Any], Iterable[Any]]


@frozen(kw_only=True)
class Table:
    """What the store knows of one kind of noun.

    `indexes` give the values under which a noun is found. Those named in `unique` lead to one
    noun at most; those in `plain` are a field as it is, so that conditions on it can use them.
    `apart` copies what a caller could still change.
    """

    name: str
    kind: str
    key: Callable[[Any], Any] = attrgetter("id")
    indexes: Mapping[str, Values] = field(factory=dict)
    unique: tuple[str, ...] = ()
    plain: tuple[str, ...] = ()
    apart: Callable[[Any], Any] = lambda noun: noun

    @property
    def schema(self) -> Schema:
        """The fields that conditions may name."""
        return SCHEMAS[self.name]


def _one(path: str) -> Values:
    read = attrgetter(path)
    return lambda noun: (read(noun),)


def _by(*fields: str) -> dict[str, Values]:
    return {name: _one(name) for name in fields}


def days_of(starts_at: datetime, ends_at: datetime) -> Iterator[date]:
    """Give the dates, in UTC, on which a period lies."""
    first, last = (at.astimezone(UTC).toordinal() for at in (starts_at, ends_at))
    return map(date.fromordinal, range(first, last + 1))


def _claimed_days(held: Any) -> Iterable[Any]:  # noqa: ANN401 - a claim that is held
    for day in days_of(held.claim.starts_at, held.claim.ends_at):
        yield held.claim.resource, day


def _as_json(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    """Copy a value the way in which a database would keep it."""
    return json.loads(json.dumps(value))


def _clinic_apart(clinic: Clinic) -> Clinic:
    hours = clinic.settings.hours
    hours = evolve(hours, special=dict(hours.special))
    return evolve(clinic, settings=evolve(clinic.settings, hours=hours))


def _view_apart(view: SavedView) -> SavedView:
    where, sort = loaded(dumped(view.where)), loaded_sort(dumped_sort(view.sort))
    return evolve(view, where=where, sort=sort)


def _running(enrollment: Enrollment) -> Iterable[Any]:
    if enrollment.state is EnrollmentState.RUNNING:
        yield enrollment.lead_id, enrollment.sequence


def _entry_apart(entry: AuditEntry) -> AuditEntry:
    return evolve(entry, changes=tuple(_as_json(change) for change in entry.changes))


def _change_apart(change: PersonalChange) -> PersonalChange:
    return evolve(change, before=_as_json(change.before), after=_as_json(change.after))


def _item_apart(item: OutboxItem) -> OutboxItem:
    return evolve(item, payload=_as_json(item.payload))


def _model_apart(model: TrainedModel) -> TrainedModel:
    return evolve(model, document=_as_json(model.document), report=_as_json(model.report))


def _delivery_apart(delivery: Delivery) -> Delivery:
    return evolve(delivery, result=_as_json(delivery.result))


def _with_own_headers(noun: Any) -> Any:  # noqa: ANN401 - whatever has headers
    return evolve(noun, headers=dict(noun.headers))


TABLES = {
    table.name: table
    for table in (
        Table(name="clinics", kind="clinic", apart=_clinic_apart),
        Table(name="stages", kind="stage", indexes=_by("slug", "order"), unique=("slug", "order")),
        Table(
            name="sources",
            kind="source",
            indexes={"name": lambda source: (source.name.casefold(),)},
            unique=("name",),
        ),
        Table(name="coordinators", kind="coordinator"),
        Table(name="rotations", kind="rotation"),
        Table(name="time_off", kind="absence", indexes=_by("user", "origin")),
        Table(name="schedules", kind="schedule"),
        Table(
            name="leads",
            kind="lead",
            indexes={"keys": lambda lead: lead.keys, "import_id": _one("origin.import_id")},
        ),
        Table(name="visits", kind="visit", indexes=_by("lead_id")),
        Table(name="activities", kind="activity", indexes=_by("lead_id")),
        Table(name="tasks", kind="task", indexes=_by("lead_id")),
        Table(
            name="appointments",
            kind="appointment",
            indexes=_by("lead_id", "patient_ref", "provider", "series_id"),
        ),
        Table(
            name="claims",
            kind="claim",
            indexes={"day": _claimed_days, **_by("appointment_id")},
        ),
        Table(
            name="waitlist",
            kind="waitlist entry",
            indexes=_by("visit_type", "lead_id", "appointment_id"),
        ),
        Table(
            name="messages",
            kind="message",
            indexes=_by("key", "state", "lead_id", "carrier_ref", "appointment_id"),
            unique=("key",),
            plain=("key",),
        ),
        Table(name="inbox", kind="delivery", indexes=_by("state"), apart=_with_own_headers),
        Table(
            name="answers",
            kind="answer",
            indexes=_by("key", "state"),
            unique=("key",),
            plain=("key",),
            apart=_with_own_headers,
        ),
        Table(
            name="notices",
            kind="notice",
            indexes={"key": lambda notice: ((notice.user, notice.key),), **_by("user", "lead_id")},
            unique=("key",),
        ),
        Table(name="consents", kind="consent", indexes=_by("address")),
        Table(name="contacts", kind="staff contact"),
        Table(
            name="enrollments",
            kind="enrollment",
            indexes={"sequence": _running, **_by("lead_id", "state")},
            unique=("sequence",),
        ),
        Table(
            name="views",
            kind="saved view",
            indexes={
                "name": lambda view: ((view.owner, view.name.casefold()),),
                **_by("owner"),
            },
            unique=("name",),
            apart=_view_apart,
        ),
        Table(
            name="models",
            kind="model",
            indexes={"number": lambda model: ((model.purpose, model.number),), **_by("purpose")},
            unique=("number",),
            apart=_model_apart,
        ),
        Table(
            name="users",
            kind="user",
            indexes={"email": _one("login")},
            unique=("email",),
        ),
        Table(name="user_secrets", kind="user"),
        Table(
            name="attempts",
            kind="attempt",
            indexes={"email": _one("login")},
            unique=("email",),
        ),
        Table(name="sessions", kind="session", indexes=_by("user")),
        Table(name="api_keys", kind="API key", indexes=_by("user")),
        Table(
            name="links",
            kind="link",
            indexes={
                "pair": lambda link: ((link.lead_id, link.other_id),),
                **_by("lead_id", "other_id"),
            },
            unique=("pair",),
        ),
        Table(name="merges", kind="merge", indexes=_by("survivor_id", "loser_id")),
        Table(
            name="touches", kind="touch", indexes={"source": _one("source_id"), **_by("lead_id")}
        ),
        Table(name="spend", kind="spend", indexes={"source": _one("source_id")}),
        Table(
            name="campaigns",
            kind="campaign",
            indexes={"name": lambda campaign: (campaign.name.casefold(),)},
            unique=("name",),
        ),
        Table(
            name="referrers",
            kind="referrer",
            indexes={"ref": lambda referrer: ((referrer.kind, referrer.ref),)},
            unique=("ref",),
        ),
        Table(name="imports", kind="import"),
        Table(name="import_changes", kind="change", indexes=_by("import_id", "lead_id")),
        Table(
            name="audit",
            kind="audit entry",
            indexes=_by("position"),
            apart=_entry_apart,
            plain=("position",),
        ),
        Table(name="audit_heads", kind="head"),
        Table(
            name="personal_changes",
            kind="change",
            indexes=_by("audit_id", "lead_id"),
            apart=_change_apart,
        ),
        Table(name="outbox", kind="item", indexes=_by("state"), apart=_item_apart),
        Table(
            name="deliveries",
            kind="delivery",
            key=attrgetter("operation", "user", "key"),
            apart=_delivery_apart,
        ),
    )
}
