"""What files hold that nobody should type: data where it is text, a reason where it is none."""

import csv
from io import BytesIO, StringIO
from typing import Any

import pytest

from orthocrm import Desk, InvalidInput, Role
from orthocrm.core import limits
from orthocrm.core.lead import Lead
from orthocrm.core.reading import undirected
from tests.flows import files
from tests.flows.files import a_row, counts, said
from tests.flows.practice import House
from tests.security.digest import digest
from tests.support.workbooks import filled, raw, saved

SECRET = "Quux-7731"
HOSTILE = {
    "html": f"<img src=x onerror=alert('{SECRET}')>",
    "script": f"</td><script>{SECRET}</script>",
    "formula": f'=HYPERLINK("http://{SECRET}","x")',
    "command": f"@SUM(1+1)*cmd|' /C {SECRET}'!A0",
    "plus": f"+1+1 {SECRET}",
    "minus": f"-2+3 {SECRET}",
    "sql": f"Robert'); DROP TABLE leads;-- {SECRET}",
    "template": "{{ lead.phone }} ${7*7} %s %n",
    "emoji": "Zoë 👩‍👩‍👧‍👦 🦷",
    "hebrew": "שרה לוי",
    "arabic": "شريف المصري",
    "mixed direction": "Sara \u202eשרה\u202c Levi",
    "vietnamese": "Nguye\u0302\u0303n Thi\u0323",
    "long in bytes": "🦷" * limits.NAME,
}
REFUSED = {
    "bell": ({"last": f"{SECRET}\a"}, "last", "bad_character"),
    "escape sequence": ({"last": f"\x1b[31m{SECRET}"}, "last", "bad_character"),
    "oversize name": ({"last": SECRET + "x" * limits.NAME}, "last", "too_long"),
    "oversize note": ({"notes": SECRET + "x" * limits.NOTES}, "notes", "too_long"),
    "oversize reference": ({"ref": SECRET + "x" * limits.REFERENCE}, "ref", "too_long"),
    "oversize phone": ({"phone": "1" * 1_000}, "phone", "not_a_phone"),
    "oversize e-mail": ({"email": f"{'x' * 300}@{SECRET}.com"}, "email", "not_an_email"),
    "html phone": ({"phone": f"<b>{SECRET}</b>"}, "phone", "not_a_phone"),
    "formula phone": ({"phone": f"=1+{SECRET}"}, "phone", "not_a_phone"),
    "html e-mail": ({"email": f"<b>{SECRET}@example.com</b>"}, "email", "not_an_email"),
    "word for a truth value": ({"anonymous": SECRET}, "anonymous", "not_a_truth_value"),
    "word for a date": ({"at": SECRET}, "at", "not_a_date"),
    "formula for a source": ({"source": f"={SECRET}"}, "source", "unknown_source"),
    "html for a stage": ({"stage": f"<i>{SECRET}"}, "stage", "unknown_stage"),
    "formula for an owner": ({"owner": f"={SECRET}"}, "owner", "unknown_coordinator"),
}


@pytest.fixture
def desk(house: House) -> Desk:
    """The importer's desk."""
    return house.desk(Role.IMPORTER)


@pytest.fixture(params=["text", "workbook"])
def kind(request: pytest.FixtureRequest) -> str:
    """Which kind of file it is."""
    return str(request.param)


def written(rows: list[dict[str, str]], kind: str) -> BytesIO:
    """Write rows as a text or as a workbook, cells as they are."""
    if kind == "workbook":
        cells = [[row.get(name) for name in files.LEAD_COLUMNS] for row in rows]
        book = filled([files.LEAD_COLUMNS, *cells])
        assert book.active is not None
        for row in book.active.iter_rows():
            for cell in row:
                if cell.data_type == "f":
                    cell.data_type = "s"  # a text that looks like a formula
        return BytesIO(saved(book))
    out = StringIO(newline="")
    writer = csv.DictWriter(out, files.LEAD_COLUMNS, restval="", quoting=csv.QUOTE_ALL)
    writer.writeheader()
    writer.writerows(rows)
    return BytesIO(out.getvalue().encode())


def stored(desk: Desk) -> list[Lead]:
    return sorted(desk.leads.find(size=500, mine=False).leads, key=lambda lead: lead.id)


def test_text_of_any_kind_is_stored_as_it_is(desk: Desk, kind: str) -> None:
    rows = [dict(a_row(i, last=text, notes=text)) for i, text in enumerate(HOSTILE.values(), 1)]
    tally = desk.imports.run(written(rows, kind), files.leads()).tally
    assert (counts(tally), tally.problems) == ({"created": len(HOSTILE)}, ())
    leads = stored(desk)
    assert [lead.contact.last_name for lead in leads] == list(map(undirected, HOSTILE.values()))
    assert [lead.enquiry.notes for lead in leads] == list(HOSTILE.values())
    again = desk.imports.run(written(rows, kind), files.leads()).tally
    assert counts(again) == {"unchanged": len(HOSTILE)}


def _in_kind(cells: dict[str, str], kind: str) -> bool:
    """Whether a kind of file can hold the cells: XML has no control characters."""
    controls = any(not sign.isprintable() for cell in cells.values() for sign in cell)
    return kind == "text" or not controls


def test_what_cannot_be_read_is_refused_by_its_column_and_never_repeated(
    desk: Desk, kind: str
) -> None:
    bad = {name: case for name, case in REFUSED.items() if _in_kind(case[0], kind)}
    rows = [dict(a_row(i, **case[0])) for i, case in enumerate(bad.values(), 1)]
    rows.append(dict(a_row(90)))
    report = desk.imports.run(written(rows, kind), files.leads())

    assert counts(report.tally) == {"created": 1, "refused": len(bad)}
    expected = [(i, i + 1, column, code) for i, (_, column, code) in enumerate(bad.values(), 1)]
    assert sorted(said(report.tally)) == expected
    assert SECRET not in repr(report)
    assert SECRET not in "".join(problem.message for problem in report.tally.problems)
    assert [lead.origin.external_ref for lead in stored(desk)] == ["r-90"]


def test_cells_of_other_types_are_read_or_refused(desk: Desk) -> None:
    values: list[tuple[dict[str, Any], str | None]] = [
        ({"ref": 7.0, "phone": 3125550107.0}, None),
        ({"ref": "r-2", "last": 1234, "phone": 13125550108}, None),
        ({"ref": "r-3", "phone": True}, "not_a_phone"),
        ({"ref": "r-4", "phone": 312.5}, "not_a_phone"),
        ({"ref": "r-5", "at": 45931}, "not_a_date"),
        ({"ref": "r-6", "anonymous": True}, None),
        ({"ref": "r-7", "anonymous": 2}, "not_a_truth_value"),
        ({"ref": "r-8", "phone": 3.1255501991234568e16}, "inexact_number"),
        ({"ref": "=1+1"}, "formula_without_value"),
        ({"ref": "r-10", "email": "#N/A"}, "cell_error"),
    ]
    usual = {"first": "Ann", "last": "Lee", "phone": "+1 312 555 0100"}
    rows = [{**usual, **cells} for cells, _ in values]
    book = filled(
        [files.LEAD_COLUMNS, *([row.get(name) for name in files.LEAD_COLUMNS] for row in rows)]
    )
    tally = desk.imports.run(BytesIO(saved(book)), files.leads()).tally

    refused = [(i, code) for i, (_, code) in enumerate(values, 1) if code]
    assert sorted((p.number, p.code) for p in tally.problems) == refused
    leads = stored(desk)
    assert [lead.origin.external_ref for lead in leads] == ["7", "r-2", "r-6"]
    numbers = [lead.contact.phone.number for lead in leads if lead.contact.phone]
    assert numbers == ["+13125550107", "+13125550108", "+13125550100"]


@pytest.mark.parametrize(
    "content, path",
    [
        (b"PK\x03\x04" + SECRET.encode() * 99, "file"),
        (raw(f'<row r="1"><c r="A1"><v>{SECRET}</v></c></row>'), "file"),
        (raw("", parts={"xl/workbook.xml": f"<{SECRET}"}), "file"),
        (saved(filled([[SECRET, SECRET]])), "file"),
        (f"{SECRET},{SECRET}\n".encode(), "file"),
        (f"<html>{SECRET}".encode(), "file"),
    ],
)
@pytest.mark.parametrize("dry_run", [False, True])
def test_a_file_that_is_no_table_changes_nothing_and_is_not_quoted(
    desk: Desk, house: House, content: bytes, path: str, *, dry_run: bool
) -> None:
    before = digest(house.crm)
    with pytest.raises(InvalidInput) as refusal:
        desk.imports.run(BytesIO(content), files.leads(), dry_run=dry_run)
    assert {problem.path for problem in refusal.value.problems} == {path}
    assert SECRET not in str(refusal.value)
    assert digest(house.crm) == before


def test_a_workbook_is_rehearsed_carried_out_and_taken_back_as_a_text_is(
    desk: Desk, house: House
) -> None:
    rows = [dict(a_row(i)) for i in range(1, 4)] + [dict(a_row(4, phone="what"))]
    before = digest(house.crm)
    dry = desk.imports.run(written(rows, "workbook"), files.leads(), dry_run=True)
    assert digest(house.crm) == before
    real = desk.imports.run(written(rows, "workbook"), files.leads())
    text = desk.imports.run(written(rows, "text"), files.leads(), dry_run=True)

    assert counts(dry.tally) == counts(real.tally) == {"created": 3, "refused": 1}
    assert (
        said(dry.tally) == said(real.tally) == said(text.tally) == [(4, 5, "phone", "not_a_phone")]
    )
    assert counts(text.tally) == {"unchanged": 3, "refused": 1}
    assert real.import_id is not None
    assert desk.imports.revert(real.import_id).removed == 3
    assert stored(desk) == []
