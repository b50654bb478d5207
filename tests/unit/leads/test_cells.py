from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta, timezone
from typing import NewType

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from orthocrm.core.ids import UserId
from orthocrm.core.people import PatientRelationship
from orthocrm.leads.cells import (
    Kind,
    Options,
    Refusal,
    constant,
    is_format,
    kind_of,
    reader,
    tells_zone,
)

DAY = "%Y-%m-%d"
SECOND = "%Y-%m-%d %H:%M:%S"
LOCAL, OFFSET = "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%S%z"


def read(cell: str, kind: type, **options: object) -> object:
    return reader(Kind(kind), Options(**options))(cell)  # type: ignore[arg-type]  # of the test


def read_many(cell: str, kind: type, **options: object) -> object:
    return reader(Kind(kind, many=True), Options(**options))(cell)  # type: ignore[arg-type]  # of the test


def refused(cell: str, kind: type, **options: object) -> str:
    with pytest.raises(Refusal) as caught:
        read(cell, kind, **options)
    assert cell not in caught.value.message
    return caught.value.code


class TestKinds:
    @pytest.mark.parametrize(
        "annotation,kind",
        [
            (str, Kind(str)),
            (str | None, Kind(str)),
            (None | date, Kind(date)),
            (UserId | None, Kind(str)),
            (str | UserId | None, Kind(str)),
            (Sequence[str], Kind(str, many=True)),
            (tuple[PatientRelationship, ...], Kind(PatientRelationship, many=True)),
            (NewType("Age", int), Kind(int)),
        ],
    )
    def test_an_annotation_tells_what_a_field_holds(self, annotation: object, kind: Kind) -> None:
        assert kind_of(annotation) == kind

    def test_an_annotation_that_no_cell_can_hold_is_a_mistake_of_the_program(self) -> None:
        with pytest.raises(TypeError):
            kind_of(dict[str, str])


class TestPlainCells:
    def test_text_is_what_it_is(self) -> None:
        assert read("O'Neil", str) == "O'Neil"

    @pytest.mark.parametrize("word", ["true", "YES", "y", "1", "T", "x"])
    def test_true_words(self, word: str) -> None:
        assert read(word, bool) is True

    @pytest.mark.parametrize("word", ["false", "No", "n", "0", "F"])
    def test_false_words(self, word: str) -> None:
        assert read(word, bool) is False

    @pytest.mark.parametrize("word", ["maybe", "2", "-", "oui"])
    def test_other_words_are_no_truth_values(self, word: str) -> None:
        assert refused(word, bool) == "not_a_truth_value"

    @pytest.mark.parametrize("cell,number", [("12", 12), ("-3", -3), ("007", 7)])
    def test_whole_numbers(self, cell: str, number: int) -> None:
        assert read(cell, int) == number

    @pytest.mark.parametrize("cell", ["1.5", "1e3", "1_000", "٣", "--1", "-", "9" * 5000])
    def test_what_is_no_whole_number(self, cell: str) -> None:
        assert refused(cell, int) == "not_a_number"

    @pytest.mark.parametrize("word", ["CHILD", "child", " Child"])
    def test_codes_are_read_whatever_the_case(self, word: str) -> None:
        assert read(word, PatientRelationship) is PatientRelationship.CHILD

    def test_a_word_that_is_no_code_is_refused(self) -> None:
        assert refused("cousin", PatientRelationship) == "unknown_value"


class TestDates:
    @pytest.mark.parametrize(
        "cell,form",
        [
            ("2018-02-01", DAY),
            ("2018-2-1", DAY),
            ("02/01/2018", "%m/%d/%Y"),
            ("1.2.18", "%d.%m.%y"),
            ("Feb 1, 2018", "%b %d, %Y"),
            ("2018-02-01T23:59", "%Y-%m-%dT%H:%M"),
        ],
    )
    def test_a_date_is_read_by_its_format(self, cell: str, form: str) -> None:
        assert read(cell, date, format=form) == date(2018, 2, 1)

    @pytest.mark.parametrize(
        "cell",
        ["2018-02-30", "20180201", "2018-W05-4", "01/02/2018", "0000-01-01", "soon", "1" * 10_000],
    )
    def test_what_is_no_date_of_the_format(self, cell: str) -> None:
        assert refused(cell, date, format=DAY) == "not_a_date"

    def test_a_local_time_is_an_instant_of_its_zone(self) -> None:
        at = read("2026-07-01 09:30:00", datetime, format=SECOND, timezone="America/Chicago")
        assert at == datetime(2026, 7, 1, 14, 30, tzinfo=UTC)

    def test_a_day_is_its_midnight(self) -> None:
        at = read("2026-07-01", datetime, format=DAY, timezone="America/Chicago")
        assert at == datetime(2026, 7, 1, 5, tzinfo=UTC)

    @pytest.mark.parametrize(
        "cell,at",
        [
            ("2026-11-01 01:30:00", datetime(2026, 11, 1, 6, 30, tzinfo=UTC)),
            ("2026-03-08 02:30:00", datetime(2026, 3, 8, 8, 30, tzinfo=UTC)),
        ],
    )
    def test_times_of_change_nights_follow_rule_r1(self, cell: str, at: datetime) -> None:
        assert read(cell, datetime, format=SECOND, timezone="America/Chicago") == at

    def test_a_time_with_its_offset_needs_no_zone(self) -> None:
        at = read("2026-07-16T00:12:13+03:00", datetime, format="%Y-%m-%dT%H:%M:%S%z")
        assert at == datetime(2026, 7, 15, 21, 12, 13, tzinfo=UTC)

    def test_every_instant_is_utc(self) -> None:
        at = read("2026-07-01", datetime, format=DAY, timezone="Asia/Tokyo")
        assert isinstance(at, datetime)
        assert at.tzinfo is UTC

    @pytest.mark.parametrize("cell", ["0001-01-01 00:00:00", "9999-12-31 23:59:59"])
    def test_the_ends_of_the_calendar_are_refused_where_they_cannot_be_utc(self, cell: str) -> None:
        zone = "Asia/Tokyo" if cell.startswith("0") else "America/Chicago"
        assert refused(cell, datetime, format=SECOND, timezone=zone) == "not_a_date"

    @given(
        st.one_of(
            st.datetimes().map(lambda at: at.strftime(SECOND)),
            st.from_regex(r"[0-2]\d\d\d-[01]\d-[0-3]\d [0-2]\d:[0-6]\d:[0-6]\d", fullmatch=True),
            st.from_regex(r"\d{3,4}-\d\d?-\d\d?[ T]\d\d?:\d\d?:\d\d?Z?", fullmatch=True),
        )
    )
    @example("2018-02-26 23:59:60")
    @example("2018-02-26 24:00:00")
    def test_the_quick_way_reads_what_strptime_reads(self, cell: str) -> None:
        for form, text in ((SECOND, cell), (DAY, cell[:10])):
            assert _outcome(text, form) == _expected(text, form)

    @given(
        st.from_regex(
            r"[0-2]\d\d\d-[01]\d-[0-3]\dT[0-2]\d:[0-6]\d:[0-6]\d([Zz]|[+-]\d\d:?\d\d)?",
            fullmatch=True,
        )
    )
    @example("2018-02-26T23:59:59+24:00")
    @example("2018-02-26T23:59:59+05:75")
    @example("2018-02-26t23:59:59Z")
    def test_the_quick_way_reads_offsets_as_strptime_does(self, cell: str) -> None:
        assert _outcome(cell, OFFSET) == _expected(cell, OFFSET)
        assert _outcome(cell[:19], LOCAL) == _expected(cell[:19], LOCAL)

    @pytest.mark.parametrize(
        "form", [DAY, SECOND, "%m/%d/%y", "%d %B %Y %I:%M %p", "%Y-%m-%dT%H:%M:%S.%f%z", "%Y%j"]
    )
    def test_formats_that_tell_a_day(self, form: str) -> None:
        assert is_format(form)

    @pytest.mark.parametrize(
        "form", ["", "%H:%M", "%Y-%m", "%m/%d", "%Y-%m-%d %I:%M", "%q", "%-d", "%Y %m %", "\0"]
    )
    def test_formats_that_do_not(self, form: str) -> None:
        assert not is_format(form)

    def test_a_format_may_tell_the_zone(self) -> None:
        assert (tells_zone("%Y-%m-%dT%H:%M:%S%z"), tells_zone(SECOND)) == (True, False)


def _outcome(cell: str, form: str) -> object:
    try:
        return read(cell, datetime, format=form, timezone="UTC")
    except Refusal:
        return None


def _expected(cell: str, form: str) -> object:
    try:
        told = datetime.strptime(cell, form)  # noqa: DTZ007 - its zone comes next
        return told.astimezone(UTC) if told.tzinfo else told.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None


VALUES = {"organic search": "Organic", "strasse": "Street", "n/a": None}


class TestOptions:
    @pytest.mark.parametrize(
        "cell,value", [("Organic Search", "Organic"), ("STRASSE", "Street"), ("N/A", None)]
    )
    def test_listed_values_are_found_whatever_the_case(self, cell: str, value: str | None) -> None:
        assert read(cell, str, values=VALUES) == value

    def test_other_values_are_refused(self) -> None:
        assert refused("organic", str, values=VALUES) == "unlisted_value"

    def test_other_values_may_be_kept(self) -> None:
        assert read("organic", str, values=VALUES, keep_others=True) == "organic"

    def test_kept_values_are_read_like_any(self) -> None:
        options = {"values": {"kid": PatientRelationship.CHILD}, "keep_others": True}
        assert read("Kid", PatientRelationship, **options) is PatientRelationship.CHILD
        assert read("self", PatientRelationship, **options) is PatientRelationship.SELF
        assert refused("cat", PatientRelationship, **options) == "unknown_value"

    def test_several_values_stand_in_one_cell(self) -> None:
        assert read_many("a; b;;c ;", str) == ("a", "b", "c")
        assert read_many("a, b;c", str, separator=",") == ("a", "b;c")

    def test_several_values_that_all_mean_nothing_are_missing(self) -> None:
        assert read_many("n/a; N/A", str, values=VALUES) is None
        assert read_many(" ;; ", str) is None

    def test_a_prefix_comes_off_where_it_stands(self) -> None:
        assert [read(cell, str, prefix="p:") for cell in ("p:+1", "+1", "p: x", "p:")] == [
            "+1",
            "+1",
            "x",
            None,
        ]

    @pytest.mark.parametrize(
        "cell,first,last",
        [
            ("Ana Maria Ruiz", "Ana Maria", "Ruiz"),
            ("Ana  Ruiz", "Ana", "Ruiz"),
            ("Ana", "Ana", None),
        ],
    )
    def test_a_whole_name_is_cut_before_its_last_word(
        self, cell: str, first: str, last: str | None
    ) -> None:
        assert read(cell, str, part="first") == first
        assert read(cell, str, part="last") == last


class TestConstants:
    @pytest.mark.parametrize(
        "kind,given,value",
        [
            (Kind(str), "IMPORT", "IMPORT"),
            (Kind(bool), True, True),
            (Kind(int), 12, 12),
            (Kind(date), date(2026, 1, 2), date(2026, 1, 2)),
            (Kind(PatientRelationship), "child", PatientRelationship.CHILD),
            (Kind(str, many=True), ["a", "b"], ("a", "b")),
            (
                Kind(datetime),
                datetime(2026, 1, 2, tzinfo=timezone(timedelta(hours=-3))),
                datetime(2026, 1, 2, 3, tzinfo=UTC),
            ),
        ],
    )
    def test_a_constant_is_taken_as_its_field_holds_it(
        self, kind: Kind, given: object, value: object
    ) -> None:
        assert constant(kind, given) == value

    @pytest.mark.parametrize(
        "kind,given,code",
        [
            (Kind(str), 1, "wrong_type"),
            (Kind(str), "", "wrong_type"),
            (Kind(bool), "yes", "wrong_type"),
            (Kind(bool), 1, "wrong_type"),
            (Kind(int), True, "wrong_type"),
            (Kind(int), 1.5, "wrong_type"),
            (Kind(date), datetime(2026, 1, 2, tzinfo=UTC), "wrong_type"),
            (Kind(datetime), date(2026, 1, 2), "wrong_type"),
            (Kind(datetime), datetime(2026, 1, 2), "naive_datetime"),  # noqa: DTZ001 - the point
            (Kind(PatientRelationship), "cousin", "unknown_value"),
            (Kind(PatientRelationship), 1, "wrong_type"),
            (Kind(str, many=True), "a", "wrong_type"),
            (Kind(str, many=True), [1], "wrong_type"),
        ],
    )
    def test_a_constant_of_another_type_is_refused(
        self, kind: Kind, given: object, code: str
    ) -> None:
        with pytest.raises(Refusal) as caught:
            constant(kind, given)
        assert caught.value.code == code
