"""One query language, four engines: random rows and questions have the same answers everywhere."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import pytest
from attrs import frozen
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orthocrm.backends.memory import MemoryBackend
from orthocrm.backends.sql import SqlBackend
from orthocrm.core.beside_leads import BESIDE_LEADS, Pair
from orthocrm.core.facts import SCHEMAS
from orthocrm.core.lead import Lead
from orthocrm.core.ports import Backend, Repository, UnitOfWork
from orthocrm.core.query import Aggregate, Found, Page, Sort, Where, aggregate, page_of, predicate
from orthocrm.core.settings import Clinic
from orthocrm.privacy.cipher import EnvelopeVault
from orthocrm.privacy.keys import StaticKeys
from orthocrm.testing import strategies
from orthocrm.testing.factories import a_clinic, a_source, the_default_stages
from tests.support import postgres

TABLES = ("leads", "visits", "tasks", "appointments", "messages")
BESIDE = ("lead_visits", "lead_tasks", "lead_appointments")


@frozen
class Asked:
    """One question about a table."""

    table: str
    where: Where
    sort: tuple[Sort, ...]
    size: int
    query: Aggregate


@frozen
class Case:
    """A clinic with its rows, and questions about them."""

    clinic: Clinic
    parents: Mapping[str, Sequence[Any]]
    rows: Mapping[str, Sequence[Any]]
    asked: tuple[Asked, ...]
    beside: tuple[Aggregate, ...]


@st.composite
def cases(draw: st.DrawFn) -> Case:
    clinic = a_clinic()
    source = a_source(clinic)
    leads = draw(st.lists(strategies.leads(clinic, [source.id]), max_size=7))
    rows = {
        "leads": leads,
        "visits": draw(several(leads, strategies.visits)),
        "tasks": draw(several(leads, strategies.tasks)),
        "appointments": draw(several(leads, strategies.appointments)),
        "messages": draw(st.lists(strategies.messages(clinic), max_size=7)),
    }
    parents = {"clinics": [clinic], "stages": the_default_stages(clinic), "sources": [source]}
    one = st.sampled_from(TABLES).flatmap(lambda table: questions(table, rows[table]))
    asked = draw(st.lists(one, min_size=3, max_size=6))
    with_leads = st.sampled_from(BESIDE).flatmap(
        lambda name: strategies.aggregates(name, pairs(rows, name))
    )
    beside = draw(st.lists(with_leads, min_size=1, max_size=3))
    return Case(clinic, parents, rows, tuple(asked), tuple(beside))


def pairs(rows: Mapping[str, Sequence[Any]], name: str) -> list[Pair]:
    beside = BESIDE_LEADS[name]
    return [*beside.pairs(rows[beside.table], {lead.id: lead for lead in rows["leads"]}.get)]


def several(
    leads: Sequence[Lead], of: Callable[[Lead], st.SearchStrategy[Any]]
) -> st.SearchStrategy[list[Any]]:
    if not leads:
        return st.just([])
    return st.lists(st.sampled_from(leads).flatmap(of), max_size=7)


def questions(table: str, nouns: Sequence[Any]) -> st.SearchStrategy[Asked]:
    return st.builds(
        Asked,
        st.just(table),
        strategies.wheres(table, nouns),
        strategies.sorts(table),
        st.integers(1, 4),
        strategies.aggregates(table, nouns),
    )


@pytest.fixture(scope="module")
def engines(
    tmp_path_factory: pytest.TempPathFactory, postgres_server: postgres.Server
) -> Iterator[Mapping[str, Backend]]:
    file = tmp_path_factory.mktemp("agree") / "practice.db"
    with postgres_server.database() as url:
        opened: dict[str, Backend] = {
            "memory": MemoryBackend(),
            "sqlite": a_sql_backend(f"sqlite:///{file}"),
            "postgres": a_sql_backend(url),
        }
        for backend in opened.values():
            backend.migrate()
        yield opened
        for backend in opened.values():
            backend.close()


def a_sql_backend(url: str) -> SqlBackend:
    return SqlBackend(url, EnvelopeVault(StaticKeys({1: b"k" * 32})))


def repository(unit: UnitOfWork, table: str) -> Repository[Any]:
    found: Repository[Any] = getattr(unit, table)
    return found


def fill(backend: Backend, case: Case) -> None:
    with backend.begin(case.clinic.id) as unit:
        for table, nouns in [*case.parents.items(), *case.rows.items()]:
            repository(unit, table).add(list(nouns))


def answers(unit: UnitOfWork, asked: Asked) -> list[Any]:
    table = repository(unit, asked.table)
    pages = walked(lambda page: table.find(asked.where, asked.sort, page), asked.size)
    return [pages, table.count(asked.where), list(unit.aggregate(asked.query))]


def interpreted(rows: Sequence[Any], asked: Asked) -> list[Any]:
    schema = SCHEMAS[asked.table]
    hits = [noun for noun in rows if predicate(asked.where, schema)(noun)]
    pages = walked(lambda page: page_of(hits, asked.sort, page, schema), asked.size)
    return [pages, len(hits), aggregate(asked.query, rows, schema)]


def walked(find: Callable[[Page], Found[Any]], size: int) -> list[Any]:
    """Give the ids of every page, and where the next one starts."""
    pages: list[Any] = []
    page: Page | None = Page(size)
    while page is not None:
        found = find(page)
        pages.append(([noun.id for noun in found.items], found.after))
        page = Page(size, found.after) if found.after is not None else None
    return pages


@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@given(case=cases())
def test_every_engine_gives_the_interpreted_answer(
    engines: Mapping[str, Backend], case: Case
) -> None:
    wanted = [interpreted(case.rows[asked.table], asked) for asked in case.asked]
    with_leads = [
        aggregate(query, pairs(case.rows, query.of), BESIDE_LEADS[query.of].schema)
        for query in case.beside
    ]
    for name, backend in engines.items():
        fill(backend, case)
        with backend.begin(case.clinic.id) as unit:
            assert (name, [answers(unit, asked) for asked in case.asked]) == (name, wanted)
            assert (name, [[*unit.aggregate(query)] for query in case.beside]) == (name, with_leads)
