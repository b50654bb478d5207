"""Keyset pages: whatever their size, together they are the sorted list."""

from datetime import date, timedelta

import pytest
from attrs import evolve

from orthocrm.core.facts import LEADS
from orthocrm.core.lead import Channel, Lead, Milestones, Origin
from orthocrm.core.ports import Backend
from orthocrm.core.query import EVERYTHING, Cond, Page, Sort, page_of
from orthocrm.core.settings import Clinic
from orthocrm.testing.clock import MONDAY_MORNING
from orthocrm.testing.factories import a_lead, a_task, ids_of
from orthocrm.testing.suite.arranged import Rules, a_practice, store, walk

CAMPAIGNS = ("b", None, "B", "a", "b", "é", None, "🦷", "", "a", "b")

SORTS = (
    (),
    (Sort("id", descending=True),),
    (Sort("created_at"),),
    (Sort("created_at", descending=True),),
    (Sort("campaign"),),
    (Sort("campaign", descending=True),),
    (Sort("ms_to_contact"), Sort("campaign", descending=True)),
    (Sort("ms_to_contact", descending=True), Sort("campaign")),
    (Sort("recall_due_on"), Sort("created_at", descending=True)),
    (Sort("recall_due_on", descending=True),),
    (Sort("no_contact"), Sort("campaign")),
    (Sort("owner", descending=True), Sort("stage_order"), Sort("id", descending=True)),
)


def _varied(clinic: Clinic) -> list[Lead]:
    """Make leads with ties and missing values in every field that is sorted by."""
    return [
        evolve(
            a_lead(
                clinic,
                owner=(None, "tc-1", "tc-2")[i % 3],
                created_at=MONDAY_MORNING + timedelta(microseconds=i % 4),
            ),
            origin=Origin(channel=Channel.WEB_FORM, campaign=campaign),
            milestones=Milestones(ms_to_contact=(None, -5, 0, 2**40)[i % 4]),
            recall_due_on=(None, date(2026, 12, 1), date(2027, 1, 1))[i % 3],
        )
        for i, campaign in enumerate(CAMPAIGNS)
    ]


def _in_order(leads: list[Lead], sort: tuple[Sort, ...]) -> list[str]:
    return [lead.id for lead in page_of(leads, sort, Page(500), LEADS).items]


class PageRules(Rules):
    """Walking through pages."""

    @pytest.mark.parametrize("sort", SORTS, ids=str)
    def test_pages_of_every_size_add_up_to_the_list(
        self, backend: Backend, sort: tuple[Sort, ...]
    ) -> None:
        """No row is skipped and none comes twice, with ties and missing values in any order."""
        clinic = a_practice(backend)
        leads = _varied(clinic)
        store(backend, clinic, "leads", leads)
        sizes = (1, 2, 3, len(leads) - 1, len(leads), len(leads) + 1)
        with backend.begin(clinic.id) as unit:
            walked = {
                size: [lead.id for lead in walk(unit.leads, EVERYTHING, sort, size)]
                for size in sizes
            }
        assert walked == dict.fromkeys(sizes, _in_order(leads, sort))

    def test_pages_hold_only_what_satisfies_the_condition(self, backend: Backend) -> None:
        """Conditions and pages go together."""
        clinic = a_practice(backend)
        leads = _varied(clinic)
        store(backend, clinic, "leads", leads)
        sort = (Sort("campaign", descending=True),)
        with backend.begin(clinic.id) as unit:
            walked = walk(unit.leads, Cond("owner", "present"), sort, 2)
        owned = [lead for lead in leads if lead.ownership.owner]
        assert [lead.id for lead in walked] == _in_order(owned, sort)

    def test_a_page_says_where_the_next_one_starts(self, backend: Backend) -> None:
        """`after` holds the last row's sort values and its id, with their own types."""
        clinic = a_practice(backend)
        leads = _varied(clinic)
        store(backend, clinic, "leads", leads)
        sort = (Sort("created_at"), Sort("ms_to_contact", descending=True))
        with backend.begin(clinic.id) as unit:
            found = unit.leads.find(sort=sort, page=Page(4))
        last = found.items[-1]
        wanted = (last.stamps.created_at, last.milestones.ms_to_contact, last.id)
        assert found.after == wanted
        assert [type(value) for value in found.after or ()] == [type(value) for value in wanted]

    def test_the_last_page_has_nothing_after_it(self, backend: Backend) -> None:
        """Also when it is full to the last row, and when there is no row at all."""
        clinic = a_practice(backend)
        leads = [a_lead(clinic) for _ in range(4)]
        store(backend, clinic, "leads", leads)
        with backend.begin(clinic.id) as unit:
            assert unit.leads.find(page=Page(4)).after is None
            assert unit.leads.find(page=Page(3)).after == (leads[2].id,)
            assert unit.leads.find(page=Page(4, (leads[3].id,))).items == ()
            assert unit.leads.find(Cond("owner", "eq", "nobody")).after is None

    def test_a_page_goes_on_after_a_row_that_is_gone(self, backend: Backend) -> None:
        """A page starts after a place in the order, not after a row."""
        clinic = a_practice(backend)
        leads = [a_lead(clinic) for _ in range(5)]
        store(backend, clinic, "leads", leads)
        with backend.begin(clinic.id) as unit:
            first = unit.leads.find(page=Page(2))
            unit.leads.remove([leads[1].id])
        with backend.begin(clinic.id) as unit:
            rest = unit.leads.find(page=Page(5, first.after))
        assert ids_of(rest.items) == ids_of(leads[2:])

    def test_a_page_has_fifty_rows_unless_told_otherwise(self, backend: Backend) -> None:
        """And it may have five hundred at most."""
        clinic = a_practice(backend)
        lead = a_lead(clinic)
        tasks = [a_task(lead) for _ in range(501)]
        store(backend, clinic, "leads", [lead])
        store(backend, clinic, "tasks", tasks)
        with backend.begin(clinic.id) as unit:
            assert unit.tasks.find().items == tuple(tasks[:50])
            large = unit.tasks.find(page=Page(500))
        assert large.items == tuple(tasks[:500])
        assert large.after == (tasks[499].id,)
