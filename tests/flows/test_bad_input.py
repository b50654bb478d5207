"""What nobody should type: refused by name, never repeated, and nothing is changed by it."""

import time
import traceback
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from io import BytesIO
from typing import Any

import attrs
import pytest

from orthocrm import (
    Actor,
    BackwardMove,
    Desk,
    InvalidInput,
    LeadEdit,
    LeadLocked,
    LogEntry,
    LostReasonMissing,
    NotFound,
    OrthoCRMError,
    Role,
)
from orthocrm.core.activity import LeadActivityType
from orthocrm.core.ids import ClinicId, LeadId, TaskId
from orthocrm.core.lead import Lead
from orthocrm.leads.mapping import parse
from tests.flows.files import counts
from tests.flows.practice import House, enquiry
from tests.security.digest import digest

SECRET = "Xyzzy-Quux-7731"
NAIVE = datetime(2026, 10, 1, 9, 0)  # noqa: DTZ001 - the subject
LONG = SECRET + "x" * 10_000_000


@attrs.frozen(kw_only=True)
class Bad:
    """Something that is refused: how, and at which fields."""

    call: Callable[[Desk, Lead], Any]
    error: type[OrthoCRMError] = InvalidInput
    problems: Sequence[tuple[str, str]] = ()


def _capture(*problems: tuple[str, str], **fields: Any) -> Bad:
    return Bad(call=lambda desk, _: desk.leads.capture(enquiry(**fields)), problems=problems)


BAD: dict[str, Bad] = {
    "unknown stage": Bad(
        call=lambda desk, lead: desk.pipeline.move(lead.id, SECRET),
        problems=[("stage", "unknown_stage")],
    ),
    "backward move": Bad(
        call=lambda desk, lead: desk.pipeline.move(lead.id, "new_lead"), error=BackwardMove
    ),
    "lost without reason": Bad(
        call=lambda desk, lead: desk.pipeline.lose(lead.id, None, SECRET), error=LostReasonMissing
    ),
    "lost for an unknown reason": Bad(
        call=lambda desk, lead: desk.pipeline.lose(lead.id, SECRET),
        problems=[("reason", "unknown_value")],
    ),
    "unknown id": Bad(call=lambda desk, _: desk.leads.get(LeadId(SECRET)), error=NotFound),
    "unknown task": Bad(
        call=lambda desk, _: desk.followups.complete(TaskId(SECRET)), error=NotFound
    ),
    "id that is no text": Bad(
        call=lambda desk, _: desk.leads.get(LeadId("\0" + SECRET)), error=NotFound
    ),
    "id that is half a pair": Bad(
        call=lambda desk, _: desk.leads.get(LeadId(SECRET + "\ud800")), error=NotFound
    ),
    "long id": Bad(call=lambda desk, _: desk.leads.get(LeadId(LONG)), error=NotFound),
    "long note": _capture(("notes", "too_long"), notes=LONG),
    "long name": _capture(("first_name", "too_long"), first_name=LONG),
    "long phone and e-mail": _capture(
        ("email", "not_an_email"), ("phone", "not_a_phone"), phone=LONG, email=LONG
    ),
    "long note of an activity": Bad(
        call=lambda desk, lead: desk.followups.log(
            lead.id, LogEntry(type=LeadActivityType.NOTE, notes=LONG)
        ),
        problems=[("notes", "too_long")],
    ),
    "long note of a loss": Bad(
        call=lambda desk, lead: desk.pipeline.lose(lead.id, "RELOCATED", LONG),
        problems=[("notes", "too_long")],
    ),
    "long note of an edit": Bad(
        call=lambda desk, lead: desk.leads.edit(lead.id, LeadEdit(notes=LONG)),
        problems=[("notes", "too_long")],
    ),
    "naive arrival": _capture(("received_at", "naive_datetime"), received_at=NAIVE),
    "naive move": Bad(
        call=lambda desk, lead: desk.pipeline.move(lead.id, "pending_decision", at=NAIVE),
        problems=[("at", "naive_datetime")],
    ),
    "naive activity": Bad(
        call=lambda desk, lead: desk.followups.log(
            lead.id, LogEntry(type=LeadActivityType.NOTE, notes=SECRET, occurred_at=NAIVE)
        ),
        problems=[("occurred_at", "naive_datetime")],
    ),
    "phone of letters": _capture(("phone", "not_a_phone"), phone=SECRET),
    "e-mail with two @": _capture(("email", "not_an_email"), email=f"{SECRET}@a@example.com"),
    "everything at once": _capture(
        ("phone", "not_a_phone"),
        ("email", "not_an_email"),
        ("patient_age", "wrong_type"),
        ("source", "unknown_source"),
        phone=SECRET,
        email=f"{SECRET}@a@example.com",
        patient_age=SECRET,
        source=SECRET,
    ),
    "a text for a list": _capture(("interests", "wrong_type"), interests=SECRET),
    "a text for a truth value": _capture(("no_contact", "wrong_type"), no_contact="false"),
    "control characters": _capture(("first_name", "bad_character"), first_name=f"{SECRET}\0"),
    "half a pair": _capture(("notes", "bad_character"), notes=f"{SECRET}\ud800"),
}


@pytest.fixture
def lead(house: House) -> Lead:
    """A lead that was contacted."""
    return house.coordinator.pipeline.move(house.lead().id, "contacted").lead


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_refused_by_name_and_changes_nothing(
    house: House, lead: Lead, name: str
) -> None:
    bad, before = BAD[name], digest(house.crm)
    with pytest.raises(bad.error) as refusal:
        bad.call(house.coordinator, lead)
    if isinstance(refusal.value, InvalidInput):
        found = {(problem.path, problem.code) for problem in refusal.value.problems}
        assert found == set(bad.problems)
    _silent(refusal.value)
    assert digest(house.crm) == before


def _silent(error: BaseException) -> None:
    """Check that no rendering of an error repeats what was given."""
    told = "".join(traceback.format_exception(error))
    for text in (str(error), repr(error), repr(error.args), told.partition("Traceback")[2]):
        assert "Quux-7731" not in text


@pytest.mark.parametrize("field", ["notes", "first_name", "email", "phone"])
def test_ten_megabytes_are_refused_at_once(house: House, field: str) -> None:
    started = time.perf_counter()
    with pytest.raises(InvalidInput):
        house.coordinator.leads.capture(enquiry(**{field: LONG}))
    assert time.perf_counter() - started < 0.5


def test_a_converted_lead_takes_no_change(house: House, lead: Lead) -> None:
    house.coordinator.pipeline.convert(lead.id)
    before = digest(house.crm)
    for call in (
        lambda: house.coordinator.leads.edit(lead.id, LeadEdit(notes=SECRET)),
        lambda: house.coordinator.pipeline.move(lead.id, "pending_decision"),
        lambda: house.coordinator.pipeline.lose(lead.id, "RELOCATED", SECRET),
        lambda: house.coordinator.assignment.assign_to(lead.id, "tc-2"),
    ):
        with pytest.raises(LeadLocked) as refusal:
            call()
        _silent(refusal.value)
    assert digest(house.crm) == before


def test_an_actor_of_another_clinic_finds_nothing(house: House, lead: Lead) -> None:
    other = house.crm.create_clinic(name="Other", timezone="UTC")
    nowhere = ClinicId("0190c0de-0000-7000-8000-00000000c11c")
    before = digest(house.crm)
    for clinic in (other.id, nowhere):
        desk = house.crm.acting_as(Actor(user="tc-1", clinic=clinic, roles={Role.ADMIN}))
        for call in (
            lambda desk=desk: desk.leads.get(lead.id),
            lambda desk=desk: desk.leads.edit(lead.id, LeadEdit(notes=SECRET)),
            lambda desk=desk: desk.pipeline.move(lead.id, "pending_decision"),
        ):
            with pytest.raises(NotFound) as refusal:
                call()
            _silent(refusal.value)
    assert digest(house.crm) == before


# --- files

MAPPING = parse(
    'kind = "leads"\nkey = "external_ref"\n[defaults]\nchannel = "IMPORT"\n[columns]\n'
    'external_ref = "ref"\nfirst_name = "first"\nlast_name = "last"\nemail = "email"\n'
    'notes = "notes"\n'
)
PLAIN = "ref,first,last,email,notes\n1,Ann,Lee,ann@example.com,hello\n"
WIDE = (
    ",".join(["ref,first,last,email,notes", *(f"c{i}" for i in range(295))])
    + "\n1,Ann,Lee,ann@example.com,hello"
    + "," * 295
    + "\n"
)
ACCEPTED = {
    "a byte order mark": b"\xef\xbb\xbf" + PLAIN.encode(),
    "line ends within quotes": (
        b'ref,first,last,email,notes\r\n1,Ann,Lee,ann@example.com,"two\r\nlines"\r\n'
    ),
    "UTF-16 with a mark": PLAIN.encode("utf-16"),
    "UTF-16 without one": PLAIN.encode("utf-16-le"),
    "300 columns": WIDE.encode(),
    "a header alone": PLAIN.encode().splitlines(keepends=True)[0],
}
REFUSED = {
    "nothing": (b"", "empty_file"),
    "blank lines": (b"\r\n\r\n", "empty_file"),
    "a workbook": (b"PK\x03\x04" + bytes(300), "broken_workbook"),
    "a picture": (b"\x89PNG\r\n\x1a\n" + bytes(300), "not_a_table"),
    "JSON": (b'{"ref": "' + SECRET.encode() + b'"}', "not_a_table"),
    "HTML": (b"<!DOCTYPE html><html><body>" + SECRET.encode(), "not_a_table"),
    "noise": (bytes(range(128, 256)) * 20, "not_text"),
    "another table": (f"{SECRET},b\n1,2\n".encode(), "no_such_column"),
}


@pytest.mark.parametrize("name", ACCEPTED)
def test_files_of_every_kind_are_read(house: House, name: str) -> None:
    report = house.desk(Role.IMPORTER).imports.run(BytesIO(ACCEPTED[name]), MAPPING)
    rows = 0 if name == "a header alone" else 1
    assert counts(report.tally) == ({"created": 1} if rows else {})
    notes = [found.enquiry.notes for found in house.coordinator.leads.find(mine=False).leads]
    assert notes == (["two\r\nlines"] if "quotes" in name else ["hello"])[:rows]


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_table_is_refused(house: House, name: str) -> None:
    content, code = REFUSED[name]
    before = digest(house.crm)
    for dry_run in (True, False):
        with pytest.raises(InvalidInput) as refusal:
            house.desk(Role.IMPORTER).imports.run(BytesIO(content), MAPPING, dry_run=dry_run)
        assert {problem.code for problem in refusal.value.problems} == {code}
        _silent(refusal.value)
    assert digest(house.crm) == before


def test_problems_of_rows_never_repeat_a_cell(house: House) -> None:
    rows = f"1,{SECRET},{SECRET},{SECRET}@a@example.com,{SECRET}\n2,{SECRET}\n3,,,,\n"
    stream = BytesIO((PLAIN.splitlines()[0] + "\n" + rows).encode())
    report = house.desk(Role.IMPORTER).imports.run(stream, MAPPING)
    assert report.tally.refused == 3
    assert "Quux-7731" not in repr(report)


def test_an_instant_in_the_future_is_refused_but_for_a_clock_ahead(house: House) -> None:
    ahead = house.clock() + timedelta(minutes=4)
    assert house.lead(received_at=ahead).stamps.created_at == house.clock()
    with pytest.raises(InvalidInput):
        house.lead(received_at=house.clock() + timedelta(minutes=6))
