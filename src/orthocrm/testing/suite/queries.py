"""Searches mean what `orthocrm.core.query` says, for every field and comparison."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest
from attrs import evolve

from orthocrm.core.errors import InvalidInput
from orthocrm.core.facts import LEADS, SCHEMAS
from orthocrm.core.lead import Channel, Enquiry, Lead, Milestones, Origin, TreatmentInterest
from orthocrm.core.ports import Backend
from orthocrm.core.query import (
    EVERYTHING,
    AllOf,
    AnyOf,
    Cond,
    Kind,
    Op,
    Queryable,
    Sort,
    Where,
    predicate,
)
from orthocrm.core.settings import Clinic
from orthocrm.testing.clock import MONDAY_MORNING
from orthocrm.testing.factories import a_lead, ids_of
from orthocrm.testing.suite.arranged import Rules, a_practice, repository, store
from orthocrm.testing.suite.sample_values import the_clinic
from orthocrm.testing.suite.samples import TABLES, store_samples

_ORDERED = (Op.EQ, Op.NE, Op.LT, Op.LE, Op.GT, Op.GE)
_OPERATORS = {
    Kind.CODE: _ORDERED,
    Kind.INSTANT: _ORDERED,
    Kind.DATE: _ORDERED,
    Kind.NUMBER: _ORDERED,
    Kind.FLAG: (Op.EQ, Op.NE),
}
_OTHER_VALUES = {
    Kind.CODE: "m",
    Kind.INSTANT: datetime(2026, 11, 2, 15, 0, 0, 1, tzinfo=UTC),
    Kind.DATE: date(2027, 1, 1),
    Kind.NUMBER: 5,
    Kind.FLAG: False,
}


def comparisons(known: Queryable, nouns: tuple[Any, ...]) -> Iterator[Cond]:
    """Compare a field in every way with every value that it has, and with one that it has not."""
    values: list[Any] = [_OTHER_VALUES[known.kind]]
    for noun in nouns:
        have = known.read(noun)
        values.extend(have if known.many else [] if have is None else [have])
    yield Cond(known.name, Op.ABSENT)
    yield Cond(known.name, Op.PRESENT)
    for value in values:
        for op in (Op.HAS,) if known.many else _OPERATORS[known.kind]:
            yield Cond(known.name, op, value)
    if not known.many:
        yield Cond(known.name, Op.IN, tuple(values))
        yield Cond(known.name, Op.IN, ())


def _campaigns(clinic: Clinic, *campaigns: str | None) -> list[Lead]:
    origins = [Origin(channel=Channel.SOCIAL, campaign=campaign) for campaign in campaigns]
    return [a_lead(clinic, origin=origin) for origin in origins]


CAMPAIGNS = ("alpha", "Alpha", "50%", "5_%", "", None, "x' OR '1'='1", "é", "e\u0301", "🦷", "ﬀ")


class QueryRules(Rules):
    """`find` and `count` against the interpreter of the query language."""

    @pytest.mark.parametrize("table", TABLES)
    def test_every_field_and_comparison_means_the_same(self, backend: Backend, table: str) -> None:
        """The backend and `core.query.predicate` choose the same nouns."""
        rows = store_samples(backend)
        nouns, schema = rows[table], SCHEMAS[table]
        conds = [c for known in schema.fields.values() for c in comparisons(known, nouns)]
        with backend.begin(the_clinic(rows).id) as unit:
            found = repository(unit, table)
            got = {str(cond): [noun.id for noun in found.find(cond).items] for cond in conds}
            counted = {str(cond): found.count(cond) for cond in conds}
        wanted = {
            str(cond): sorted(noun.id for noun in nouns if predicate(cond, schema)(noun))
            for cond in conds
        }
        assert got == wanted
        assert counted == {text: len(ids) for text, ids in wanted.items()}

    @pytest.mark.parametrize("op", ["eq", "ne", "lt", "ge", "in"])
    def test_text_compares_by_code_point(self, backend: Backend, op: str) -> None:
        """Case, accents and wildcards are nothing special, and order is that of code points."""
        clinic = a_practice(backend)
        leads = _campaigns(clinic, *CAMPAIGNS)
        store(backend, clinic, "leads", leads)
        for value in (text for text in CAMPAIGNS if text is not None):
            cond = Cond("campaign", Op(op), [value] if op == "in" else value)
            with backend.begin(clinic.id) as unit:
                found = unit.leads.find(cond).items
            assert found == tuple(lead for lead in leads if predicate(cond, LEADS)(lead))

    def test_a_missing_value_satisfies_only_absent_and_ne(self, backend: Backend) -> None:
        """Missing is neither less nor greater than anything."""
        clinic = a_practice(backend)
        lead = a_lead(clinic)
        store(backend, clinic, "leads", [lead])
        satisfied = {}
        with backend.begin(clinic.id) as unit:
            for op in _ORDERED:
                satisfied[op] = unit.leads.count(Cond("ms_to_convert", op, 0))
            satisfied[Op.IN] = unit.leads.count(Cond("ms_to_convert", "in", [0]))
            satisfied[Op.ABSENT] = unit.leads.count(Cond("ms_to_convert", "absent"))
            satisfied[Op.PRESENT] = unit.leads.count(Cond("ms_to_convert", "present"))
        assert {op for op, count in satisfied.items() if count} == {Op.NE, Op.ABSENT}

    def test_instants_compare_by_time(self, backend: Backend) -> None:
        """A value in another zone is the same instant; a microsecond makes a difference."""
        clinic = a_practice(backend)
        lead = a_lead(clinic, created_at=MONDAY_MORNING)
        store(backend, clinic, "leads", [lead])
        elsewhere = MONDAY_MORNING.astimezone(timezone(timedelta(hours=5, minutes=45)))
        tick = timedelta(microseconds=1)
        with backend.begin(clinic.id) as unit:
            assert unit.leads.count(Cond("created_at", "eq", elsewhere)) == 1
            assert unit.leads.count(Cond("created_at", "lt", elsewhere + tick)) == 1
            assert unit.leads.count(Cond("created_at", "lt", elsewhere)) == 0
            assert unit.leads.count(Cond("created_at", "gt", elsewhere - tick)) == 1
            assert unit.leads.count(Cond("created_at", "eq", elsewhere - tick)) == 0

    def test_has_looks_for_a_whole_value(self, backend: Backend) -> None:
        """A field of several values holds exactly those, not parts of them."""
        clinic = a_practice(backend)
        metal = a_lead(clinic, enquiry=Enquiry(interests=(TreatmentInterest.BRACES_METAL,)))
        none = a_lead(clinic, enquiry=Enquiry(interests=()))
        store(backend, clinic, "leads", [metal, none])
        with backend.begin(clinic.id) as unit:
            assert unit.leads.find(Cond("interest", "has", "BRACES_METAL")).items == (metal,)
            assert unit.leads.find(Cond("interest", "has", "BRACES")).items == ()
            assert unit.leads.find(Cond("interest", "absent")).items == (none,)
            assert unit.leads.find(Cond("interest", "present")).items == (metal,)

    def test_conditions_nest(self, backend: Backend) -> None:
        """All of nothing is true, any of nothing is false, and both may contain each other."""
        clinic = a_practice(backend)
        one, two, three = leads = [a_lead(clinic, owner=owner) for owner in ("a", "b", None)]
        store(backend, clinic, "leads", leads)
        owned, new = Cond("owner", "present"), Cond("stage", "eq", "new_lead")
        is_a, is_b = Cond("owner", "eq", "a"), Cond("owner", "eq", "b")
        cases: list[tuple[Where, tuple[Lead, ...]]] = [
            (EVERYTHING, (one, two, three)),
            (AnyOf(()), ()),
            (AllOf((owned, new)), (one, two)),
            (AllOf((is_a, is_b)), ()),
            (AnyOf((is_a, is_b)), (one, two)),
            (AllOf((new, AnyOf((is_b, Cond("owner", "absent"))))), (two, three)),
            (AnyOf((AllOf((is_a, new)), AllOf(()))), (one, two, three)),
            (AllOf((AnyOf(()), new)), ()),
        ]
        with backend.begin(clinic.id) as unit:
            assert [unit.leads.find(where).items for where, _ in cases] == [w for _, w in cases]
            assert [unit.leads.count(where) for where, _ in cases] == [len(w) for _, w in cases]

    def test_a_list_of_values_may_be_long(self, backend: Backend) -> None:
        """`in` takes a thousand values as well as one, and a value may come twice."""
        clinic = a_practice(backend)
        leads = [a_lead(clinic) for _ in range(3)]
        store(backend, clinic, "leads", leads)
        wanted = [*ids_of(leads[:2]), *ids_of(leads[:2]), *(f"nobody-{n}" for n in range(1_000))]
        with backend.begin(clinic.id) as unit:
            assert unit.leads.find(Cond("id", "in", wanted)).items == tuple(leads[:2])
            assert unit.leads.find(Cond("id", "in", iter(wanted))).items == tuple(leads[:2])

    def test_tasks_are_found_by_their_lead(self, backend: Backend) -> None:
        """What belongs to a lead is found by it, also together with other conditions."""
        rows = store_samples(backend)
        with backend.begin(the_clinic(rows).id) as unit:
            for table in ("visits", "activities", "tasks"):
                noun = rows[table][0]
                found = repository(unit, table)
                same = Cond("lead_id", "eq", noun.lead_id)
                assert found.find(same).items == (noun,)
                assert found.find(AllOf((same, Cond("id", "ne", noun.id)))).items == ()

    def test_large_numbers_keep_every_digit(self, backend: Backend) -> None:
        """Numbers reach beyond 32 bits, and beyond what a float can tell apart."""
        clinic = a_practice(backend)
        large = 2**53 + 1
        lead = a_lead(clinic, milestones=Milestones(ms_to_convert=large))
        store(backend, clinic, "leads", [lead])
        with backend.begin(clinic.id) as unit:
            assert unit.leads.count(Cond("ms_to_convert", "eq", large)) == 1
            assert unit.leads.count(Cond("ms_to_convert", "gt", large - 1)) == 1
            assert unit.leads.count(Cond("ms_to_convert", "ge", large + 1)) == 0

    @pytest.mark.parametrize(
        "where",
        [
            Cond("patient.first_name", "eq", "Mia"),
            Cond("notes", "present"),
            Cond("1=1; --", "eq", "x"),
            Cond("interest", "eq", "INVISALIGN"),
            Cond("stage", "has", "contacted"),
            Cond("stage", "eq", None),
            Cond("stage", "in", "contacted"),
            Cond("stage_order", "eq", "2"),
            Cond("no_contact", "eq", 1),
            Cond("created_at", "lt", datetime(2026, 11, 2)),  # noqa: DTZ001 - refused for that
            Cond("recall_due_on", "eq", MONDAY_MORNING),
            AllOf((AnyOf((Cond("nothing", "absent"),)),)),
        ],
        ids=str,
    )
    def test_what_the_schema_does_not_know_is_refused(self, backend: Backend, where: Where) -> None:
        """Unknown and personal fields, unfit comparisons and wrong types are invalid input."""
        clinic = a_practice(backend)
        with backend.begin(clinic.id) as unit:
            with pytest.raises(InvalidInput):
                unit.leads.find(where)
            with pytest.raises(InvalidInput):
                unit.leads.count(where)

    @pytest.mark.parametrize("text", ["\0", "spring\0", "\ud800"], ids=ascii)
    @pytest.mark.parametrize("op", ["eq", "ne", "lt", "in", "has"])
    def test_text_that_cannot_be_stored_is_no_value(
        self, backend: Backend, op: str, text: str
    ) -> None:
        """No backend is asked for NUL or half a character, which databases refuse differently."""
        clinic = a_practice(backend)
        name = "interest" if op == "has" else "campaign"
        cond = Cond(name, Op(op), [text] if op == "in" else text)
        with backend.begin(clinic.id) as unit:
            with pytest.raises(InvalidInput) as refused:
                unit.leads.find(cond)
            with pytest.raises(InvalidInput):
                unit.leads.count(cond)
        assert [(one.path, one.code) for one in refused.value.problems] == [(name, "bad_character")]

    def test_an_unknown_sort_field_is_refused(self, backend: Backend) -> None:
        """One cannot sort by what cannot be queried."""
        clinic = a_practice(backend)
        store(backend, clinic, "leads", [a_lead(clinic)])
        with backend.begin(clinic.id) as unit, pytest.raises(InvalidInput):
            unit.leads.find(sort=[Sort("patient.last_name")])

    def test_a_refused_question_does_no_harm(self, backend: Backend) -> None:
        """The unit of work goes on after invalid input was answered."""
        clinic = a_practice(backend)
        lead = a_lead(clinic)
        with backend.begin(clinic.id) as unit:
            unit.leads.add([lead])
            with pytest.raises(InvalidInput):
                unit.leads.find(Cond("nothing", "absent"))
            [saved] = unit.leads.save([evolve(lead, keys=())])
        with backend.begin(clinic.id) as unit:
            assert unit.leads.find().items == (saved,)
