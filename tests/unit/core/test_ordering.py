"""Orders: whatever is asked for first agrees with the whole list, sorted."""

from functools import cmp_to_key
from operator import itemgetter

from hypothesis import given
from hypothesis import strategies as st

from orthocrm.core.ordering import Key, after, first

Row = tuple[int | None, int | None, int]

values = st.none() | st.integers(0, 3)


@st.composite
def rows(draw: st.DrawFn) -> list[Row]:
    parts = draw(st.lists(st.tuples(values, values), max_size=12))
    places = draw(st.permutations(range(len(parts))))
    return [(*part, place) for part, place in zip(parts, places, strict=True)]


@st.composite
def orders(draw: st.DrawFn) -> list[Key]:
    directions = draw(st.tuples(st.booleans(), st.booleans()))
    keys = [Key(itemgetter(place), down) for place, down in enumerate(directions)]
    return [*keys, Key(itemgetter(2))]


def in_order(rows: list[Row], keys: list[Key]) -> list[Row]:
    def compare(one: Row, other: Row) -> int:
        for key in keys:
            have, want = key.read(one), key.read(other)
            if have == want:
                continue
            if have is None or want is None:
                return 1 if have is None else -1
            return -1 if (have > want if key.descending else have < want) else 1
        return 0

    return sorted(rows, key=cmp_to_key(compare))


@given(rows(), orders(), st.integers(1, 14))
def test_the_first_rows_are_those_of_the_sorted_list(
    rows: list[Row], keys: list[Key], many: int
) -> None:
    assert first(rows, many, keys) == in_order(rows, keys)[:many]


@given(rows().filter(bool), orders(), st.data())
def test_what_comes_after_a_place_is_the_rest_of_the_sorted_list(
    rows: list[Row], keys: list[Key], data: st.DataObject
) -> None:
    whole = in_order(rows, keys)
    place = data.draw(st.integers(1, len(whole)))
    marks = [key.read(whole[place - 1]) for key in keys]
    assert in_order(after(rows, marks, keys), keys) == whole[place:]


def test_only_what_was_asked_for_is_sorted() -> None:
    compared: list[int] = []

    def read(row: int) -> int:
        compared.append(row)
        return row

    assert first(range(1_000), 10, [Key(read)]) == list(range(10))
    assert len(compared) <= 1_000 + 3 * 10
