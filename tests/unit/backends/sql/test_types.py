"""Instants in UTC on every engine."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from orthocrm.backends.sql.types import UtcDateTime, instant_text
from orthocrm.core import limits
from orthocrm.core.errors import InvalidInput

instants = st.datetimes(
    datetime(limits.YEARS[0], 1, 1),  # noqa: DTZ001 - the zone stands beside
    datetime(limits.YEARS[-1], 12, 31),  # noqa: DTZ001 - as above
    timezones=st.just(UTC),
)


@given(instants, instants)
def test_texts_sort_as_the_instants_do(one: datetime, other: datetime) -> None:
    assert (instant_text(one) < instant_text(other)) == (one < other)


@given(instants)
def test_a_text_is_the_instant(at: datetime) -> None:
    assert datetime.fromisoformat(instant_text(at)) == at
    assert len(instant_text(at)) == 27


def test_a_naive_instant_is_refused() -> None:
    with pytest.raises(InvalidInput):
        instant_text(datetime(2026, 11, 2, 9))  # noqa: DTZ001 - the subject of the test


def test_a_column_gives_back_instants_in_utc(url: str) -> None:
    table = sa.Table("moments", sa.MetaData(), sa.Column("at", UtcDateTime()))
    at = datetime(2026, 11, 1, 1, 30, 0, 7, tzinfo=ZoneInfo("America/Chicago"), fold=1)
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        table.create(connection)
        connection.execute(table.insert(), [{"at": at}, {"at": None}])
        found = connection.scalars(sa.select(table.c.at).order_by(table.c.at.nulls_last())).all()
    engine.dispose()
    assert found == [at.astimezone(UTC), None]
    assert found[0] is not None
    assert (found[0].tzinfo, found[0].utcoffset()) == (UTC, timedelta())
