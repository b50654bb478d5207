"""Aggregates compute what `orthocrm.core.query.aggregate` computes."""

from datetime import date, timedelta
from typing import Any

import pytest
from attrs import evolve

from orthocrm.core.activity import CallOutcome, LeadActivityType
from orthocrm.core.beside_leads import BESIDE_LEADS
from orthocrm.core.errors import InvalidInput
from orthocrm.core.facts import SCHEMAS
from orthocrm.core.lead import Enquiry, Lead, LeadStatus, Milestones, TreatmentInterest
from orthocrm.core.ports import Backend
from orthocrm.core.query import (
    Aggregate,
    AllOf,
    Bucket,
    Calculation,
    Classes,
    Cond,
    Group,
    Measure,
    Sort,
    aggregate,
)
from orthocrm.core.settings import Clinic
from orthocrm.core.task import TaskStatus
from orthocrm.testing.clock import MONDAY_MORNING
from orthocrm.testing.factories import (
    a_lead,
    a_task,
    a_visit,
    an_activity,
    an_appointment,
)
from orthocrm.testing.suite.arranged import Rules, a_practice, repository, store, walk

C = Calculation
HOUR = timedelta(hours=1)
NUMBERS = (None, 7, -3, 2**40, 0, 7, 11, None, 1_000_003)
INTERESTS = (
    (),
    (TreatmentInterest.RETAINER,),
    (TreatmentInterest.INVISALIGN, TreatmentInterest.RETAINER),
)
COUNT = Measure("n")
EVERY_CALCULATION = (
    COUNT,
    Measure("present", C.COUNT, "ms_to_contact"),
    Measure("different", C.DISTINCT, "ms_to_contact"),
    Measure("sum", C.SUM, "ms_to_contact"),
    Measure("min", C.MIN, "ms_to_contact"),
    Measure("max", C.MAX, "ms_to_contact"),
    Measure("median", C.QUANTILE, "ms_to_contact"),
    Measure("p90", C.QUANTILE, "ms_to_contact", q=0.9),
    Measure("p0", C.QUANTILE, "ms_to_contact", q=0.0),
    Measure("p100", C.QUANTILE, "ms_to_contact", q=1.0),
    Measure("first", C.MIN, "first_contact_at"),
    Measure("last", C.MAX, "first_contact_at"),
    Measure("recall", C.MIN, "recall_due_on"),
)
OWNED = Cond("owner", "present")
EDGES = (MONDAY_MORNING, MONDAY_MORNING + 2 * HOUR, MONDAY_MORNING + 3 * HOUR)

STAGES = Classes("stage", (("first", ("new_lead",)), ("none", ()), ("later", ("lost",))))

QUERIES = {
    "everything": Aggregate("leads", EVERY_CALCULATION),
    "by a field": Aggregate("leads", EVERY_CALCULATION, by=("owner",)),
    "by two fields": Aggregate("leads", EVERY_CALCULATION, by=("owner", "stage_order")),
    "by a status": Aggregate("leads", (COUNT,), by=("status",)),
    "by a flag": Aggregate("leads", (COUNT,), by=("no_contact",)),
    "by a date": Aggregate("leads", (COUNT,), by=("recall_due_on",)),
    "by an instant": Aggregate("leads", (COUNT,), by=("created_at",)),
    "by a field of several values": Aggregate("leads", EVERY_CALCULATION, by=("interest",)),
    "by several values and a field": Aggregate("leads", (COUNT,), by=("interest", "owner")),
    "by a bucket of time": Aggregate("leads", EVERY_CALCULATION, by=(Bucket("created_at", EDGES),)),
    "by a bucket of numbers": Aggregate(
        "leads", (COUNT,), by=(Bucket("ms_to_contact", (-3, 0, 7, 8)), "owner")
    ),
    "by a bucket without room": Aggregate("leads", (COUNT,), by=(Bucket("ms_to_contact", (0,)),)),
    "filtered": Aggregate("leads", EVERY_CALCULATION, by=("owner",), where=OWNED),
    "filtered measures": Aggregate(
        "leads",
        (
            COUNT,
            Measure("owned", where=OWNED),
            Measure("new", where=Cond("status", "eq", "NEW")),
            Measure("sum", C.SUM, "ms_to_contact", Cond("ms_to_contact", "gt", 0)),
            Measure("median", C.QUANTILE, "ms_to_contact", Cond("interest", "has", "RETAINER")),
            Measure("none", C.MAX, "ms_to_contact", Cond("id", "eq", "nobody")),
        ),
        by=("stage",),
    ),
    "nothing satisfies": Aggregate("leads", EVERY_CALCULATION, where=Cond("id", "eq", "nobody")),
    "no group": Aggregate("leads", EVERY_CALCULATION, ("owner",), Cond("id", "eq", "nobody")),
    "quantiles of instants": Aggregate(
        "leads", (Measure("median", C.QUANTILE, "first_contact_at"),), by=("owner",)
    ),
    "by classes of codes": Aggregate("leads", EVERY_CALCULATION, by=(STAGES,)),
    "in two ways and all together": Aggregate(
        "leads", EVERY_CALCULATION, by=("owner",), also=(("stage", "owner"), ())
    ),
    "counts added up": Aggregate(
        "leads",
        (COUNT, *EVERY_CALCULATION[3:6]),
        by=("stage",),
        where=OWNED,
        also=((), (STAGES,)),
    ),
    "counts in several ways": Aggregate(
        "leads",
        (COUNT, *EVERY_CALCULATION[3:6]),
        by=("owner",),
        also=((Bucket("created_at", EDGES),), ("stage", "owner"), ()),
    ),
    "counts of nobody in several ways": Aggregate(
        "leads", (COUNT,), ("owner",), Cond("id", "eq", "nobody"), also=(("stage",), ())
    ),
    "several values and all together": Aggregate(
        "leads", (COUNT,), by=("interest",), also=((), ("owner",))
    ),
    "of sums": Aggregate(
        "leads",
        (
            COUNT,
            Measure("sum", C.SUM, "ms_to_contact"),
            Measure("median", C.QUANTILE, "ms_to_contact"),
            Measure("large", where=Cond("ms_to_contact", "gt", 7)),
        ),
        by=("stage",),
        also=((),),
        each=("owner",),
    ),
    "visits": Aggregate("visits", (COUNT, Measure("t", C.MAX, "entered_at")), by=("stage",)),
    "activities": Aggregate("activities", (COUNT,), by=("type", "call_outcome")),
    "tasks": Aggregate("tasks", (COUNT, Measure("t", C.MIN, "due_at")), by=("status",)),
    "appointments": Aggregate("appointments", (COUNT,), by=("provider", "status")),
}

BESIDE = {
    "visits by source": Aggregate(
        "lead_visits",
        (COUNT, Measure("leads", C.DISTINCT, "lead_id")),
        by=("stage", "lead.owner"),
        where=Cond("lead.deleted_at", "absent"),
    ),
    "quantiles of the lead": Aggregate(
        "lead_tasks", (Measure("median", C.QUANTILE, "lead.ms_to_contact"),), by=("status",)
    ),
    "in buckets": Aggregate(
        "lead_activities", (COUNT,), by=(Bucket("lead.created_at", EDGES), "call_outcome")
    ),
    "by several values of the lead": Aggregate(
        "lead_appointments", (Measure("t", C.MIN, "starts_at"),), by=("lead.interest",)
    ),
    "by a field of the clinic's own": Aggregate(
        "lead_appointments", (COUNT,), by=("lead.custom.code.colour",)
    ),
    "filtered by both": Aggregate(
        "lead_appointments",
        (COUNT, Measure("new", where=Cond("lead.status", "eq", "NEW"))),
        where=AllOf((Cond("provider", "eq", "dr-1"), Cond("lead.owner", "present"))),
    ),
}
"""Aggregates over rows with their leads beside them."""


def _a_lead(clinic: Clinic, i: int) -> Lead:
    lead = a_lead(
        clinic,
        owner=(None, "tc-2", "tc-1", "Tc-1")[i % 4],
        stage=("new_lead", "contacted")[i % 2],
        created_at=MONDAY_MORNING + (i % 5 - 1) * HOUR,
    )
    reached = NUMBERS[i % len(NUMBERS)]
    return evolve(
        lead,
        status=(LeadStatus.NEW, LeadStatus.ACTIVE)[i % 2],
        enquiry=Enquiry(interests=INTERESTS[i % 3], no_contact=i % 4 == 0),
        milestones=Milestones(
            ms_to_contact=reached,
            first_contact_at=None if reached is None else MONDAY_MORNING + i * HOUR,
        ),
        recall_due_on=None if i % 3 else date(2026, 12, 1 + i % 2),
    )


def _fill(backend: Backend, clinic: Clinic) -> dict[str, list[Any]]:
    leads = [_a_lead(clinic, i) for i in range(23)]
    outcomes = [None, *CallOutcome]
    rows: dict[str, list[Any]] = {
        "leads": leads,
        "visits": [a_visit(lead) for lead in leads],
        "activities": [
            an_activity(
                lead, type=LeadActivityType.PHONE_CALL, call_outcome=outcomes[i % len(outcomes)]
            )
            for i, lead in enumerate(leads)
        ],
        "tasks": [
            a_task(lead, status=(TaskStatus.PENDING, TaskStatus.COMPLETED)[i % 2])
            for i, lead in enumerate(leads)
        ],
        "appointments": [
            an_appointment(lead, provider=f"dr-{i % 2}") for i, lead in enumerate(leads)
        ],
    }
    for table, nouns in rows.items():
        store(backend, clinic, table, nouns)
    return rows


class AggregateRules(Rules):
    """Every calculation, grouping and filter against the interpreter."""

    @pytest.mark.parametrize("name", QUERIES)
    def test_aggregates_agree_with_the_interpreter(self, backend: Backend, name: str) -> None:
        """Same groups in the same order, same values to the last bit."""
        clinic, query = a_practice(backend), QUERIES[name]
        rows = _fill(backend, clinic)
        with backend.begin(clinic.id) as unit:
            got = list(unit.aggregate(query))
        assert got == aggregate(query, rows[query.of], SCHEMAS[query.of])

    @pytest.mark.parametrize("name", BESIDE)
    def test_rows_beside_their_leads_agree_with_the_interpreter(
        self, backend: Backend, name: str
    ) -> None:
        """Fields of row and lead may be mixed; rows without a lead are left out."""
        clinic, query = a_practice(backend), BESIDE[name]
        rows, beside = _fill(backend, clinic), BESIDE_LEADS[query.of]
        booked = an_appointment(rows["leads"][0], provider="dr-1")
        strangers = [evolve(booked, lead_id=None, patient_ref="patient-1")]
        store(backend, clinic, "appointments", strangers)
        leads = {lead.id: lead for lead in rows["leads"]}
        with backend.begin(clinic.id) as unit:
            got = list(unit.aggregate(query))
        pairs = beside.pairs([*rows[beside.table], *strangers], leads.get)
        assert got == aggregate(query, pairs, beside.schema)
        assert got

    def test_numbers_are_whole_and_quantiles_are_floats(self, backend: Backend) -> None:
        """Counts and sums never come as decimals or floats, instants are in UTC."""
        clinic = a_practice(backend)
        _fill(backend, clinic)
        with backend.begin(clinic.id) as unit:
            [group] = unit.aggregate(QUERIES["everything"])
        assert {name: type(group.values[name]) for name in ("n", "present", "sum", "min")} == {
            "n": int,
            "present": int,
            "sum": int,
            "min": int,
        }
        assert type(group.values["median"]) is float
        assert group.values["first"].isoformat() == "2026-11-02T16:00:00+00:00"

    def test_without_rows_there_is_one_group_of_nothing(self, backend: Backend) -> None:
        """Counts are 0 and all else is missing; by a field there is no group at all."""
        clinic = a_practice(backend)
        with backend.begin(clinic.id) as unit:
            [group] = unit.aggregate(Aggregate("leads", EVERY_CALCULATION))
            assert list(unit.aggregate(Aggregate("leads", (COUNT,), by=("owner",)))) == []
        counts = {"n": 0, "present": 0, "different": 0}
        others = dict.fromkeys(m.name for m in EVERY_CALCULATION if m.name not in counts)
        assert group == Group((), {**counts, **others})

    def test_a_value_on_an_edge_belongs_to_the_later_bucket(self, backend: Backend) -> None:
        """Buckets are half-open; outside of all of them, and missing, is no bucket."""
        clinic = a_practice(backend)
        leads = [a_lead(clinic, created_at=MONDAY_MORNING + i * HOUR) for i in range(-1, 5)]
        store(backend, clinic, "leads", leads)
        query = Aggregate("leads", (COUNT,), by=(Bucket("created_at", EDGES),))
        with backend.begin(clinic.id) as unit:
            groups = list(unit.aggregate(query))
        assert groups == [Group((0,), {"n": 2}), Group((1,), {"n": 1}), Group((None,), {"n": 3})]

    def test_a_lead_counts_once_for_each_of_its_values(self, backend: Backend) -> None:
        """And a lead without values counts as missing, so that none is lost."""
        clinic = a_practice(backend)
        leads = [a_lead(clinic, enquiry=Enquiry(interests=interests)) for interests in INTERESTS]
        store(backend, clinic, "leads", leads)
        with backend.begin(clinic.id) as unit:
            groups = list(unit.aggregate(Aggregate("leads", (COUNT,), by=("interest",))))
        assert groups == [
            Group(("INVISALIGN",), {"n": 1}),
            Group(("RETAINER",), {"n": 2}),
            Group((None,), {"n": 1}),
        ]

    def test_a_quantile_interpolates_between_ranks(self, backend: Backend) -> None:
        """Of 1, 2, 3 and 10 the median is 2.5 and the 90th percentile 7.9."""
        clinic = a_practice(backend)
        leads = [
            a_lead(clinic, milestones=Milestones(ms_to_convert=value)) for value in (10, 1, 3, 2)
        ]
        store(backend, clinic, "leads", leads)
        measures = (
            Measure("p50", C.QUANTILE, "ms_to_convert"),
            Measure("p90", C.QUANTILE, "ms_to_convert", q=0.9),
        )
        with backend.begin(clinic.id) as unit:
            [group] = unit.aggregate(Aggregate("leads", measures))
        assert group.values == {"p50": 2.5, "p90": pytest.approx(7.9, abs=1e-12)}

    @pytest.mark.parametrize(
        "query",
        [
            Aggregate("leads", (COUNT,), by=("patient.last_name",)),
            Aggregate("leads", (COUNT,), by=(Bucket("notes", (1, 2)),)),
            Aggregate("leads", (Measure("n", C.SUM, "notes"),)),
            Aggregate("leads", (COUNT,), where=Cond("notes", "present")),
            Aggregate("leads", (Measure("n", where=Cond("notes", "present")),)),
        ],
        ids=["field", "bucket", "measure", "condition", "condition of a measure"],
    )
    def test_unknown_fields_are_refused(self, backend: Backend, query: Aggregate) -> None:
        """Personal fields are not known to reports either."""
        clinic = a_practice(backend)
        store(backend, clinic, "leads", [a_lead(clinic)])
        with backend.begin(clinic.id) as unit, pytest.raises(InvalidInput):
            unit.aggregate(query)

    def test_a_number_and_its_rows_agree(self, backend: Backend) -> None:
        """The condition of a count finds as many nouns as it counts."""
        clinic = a_practice(backend)
        _fill(backend, clinic)
        with backend.begin(clinic.id) as unit:
            [group] = unit.aggregate(Aggregate("leads", (Measure("n", where=OWNED),)))
            found = walk(repository(unit, "leads"), OWNED, [Sort("owner")])
            assert (group.values["n"], unit.leads.count(OWNED)) == (len(found), len(found))
