"""Values of custom fields: written by kind, alike whatever their order, and never too large."""

from collections.abc import Mapping
from datetime import date

import pytest

from orthocrm.backends.sql.rows.codec import NEUTRAL_PUT
from orthocrm.backends.sql.rows.custom import put_shown, take_shown
from orthocrm.backends.sql.rows.leads import write_lead
from orthocrm.backends.sql.rows.whole import put_whole, take_whole
from orthocrm.core.errors import BackendError
from orthocrm.core.lead import Custom, CustomValue
from orthocrm.testing.factories import a_clinic, a_lead

SHOWN: Mapping[str, CustomValue] = {
    "since": date(2026, 2, 28),
    "seats": 3,
    "colour": "blue",
    "shy": False,
}
WRITTEN = (
    '{"code":{"colour":"blue"},"number":{"seats":3},"flag":{"shy":false},'
    '"date":{"since":"2026-02-28"}}'
)


def test_values_are_written_by_kind() -> None:
    assert put_shown(SHOWN) == WRITTEN
    assert take_shown(WRITTEN) == SHOWN


def test_values_are_written_alike_whatever_their_order() -> None:
    assert put_shown(dict(reversed(list(SHOWN.items())))) == WRITTEN


def test_a_lead_without_values_takes_no_room() -> None:
    lead = a_lead(a_clinic())
    assert put_shown({}) is None
    assert write_lead(lead, NEUTRAL_PUT).count("{}") == 0


@pytest.mark.parametrize("number", [2**63, -(2**63) - 1])
def test_a_number_that_no_column_holds_is_refused(number: int) -> None:
    """One such value would make every later query of the field fail."""
    with pytest.raises(BackendError) as refused:
        put_shown({"seats": number})
    assert str(number) not in str(refused.value)


@pytest.mark.parametrize("number", [2**63 - 1, -(2**63)])
def test_the_greatest_numbers_are_kept(number: int) -> None:
    assert take_shown(put_shown({"seats": number})) == {"seats": number}


def test_a_whole_lead_of_an_earlier_release_can_be_read() -> None:
    """Columns that did not exist when it was kept are empty."""
    lead = a_lead(a_clinic(), custom=Custom(shown=SHOWN), tags=("vip",))
    kept = put_whole(lead)
    for column in ("custom", "tag", "objection", "merged_into", "observed_at", "recalled_at"):
        del kept["clear"][column]
    read = take_whole(kept)
    assert (read.tags, read.custom, read.merged_into) == ((), Custom(), None)
    assert read.id == lead.id
