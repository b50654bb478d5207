"""The audit trail: places and seals are kept, and everybody is told where the chain ends."""

import hashlib

import pytest
from attrs import evolve

from orthocrm.core.audit import ChainHead
from orthocrm.core.errors import NotFound
from orthocrm.core.ids import ClinicId
from orthocrm.core.ports import Backend
from orthocrm.core.query import Cond, Sort
from orthocrm.core.settings import Clinic
from orthocrm.testing.factories import an_audit_entry
from orthocrm.testing.suite.arranged import Capability, Rules, a_practice, failing, together

_MAC_BYTES = 32


class _DroppedError(Exception):
    """Ends a unit of work before it is kept."""


def _place(backend: Backend, clinic: Clinic, *positions: int) -> None:
    entries = [an_audit_entry(clinic, position=place, seal=f"seal {place}") for place in positions]
    with backend.begin(clinic.id) as unit:
        unit.audit.add(entries)


def _take_the_next_place(backend: Backend, clinic: Clinic) -> int:
    with backend.begin(clinic.id) as unit:
        place = unit.audit.head(lock=True).position + 1
        unit.audit.add([an_audit_entry(clinic, position=place, seal=f"seal {place}")])
    return place


class TrailRules(Rules):
    """`head`, `mac`, and the places of entries."""

    def test_a_chain_begins_at_nothing(self, backend: Backend) -> None:
        """Entries without a place do not count."""
        clinic = a_practice(backend)
        with backend.begin(clinic.id) as unit:
            assert unit.audit.head() == ChainHead()
            unit.audit.add([an_audit_entry(clinic, seal="a mark")])
            assert unit.audit.head(lock=True) == ChainHead()

    def test_a_chain_ends_at_its_last_place(self, backend: Backend) -> None:
        """In whatever order the entries came; a unit of work sees its own."""
        clinic, other = a_practice(backend), a_practice(backend)
        _place(backend, clinic, 1, 3, 2)
        _place(backend, other, 9)
        with backend.begin(clinic.id) as unit:
            assert unit.audit.head() == ChainHead(position=3, seal="seal 3")
            unit.audit.add([an_audit_entry(clinic, position=4, seal="seal 4")])
            assert unit.audit.head(lock=True) == ChainHead(position=4, seal="seal 4")

    def test_what_is_dropped_lengthens_no_chain(self, backend: Backend) -> None:
        """The chain ends where it ended before."""
        clinic = a_practice(backend)
        _place(backend, clinic, 1)
        with failing(_DroppedError, backend, clinic.id) as unit:
            unit.audit.add([an_audit_entry(clinic, position=2, seal="seal 2")])
            raise _DroppedError
        with backend.begin(clinic.id) as unit:
            assert unit.audit.head() == ChainHead(position=1, seal="seal 1")

    def test_entries_get_their_places_later(self, backend: Backend) -> None:
        """Those without one are found, and are in the chain once they are saved with one."""
        clinic = a_practice(backend)
        entries = [an_audit_entry(clinic, seal="a mark") for _ in range(3)]
        with backend.begin(clinic.id) as unit:
            unit.audit.add(entries)
        with backend.begin(clinic.id) as unit:
            found = unit.audit.find(Cond("position", "absent"), (Sort("id"),)).items
            assert list(found) == sorted(entries, key=lambda entry: entry.id)
            unit.audit.save(
                [evolve(one, position=n, seal=f"seal {n}") for n, one in enumerate(found[:2], 1)]
            )
        with backend.begin(clinic.id) as unit:
            assert unit.audit.head() == ChainHead(position=2, seal="seal 2")
            assert unit.audit.find(Cond("position", "absent")).items == found[2:]
            placed = unit.audit.find(Cond("position", "gt", 0), (Sort("position"),)).items
            assert [(one.id, one.position, one.seal) for one in placed] == [
                (found[0].id, 1, "seal 1"),
                (found[1].id, 2, "seal 2"),
            ]

    def test_proofs_are_keyed_by_clinic(self, backend: Backend) -> None:
        """The same message has one proof in a clinic, at any time, and another in another.

        Where everything is kept in clear there is no key, and a proof is a plain SHA-256.
        """
        clinic, other = a_practice(backend), a_practice(backend)
        with backend.begin(clinic.id) as unit:
            proof = unit.audit.mac(b"message")
            assert len(proof) == _MAC_BYTES
            assert unit.audit.mac(b"another") != proof
        with backend.begin(clinic.id) as unit:
            assert unit.audit.mac(b"message") == proof
        with backend.begin(other.id) as unit:
            in_clear = hashlib.sha256(b"message").digest()
            assert (unit.audit.mac(b"message") != proof) == (proof != in_clear)

    def test_secrets_are_the_clinics_own_for_each_purpose(self, backend: Backend) -> None:
        """A purpose has one secret in a clinic, at any time, and another in another clinic."""
        clinic, other = a_practice(backend), a_practice(backend)
        with backend.begin(clinic.id) as unit:
            secret = unit.secret("links")
            assert len(secret) == _MAC_BYTES
            assert secret not in (unit.secret("cursors"), unit.audit.mac(b"links"))
        with backend.begin(clinic.id) as unit:
            assert unit.secret("links") == secret
        with backend.begin(other.id) as unit:
            assert unit.secret("links") != secret
        with pytest.raises(NotFound), backend.begin(ClinicId("nowhere")) as unit:
            unit.secret("links")

    def test_many_at_once_take_one_place_each(self, backend: Backend) -> None:
        """Whoever asked for the end with `lock` is alone with it until the unit of work ends."""
        self.needs(Capability.THREADS)
        clinic = a_practice(backend)
        taken = together(*[lambda: _take_the_next_place(backend, clinic) for _ in range(6)])
        assert sorted(taken) == [1, 2, 3, 4, 5, 6]
