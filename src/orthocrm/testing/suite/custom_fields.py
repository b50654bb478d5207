"""The clinic's own fields are filtered by, sorted by and counted by like any other field."""

from collections.abc import Mapping
from datetime import date

import pytest
from attrs import evolve

from orthocrm.core.errors import InvalidInput
from orthocrm.core.facts import LEADS
from orthocrm.core.lead import Custom, CustomValue, Lead
from orthocrm.core.ports import Backend
from orthocrm.core.query import (
    EVERYTHING,
    Aggregate,
    AllOf,
    AnyOf,
    Bucket,
    Calculation,
    Cond,
    Measure,
    Page,
    Sort,
    aggregate,
    page_of,
    predicate,
)
from orthocrm.core.settings import Clinic
from orthocrm.testing.factories import a_lead
from orthocrm.testing.suite.arranged import Rules, a_practice, exact, store, stored, walk
from orthocrm.testing.suite.queries import comparisons

C = Calculation

SHOWN: tuple[Mapping[str, CustomValue], ...] = (
    {},
    {"colour": "blue", "seats": 3, "since": date(2026, 12, 31), "shy": True},
    {"colour": "Blue", "seats": -3, "since": date(2027, 1, 1), "shy": False},
    {"colour": "", "seats": 0},
    {"colour": "é", "seats": 2**53 + 1, "since": date(999, 1, 1)},
    {"colour": "e\u0301", "seats": 2**53, "shy": False},
    {"colour": "🦷 100%_ '\"\\ {}", "seats": 11, "since": date(9999, 12, 31)},
    {"colour": 3, "seats": "3", "since": "2026-12-31", "shy": 1},
    {"colour": True, "seats": date(2027, 1, 1), "since": False, "shy": "true"},
    {"colour": "ﬀ", "seats": 3, "shy": True},
    {"colour": "blue", "seats": 11, "since": date(2026, 12, 31)},
)
"""Ties, missing values, values of each kind under the name of another, and great ones."""

NAMES = tuple(
    f"custom.{kind}.{name}"
    for kind in ("code", "number", "date", "flag")
    for name in ("colour", "seats", "since", "shy", "never")
)

SORTS = (
    (Sort("custom.code.colour"),),
    (Sort("custom.code.colour", descending=True),),
    (Sort("custom.number.seats"), Sort("custom.flag.shy", descending=True)),
    (Sort("custom.number.seats", descending=True),),
    (Sort("custom.date.since"), Sort("custom.code.colour", descending=True)),
    (Sort("custom.flag.shy"), Sort("custom.date.since", descending=True)),
    (Sort("custom.number.never"), Sort("custom.code.seats")),
)

SEATS = "custom.number.seats"
MEASURES = (
    Measure("n"),
    Measure("present", C.COUNT, SEATS),
    Measure("sum", C.SUM, SEATS),
    Measure("least", C.MIN, SEATS),
    Measure("most", C.MAX, SEATS),
    Measure("median", C.QUANTILE, SEATS),
    Measure("p90", C.QUANTILE, SEATS, Cond("custom.flag.shy", "ne", value=True), 0.9),
    Measure("first", C.MIN, "custom.date.since"),
    Measure("last", C.MAX, "custom.code.colour"),
    Measure("shy", where=Cond("custom.flag.shy", "eq", value=True)),
)
SEATED = Bucket(SEATS, (-3, 0, 11))
NEW_YEAR = Bucket("custom.date.since", (date(2026, 12, 31), date(2027, 1, 1)))

UNKNOWN = (
    "custom",
    "custom.code",
    "custom.code.",
    "custom.text.colour",
    "custom.instant.since",
    "custom.code.Colour",
    "custom.code._colour",
    "custom.code.1st",
    "custom.code.colour.name",
    "custom.code.colour\n",
    "custom.code.colour') OR ('1'='1",
    "custom.code." + "a" * 41,
    "custom.personal.fears",
    "custom.shown.colour",
)


def _various(clinic: Clinic) -> list[Lead]:
    return [a_lead(clinic, custom=Custom(shown=shown)) for shown in SHOWN]


class CustomFieldRules(Rules):
    """Names such as `custom.code.colour`, of which the schema knows only the pattern."""

    @pytest.mark.parametrize("name", NAMES)
    def test_custom_fields_compare_like_any_other(self, backend: Backend, name: str) -> None:
        """Every comparison means what `core.query.predicate` says; another kind is missing."""
        clinic = a_practice(backend)
        leads = _various(clinic)
        store(backend, clinic, "leads", leads)
        conds = list(comparisons(LEADS[name], tuple(leads)))
        with backend.begin(clinic.id) as unit:
            got = {str(c): [lead.id for lead in unit.leads.find(c).items] for c in conds}
            counted = {str(c): unit.leads.count(c) for c in conds}
        wanted = {str(c): [lead.id for lead in leads if predicate(c, LEADS)(lead)] for c in conds}
        assert got == wanted
        assert counted == {text: len(ids) for text, ids in wanted.items()}

    def test_custom_fields_nest_with_others(self, backend: Backend) -> None:
        """They stand in joins beside every other condition."""
        clinic = a_practice(backend)
        leads = _various(clinic)
        store(backend, clinic, "leads", leads)
        where = AllOf(
            (
                AnyOf((Cond(SEATS, "gt", 3), Cond("custom.code.colour", "in", ["blue", ""]))),
                Cond("stage", "eq", "new_lead"),
                Cond("custom.code.seats", "absent"),
            )
        )
        with backend.begin(clinic.id) as unit:
            found = unit.leads.find(where).items
        assert [SHOWN.index(lead.custom.shown) for lead in found] == [1, 3, 4, 5, 6, 10]

    @pytest.mark.parametrize("sort", SORTS, ids=str)
    def test_pages_sorted_by_custom_fields_add_up(
        self, backend: Backend, sort: tuple[Sort, ...]
    ) -> None:
        """Missing values come last, and no row is skipped, whatever the size of the pages."""
        clinic = a_practice(backend)
        leads = _various(clinic)
        store(backend, clinic, "leads", leads)
        with backend.begin(clinic.id) as unit:
            walked = {
                size: [lead.id for lead in walk(unit.leads, EVERYTHING, sort, size)]
                for size in (1, 3, 20)
            }
        whole = [lead.id for lead in page_of(leads, sort, Page(20), LEADS).items]
        assert walked == dict.fromkeys(walked, whole)

    @pytest.mark.parametrize(
        "by",
        [
            (),
            ("custom.code.colour",),
            ("custom.number.seats",),
            ("custom.date.since", "custom.flag.shy"),
            ("custom.flag.shy", "owner"),
            (SEATED, NEW_YEAR),
        ],
        ids=str,
    )
    def test_custom_fields_are_measured_and_grouped_by(
        self, backend: Backend, by: tuple[str | Bucket, ...]
    ) -> None:
        """Aggregates agree with the interpreter, with their types."""
        clinic = a_practice(backend)
        leads = _various(clinic)
        store(backend, clinic, "leads", leads)
        for where in (EVERYTHING, Cond("custom.flag.shy", "present")):
            query = Aggregate("leads", MEASURES, by, where)
            with backend.begin(clinic.id) as unit:
                groups = list(unit.aggregate(query))
            assert exact(groups) == exact(aggregate(query, leads, LEADS))

    @pytest.mark.parametrize("name", UNKNOWN)
    def test_names_that_cannot_be_custom_fields_are_refused(
        self, backend: Backend, name: str
    ) -> None:
        """Only the four kinds, and only lasting names of up to 40 characters."""
        clinic = a_practice(backend)
        store(backend, clinic, "leads", [a_lead(clinic)])
        with backend.begin(clinic.id) as unit:
            with pytest.raises(InvalidInput):
                unit.leads.find(Cond(name, "absent"))
            with pytest.raises(InvalidInput):
                unit.leads.find(sort=[Sort(name)])
            with pytest.raises(InvalidInput):
                unit.aggregate(Aggregate("leads", (Measure("n"),), (name,)))

    @pytest.mark.parametrize(
        "cond",
        [
            Cond("custom.number.seats", "eq", "3"),
            Cond("custom.number.seats", "eq", value=True),
            Cond("custom.flag.shy", "eq", 1),
            Cond("custom.date.since", "lt", "2026-12-31"),
            Cond("custom.code.colour", "has", "blue"),
        ],
        ids=str,
    )
    def test_values_of_another_kind_are_refused(self, backend: Backend, cond: Cond) -> None:
        """The name says what the value has to be."""
        clinic = a_practice(backend)
        with backend.begin(clinic.id) as unit, pytest.raises(InvalidInput):
            unit.leads.find(cond)

    def test_only_leads_have_custom_fields(self, backend: Backend) -> None:
        """Nothing else is known by such a name."""
        clinic = a_practice(backend)
        with backend.begin(clinic.id) as unit, pytest.raises(InvalidInput):
            unit.tasks.find(Cond("custom.code.colour", "absent"))

    def test_custom_values_are_saved_as_a_whole(self, backend: Backend) -> None:
        """A value that was taken away is gone, and one that changed its kind is of the new one."""
        clinic = a_practice(backend)
        lead = a_lead(clinic, custom=Custom(shown=SHOWN[1], personal=SHOWN[1]))
        store(backend, clinic, "leads", [lead])
        custom = Custom(shown={"seats": "three"}, personal={"shy": False})
        with backend.begin(clinic.id) as unit:
            unit.leads.save([evolve(lead, custom=custom)])
        with backend.begin(clinic.id) as unit:
            assert unit.leads.count(Cond("custom.code.seats", "eq", "three")) == 1
            assert unit.leads.count(Cond("custom.number.seats", "present")) == 0
            assert unit.leads.count(Cond("custom.code.colour", "present")) == 0
        [got] = stored(backend, clinic, "leads", [lead.id]).values()
        assert exact(got.custom) == exact(custom)
