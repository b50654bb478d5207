import csv
import gzip
import io
import json
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Literal, cast

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from orthocrm.core.errors import InvalidInput, Problem
from orthocrm.leads import tabular
from orthocrm.leads.tabular import BadRow, Row, Table, rows

SHARED = Path(__file__).parents[4] / "shared" / "data"

needs_shared = pytest.mark.skipif(not SHARED.is_dir(), reason="needs the data sets in shared/data")


def table(data: bytes | str, **options: str) -> Table:
    content = data.encode() if isinstance(data, str) else data
    return rows(io.BytesIO(content), **options)


def cells(data: bytes | str, **options: str) -> list[tuple[str, ...]]:
    return [row.cells for row in table(data, **options).rows if isinstance(row, Row)]


def everything(data: bytes | str, **options: str) -> list[Row | BadRow]:
    return list(table(data, **options).rows)


def faults(data: bytes | str, **options: str) -> list[tuple[int, int, str | None, str]]:
    return [
        (row.number, row.line, row.column, row.code)
        for row in table(data, **options).rows
        if isinstance(row, BadRow)
    ]


def refusal(data: bytes | str, **options: str) -> Problem:
    with pytest.raises(InvalidInput) as caught:
        list(table(data, **options).rows)
    (problem,) = caught.value.problems
    return problem


class Dripping(io.RawIOBase):
    """A stream that gives a few bytes at a time, as a socket may."""

    def __init__(self, data: bytes, most: int) -> None:
        self._data = io.BytesIO(data)
        self._most = most

    def read(self, size: int = -1) -> bytes:
        return self._data.read(min(self._most, size) if size >= 0 else self._most)


class Growing(io.RawIOBase):
    """A file of many equal lines that exists nowhere as a whole."""

    def __init__(self, header: bytes, line: bytes, times: int) -> None:
        self._parts = self._all(header, line, times)

    def _all(self, header: bytes, line: bytes, times: int) -> Iterator[bytes]:
        yield header
        for _ in range(times):
            yield line * 100

    def read(self, _size: int = -1) -> bytes:
        return next(self._parts, b"")


class TestWhatATableIs:
    def test_rows_are_numbered_below_the_header_and_know_their_line(self) -> None:
        assert everything("name,city\nAnn,Rome\n\nBob,Oslo\n") == [
            Row(1, 2, ("Ann", "Rome")),
            Row(2, 4, ("Bob", "Oslo")),
        ]

    def test_blank_lines_before_the_header_are_counted(self) -> None:
        found = table("\n\nname\nAnn\n")
        assert (found.columns, list(found.rows)) == (("name",), [Row(1, 4, ("Ann",))])

    def test_a_header_alone_is_a_table_without_rows(self) -> None:
        found = table("name,city")
        assert (found.columns, list(found.rows)) == (("name", "city"), [])

    def test_header_names_are_trimmed_and_cells_are_not(self) -> None:
        found = table(" name , city\n Ann , Rome \n")
        assert (found.columns, next(found.rows)) == (
            ("name", "city"),
            Row(1, 2, (" Ann ", " Rome ")),
        )

    @pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
    def test_any_line_end_ends_a_row(self, end: str) -> None:
        data = end.join(["a,b", "1,2", "3,4", ""])
        assert everything(data) == [Row(1, 2, ("1", "2")), Row(2, 3, ("3", "4"))]

    @pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
    def test_line_ends_in_quotes_are_data(self, end: str) -> None:
        data = f'a,b{end}"one{end}two{end}{end}three",2{end}3,4{end}'
        assert everything(data) == [
            Row(1, 2, (f"one{end}two{end}{end}three", "2")),
            Row(2, 6, ("3", "4")),
        ]

    def test_other_separators_of_lines_are_data(self) -> None:
        assert cells("a\nx\x0b\x0c\x1c\x85\u2028y\n") == [("x\x0b\x0c\x1c\x85\u2028y",)]

    def test_several_cells_of_a_row_may_go_over_lines(self) -> None:
        data = 'a,b,c\n"1\n1",x,"2\n""2"""\n"",,"\n"\n'
        assert cells(data) == [("1\n1", "x", '2\n"2"'), ("", "", "\n")]

    def test_doubled_quotes_are_one(self) -> None:
        assert cells('a,b\n"say ""hi""",""""\n') == [('say "hi"', '"')]

    def test_quotes_within_a_cell_without_quotes_stay(self) -> None:
        assert cells('a,b\n5" wide,7"\n') == [('5" wide', '7"')]

    def test_three_hundred_columns(self) -> None:
        names = [f"c{number}" for number in range(300)]
        found = table(",".join(names) + "\n" + ",".join("v" * 300) + "\n")
        assert (found.columns, list(found.rows)) == (tuple(names), [Row(1, 2, ("v",) * 300)])

    @pytest.mark.parametrize("most", [1, 2, 3, 7, 64])
    def test_the_size_of_the_chunks_does_not_matter(
        self, most: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("orthocrm.leads.decoding.CHUNK", most)
        data = 'a,b\r\n"é\r\n""€""",𝄞\r\nx,y\rz,w\r\n'.encode()
        found = rows(cast("BinaryIO", Dripping(data, most)))
        assert [row.cells for row in found.rows if isinstance(row, Row)] == [
            ('é\r\n"€"', "𝄞"),
            ("x", "y"),
            ("z", "w"),
        ]


class TestDelimiters:
    @pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
    def test_the_delimiter_is_found_in_the_header(self, delimiter: str) -> None:
        data = delimiter.join(["a", "b", "c"]) + "\n" + delimiter.join("123") + "\n"
        assert (table(data).delimiter, cells(data)) == (delimiter, [("1", "2", "3")])

    def test_signs_in_quotes_are_no_delimiters(self) -> None:
        found = table('"Name, first, last";"Phone"\nAnn;1\n')
        assert (found.columns, found.delimiter) == (("Name, first, last", "Phone"), ";")

    def test_one_column_needs_no_delimiter(self) -> None:
        assert cells("phone\n1;2\n") == [("1;2",)]

    def test_a_given_delimiter_is_taken(self) -> None:
        assert cells("a,b^c\n1,2^3\n", delimiter="^") == [("1,2", "3")]

    def test_a_first_line_may_declare_the_delimiter(self) -> None:
        found = table("sep=;\r\na,1;b,2\r\n1;2\r\n")
        assert (found.columns, list(found.rows)) == (("a,1", "b,2"), [Row(1, 3, ("1", "2"))])

    @pytest.mark.parametrize("delimiter", ["", ",,", "a", "7", '"', "'", "\n", "\r", "\0"])
    def test_what_cannot_delimit_is_refused(self, delimiter: str) -> None:
        problem = refusal("a,b\n", delimiter=delimiter)
        assert (problem.path, problem.code) == ("delimiter", "bad_delimiter")

    @pytest.mark.parametrize("delimiter", ["]", "^", "-", "\\", ".", "*", " "])
    def test_signs_of_patterns_delimit_like_others(self, delimiter: str) -> None:
        data = f'a{delimiter}b\n"x{delimiter}""y"{delimiter}z\n'
        assert cells(data, delimiter=delimiter) == [(f'x{delimiter}"y', "z")]


class TestEncodings:
    TEXT = "name;city\nJosé;Zürich\n本田;東京\n"
    CELLS = (("José", "Zürich"), ("本田", "東京"))

    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
    def test_the_byte_order_mark_tells_the_encoding(self, encoding: str) -> None:
        found = table(self.TEXT.encode(encoding))
        assert found.columns == ("name", "city")
        assert [row.cells for row in found.rows if isinstance(row, Row)] == list(self.CELLS)

    def test_utf_16_with_its_bytes_the_other_way_round(self) -> None:
        data = b"\xfe\xff" + self.TEXT.encode("utf-16-be")
        assert (table(data).encoding, cells(data)) == ("utf-16-be", list(self.CELLS))

    @pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
    def test_utf_16_is_known_without_a_mark(self, encoding: str) -> None:
        data = self.TEXT.encode(encoding)
        assert (table(data).encoding, cells(data)) == (encoding, list(self.CELLS))

    @pytest.mark.parametrize(
        "encoding,told",
        [
            ("cp1252", "cp1252"),
            ("Latin-1", "iso8859-1"),
            ("utf-8", "utf-8"),
            ("UTF-8-SIG", "utf-8"),
            ("utf-16-be", "utf-16-be"),
        ],
    )
    def test_a_given_encoding_is_taken(self, encoding: str, told: str) -> None:
        data = "name;city\nJosé;Zürich\n".encode(encoding)
        assert table(data, encoding=encoding).encoding == told
        assert cells(data, encoding=encoding) == [("José", "Zürich")]

    def test_utf_16_without_a_mark_is_little_endian_unless_it_looks_otherwise(self) -> None:
        little, big = ("本,é\n東,x\n".encode(name) for name in ("utf-16-le", "utf-16-be"))
        assert table(little, encoding="utf-16").columns == ("本", "é")
        assert table("id,é\n".encode("utf-16-be"), encoding="utf-16").columns == ("id", "é")
        assert table(big, encoding="utf-16-be").columns == ("本", "é")

    def test_a_mark_knows_better_than_what_was_given(self) -> None:
        assert table("é\n1\n".encode("utf-8-sig"), encoding="cp1252").columns == ("é",)

    @pytest.mark.parametrize("encoding", ["klingon", "hex", "utf\0-8"])
    def test_an_unknown_encoding_is_refused(self, encoding: str) -> None:
        problem = refusal("a\n", encoding=encoding)
        assert (problem.path, problem.code) == ("encoding", "unknown_encoding")

    def test_latin_1_is_no_utf_8_and_only_its_rows_suffer(self) -> None:
        data = "name,city\nAnn,Oslo\nJosé,Rome\nBob,Genève\nEve,Bonn\n".encode("latin-1")
        assert cells(data) == [("Ann", "Oslo"), ("Eve", "Bonn")]
        assert faults(data) == [(2, 3, "name", "undecodable"), (3, 4, "city", "undecodable")]

    def test_bytes_that_no_encoding_explains_are_found_in_a_multibyte_one(self) -> None:
        data = "名,x\n本,1\n".encode("shift_jis") + b"\x81\x20,2\n" + "東,3\n".encode("shift_jis")
        assert faults(data, encoding="shift_jis") == [(2, 3, "名", "undecodable")]

    def test_half_a_character_of_utf_16_damages_its_row(self) -> None:
        data = (
            "\ufeffa,b\n1,2\n".encode("utf-16-le") + b"\x00\xd8" + ",4\n5,6\n".encode("utf-16-le")
        )
        assert cells(data) == [("1", "2"), ("5", "6")]
        assert faults(data) == [(2, 3, "a", "undecodable")]

    def test_half_a_character_at_the_end_damages_the_last_row(self) -> None:
        data = "\ufeffa,b\n1,2\n3,4".encode("utf-16-le") + b"5"
        assert (cells(data), faults(data)) == ([("1", "2")], [(2, 3, "b", "undecodable")])

    def test_an_encoding_that_cannot_go_on_tells_the_last_line_read(self) -> None:
        data = "a\n".encode("utf-32") + b"\xff" * 8
        problem = refusal(data)
        assert (problem.code, problem.message) == (
            "not_text",
            "not utf-32-le text; nothing was read after line 0",
        )


class TestRefusedFiles:
    @pytest.mark.parametrize("data", [b"", b"\xef\xbb\xbf", b"\n\r\n  \n", b"\xff\xfe"])
    def test_nothing_to_read(self, data: bytes) -> None:
        assert (refusal(data).path, refusal(data).code) == ("file", "empty_file")

    @pytest.mark.parametrize(
        "data,hint",
        [
            (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "a picture"),
            (b"\xff\xd8\xff\xe0\0\x10JFIF", "a picture"),
            (b"%PDF-1.7\n1 0 obj", "a PDF document"),
            (b"PK\x03\x04\x14\0xl/workbook.xml", "an Excel workbook or a ZIP archive"),
            (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Excel workbook"),
            (gzip.compress(b"a,b\n1,2\n", mtime=0), "compressed with gzip"),
            (b"SQLite format 3\0", "a database"),
            (json.dumps({"leads": []}).encode(), "JSON"),
            (json.dumps([{"name": "Ann"}], indent=2).encode(), "JSON"),
            (json.dumps([]).encode("utf-16"), "JSON"),
            (b"<!DOCTYPE html><html><table>", "HTML"),
            (b"\n <html>\n", "HTML"),
            (b'<?xml version="1.0"?>', "HTML"),
            (b"BEGIN:VCARD\nVERSION:4.0\n", "a card or a calendar"),
        ],
    )
    def test_another_format_is_named(self, data: bytes, hint: str) -> None:
        problem = refusal(data)
        assert (problem.path, problem.code) == ("file", "not_a_table")
        assert hint in problem.message

    @pytest.mark.parametrize("header", ["[id],[name]", "{name},city", "<name>,city", "PK,no"])
    def test_a_header_may_look_a_little_like_another_format(self, header: str) -> None:
        assert table(header + "\n").columns == tuple(header.split(","))

    @pytest.mark.parametrize(
        "data,at",
        [(b"\0" * 50, 0), (b"id,n\0me\n", 4), (b"id,n\xe9me\n", 4), (b"\xef\xbb\xbfid,\xff\n", 6)],
    )
    def test_a_header_that_is_no_text_is_refused_by_its_byte(self, data: bytes, at: int) -> None:
        problem = refusal(data)
        assert (problem.path, problem.code) == ("file", "not_text")
        assert f"its byte {at} on" in problem.message

    @pytest.mark.parametrize("header", [",,", '""', ";  ;", '"a', '"a"b,c', "x" * (9 << 20)])
    def test_a_header_that_names_nothing_is_refused(self, header: str) -> None:
        problem = refusal(header + "\n1,2,3\n")
        assert (problem.path, problem.code) == ("file", "no_header")

    def test_repeated_and_blank_names_are_told_by_number_all_at_once(self) -> None:
        with pytest.raises(InvalidInput) as caught:
            table("name,phone,,name, phone ,name,\n")
        assert [(each.code, each.message) for each in caught.value.problems] == [
            ("blank_column", "column 3 has no name in the header"),
            ("blank_column", "column 7 has no name in the header"),
            ("duplicate_column", "columns 1, 4, 6 have the same name in the header"),
            ("duplicate_column", "columns 2, 5 have the same name in the header"),
        ]


class TestBadRows:
    def test_a_ragged_row_is_told_and_the_others_are_read(self) -> None:
        data = "a,b,c\n1,2,3\n1,2\n1,2,3,4\nx\n4,5,6\n"
        assert cells(data) == [("1", "2", "3"), ("4", "5", "6")]
        assert [row for row in everything(data) if isinstance(row, BadRow)] == [
            BadRow(2, 3, None, "wrong_cell_count", "the row has 2 cells, the header has 3"),
            BadRow(3, 4, None, "wrong_cell_count", "the row has 4 cells, the header has 3"),
            BadRow(4, 5, None, "wrong_cell_count", "the row has 1 cell, the header has 3"),
        ]

    def test_a_row_of_blank_cells_is_told(self) -> None:
        assert faults('a,b\n,\n"",""\n1,\n') == [
            (1, 2, None, "blank_row"),
            (2, 3, None, "blank_row"),
        ]

    def test_a_nul_below_the_header_damages_its_row_only(self) -> None:
        data = b"a,b\n1,2\n1,\0\n3,4\n"
        assert (cells(data), faults(data)) == (
            [("1", "2"), ("3", "4")],
            [(2, 3, "b", "not_text")],
        )

    def test_text_after_a_closing_quote_is_told(self) -> None:
        data = 'a,b\n1,"two" words\n3,4\n"5"x,6\n'
        assert cells(data) == [("3", "4")]
        assert faults(data) == [(1, 2, "b", "bad_quotes"), (3, 4, "a", "bad_quotes")]

    def test_lines_lost_to_a_forgotten_quote_are_counted(self) -> None:
        data = 'a,b\n1,"two\n3,4\n5,6\n7,"eight"\n9,10\n'
        assert everything(data) == [
            BadRow(
                1,
                2,
                "b",
                "bad_quotes",
                "text follows the closing quote; double a quote in a text; "
                "3 more lines were taken for a part of it",
            ),
            Row(2, 6, ("9", "10")),
        ]

    def test_a_quote_that_never_closes_is_told_with_what_it_swallowed(self) -> None:
        data = 'a,b\n0,0\n1,"two\n3,4\n'
        assert everything(data) == [
            Row(1, 2, ("0", "0")),
            BadRow(
                2,
                3,
                "b",
                "unterminated_quote",
                "a quote opens this cell and does not close; "
                "1 more line was taken for a part of it",
            ),
        ]

    def test_a_quote_that_never_closes_in_a_long_file(self) -> None:
        data = 'a,b\n1,"two\n' + "3,4\n" * 600_000
        (bad,) = everything(data)
        assert isinstance(bad, BadRow)
        assert (bad.number, bad.code) == (1, "unterminated_quote")
        assert "600000 more lines" in bad.message

    @pytest.mark.parametrize("quoted", [False, True])
    @pytest.mark.parametrize("size", [(1 << 20) + 1, 10_000_000])
    def test_a_huge_cell_is_told_and_the_rest_is_read(self, size: int, quoted: bool) -> None:  # noqa: FBT001 - a parameter of the test
        huge = f'"{"x" * size}"' if quoted else "x" * size
        data = f'a,b,c\n1,2,3\n1,{huge},"3\n3"\n4,5,6\n'
        assert cells(data) == [("1", "2", "3"), ("4", "5", "6")]
        assert faults(data) == [(2, 3, "b", "cell_too_long")]

    def test_a_huge_cell_of_many_lines_swallows_only_itself(self) -> None:
        huge = '"' + 'say ""x"",1,2\n' * 100_000 + '"'
        data = f"a,b,c\n1,2,3\n1,{huge},3\n4,5,6\n"
        assert cells(data) == [("1", "2", "3"), ("4", "5", "6")]
        assert faults(data) == [(2, 3, "b", "cell_too_long")]

    def test_a_cell_of_the_largest_size_is_read(self) -> None:
        largest = "x" * (1 << 20)
        assert cells(f'a,b\n"{largest}",2\n{largest},3\n') == [(largest, "2"), (largest, "3")]

    def test_a_row_of_many_large_cells_is_told(self) -> None:
        large = ",".join(["x" * 1_000_000] * 12)
        data = ",".join(f"c{n}" for n in range(12)) + f"\n{large}\n" + ",".join("v" * 12) + "\n"
        assert (cells(data), faults(data)) == ([("v",) * 12], [(1, 2, None, "row_too_long")])

    def test_the_first_huge_cell_of_a_huge_row_is_blamed(self) -> None:
        large = ["1", "x" * 2_000_000, *["x" * 1_000_000] * 10]
        data = ",".join(f"c{n}" for n in range(12)) + "\n" + ",".join(large) + "\n"
        assert faults(data) == [(1, 2, "c1", "cell_too_long")]

    def test_no_message_holds_what_stands_in_a_cell(self) -> None:
        secret = "sesame"
        data = f'a,b\n{secret}\n{secret},\0\n"{secret}"{secret},2\n,"{secret}\n'
        told = [row for row in everything(data) if isinstance(row, BadRow)]
        assert [row.code for row in told] == [
            "wrong_cell_count",
            "not_text",
            "bad_quotes",
            "unterminated_quote",
        ]
        assert secret not in repr(told)

    def test_a_row_shows_nothing_of_its_cells(self) -> None:
        assert repr(Row(1, 2, ("Ann",))) == "Row(number=1, line=2, cells='***')"


class TestFormulaSigns:
    @pytest.mark.parametrize("sign", list("=+-@\t"))
    def test_the_quote_before_a_formula_sign_comes_off(self, sign: str) -> None:
        data = f"a;b\n'{sign}1;x\n\"'{sign}1\";y\n"
        assert cells(data, delimiter=";") == [(f"{sign}1", "x"), (f"{sign}1", "y")]

    def test_other_quotes_stay(self) -> None:
        assert cells("a,b\n'tis,O'+x\n=1,'\n") == [("'tis", "O'+x"), ("=1", "'")]

    def test_one_quote_comes_off_at_a_time(self) -> None:
        assert cells("a\n''=1\n") == [("'=1",)]


SIGNS = st.one_of(
    st.sampled_from("\"',;\t|\r\n =+-@xé€𝄞\u2028\ufeff"),
    st.characters(exclude_categories=["Cs"], exclude_characters="\0"),
)
CELL = st.text(SIGNS, max_size=12)


@st.composite
def grids(draw: st.DrawFn) -> list[list[str]]:
    width = draw(st.integers(1, 5))
    row = st.lists(CELL, min_size=width, max_size=width).filter(any)
    return draw(st.lists(row, max_size=8))


class TestRoundTrip:
    @given(
        grid=grids(),
        delimiter=st.sampled_from(",;\t|"),
        encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
        quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    )
    @example(grid=[['"\r\n"']], delimiter=",", encoding="utf-8", quoting=csv.QUOTE_MINIMAL)
    def test_what_a_csv_writer_wrote_is_read(
        self, grid: list[list[str]], delimiter: str, encoding: str, quoting: Literal[0, 1]
    ) -> None:
        names = [f"c{number}" for number in range(len(grid[0]) if grid else 1)]
        text = io.StringIO(newline="")
        csv.writer(text, delimiter=delimiter, quoting=quoting).writerows([names, *grid])
        found = table(text.getvalue().encode(encoding), delimiter=delimiter)
        assert (found.columns, [row.cells for row in found.rows if isinstance(row, Row)]) == (
            tuple(names),
            [tuple(map(tabular.unescaped, row)) for row in grid],
        )

    @given(st.binary(max_size=300))
    def test_any_bytes_are_a_table_or_are_refused(self, data: bytes) -> None:
        try:
            found = everything(b"a,b\n" + data)
        except InvalidInput as error:
            assert error.problems[0].path == "file"  # noqa: PT017 - both ends are right
        else:
            assert [row.number for row in found] == list(range(1, len(found) + 1))

    @given(st.text(st.sampled_from('a",\n'), max_size=40))
    def test_every_line_is_read_or_counted_as_lost(self, text: str) -> None:
        found = everything("h\n" + text + "\nend\n")
        starts = [row.line for row in found]
        assert starts == sorted(set(starts))
        lines = text.split("\n")
        blank = {number for number, line in enumerate(lines, 2) if not line}
        assert set(range(2, 2 + len(lines))) - blank - set(starts) <= _covered(found)


def _covered(found: list[Row | BadRow]) -> set[int]:
    """The lines that a row goes over beyond its first."""
    covered: set[int] = set()
    for row in found:
        if isinstance(row, Row):
            covered |= {row.line + extra for extra in range(1 + "".join(row.cells).count("\n"))}
        elif " more line" in row.message:
            lost = int(row.message.rpartition("; ")[2].split()[0])
            covered |= {row.line + extra for extra in range(1 + lost)}
    return covered


class TestMemory:
    def test_memory_does_not_grow_with_the_file(self) -> None:
        stream = Growing(b"a,b\n", b'"some text",more\n', 1_000)
        tracemalloc.start()
        try:
            count = sum(1 for _ in rows(cast("BinaryIO", stream)).rows)
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        assert count == 100_000
        assert peak < 1_500_000


@needs_shared
class TestRealExports:
    def test_the_export_of_a_crm(self) -> None:
        folder = SHARED / "crm_exports"
        truth = json.loads((folder / "truth.json").read_text())
        with (folder / "salesforce_lead_export.csv").open("rb") as stream:
            found = rows(stream)
            leads = [dict(zip(found.columns, row.cells, strict=True)) for row in found.rows]  # type: ignore[union-attr]  # no bad rows here
        assert (len(leads), len(found.columns)) == (truth["rows"], truth["columns"])
        assert found.columns[0] == "Id"
        assert len({lead["Email"] for lead in leads}) == truth["distinct_emails"]
        assert sum(len(lead["PostalCode"]) < 5 for lead in leads) == 5
        assert {json.loads(lead["Address"])["country"] for lead in leads} == {"US"}

    @pytest.mark.parametrize("name", ["meta_leads_export.csv", "meta_leads_export_utf16.tsv"])
    def test_the_export_of_an_advertiser(self, name: str) -> None:
        folder = SHARED / "webhook_samples"
        truth = json.loads((folder / "truth.json").read_text())["meta_export"]["expect"]
        with (folder / name).open("rb") as stream:
            found = rows(stream)
            leads = [dict(zip(found.columns, row.cells, strict=True)) for row in found.rows]  # type: ignore[union-attr]  # no bad rows here
        assert len(leads) == truth["rows"]
        assert [lead["phone_number"][2:] for lead in leads[:2]] == truth["phones"]
        assert [lead["zip_code"][2:] for lead in leads[:2]] == truth["zips"]
        assert leads[0]["ad_name"] == "Braces - carousel, v2"
