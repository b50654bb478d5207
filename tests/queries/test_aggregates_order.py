"""Groups come in the order of their keys."""

from orthocrm.core.query import Group, in_order


def test_empty_text_is_a_key_like_others_and_missing_ones_come_last() -> None:
    groups = [Group((key,), {}) for key in ("b", None, "", "a")]
    assert [group.key for group in in_order(groups)] == [("",), ("a",), ("b",), (None,)]
