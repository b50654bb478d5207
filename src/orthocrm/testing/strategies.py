"""Hypothesis strategies: random rows of a practice, and random questions about them.

Values come from small sets, so that ties, missing values and hits are frequent.
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

import attrs
from attrs import evolve
from hypothesis import strategies as st

from orthocrm.core.appointment import Appointment, AppointmentStatus
from orthocrm.core.beside_leads import BESIDE_LEADS
from orthocrm.core.facts import SCHEMAS
from orthocrm.core.ids import LeadId, SourceId, StageSlug, UserId
from orthocrm.core.lead import (
    Channel,
    Conversion,
    Custom,
    Enquiry,
    Incomplete,
    Lead,
    LeadStatus,
    Loss,
    LostReason,
    Milestones,
    Objection,
    Origin,
    Ownership,
    Position,
    StageVisit,
    TreatmentInterest,
)
from orthocrm.core.notifying import Message, MessageChannel, MessageState, Purpose
from orthocrm.core.query import (
    Aggregate,
    AllOf,
    AnyOf,
    Bucket,
    Calculation,
    Classes,
    Cond,
    Grouping,
    Kind,
    Measure,
    Op,
    Queryable,
    Sort,
    Where,
)
from orthocrm.core.routing import Place, Routing, Territory
from orthocrm.core.rules import FollowUpRule
from orthocrm.core.settings import Clinic, Settings
from orthocrm.core.task import LeadTaskType, Task, TaskPriority, TaskStatus
from orthocrm.testing.clock import MONDAY_MORNING
from orthocrm.testing.factories import (
    a_lead,
    a_message,
    a_position,
    a_task,
    a_visit,
    an_appointment,
)

USERS = ("", "Tc-1", "tc-1", "tc-2", "é", "🦷")
CUSTOM_NAMES = ("a", "b_2")
SLUGS = ("contacted", "lost", "new_lead")

instants: st.SearchStrategy[datetime] = st.builds(
    lambda hours, ticks: MONDAY_MORNING + timedelta(hours=hours, microseconds=ticks),
    st.integers(-3, 3),
    st.sampled_from((0, 1, 999_999)),
)
"""Instants around Monday morning, some of them a microsecond apart."""

dates: st.SearchStrategy[date] = st.dates(date(2026, 12, 30), date(2027, 1, 2))
"""Four days around New Year."""

numbers: st.SearchStrategy[int] = st.one_of(
    st.integers(-3, 9), st.sampled_from((2**31, -(2**31) - 1, 2**53 + 1))
)
"""Small numbers, and some that 32 bits or a float cannot hold."""

users: st.SearchStrategy[UserId] = st.sampled_from(USERS).map(UserId)
slugs: st.SearchStrategy[StageSlug] = st.sampled_from(SLUGS).map(StageSlug)


customs: st.SearchStrategy[Custom] = st.dictionaries(
    st.sampled_from(CUSTOM_NAMES),
    st.sampled_from((*USERS, "a", "A")) | numbers | dates | st.booleans(),
    max_size=2,
).map(lambda shown: Custom(shown=shown))
"""Values of a clinic's own fields, of which the same name may be of any kind."""


def leads(
    clinic: Clinic, source_ids: Sequence[SourceId] = (SourceId("source-1"),)
) -> st.SearchStrategy[Lead]:
    """Draw leads of a clinic, with random values in every field that can be queried."""
    return st.builds(
        lambda parts: evolve(a_lead(clinic), **parts),
        st.fixed_dictionaries(
            {
                "status": st.sampled_from(LeadStatus),
                "position": st.builds(
                    _position, slugs, st.integers(1, 8), instants, slugs, st.integers(1, 8)
                ),
                "ownership": st.builds(
                    Ownership,
                    owner=st.none() | users,
                    assigned_at=st.none() | instants,
                    first_owner=st.none() | users,
                ),
                "origin": st.builds(
                    Origin,
                    channel=st.sampled_from(Channel),
                    source_id=st.none() | st.sampled_from(source_ids),
                    campaign=st.none() | st.sampled_from(("", "a", "A", "%", "ä", "a\u0308")),
                ),
                "enquiry": st.builds(
                    Enquiry,
                    interests=_several(TreatmentInterest),
                    incomplete=_several(Incomplete),
                    no_contact=st.booleans(),
                ),
                "milestones": _milestones,
                "loss": st.none() | _losses,
                "conversion": st.none() | _conversions,
                "recall_due_on": st.none() | dates,
                "objection": st.none() | st.sampled_from(Objection),
                "tags": _several(("2nd", "vi", "vip")),
                "custom": customs,
                "merged_into": st.none() | st.sampled_from(("a", "lead-1")).map(LeadId),
            }
        ),
    )


def _several(of: Any) -> st.SearchStrategy[tuple[Any, ...]]:  # noqa: ANN401 - an enum
    return st.lists(st.sampled_from(of), unique=True, max_size=3).map(tuple)


def _position(
    stage: StageSlug, order: int, at: datetime, furthest: StageSlug, furthest_order: int
) -> Position:
    here = a_position(stage, order, at)
    return evolve(here, furthest=furthest, furthest_order=furthest_order)


_milestones = st.builds(
    Milestones,
    first_attempt_at=st.none() | instants,
    first_contact_at=st.none() | instants,
    scheduled_at=st.none() | instants,
    ms_to_attempt=st.none() | numbers,
    ms_to_contact=st.none() | numbers,
    ms_to_convert=st.none() | numbers,
    unanswered=st.integers(0, 4),
    next_action_at=st.none() | instants,
    observed_at=st.none() | instants,
    recalled_at=st.none() | instants,
    business_ms_to_attempt=st.none() | numbers,
    business_ms_to_contact=st.none() | numbers,
    days_to_accept=st.none() | numbers,
)

_losses = st.builds(
    Loss,
    at=instants,
    reason=st.sampled_from(LostReason),
    stage=slugs,
    order=st.integers(1, 8),
)

_conversions = st.builds(
    Conversion, at=instants, patient_ref=st.just("patient-1"), owner=st.none() | users
)


def visits(lead: Lead) -> st.SearchStrategy[StageVisit]:
    """Draw visits of a lead to stages."""
    return st.builds(
        lambda stage, order, entered_at, left_at, owner, observed, ms: a_visit(
            lead,
            id=a_position(stage, order, entered_at).visit_id,
            stage=stage,
            order=order,
            entered_at=entered_at,
            left_at=left_at,
            owner=owner,
            observed=observed,
            ms=ms,
            business_ms=None if ms is None else ms // 3,
        ),
        slugs,
        st.integers(1, 8),
        instants,
        st.none() | instants,
        st.none() | users,
        st.booleans(),
        st.none() | st.integers(-1, 4),
    )


def tasks(lead: Lead) -> st.SearchStrategy[Task]:
    """Draw tasks of a lead."""
    return st.builds(
        lambda fields: a_task(lead, **fields),
        st.fixed_dictionaries(
            {
                "type": st.sampled_from(LeadTaskType),
                "priority": st.sampled_from(TaskPriority),
                "status": st.sampled_from(TaskStatus),
                "assigned_to": users,
                "due_at": instants,
                "reminder_at": st.none() | instants,
                "completed_at": st.none() | instants,
                "rule": st.none() | st.sampled_from(("a", "A")),
                "escalated_at": st.none() | instants,
            }
        ),
    )


def appointments(lead: Lead) -> st.SearchStrategy[Appointment]:
    """Draw appointments of a lead, with random values in every field that can be queried."""
    moments = ("expires", "confirmed", "arrived", "started", "completed", "cancelled")
    return st.builds(
        lambda fields: an_appointment(lead, **fields),
        st.fixed_dictionaries(
            {
                "provider": users,
                "type": st.sampled_from(("a", "A")),
                "status": st.sampled_from(AppointmentStatus),
                "patient_ref": st.none() | st.sampled_from(("", "ä", "a\u0308")),
                "series_id": st.none() | st.sampled_from(("a", "%")),
                "starts_at": instants,
                "length": st.timedeltas(timedelta(), timedelta(hours=2)),
                "created_at": instants,
                "booked_by": st.none() | users,
                "moved": st.integers(0, 3),
                "cancelled_because": st.none() | st.sampled_from(("a", "🦷")),
                **{f"{name}_at": st.none() | instants for name in moments},
            }
        ),
    )


def messages(clinic: Clinic) -> st.SearchStrategy[Message]:
    """Draw messages to staff, with random values in every field that can be queried."""
    return st.builds(
        lambda fields: a_message(clinic, **fields),
        st.fixed_dictionaries(
            {
                "channel": st.sampled_from(MessageChannel),
                "purpose": st.sampled_from(Purpose),
                "state": st.sampled_from(MessageState),
                "due_at": instants,
                "created_at": instants,
                "user": st.none() | users,
                "template": st.none() | st.sampled_from(("a", "A")),
                "about": st.none() | st.sampled_from(("", "ä", "a\u0308")),
                "carrier": st.none() | st.sampled_from(("a", "%")),
                "carrier_ref": st.none() | st.sampled_from(("", "a", "🦷")),
                "sent_at": st.none() | instants,
            }
        ),
    )


def settings() -> st.SearchStrategy[Settings]:
    """Draw settings that are of the right types; whether they fit together is left to chance."""
    place = _filled(
        Place, latitude=st.floats(-90, 90, width=32), longitude=st.floats(-180, 180, width=32)
    )
    territory = _filled(Territory, within_km=st.none() | st.floats(0, 1_000))
    routing = _filled(Routing, places=_few(place), territories=_few(territory))
    rule = _filled(FollowUpRule, where=st.none() | wheres("leads"))
    return _filled(Settings, routing=routing, rules=_few(rule))


def _few(of: st.SearchStrategy[Any]) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.lists(of, max_size=2).map(tuple)


def _filled(kind: type[Any], **known: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Draw every field of a noun: as it is told, else by its type."""
    fields = {field.name: field.type for field in attrs.fields(attrs.resolve_types(kind))}
    drawn = {name: st.from_type(of) for name, of in fields.items() if of and name not in known}
    return st.builds(kind, **drawn, **known)


def wheres(table: str, nouns: Sequence[Any] = ()) -> st.SearchStrategy[Where]:
    """Draw conditions about a table; values often are those of the given nouns."""
    return st.recursive(
        conds(table, nouns),
        lambda parts: st.builds(
            lambda join, chosen: join(tuple(chosen)),
            st.sampled_from((AllOf, AnyOf)),
            st.lists(parts, max_size=3),
        ),
        max_leaves=5,
    )


def fields_of(table: str) -> list[Queryable]:
    """List the fields that a table's schema knows, and leads' own ones by every kind."""
    if table in BESIDE_LEADS:
        return list(BESIDE_LEADS[table].schema.fields.values())
    known = list(SCHEMAS[table].fields.values())
    if table == "leads":
        kinds = (Kind.CODE, Kind.NUMBER, Kind.DATE, Kind.FLAG)
        known += [
            SCHEMAS[table][f"custom.{kind}.{name}"] for kind in kinds for name in CUSTOM_NAMES
        ]
    return known


def conds(table: str, nouns: Sequence[Any] = ()) -> st.SearchStrategy[Cond]:
    """Draw single comparisons that the table's schema allows."""
    return st.sampled_from(fields_of(table)).flatmap(lambda known: _conds_on(known, nouns))


def _conds_on(known: Queryable, nouns: Sequence[Any]) -> st.SearchStrategy[Cond]:
    values = values_of(known, nouns)
    there = st.builds(Cond, st.just(known.name), st.sampled_from((Op.ABSENT, Op.PRESENT)))
    if known.many:
        return there | st.builds(Cond, st.just(known.name), st.just(Op.HAS), values)
    ordered = (Op.EQ, Op.NE, Op.LT, Op.LE, Op.GT, Op.GE)
    ops = ordered[:2] if known.kind is Kind.FLAG else ordered
    several = st.lists(values, max_size=3).map(tuple)
    return st.one_of(
        there,
        st.builds(Cond, st.just(known.name), st.sampled_from(ops), values),
        st.builds(Cond, st.just(known.name), st.just(Op.IN), several),
    )


def values_of(known: Queryable, nouns: Sequence[Any] = ()) -> st.SearchStrategy[Any]:
    """Draw values of a field's kind, if possible such as the nouns have."""
    held: list[Any] = []
    for noun in nouns:
        have = known.read(noun)
        held.extend(have if known.many else [] if have is None else [have])
    drawn: st.SearchStrategy[Any] = _VALUES[known.kind]
    return st.sampled_from(held) | drawn if held else drawn


_VALUES: dict[Kind, st.SearchStrategy[Any]] = {
    Kind.CODE: st.sampled_from((*USERS, *SLUGS, "NEW", "LOST", "a", "%", "ä", "a\u0308")),
    Kind.INSTANT: instants,
    Kind.DATE: dates,
    Kind.NUMBER: numbers,
    Kind.FLAG: st.booleans(),
}


def sorts(table: str) -> st.SearchStrategy[tuple[Sort, ...]]:
    """Draw orders by up to three fields of one value each."""
    names = [known.name for known in fields_of(table) if not known.many]
    one = st.builds(Sort, st.sampled_from(names), st.booleans())
    return st.lists(one, max_size=3, unique_by=lambda sort: sort.field).map(tuple)


def aggregates(table: str, nouns: Sequence[Any] = ()) -> st.SearchStrategy[Aggregate]:
    """Draw aggregates over a table: any measures, by up to two keys, in up to three ways."""
    fields = fields_of(table)
    keys = st.sampled_from([known.name for known in fields]) | _buckets(fields) | _classes(fields)
    way = st.lists(keys, max_size=2, unique_by=str).map(tuple)
    plain = st.builds(
        Aggregate,
        st.just(table),
        st.lists(_measures(table, nouns), min_size=1, max_size=4).map(_named),
        way,
        wheres(table, nouns),
        st.lists(way, max_size=2, unique_by=str).map(tuple),
    )
    return plain | _of_sums(table, nouns, way)


def _of_sums(
    table: str, nouns: Sequence[Any], way: st.SearchStrategy[tuple[Grouping, ...]]
) -> st.SearchStrategy[Aggregate]:
    """Draw aggregates over sums of numbers."""
    fields = fields_of(table)
    numbers = [known.name for known in fields if known.kind is Kind.NUMBER]
    if not numbers:
        return st.nothing()
    number = st.sampled_from(numbers)
    where = st.none() | st.builds(
        Cond, number, st.sampled_from(("lt", "ge", "ne", "absent", "present")), st.integers(-2, 9)
    )
    quantiles = st.sampled_from((0.0, 0.5, 0.9))
    calculations = st.sampled_from(_CALCULATIONS[Kind.NUMBER])
    measures = st.builds(Measure, st.just("m"), calculations, number, where, quantiles)
    counts = st.builds(Measure, st.just("m"), where=where)
    return st.builds(
        Aggregate,
        st.just(table),
        st.lists(measures | counts, min_size=1, max_size=4).map(_named),
        way,
        wheres(table, nouns),
        st.lists(way, max_size=1).map(tuple),
        st.lists(
            st.sampled_from([known.name for known in fields]), min_size=1, max_size=2, unique=True
        ).map(tuple),
    )


def _classes(fields: Sequence[Queryable]) -> st.SearchStrategy[Classes]:
    """Draw classes of codes, some of which no row has."""
    codes = [known.name for known in fields if known.kind is Kind.CODE and not known.many]
    some = st.lists(_VALUES[Kind.CODE], max_size=3).map(tuple)
    one = st.tuples(st.sampled_from(("first", "second", "")), some)
    return st.builds(Classes, st.sampled_from(codes), st.lists(one, max_size=3).map(tuple))


def _named(measures: list[Measure]) -> tuple[Measure, ...]:
    return tuple(evolve(measure, name=f"m{i}") for i, measure in enumerate(measures))


def _measures(table: str, nouns: Sequence[Any]) -> st.SearchStrategy[Measure]:
    fields = [known for known in fields_of(table) if not known.many]
    measured = st.sampled_from(fields).flatmap(
        lambda known: st.builds(
            Measure,
            st.just("m"),
            st.sampled_from(_CALCULATIONS[known.kind]),
            st.just(known.name),
            st.none() | wheres(table, nouns),
            st.sampled_from((0.0, 0.25, 0.5, 0.9, 1.0)),
        )
    )
    counted = st.builds(Measure, st.just("m"), where=st.none() | wheres(table, nouns))
    return counted | measured


_ORDERED = (Calculation.COUNT, Calculation.MIN, Calculation.MAX)
_CALCULATIONS: dict[Kind, tuple[Calculation, ...]] = {
    Kind.CODE: _ORDERED,
    Kind.INSTANT: (*_ORDERED, Calculation.QUANTILE),
    Kind.DATE: _ORDERED,
    Kind.NUMBER: tuple(Calculation),
    Kind.FLAG: (Calculation.COUNT,),
}


def _buckets(fields: Sequence[Queryable]) -> st.SearchStrategy[Bucket]:
    edged = [known for known in fields if known.kind in (Kind.INSTANT, Kind.DATE, Kind.NUMBER)]
    return st.sampled_from(edged).flatmap(
        lambda known: st.builds(
            Bucket,
            st.just(known.name),
            st.lists(_VALUES[known.kind], max_size=4, unique=True).map(sorted).map(tuple),
        )
    )
