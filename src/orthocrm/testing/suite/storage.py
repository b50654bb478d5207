"""What is stored comes back as it was, of every kind and in every field."""

from datetime import UTC, datetime
from typing import Any

import pytest
from attrs import evolve

from orthocrm.core.lead import Channel, Enquiry, Origin
from orthocrm.core.limits import LABEL, NOTES
from orthocrm.core.money import Money
from orthocrm.core.ports import Backend
from orthocrm.core.settings import Settings
from orthocrm.testing.factories import (
    a_lead,
    a_rotation,
    a_source,
    a_task,
    an_audit_entry,
    ids_of,
)
from orthocrm.testing.suite.arranged import (
    Rules,
    a_practice,
    exact,
    repository,
    store,
    stored,
    walk,
)
from orthocrm.testing.suite.sample_values import the_clinic
from orthocrm.testing.suite.samples import TABLES, store_samples

TEXTS = (
    "",
    " ",
    "  spaces around  ",
    "two\nlines\r\nand\ta tab",
    "\u05e9\u05dc\u05d5\u05dd",
    "👩‍👩‍👧‍👦 🦷",
    "e\u0301 is not \u00e9",
    "牙齿矯正",
    "'; DROP TABLE leads; --",
    '"quoted" \\back\\slash\\ 100% _under_ ?:name %s',
    "null",
    "ß" * NOTES,
)

INSTANTS = (
    datetime(1970, 1, 1, tzinfo=UTC),
    datetime(1969, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
    datetime(2026, 3, 8, 8, 30, 0, 1, tzinfo=UTC),  # clocks jump in Chicago
    datetime(2026, 11, 1, 6, 30, 0, 999_999, tzinfo=UTC),  # an hour comes twice there
    datetime(2099, 12, 31, 23, 59, 59, 100_000, tzinfo=UTC),
)


def _by_id(nouns: tuple[Any, ...]) -> dict[str, Any]:
    return {noun.id: exact(noun) for noun in nouns}


_KEPT = ("id", "version", "lead_id", "patient_ref", "audit_id", "import_id", "appointment_id")
_UNIQUE = {
    "stages": ("slug", "order"),
    "sources": ("name",),
    "links": ("other_id",),
    "campaigns": ("name",),
    "referrers": ("kind", "ref"),
    "messages": ("key",),
    "notices": ("key",),
    "views": ("name",),
    "models": ("purpose", "number"),
    "attempts": ("login",),
    "answers": ("key",),
}


def _full_and_bare(table: str, rows: dict[str, tuple[Any, ...]]) -> tuple[Any, Any]:
    """Give a filled noun, and the same one as bare as can be."""
    if table == "clinics":
        full = the_clinic(rows)
        return full, evolve(full, name="", timezone="UTC", settings=Settings(), revision=8)
    full, bare = rows[table][-2:]
    kept = [name for name in (*_KEPT, *_UNIQUE.get(table, ())) if hasattr(full, name)]
    return full, evolve(bare, **{name: getattr(full, name) for name in kept})


class StorageRules(Rules):
    """Adding, getting and removing."""

    @pytest.mark.parametrize("table", TABLES)
    def test_nouns_come_back_as_they_were_stored(self, backend: Backend, table: str) -> None:
        """Every field keeps its value and its type; instants are aware and in UTC."""
        rows = store_samples(backend)
        got = stored(backend, the_clinic(rows), table, [noun.id for noun in rows[table]])
        assert {key: exact(noun) for key, noun in got.items()} == _by_id(rows[table])

    @pytest.mark.parametrize("table", TABLES)
    def test_found_nouns_are_whole(self, backend: Backend, table: str) -> None:
        """A search gives the same nouns as a look-up by id."""
        rows = store_samples(backend)
        with backend.begin(the_clinic(rows).id) as unit:
            found = repository(unit, table).find()
        wanted = sorted(rows[table], key=lambda noun: noun.id)
        assert [exact(noun) for noun in found.items] == [exact(noun) for noun in wanted]
        assert found.after is None

    @pytest.mark.parametrize("table", TABLES)
    def test_every_field_can_be_saved(self, backend: Backend, table: str) -> None:
        """What was bare can be filled, and what was filled can be emptied."""
        rows = store_samples(backend)
        full, bare = _full_and_bare(table, rows)
        with backend.begin(the_clinic(rows).id) as unit:
            [emptied] = repository(unit, table).save([bare])
        got = stored(backend, the_clinic(rows), table, [full.id])
        assert (
            exact(got[full.id]) == exact(emptied) == exact(evolve(bare, version=bare.version + 1))
        )
        with backend.begin(the_clinic(rows).id) as unit:
            [filled] = repository(unit, table).save([evolve(full, version=emptied.version)])
        got = stored(backend, the_clinic(rows), table, [full.id])
        assert exact(got[full.id]) == exact(filled) == exact(evolve(full, version=full.version + 2))

    def test_text_is_kept_to_the_character(self, backend: Backend) -> None:
        """Text may be of any script and length; empty is not missing."""
        clinic = a_practice(backend)
        leads = [a_lead(clinic, enquiry=Enquiry(notes=text)) for text in (*TEXTS, None)]
        store(backend, clinic, "leads", leads)
        got = stored(backend, clinic, "leads", ids_of(leads))
        assert [got[lead.id].enquiry.notes for lead in leads] == [*TEXTS, None]

    def test_text_that_can_be_queried_is_kept_to_the_character(self, backend: Backend) -> None:
        """The same holds for text that is stored in clear."""
        clinic = a_practice(backend)
        texts = [*(text[:LABEL] for text in TEXTS), None]
        origins = [Origin(channel=Channel.SOCIAL, campaign=text) for text in texts]
        leads = [a_lead(clinic, origin=origin) for origin in origins]
        store(backend, clinic, "leads", leads)
        got = stored(backend, clinic, "leads", ids_of(leads))
        assert [got[lead.id].origin.campaign for lead in leads] == texts

    def test_instants_keep_zone_and_microseconds(self, backend: Backend) -> None:
        """An instant comes back as the same instant, in UTC."""
        clinic = a_practice(backend)
        leads = [a_lead(clinic, created_at=moment) for moment in INSTANTS]
        store(backend, clinic, "leads", leads)
        got = stored(backend, clinic, "leads", ids_of(leads))
        assert [got[lead.id].stamps.created_at.isoformat() for lead in leads] == [
            moment.isoformat() for moment in INSTANTS
        ]

    def test_money_is_exact(self, backend: Backend) -> None:
        """Amounts are whole minor units, however large."""
        clinic = a_practice(backend)
        costs = [Money(minor, "JPY") for minor in (0, 1, -1, 2**31, 10**15)]
        sources = [a_source(clinic, str(cost), monthly_cost=cost) for cost in costs]
        store(backend, clinic, "sources", sources)
        got = stored(backend, clinic, "sources", [source.id for source in sources])
        assert exact([got[source.id].monthly_cost for source in sources]) == exact(costs)

    def test_unknown_ids_are_left_out(self, backend: Backend) -> None:
        """A look-up gives what there is, once."""
        clinic = a_practice(backend)
        lead, unknown = a_lead(clinic), a_lead(clinic)
        store(backend, clinic, "leads", [lead])
        ids = [unknown.id, lead.id, lead.id]
        assert stored(backend, clinic, "leads", ids) == {lead.id: lead}

    def test_ids_of_users_and_pools_are_any_text(self, backend: Backend) -> None:
        """Coordinators and rotations carry the host application's names."""
        clinic = a_practice(backend)
        rotation = a_rotation(clinic, "source:Dr. Weber's / Zürich 🦷")
        store(backend, clinic, "rotations", [rotation])
        assert stored(backend, clinic, "rotations", [rotation.id]) == {rotation.id: rotation}

    def test_nothing_asked_gives_nothing(self, backend: Backend) -> None:
        """Empty batches are no errors."""
        clinic = a_practice(backend)
        with backend.begin(clinic.id) as unit:
            unit.leads.add([])
            unit.leads.remove([])
            unit.outbox.add([])
            assert unit.leads.get([]) == {}
            assert unit.leads.get([], lock=True) == {}
            assert unit.leads.save([]) == ()
            assert unit.leads.find().items == ()
            assert unit.leads.count() == 0

    def test_large_batches_are_stored_whole(self, backend: Backend) -> None:
        """More nouns than a statement or a page may hold can be written at once."""
        clinic = a_practice(backend)
        leads = [a_lead(clinic) for _ in range(1_100)]
        store(backend, clinic, "leads", leads)
        with backend.begin(clinic.id) as unit:
            got = unit.leads.get(ids_of(leads))
            assert unit.leads.count() == 1_100
            assert [lead.id for lead in walk(unit.leads, size=500)] == list(ids_of(leads))
        assert got == {lead.id: lead for lead in leads}

    def test_large_batches_are_saved_whole(self, backend: Backend) -> None:
        """Many nouns can be saved at once; they come back in the order in which they were given."""
        clinic = a_practice(backend)
        lead = a_lead(clinic)
        tasks = [a_task(lead) for _ in range(1_100)]
        store(backend, clinic, "leads", [lead])
        store(backend, clinic, "tasks", tasks)
        with backend.begin(clinic.id) as unit:
            saved = unit.tasks.save([evolve(task, title=task.id) for task in reversed(tasks)])
        wanted = tuple(evolve(task, title=task.id, version=2) for task in reversed(tasks))
        assert saved == wanted
        got = stored(backend, clinic, "tasks", [task.id for task in tasks])
        assert got == {task.id: task for task in wanted}

    def test_nouns_of_every_kind_can_be_removed(self, backend: Backend) -> None:
        """A removed noun is neither got nor found nor counted."""
        rows = store_samples(backend)
        for table in reversed(TABLES[1:]):
            ids = [noun.id for noun in rows[table]]
            with backend.begin(the_clinic(rows).id) as unit:
                repository(unit, table).remove(ids)
            with backend.begin(the_clinic(rows).id) as unit:
                assert repository(unit, table).get(ids) == {}
                assert repository(unit, table).find().items == ()
                assert repository(unit, table).count() == 0

    def test_only_the_named_nouns_are_removed(self, backend: Backend) -> None:
        """The others stay, and unknown ids are ignored."""
        clinic = a_practice(backend)
        first, second, third = leads = [a_lead(clinic) for _ in range(3)]
        store(backend, clinic, "leads", leads)
        with backend.begin(clinic.id) as unit:
            unit.leads.remove([second.id, a_lead(clinic).id])
        with backend.begin(clinic.id) as unit:
            assert unit.leads.get(ids_of(leads)) == {first.id: first, third.id: third}
            assert unit.leads.find().items == (first, third)
            assert unit.leads.count() == 2

    def test_a_removed_noun_may_be_added_again(self, backend: Backend) -> None:
        """Its id and its unique name are free."""
        clinic = a_practice(backend)
        source = a_source(clinic, "Radio")
        store(backend, clinic, "sources", [source])
        with backend.begin(clinic.id) as unit:
            unit.sources.remove([source.id])
            unit.sources.add([source])
        assert stored(backend, clinic, "sources", [source.id]) == {source.id: source}

    def test_nothing_is_shared_with_the_caller(self, backend: Backend) -> None:
        """A mapping changed after it was stored, or after it was read, changes nothing stored."""
        clinic = a_practice(backend)
        change = {"kind": "lead_lost", "parts": [1]}
        entry = an_audit_entry(clinic, changes=(change,))
        store(backend, clinic, "audit", [entry])
        change["kind"] = "spoiled"
        for _ in range(2):
            [got] = stored(backend, clinic, "audit", [entry.id]).values()
            assert got.changes == ({"kind": "lead_lost", "parts": [1]},)
            _spoil(got.changes[0])

    def test_nothing_is_shared_within_a_unit_of_work(self, backend: Backend) -> None:
        """The same holds for what the unit of work itself has just written."""
        clinic = a_practice(backend)
        entry = an_audit_entry(clinic, changes=({"kind": "lead_lost", "parts": [1]},))
        with backend.begin(clinic.id) as unit:
            unit.audit.add([entry])
            _spoil(unit.audit.get([entry.id])[entry.id].changes[0])
            [found] = unit.audit.find().items
            assert found.changes == ({"kind": "lead_lost", "parts": [1]},)


def _spoil(mapping: Any) -> None:  # noqa: ANN401 - a mapping that may or may not be read-only
    try:
        mapping["parts"].append(2)
        mapping["kind"] = "spoiled"
    except (TypeError, AttributeError):
        return  # read-only is as good
