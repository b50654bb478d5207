"""What only the memory backend does: its writers queue for a clinic, and not for ever."""

from datetime import timedelta

import pytest
from attrs import evolve

from orthocrm.backends.memory import MemoryBackend
from orthocrm.core.errors import BackendError, InvalidInput
from orthocrm.core.query import AllOf, Cond
from orthocrm.testing.factories import a_clinic, a_lead, a_task, ids_of


def test_a_reader_waits_for_no_writer() -> None:
    backend, clinic = MemoryBackend(), a_clinic()
    with backend.begin(clinic.id) as writer:
        writer.leads.add([a_lead(clinic)])
        with backend.begin(clinic.id) as reader:
            assert reader.leads.count() == 0
    with backend.begin(clinic.id) as reader:
        assert reader.leads.count() == 1


def test_a_unit_of_work_sees_what_others_commit_meanwhile() -> None:
    backend, clinic = MemoryBackend(), a_clinic()
    with backend.begin(clinic.id) as reader:
        assert reader.leads.count() == 0
        with backend.begin(clinic.id) as writer:
            writer.leads.add([a_lead(clinic)])
        assert reader.leads.count() == 1


def test_a_writer_does_not_wait_for_ever() -> None:
    backend, clinic = MemoryBackend(patience=timedelta(milliseconds=1)), a_clinic()
    with backend.begin(clinic.id) as first:
        first.leads.add([a_lead(clinic)])
        with pytest.raises(BackendError), backend.begin(clinic.id) as second:
            second.leads.add([a_lead(clinic)])
    with backend.begin(clinic.id) as unit:
        assert unit.leads.count() == 1


def test_writers_of_two_clinics_do_not_wait_for_each_other() -> None:
    backend, ours, theirs = MemoryBackend(), a_clinic(), a_clinic()
    with backend.begin(ours.id) as one, backend.begin(theirs.id) as two:
        one.leads.add([a_lead(ours)])
        two.leads.add([a_lead(theirs)])


def test_an_ended_unit_of_work_writes_nothing() -> None:
    backend, clinic = MemoryBackend(), a_clinic()
    with backend.begin(clinic.id) as unit:
        pass
    with pytest.raises(BackendError):
        unit.leads.add([a_lead(clinic)])


def test_a_noun_of_another_clinic_is_refused_by_name() -> None:
    backend, ours, theirs = MemoryBackend(), a_clinic(), a_clinic()
    with pytest.raises(InvalidInput) as caught, backend.begin(ours.id) as unit:
        unit.leads.add([a_lead(theirs)])
    assert [problem.path for problem in caught.value.problems] == ["clinic_id"]


def test_indexed_fields_find_committed_and_drafted_nouns() -> None:
    backend, clinic = MemoryBackend(), a_clinic()
    lead, other = a_lead(clinic), a_lead(clinic)
    kept, moved, gone = (a_task(lead) for _ in range(3))
    with backend.begin(clinic.id) as unit:
        unit.tasks.add([kept, moved, gone])
    with backend.begin(clinic.id) as unit:
        new = a_task(lead)
        unit.tasks.add([new])
        unit.tasks.remove([gone.id])
        unit.tasks.save([evolve(moved, lead_id=other.id)])
        of_lead = Cond("lead_id", "eq", lead.id)
        assert unit.tasks.find(of_lead).items == (kept, new)
        assert unit.tasks.find(AllOf((of_lead, Cond("id", "ne", new.id)))).items == (kept,)
        either = Cond("lead_id", "in", [lead.id, other.id, lead.id])
        assert [task.id for task in unit.tasks.find(either).items] == [kept.id, moved.id, new.id]


def test_a_lead_may_carry_a_key_twice() -> None:
    backend, clinic = MemoryBackend(), a_clinic()
    lead = a_lead(clinic, keys=("phone:+1", "phone:+1"))
    with backend.begin(clinic.id) as unit:
        unit.leads.add([lead])
    with backend.begin(clinic.id) as unit:
        assert unit.leads.sharing_key(["phone:+1"]) == {"phone:+1": ids_of([lead])}
        unit.leads.remove([lead.id])
    with backend.begin(clinic.id) as unit:
        assert unit.leads.sharing_key(["phone:+1"]) == {}
