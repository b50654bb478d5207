"""Why a start is not offered: every refusal names its rule."""

from datetime import date, datetime
from typing import Any

import pytest
from attrs import evolve

from orthocrm.core.errors import InvalidInput
from orthocrm.scheduling.blocks import RecurringBlock
from orthocrm.scheduling.hours import Override
from orthocrm.scheduling.refusals import RULES, Refusal, Why, explain
from orthocrm.scheduling.request import Provider, Resource, ResourcePool, SlotRequest
from tests.unit.scheduling.asking import ask, at, busy, week

DAY = "2026-11-24"
HOURS = week(("09:00", "12:00"))
TEN = f"{DAY}T10:00"
TAKEN = busy(TEN, f"{DAY}T11:00")
TEA = RecurringBlock(start=datetime(2026, 1, 1, 10), duration=5, rrule="FREQ=DAILY")  # noqa: DTZ001 - a wall time


def refusal(start: str = TEN, **more: Any) -> tuple[str, str] | None:
    found = explain(ask(DAY, **{"hours": HOURS, **more}), at(start))
    return None if found is None else (found.code.value, found.rule)


def test_an_offered_start_is_not_refused() -> None:
    assert refusal() is None


@pytest.mark.parametrize(
    "code, rule, start, more",
    [
        ("in_past", "R14", TEN, {"now": at(f"{DAY}T10:01")}),
        ("too_soon", "R14", TEN, {"notice": 601}),
        ("out_of_range", "R17", TEN, {"from_": at(f"{DAY}T10:01")}),
        ("out_of_range", "R17", TEN, {"to": at(TEN)}),
        ("nobody", "R20", TEN, {"providers": ()}),
        ("past_horizon", "R15", "2026-11-26T10:00", {"date_range": None, "horizon": 1}),
        ("outside_dates", "R15", "2026-11-26T10:00", {}),
        ("outside_dates", "R15", TEN, {"date_range": (date(2026, 11, 25), date(2026, 11, 26))}),
        ("no_hours", "R6", TEN, {"hours": ()}),
        ("closed_date", "R5", TEN, {"closed_dates": [date(2026, 11, 24)]}),
        ("outside_override", "R5", TEN, {"overrides": [Override(date=date(2026, 11, 24))]}),
        ("outside_hours", "R2", f"{DAY}T11:30", {}),
        ("time_off", "R6", TEN, {"time_off": [(at(f"{DAY}T10:59"), at(f"{DAY}T13:00"))]}),
        (
            "recurring_block",
            "R6",
            TEN,
            {"blocks": [TEA]},
        ),
        (
            "buffer_outside_hours",
            "R11",
            f"{DAY}T09:00",
            {"buffer_before": 1, "buffer_scope": "hours"},
        ),
        ("day_full", "R16", f"{DAY}T09:00", {"busy": [TAKEN], "max_per_day": 1}),
        ("day_full", "R16", f"{DAY}T09:00", {"max_per_day": 0}),
        ("busy", "R11", TEN, {"busy": [TAKEN]}),
        ("buffer", "R11", f"{DAY}T09:00", {"busy": [TAKEN], "buffer_after": 1}),
        ("full", "R13", TEN, {"busy": [TAKEN], "capacity": 2}),
        ("patient_busy", "R19", TEN, {"patient_appointments": [TAKEN]}),
        (
            "no_resource",
            "R18",
            TEN,
            {"pools": [ResourcePool(members=[Resource(id="c", busy=[TAKEN])])]},
        ),
        ("off_grid", "R7", f"{DAY}T10:10", {}),
        ("off_grid", "R8", f"{DAY}T10:10", {"align": "midnight"}),
        ("off_grid", "R9", f"{DAY}T10:10", {"align": "free"}),
        ("off_grid", "R10", f"{DAY}T10:10", {"align": "clock"}),
        ("off_grid", "R7", f"{DAY}T10:00:30", {}),
    ],
)
def test_a_refusal_names_the_rule(code: str, rule: str, start: str, more: dict[str, Any]) -> None:
    assert refusal(start, **more) == (code, rule)


def test_every_code_has_its_rule() -> None:
    assert set(RULES) | {Why.OFF_GRID} == set(Why)


ANNE = Provider(id="anne", hours=HOURS, busy=[TAKEN])
BOB = Provider(id="bob", hours=week(("13:00", "14:00")))
CLEO = Provider(id="cleo", hours=week(("09:30", "14:00")))


def several(*providers: Provider, **more: Any) -> SlotRequest:
    return ask(DAY, providers=providers, **more)


def test_of_several_who_could_take_it_the_closest_is_named() -> None:
    refused = explain(several(BOB, ANNE), at(TEN))

    assert refused == Refusal(code=Why.BUSY, rule="R11", provider="anne")


def test_one_of_several_is_enough() -> None:
    assert explain(several(ANNE, CLEO), at(f"{DAY}T10:30")) is None
    assert explain(several(ANNE, CLEO), at(TEN)) == Refusal(
        code=Why.OFF_GRID, rule="R7", provider="cleo"
    )


def test_where_all_have_to_be_there_the_first_who_cannot_is_named() -> None:
    refused = explain(several(CLEO, ANNE, BOB, mode="all"), at(TEN))

    assert refused == Refusal(code=Why.BUSY, rule="R11", provider="anne")
    free = several(CLEO, evolve(ANNE, busy=()), mode="all")
    assert explain(free, at(TEN)) == Refusal(code=Why.OFF_GRID, rule="R7")
    assert explain(free, at(f"{DAY}T10:30")) is None


def test_the_group_that_cannot_is_named_by_its_closest() -> None:
    request = several(CLEO, ANNE, BOB, mode="groups", groups=[["cleo"], ["anne", "bob"]])

    assert explain(request, at(f"{DAY}T10:30")) == Refusal(
        code=Why.BUSY, rule="R11", provider="anne"
    )


def test_pools_that_need_the_same_chair_have_no_resource() -> None:
    pools = [ResourcePool(id=name, members=[Resource(id="c1")]) for name in ("first", "second")]

    assert refusal(pools=pools) == ("no_resource", "R18")


def test_the_pool_that_has_nothing_is_named() -> None:
    pools = [ResourcePool(id="chairs", members=[Resource(id="c1")]), ResourcePool(id="rooms")]

    refused = explain(ask(DAY, hours=HOURS, pools=pools), at(TEN))

    assert refused == Refusal(code=Why.NO_RESOURCE, rule="R18", resource="rooms")


def test_a_start_without_an_end_of_the_range_can_be_asked_for() -> None:
    request = ask("2026-11-24", hours=HOURS, date_range=None)

    assert explain(request, at("2028-11-24T10:00")) is None


def test_nothing_is_decided_about_more_than_ten_years_ahead() -> None:
    with pytest.raises(InvalidInput, match="to: "):
        explain(ask(DAY, hours=HOURS, date_range=None), at("2038-11-24T10:00"))


@pytest.mark.parametrize("start", [datetime(2026, 11, 24, 10), "2026-11-24", None])  # noqa: DTZ001 - naive
def test_a_start_has_to_be_an_instant(start: Any) -> None:
    with pytest.raises(InvalidInput, match="start: "):
        explain(ask(DAY, hours=HOURS), start)
