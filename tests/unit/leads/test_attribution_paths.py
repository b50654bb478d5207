"""Ten thousand real paths of customers over twelve channels, against sums counted another way."""

import csv
import gzip
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from functools import cache
from pathlib import Path

import pytest

from orthocrm.core.marketing import Touch
from orthocrm.leads.attribution import AttributionModel, Crediting, credited
from orthocrm.testing.factories import a_clinic, a_lead, a_touch

DATA = Path(__file__).parents[3] / ".." / "shared" / "data" / "attribution_paths" / "Data.csv.gz"
START = datetime(2026, 1, 1, tzinfo=UTC)
LEAD = a_lead(a_clinic())
Totals = dict[str, Fraction]

pytestmark = pytest.mark.skipif(
    not DATA.exists(), reason="the attribution paths are not beside the checkout"
)


@cache
def journeys() -> tuple[tuple[tuple[str, ...], int], ...]:
    return tuple(_read())


def _read() -> Iterator[tuple[tuple[str, ...], int]]:
    with gzip.open(DATA, "rt", encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines, delimiter=";"):
            yield tuple(row["path"].split(" > ")), int(row["total_conversions"])


@cache
def touches_of(path: tuple[str, ...]) -> tuple[Touch, ...]:
    return tuple(
        a_touch(LEAD, START + timedelta(days=day), id=f"{day:03}", source_id=channel)
        for day, channel in enumerate(path)
    )


def ours(model: AttributionModel) -> Totals:
    totals: Totals = defaultdict(Fraction)
    for path, conversions in journeys():
        for credit in credited(touches_of(path), Crediting(model=model)):
            assert credit.touch is not None
            totals[str(credit.touch.source_id)] += credit.share * conversions
    return {channel: total for channel, total in totals.items() if total}


def counted(count: Callable[[Sequence[str]], Totals]) -> Totals:
    totals: Totals = defaultdict(Fraction)
    for path, conversions in journeys():
        for channel, share in count(path).items():
            totals[channel] += share * conversions
    return {channel: total for channel, total in totals.items() if total}


def first(path: Sequence[str]) -> Totals:
    return {path[0]: Fraction(1)}


def last(path: Sequence[str]) -> Totals:
    return {path[-1]: Fraction(1)}


def linear(path: Sequence[str]) -> Totals:
    return {channel: Fraction(path.count(channel), len(path)) for channel in path}


def position(path: Sequence[str]) -> Totals:
    between = path[1:-1]
    if not between:
        return linear(path)
    ends = {
        channel: Fraction(4 * ((path[0] == channel) + (path[-1] == channel)), 10)
        for channel in path
    }
    return {
        channel: ends[channel] + Fraction(2 * between.count(channel), 10 * len(between))
        for channel in path
    }


@pytest.mark.parametrize("count", [first, last, linear, position], ids=lambda count: count.__name__)
def test_every_channel_gets_exactly_what_is_counted_for_it(
    count: Callable[[Sequence[str]], Totals],
) -> None:
    assert ours(AttributionModel(count.__name__)) == counted(count)


def test_the_set_is_the_one_that_the_figures_are_about() -> None:
    assert len(journeys()) == 10_000
    assert len({channel for path, _ in journeys() for channel in path}) == 12


def test_credits_of_every_model_add_up_to_the_conversions() -> None:
    conversions = sum(number for _, number in journeys())
    models = [model for model in AttributionModel if model is not AttributionModel.TIME_DECAY]
    assert [sum(ours(model).values()) for model in models] == [conversions] * 4


def test_time_decay_adds_up_to_one_on_every_path_and_grows_with_time() -> None:
    for path, _ in journeys():
        shares = [c.share for c in credited(touches_of(path), Crediting(model="time_decay"))]
        assert sum(shares) == 1
        assert shares == sorted(shares)
