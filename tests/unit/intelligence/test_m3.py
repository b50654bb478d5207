"""The monthly series of the M3 competition: 18 months ahead, beside what others reached."""

import csv
import gzip
import json
from collections import defaultdict
from pathlib import Path
from statistics import fmean

import pytest

from orthocrm.intelligence.forecast import Method, accuracy, ahead, with_intervals

M3 = Path(__file__).parents[4] / "shared" / "data" / "m3_monthly"
AHEAD = 18

pytestmark = pytest.mark.skipif(not M3.is_dir(), reason="needs the M3 series in shared/data")


@pytest.fixture(scope="module")
def series() -> list[tuple[list[float], list[float]]]:
    found: dict[str, dict[str, list[float]]] = defaultdict(lambda: {"train": [], "test": []})
    with gzip.open(M3 / "series.csv.gz", "rt") as lines:
        for row in csv.DictReader(lines):
            found[row["id"]][row["part"]].append(float(row["y"]))
    return [(parts["train"], parts["test"]) for parts in found.values()]


def test_the_answer_is_closer_than_the_best_of_the_competition(
    series: list[tuple[list[float], list[float]]],
) -> None:
    off: dict[str, list[float]] = defaultdict(list)
    for known, came in series:
        for name, path in ahead(known, AHEAD).items():
            off[name].append(accuracy(list(zip(path, came, strict=True))).smape)
    smape = {name: fmean(each) for name, each in off.items()}
    truth = json.loads((M3 / "truth.json").read_text())["scores"]
    assert smape[Method.SEASONAL_NAIVE] == pytest.approx(
        truth["seasonal_naive"]["smape_h1_18"], abs=0.001
    )
    assert smape[Method.THETA] < truth["M3:THETA"]["smape_h1_18"]
    assert smape[Method.COMBINED] < 13.4
    assert smape[Method.COMBINED] == min(smape.values())


def test_four_of_five_months_fall_within_the_interval(
    series: list[tuple[list[float], list[float]]],
) -> None:
    held = [
        month.low <= value <= month.high
        for known, came in series[::3]
        for month, value in zip(
            with_intervals(known, AHEAD, level=0.8, counts=False), came, strict=True
        )
    ]
    assert 0.76 <= fmean(held) <= 0.84
