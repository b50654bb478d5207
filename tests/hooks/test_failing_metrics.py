"""A metric of a plug-in that fails: it says so, and the others of a dashboard still stand."""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from attrs import evolve

from orthocrm import Cond, Declared, InvalidInput, Period, PluginError, Tally, Unit, hook, of_count
from orthocrm.analytics.asking import Ask, Choice, Whole
from orthocrm.analytics.grouping import Behind
from orthocrm.core.query import Aggregate, Where
from tests.flows.practice import enquiry
from tests.hooks.plugins import a_house

SECRET = "the family Brown owes 4711"

SOUND = Declared(
    name="phone_leads",
    title="Leads by phone",
    unit=Unit.COUNT,
    formula="leads that came by phone",
    metric=Tally(),
    figure=of_count,
)


def fails(*_: object) -> Any:
    raise ZeroDivisionError(SECRET)


class Mute(Tally):
    def queries(self, ask: Ask) -> tuple[Aggregate, ...]:
        return fails(ask)


class Blind(Tally):
    def read(self, ask: Ask, answers: Sequence[Any]) -> Any:
        return fails(ask, answers)

    def drill(self, ask: Ask, part: str, choice: Choice = Whole.TOTAL) -> Where | Behind:
        return fails(ask, part, choice)


class Choosy(Tally):
    def queries(self, _: Ask) -> tuple[Aggregate, ...]:
        raise InvalidInput.at("period", "needs_period", "give a month")


FAILING: Mapping[str, Declared] = {
    "queries": evolve(SOUND, metric=Mute()),
    "read": evolve(SOUND, metric=Blind()),
    "figure": evolve(SOUND, figure=fails),
    "no figure": evolve(SOUND, figure=lambda count: count),
    "no field": evolve(SOUND, metric=Tally(where=Cond("no_such_field", "eq", SECRET))),
    "no value": evolve(SOUND, metric=Tally(where=Cond("created_at", "lt", SECRET))),
}


class Brings:
    def __init__(self, declared: Declared) -> None:
        self.declared = declared

    @hook
    def register_metrics(self) -> Mapping[str, Any]:
        return {self.declared.name: self.declared}


@pytest.mark.parametrize("failing", FAILING.values(), ids=FAILING)
def test_a_metric_that_fails_is_named_and_the_others_stand(failing: Declared) -> None:
    with a_house(Brings(failing)) as house:
        house.front.leads.capture(enquiry())
        names = ["total_leads", "phone_leads", "open_leads"]
        period = Period.month(2026, 7)
        ours, theirs, now = house.admin.analytics.measure_all(names, by="source", compare=False)
        compared = house.admin.analytics.measure_all(names, period, compare=True)[1]
        with pytest.raises(PluginError, match="phone_leads: its metric raised") as refused:
            house.admin.analytics.measure("phone_leads")

    assert (ours.total.value, ours.failed, now.total.value, now.failed) == (1, None, 1, None)
    assert (theirs.metric, theirs.total.value, theirs.total.n, theirs.groups) == (
        "phone_leads", None, 0, (),
    )  # fmt: skip
    assert (theirs.by, compared.period) == ("source", period)
    assert compared.before is not None
    assert None not in {theirs.failed, compared.failed, compared.before.failed}
    assert "4711" not in f"{theirs!r} {compared!r} {refused.value}"


def test_leads_behind_a_metric_that_fails_are_refused_in_its_name() -> None:
    with (
        a_house(Brings(FAILING["read"])) as house,
        pytest.raises(PluginError, match="phone_leads: its metric raised ZeroDivisionError"),
    ):
        house.admin.analytics.behind("phone_leads")


def test_a_metric_may_refuse_a_question() -> None:
    with a_house(Brings(evolve(SOUND, metric=Choosy()))) as house:
        with pytest.raises(InvalidInput, match="give a month"):
            house.admin.analytics.measure("phone_leads")
        with pytest.raises(InvalidInput, match="give a month"):
            house.admin.analytics.measure_all(["total_leads", "phone_leads"])
