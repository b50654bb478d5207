"""Personal changes: erasable beside an audit entry that can still prove them."""

import hashlib
import json
from datetime import UTC, date, datetime
from typing import Any

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from orthocrm.core.audit import AuditEntry, PersonalChange
from orthocrm.core.ids import AuditId, ClinicId, LeadId, UserId
from orthocrm.core.people import Email, PatientRelationship
from orthocrm.privacy.audit import digest, personal_change, personal_faults, verified
from orthocrm.privacy.chain import Fault


def changed(before: dict[str, Any], after: dict[str, Any], **fields: str) -> PersonalChange:
    return personal_change(
        entry_id=AuditId("entry"),
        lead_id=LeadId("ann"),
        clinic_id=ClinicId("bright"),
        before=before,
        after=after,
        salt=fields.get("salt", "salt"),
        id=fields.get("id", "change"),
    )


def entry_of(*changes: PersonalChange) -> AuditEntry:
    return AuditEntry(
        id=AuditId("entry"),
        clinic_id=ClinicId("bright"),
        at=datetime(2026, 3, 1, tzinfo=UTC),
        user=UserId("tc-1"),
        roles=("treatment_coordinator",),
        operation="leads.update",
        digests=tuple(map(digest, changes)),
    )


def test_only_the_fields_that_changed_are_kept() -> None:
    change = changed({"last_name": "Lee", "notes": "x"}, {"last_name": "Li", "notes": "x"})
    assert (change.before, change.after) == ({"last_name": "Lee"}, {"last_name": "Li"})


def test_a_field_that_came_or_went_stands_on_one_side() -> None:
    change = changed({"notes": None}, {"born_on": date(2014, 5, 1)})
    assert (change.before, change.after) == ({"notes": None}, {"born_on": "2014-05-01"})


def test_nouns_become_json_values() -> None:
    email = Email("ann@example.com", "Ann@example.com")
    change = changed({}, {"email": email, "is": PatientRelationship.CHILD, "keys": ("a", "b")})
    assert change.after == {
        "email": {"address": "ann@example.com", "typed": "Ann@example.com"},
        "is": "CHILD",
        "keys": ["a", "b"],
    }


values = st.dictionaries(
    st.text(max_size=5), st.none() | st.text(max_size=5) | st.integers() | st.dates(), max_size=4
)


@given(before=values, after=values)
def test_the_digest_is_the_same_after_storage(before: dict, after: dict) -> None:
    change = changed(before, after)
    stored = evolve(
        change,
        before=json.loads(json.dumps(change.before)),
        after=json.loads(json.dumps(change.after)),
    )
    assert digest(stored) == digest(change)
    assert verified(entry_of(change), [stored])


@pytest.mark.parametrize(
    "tampered",
    [
        {"salt": "salt2"},
        {"lead_id": "ben"},
        {"audit_id": "another"},
        {"clinic_id": "other"},
        {"id": "another"},
        {"before": {}},
        {"after": {"last_name": "Lie"}},
        {"before": {"last_name": "Li"}, "after": {"last_name": "Lee"}},
    ],
)
def test_a_tampered_change_is_not_verified(tampered: dict[str, Any]) -> None:
    change = changed({"last_name": "Lee"}, {"last_name": "Li"})
    entry = entry_of(change)
    assert verified(entry, [change])
    assert not verified(entry, [evolve(change, **tampered)])


def test_the_digest_is_the_sha_256_of_its_parts_with_their_lengths() -> None:
    change = changed({"b": "\ud800", "a": 1}, {"b": "é", "a": 2}, salt="half \ud800")
    parts = ["half \ud800", "change", "bright", "entry", "ann"]
    parts += ['{"a":1,"b":"\\ud800"}', '{"a":2,"b":"\\u00e9"}']
    encoded = [part.encode("utf-8", "surrogatepass") for part in parts]
    whole = b"".join(len(part).to_bytes(8) + part for part in encoded)
    assert digest(change) == hashlib.sha256(whole).hexdigest()


def test_what_is_no_number_has_no_digest() -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        digest(changed({}, {"share": float("nan")}))


def test_a_moved_border_between_parts_changes_the_digest() -> None:
    assert digest(changed({}, {}, salt="ab", id="c")) != digest(changed({}, {}, salt="a", id="bc"))


def test_an_erased_change_leaves_the_entry_whole() -> None:
    kept, erased = changed({}, {"a": "1"}), changed({}, {"b": "2"}, id="erased")
    entry = entry_of(kept, erased)
    assert verified(entry, [kept])
    assert verified(entry, [])


def test_a_change_of_another_entry_does_not_belong() -> None:
    change = changed({}, {"a": "1"})
    assert not verified(evolve(entry_of(change), id=AuditId("another")), [change])


def test_a_repr_shows_nothing_personal() -> None:
    assert "Lee" not in repr(changed({"last_name": "Lee"}, {}))


@pytest.fixture
def change() -> PersonalChange:
    return changed({"notes": "one"}, {"notes": "two"})


def faults(
    entry: AuditEntry, changes: list[PersonalChange | None], *erased: str
) -> list[tuple[Fault, int | None]]:
    found = personal_faults(entry, changes, erased)
    assert all(one.entry_id == entry.id for one in found)
    return [(one.fault, one.position) for one in found]


def test_a_personal_half_that_is_whole_is_sound(change: PersonalChange) -> None:
    assert faults(entry_of(change), [change]) == []
    assert faults(entry_of(), []) == []


def test_a_personal_half_that_changed_is_named_with_its_position(change: PersonalChange) -> None:
    entry = evolve(entry_of(change), position=7)
    other = evolve(change, after={"notes": "three"})
    assert faults(entry, [other]) == [(Fault.PERSONAL_CHANGED, 7)]
    assert faults(entry, [None]) == [(Fault.PERSONAL_CHANGED, 7)]
    assert faults(entry, [change, None]) == [(Fault.PERSONAL_CHANGED, 7)]
    assert faults(entry_of(), [change]) == [(Fault.PERSONAL_CHANGED, None)]


def test_a_personal_half_may_be_missing_of_who_was_erased(change: PersonalChange) -> None:
    entry = evolve(entry_of(change), objects=("ben", "ann"))
    assert faults(entry, []) == [(Fault.PERSONAL_MISSING, None)]
    assert faults(entry, [], "zoe") == [(Fault.PERSONAL_MISSING, None)]
    assert faults(entry, [], "ann") == []


def test_of_several_personal_halves_none_may_be_missing(change: PersonalChange) -> None:
    other = changed({"notes": "x"}, {}, id="other")
    assert faults(entry_of(change, other), [change]) == [(Fault.PERSONAL_MISSING, None)]
    assert faults(entry_of(change, other), [other, change]) == []
