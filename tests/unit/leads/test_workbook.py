"""Workbooks as practices and other programs save them, and as nobody should."""

import random
import subprocess
import sys
import tracemalloc
from collections.abc import Sequence
from datetime import date, datetime, time
from io import BytesIO
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.cell.text import InlineFont
from openpyxl.chart import BarChart
from openpyxl.utils.datetime import CALENDAR_MAC_1904

from orthocrm.core.errors import InvalidInput, MissingExtra
from orthocrm.leads import package, workbook
from orthocrm.leads.cells import Moment, Unreadable
from orthocrm.leads.mapping import FileFormat, LeadMapping, LeadRow, parse
from orthocrm.leads.tables import table
from orthocrm.leads.tabular import BadRow, Row, Table
from tests.support.workbooks import MAIN, PARTS, filled, packed, raw, saved

HEADER = '<row r="1"><c r="A1" t="inlineStr"><is><t>a</t></is></c></row>'


def read(data: bytes, sheet: str | None = None) -> Table:
    return table(BytesIO(data), FileFormat(sheet=sheet))


def rows(book: Workbook, sheet: str | None = None) -> list[Row | BadRow]:
    return list(read(saved(book), sheet).rows)


def cells(book: Workbook) -> list[tuple[str, ...]]:
    return [row.cells for row in rows(book) if isinstance(row, Row)]


def one(value: Any, number_format: str | None = None) -> str:
    """Give the text of a cell that holds a value."""
    book = filled([["a"], [value]])
    if number_format:
        book.active["A2"].number_format = number_format  # type: ignore[index]
    ((cell,),) = cells(book)
    return cell


def code(cell: str) -> str:
    assert isinstance(cell, Unreadable)
    return cell.refusal.code


def refusal(data: bytes, sheet: str | None = None) -> list[tuple[str, str]]:
    """Give path and code of what is wrong with a file as a whole."""
    with pytest.raises(InvalidInput) as error:
        list(read(data, sheet).rows)
    return [(problem.path, problem.code) for problem in error.value.problems]


# --- rows


def test_rows_come_numbered_with_the_lines_that_the_program_shows() -> None:
    book = filled([[], [" name ", "city"], ["Ann", "Paris"], [], ["Bob"]])
    told = read(saved(book))
    assert told.columns == ("name", "city")
    assert list(told.rows) == [Row(1, 3, ("Ann", "Paris")), Row(2, 5, ("Bob", ""))]


def test_cells_beyond_the_header_are_refused() -> None:
    (bad,) = rows(filled([["a"], ["1", "2"]]))
    assert isinstance(bad, BadRow)
    assert (bad.number, bad.line, bad.column, bad.code) == (1, 2, None, "wrong_cell_count")


def test_blank_columns_behind_the_header_do_not_count() -> None:
    assert cells(filled([["a", "  ", None], ["1", None, " "]])) == [("1",)]


@pytest.mark.parametrize(
    "header, codes",
    [
        (["a", "a"], ["duplicate_column"]),
        (["a", None, "b"], ["blank_column"]),
        ([None, "a", "a"], ["blank_column", "duplicate_column"]),
    ],
)
def test_a_header_that_does_not_tell_columns_apart_is_refused(
    header: list[str | None], codes: list[str]
) -> None:
    assert refusal(saved(filled([header]))) == [("file", each) for each in codes]


# --- cells


@pytest.mark.parametrize(
    "value, text",
    [
        (3125550199.0, "3125550199"),
        (3125550199, "3125550199"),
        (13125550199.0, "13125550199"),
        (-3.0, "-3"),
        (0.1, "0.1"),
        (1234.5, "1234.5"),
        (True, "true"),
        (False, "false"),
        (time(8, 30), "08:30:00"),
        ("+1 312 555 0142", "+1 312 555 0142"),
        ("شريف 🦷", "شريف 🦷"),
        ("<b>Ann</b>", "<b>Ann</b>"),
        ("two\nlines", "two\nlines"),
        ("'=1+1", "=1+1"),
        ("'quoted", "'quoted"),
    ],
)
def test_cells_become_the_text_that_a_person_means(value: Any, text: str) -> None:
    assert one(value) == text


@pytest.mark.parametrize(
    "value, form, text",
    [
        (2134, "00000", "02134"),
        (60601, "00000", "60601"),
        (21340001, "00000\\-0000", "02134-0001"),
        (2134, "General", "2134"),
        (2134, "0", "2134"),
        (-7, "000", "-7"),
    ],
)
def test_leading_zeros_that_the_program_shows_are_kept(value: int, form: str, text: str) -> None:
    assert one(value, form) == text


@pytest.mark.parametrize(
    "value, told",
    [
        (date(2026, 10, 1), datetime(2026, 10, 1)),  # noqa: DTZ001 - a sheet knows no zone
        (datetime(2026, 10, 1, 8, 30), datetime(2026, 10, 1, 8, 30)),  # noqa: DTZ001 - as above
    ],
)
@pytest.mark.parametrize("is_mac", [False, True])
def test_dates_are_known_as_such(value: date, told: datetime, *, is_mac: bool) -> None:
    book = filled([["a"], [value]])
    if is_mac:
        book.epoch = CALENDAR_MAC_1904
    ((cell,),) = cells(book)
    assert isinstance(cell, Moment)
    assert cell.told == told


@pytest.mark.parametrize(
    "value, text",
    [(date(2026, 10, 1), "2026-10-01"), (datetime(2026, 10, 1, 8, 30), "2026-10-01 08:30:00")],  # noqa: DTZ001 - as above
)
def test_dates_are_written_as_iso_dates(value: date, text: str) -> None:
    assert one(value) == text


@pytest.mark.parametrize("number", [1e15, -1e15, 3.1255501991234568e16, 1e300])
def test_numbers_that_lost_digits_are_not_trusted(number: float) -> None:
    assert code(one(number)) == "inexact_number"


def test_errors_are_no_values() -> None:
    assert code(one("#REF!")) == "cell_error"


def test_numbers_beyond_the_calendar_are_no_dates() -> None:
    assert code(one(99999999, "yyyy-mm-dd")) == "cell_error"


def test_rich_text_is_read_as_text() -> None:
    rich = CellRichText("Ann ", TextBlock(InlineFont(b=True), "Lee"))
    assert one(rich) == "Ann Lee"


def test_line_ends_that_excel_escapes_are_line_ends() -> None:
    sheet = HEADER + '<row r="2"><c r="A2" t="inlineStr"><is><t>a_x000D_\nb</t></is></c></row>'
    (row,) = read(raw(sheet)).rows
    assert isinstance(row, Row)
    assert row.cells == ("a\r\nb",)


def test_a_nul_character_is_no_text() -> None:
    sheet = HEADER + '<row r="2"><c r="A2" t="inlineStr"><is><t>a_x0000_</t></is></c></row>'
    (row,) = read(raw(sheet)).rows
    assert isinstance(row, Row)
    assert code(row.cells[0]) == "not_text"


def test_a_cell_may_not_be_endless() -> None:
    text = random.Random(1).randbytes(1 << 20).hex()
    sheet = HEADER + f'<row r="2"><c r="A2" t="inlineStr"><is><t>{text}</t></is></c></row>'
    (row,) = read(raw(sheet)).rows
    assert isinstance(row, Row)
    assert code(row.cells[0]) == "cell_too_long"


# --- formulas


def formula(value: str, kind: str = "") -> bytes:
    cell = f'<c r="A2"{kind}><f>1+1</f>{value}</c>'
    return raw(f'{HEADER}<row r="2">{cell}</row><row r="3"><c r="A3"><v>3</v></c></row>')


def test_a_formula_gives_the_value_that_was_stored_and_is_never_calculated() -> None:
    told = [row.cells for row in read(formula("<v>41</v>")).rows if isinstance(row, Row)]
    assert told == [("41",), ("3",)]


def test_a_formula_may_end_in_an_empty_text() -> None:
    told = list(read(formula("<v></v>", ' t="str"')).rows)
    assert told == [Row(1, 3, ("3",))]


@pytest.mark.parametrize("value", ["", "<v/>", "<v></v>"])
def test_a_formula_without_a_stored_value_is_unreadable(value: str) -> None:
    first, second = read(formula(value)).rows
    assert isinstance(first, Row)
    assert code(first.cells[0]) == "formula_without_value"
    assert second == Row(2, 3, ("3",))


def test_formulas_of_other_programs_have_no_value_wherever_they_stand() -> None:
    book = filled([["a", "b"], ["=1", "x"], ["y", "=2"], ["=3", "=4"], ["z", "z"]])
    told = [tuple(map(str, each)) for each in cells(book)]
    assert told == [("?", "x"), ("y", "?"), ("?", "?"), ("z", "z")]


@pytest.mark.parametrize("sign", list("=+-@"))
def test_a_text_that_begins_like_a_formula_is_data(sign: str) -> None:
    text = f"{sign}HYPERLINK(1)"
    sheet = HEADER + f'<row r="2"><c r="A2" t="inlineStr"><is><t>{text}</t></is></c></row>'
    assert list(read(raw(sheet)).rows) == [Row(1, 2, (text,))]


def test_a_formula_in_the_header_needs_its_value() -> None:
    assert refusal(saved(filled([["a", "=1"]]))) == [("file", "no_header")]


# --- merged cells


def merged(rows: Sequence[Sequence[Any]], *ranges: str) -> Workbook:
    book = filled(rows)
    for each in ranges:
        book.active.merge_cells(each)  # type: ignore[union-attr]
    return book


def test_merged_cells_hold_their_value_once() -> None:
    book = merged([["a", "b"], ["1", "x"], ["2", "y"], ["3", "z"], ["4", "w"]], "A2:A4")
    told = cells(book)
    assert [tuple(map(str, each)) for each in told] == [
        ("1", "x"), ("?", "y"), ("?", "z"), ("4", "w")
    ]  # fmt: skip
    assert code(told[1][0]) == "merged_cell"


def test_a_heading_over_all_columns_is_no_complete_row() -> None:
    book = merged([["a", "b"], ["October", None], ["1", "x"]], "A2:C2")
    assert [tuple(map(str, each)) for each in cells(book)] == [("October", "?"), ("1", "x")]


def test_rows_that_merged_cells_cover_altogether_are_no_rows() -> None:
    book = merged([["a", "b"], ["1", "x"], [], ["2", "y"]], "A2:A3", "B2:B3")
    assert [row.line for row in rows(book)] == [2, 4]


def test_a_merged_header_is_refused() -> None:
    assert refusal(saved(merged([["a", None], ["1", "2"]], "A1:B1"))) == [("file", "no_header")]


# --- what a mapping makes of it

MAPPING = """
kind = "leads"
[columns]
first_name = "a"
received_at = { column = "b", format = "%m/%d/%Y", timezone = "America/Chicago" }
patient_born_on = { column = "c", format = "%m/%d/%Y" }
"""


def mapped(book: Workbook, text: str = MAPPING) -> list[Any]:
    mapping = parse(text)
    assert isinstance(mapping, LeadMapping)
    return list(mapping.read(read(saved(book))))


def test_a_date_needs_no_format_but_its_zone() -> None:
    at, day = datetime(2026, 10, 1, 8, 30), date(2015, 2, 3)  # noqa: DTZ001 - as above
    (row,) = mapped(filled([["a", "b", "c"], ["Ann", at, day]]))
    assert isinstance(row, LeadRow)
    assert row.intake.received_at is not None
    assert row.intake.received_at.isoformat() == "2026-10-01T13:30:00+00:00"
    assert row.intake.patient_born_on == day


def test_dates_that_are_text_are_read_by_their_format() -> None:
    (row,) = mapped(filled([["a", "b", "c"], ["Ann", "10/01/2026", "02/03/2015"]]))
    assert isinstance(row, LeadRow)
    assert row.intake.patient_born_on == date(2015, 2, 3)


def test_a_date_without_an_offset_does_not_fill_a_column_with_one() -> None:
    text = MAPPING.replace('"%m/%d/%Y", timezone = "America/Chicago"', '"%Y-%m-%d %H:%M %z"')
    (bad,) = mapped(filled([["a", "b", "c"], ["Ann", datetime(2026, 10, 1), None]]), text)  # noqa: DTZ001 - as above
    assert (bad.column, bad.code) == ("b", "not_a_date")


def test_only_columns_that_are_asked_for_refuse_a_row() -> None:
    book = filled([["a", "b", "c", "d"], ["Ann", None, None, "=1"], ["=1", None, None, "x"]])
    first, bad = mapped(book)
    assert isinstance(first, LeadRow)
    assert (bad.number, bad.line, bad.column, bad.code) == (2, 3, "a", "formula_without_value")


# --- sheets


def several() -> Workbook:
    book = filled([["a"], ["1"]])
    book.create_sheet("Other").append(["b"])
    book.create_sheet("Empty")
    hidden = book.create_sheet("Lists")
    hidden.append(["c"])
    hidden.sheet_state = "hidden"
    book.create_chartsheet("Chart").add_chart(BarChart())
    return book


def test_a_sheet_is_chosen_by_its_name() -> None:
    data = saved(several())
    assert [read(data, name).columns for name in ("leads", "Other ", "lists")] == [
        ("a",), ("b",), ("c",)
    ]  # fmt: skip


def test_of_several_sheets_none_is_guessed() -> None:
    assert refusal(saved(several())) == [("sheet", "several_sheets")]


def test_hidden_and_empty_sheets_are_not_taken_for_the_table() -> None:
    book = several()
    del book["Other"]
    assert read(saved(book)).columns == ("a",)


@pytest.mark.parametrize("name", ["Nowhere", "Chart"])
def test_a_sheet_that_is_not_there_is_refused(name: str) -> None:
    assert refusal(saved(several()), name) == [("sheet", "no_such_sheet")]


def test_a_workbook_without_cells_is_empty() -> None:
    assert refusal(saved(Workbook())) == [("file", "empty_file")]


# --- files that are refused


def test_other_archives_are_no_workbooks() -> None:
    assert refusal(packed({"leads.csv": "a,b"})) == [("file", "not_a_table")]


@pytest.mark.parametrize("name", list(PARTS))
def test_a_workbook_that_lacks_a_part_is_refused(name: str) -> None:
    parts = {**PARTS, "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{MAIN}"/>'}
    del parts[name]
    found = refusal(packed(parts))
    assert found[0][1] in ("broken_workbook", "not_a_table", "empty_file")


def test_a_protected_archive_is_refused() -> None:
    data = bytearray(raw(HEADER))
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = data.find(signature)
        while at >= 0:
            data[at + offset] |= 1
            at = data.find(signature, at + 4)
    assert refusal(bytes(data)) == [("file", "encrypted")]


def test_an_old_or_protected_workbook_is_refused() -> None:
    assert refusal(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)) == [("file", "not_a_table")]


def test_a_strict_workbook_does_not_read_as_empty() -> None:
    sheet = (
        '<worksheet xmlns="http://purl.oclc.org/ooxml/spreadsheetml/main"><sheetData/></worksheet>'
    )
    data = packed({**PARTS, "xl/worksheets/sheet1.xml": sheet})
    assert refusal(data) == [("file", "not_a_table")]


def test_a_sheet_with_prefixes_is_read() -> None:
    cells = '<x:row r="1"><x:c r="A1"><x:v>1</x:v></x:c><x:c r="B1"><x:f>1</x:f></x:c></x:row>'
    sheet = f'<x:worksheet xmlns:x="{MAIN}"><x:sheetData>{cells}</x:sheetData></x:worksheet>'
    data = packed({**PARTS, "xl/worksheets/sheet1.xml": sheet})
    assert refusal(data) == [("file", "no_header")]


@pytest.mark.parametrize("part", ["xl/worksheets/sheet1.xml", "xl/styles.xml", "xl/workbook.xml"])
def test_entities_are_never_expanded(part: str) -> None:
    bomb = '<!DOCTYPE x [<!ENTITY a "lol">]><worksheet>&a;</worksheet>'
    assert refusal(raw(HEADER, parts={part: bomb})) == [("file", "broken_workbook")]


def test_a_bomb_is_refused_before_it_is_unpacked() -> None:
    data = raw(HEADER, parts={"xl/media/picture.bin": bytes(300 << 20)})
    assert len(data) < 1 << 20
    assert refusal(data) == [("file", "too_large")]


def test_parts_that_are_held_may_not_be_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(package, "PART_LIMIT", 2_000)
    noise = random.Random(1).randbytes(2_001)
    assert refusal(raw(HEADER, parts={"xl/sharedStrings.xml": noise})) == [("file", "too_large")]


def test_all_parts_together_have_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(package, "UNPACKED_LIMIT", 500)
    assert refusal(raw(HEADER)) == [("file", "too_large")]


def test_a_workbook_may_not_be_larger_than_what_is_held(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(package, "PACKED_LIMIT", 1_000)
    assert refusal(raw(HEADER)) == [("file", "too_large")]


def test_a_part_may_not_occur_twice() -> None:
    with pytest.warns(UserWarning, match="Duplicate name"):
        data = _twice()
    assert refusal(data) == [("file", "broken_workbook")]


def _twice() -> bytes:
    from zipfile import ZipFile  # noqa: PLC0415 - only here

    out = BytesIO(raw(HEADER))
    with ZipFile(out, "a") as archive:
        archive.writestr("xl/styles.xml", PARTS["xl/styles.xml"])
    return out.getvalue()


def test_rows_beyond_those_of_excel_are_refused_at_once() -> None:
    assert refusal(raw('<row r="1048577"/>')) == [("file", "too_many_rows")]


@pytest.mark.parametrize(
    "sheet",
    [
        '<row r="2"/><row r="1"/>',
        '<row r="1"/><row r="1"/>',
        '<row r="-1"/>',
        '<row r="1"><c r="1A"/></row>',
        '<row r="1"><c r="A1"><v>1</v>',
        HEADER + '<row r="2"><c r="A2" t="s"><v>7</v></c></row>',
        HEADER + '<row r="2"><c r="A2"><v>seven</v></c></row>',
        HEADER + '<row r="2"><c r="ZZZ2"><v>7</v></c><c r="ZZZZ2"><v>7</v></c></row>',
    ],
)
def test_a_damaged_sheet_is_refused(sheet: str) -> None:
    assert refusal(raw(sheet)) == [("file", "broken_workbook")]


def test_a_million_merged_cells_are_refused() -> None:
    ranges = "".join(f'<mergeCell ref="A{i}:XFD{i}"/>' for i in range(2, 12))
    merged_cells = f"<mergeCells>{ranges}</mergeCells>"
    assert refusal(raw(HEADER, merged_cells)) == [("file", "too_large")]


def test_a_size_that_a_sheet_only_claims_costs_nothing() -> None:
    sheet = (
        f'<worksheet xmlns="{MAIN}"><dimension ref="A1:XFD1048576"/>'
        f"<sheetData>{HEADER}</sheetData></worksheet>"
    )
    assert list(read(packed({**PARTS, "xl/worksheets/sheet1.xml": sheet})).rows) == []


SOUND = saved(filled([["a", "b"], ["Ann", 3125550199.0], ["Bob", date(2026, 10, 1)]]))


@given(st.data())
def test_damaged_bytes_are_refused_or_read_but_never_crash(data: st.DataObject) -> None:
    spoilt = bytearray(SOUND)
    for at in data.draw(st.lists(st.integers(0, len(SOUND) - 1), min_size=1, max_size=8)):
        spoilt[at] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(SOUND)))
    try:
        list(read(bytes(spoilt[: cut or None])).rows)
    except InvalidInput as error:
        assert {problem.path for problem in error.problems} == {"file"}  # noqa: PT017 - either way is right


@given(st.binary(max_size=300), st.sampled_from(sorted(PARTS)))
def test_any_part_may_be_anything(content: bytes, part: str) -> None:
    try:
        list(read(raw(HEADER, parts={part: content})).rows)
    except InvalidInput as error:
        assert error.problems  # noqa: PT017 - as above


def test_the_parser_is_not_loaded_before_a_workbook_comes() -> None:
    program = "import sys, orthocrm.services.imports.desk; sys.exit('openpyxl' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_without_the_extra_the_error_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "openpyxl", None)
    with pytest.raises(MissingExtra, match=r"install orthocrm\[xlsx\]"):
        workbook.rows(BytesIO(raw(HEADER)))


def test_a_file_that_begins_like_a_workbook_and_ends_there_is_refused() -> None:
    assert refusal(b"PK\x03\x04") == [("file", "broken_workbook")]


def test_memory_does_not_grow_with_the_cells() -> None:
    short, long = (_peak(count) for count in (1_000, 3_000))
    assert long - short < 2_000 * 500  # a row of ten cells takes more than 2,000 bytes


def _peak(count: int) -> int:
    """Tell how many bytes reading takes at most beside the file itself."""
    data = _long(count)
    tracemalloc.start()
    try:
        assert sum(1 for _ in read(data).rows) == count
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def _long(count: int) -> bytes:
    book = Workbook(write_only=True)
    sheet = book.create_sheet("Leads")
    sheet.append([f"column {i}" for i in range(10)])
    for i in range(count):
        sheet.append([f"a text of row {i}"] * 9 + [3125550199 + i])
    return saved(book)
