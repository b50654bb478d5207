"""Columns of many rows as text that PostgreSQL reads as an array."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orthocrm.backends.sql.rows.codec import put_array

_ELEMENT = re.compile(r'"((?:[^"\\]|\\.)*)"|NULL')


@pytest.mark.parametrize(
    "values, written",
    [
        ([], "{}"),
        (["a", "b c"], '{"a","b c"}'),
        (["", "NULL", "{,}"], '{"","NULL","{,}"}'),
        (['say "a"', "b"], r'{"say \"a\"","b"}'),
        (['","'], r'{"\",\""}'),
        (["back\\slash", "b"], r'{"back\\slash","b"}'),
        ([None, None], "{NULL,NULL}"),
        ([None, "a", 3, True, b"\x01\xff"], r'{NULL,"a",3,True,"\\x01ff"}'),
    ],
)
def test_array_is_written_as_postgresql_reads_it(values: list[object], written: str) -> None:
    assert put_array(values) == written


@given(st.lists(st.none() | st.text(alphabet='ab",\\{} ')))
def test_every_text_of_an_array_comes_back_as_it_was(values: list[str | None]) -> None:
    found = _ELEMENT.finditer(put_array(values))

    assert [_read(one) for one in found] == values


def _read(element: re.Match[str]) -> str | None:
    return None if element[1] is None else re.sub(r"\\(.)", r"\1", element[1])
