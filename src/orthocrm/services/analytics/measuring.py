"""Metrics by name: asked within what the actor may count, in one pass, beside the window before."""

from collections.abc import Sequence
from typing import Any, TypeGuard

from attrs import evolve

from orthocrm.analytics.asking import Ask, Cut
from orthocrm.analytics.declaring import Declared, Measured, measured
from orthocrm.analytics.metrics import Metric
from orthocrm.analytics.results import Figures
from orthocrm.analytics.small import shown
from orthocrm.analytics.together import together
from orthocrm.core.errors import InvalidInput
from orthocrm.core.time import Period
from orthocrm.services.analytics import scope
from orthocrm.services.work import Work

MOST = 50
"""How many metrics may be asked for at once."""


def known(work: Work, name: object) -> Declared:
    """Find a metric by its name."""
    declared = work.plugins.metrics.get(name) if isinstance(name, str) else None
    if not isinstance(declared, Declared):
        raise InvalidInput.at("metric", "unknown_metric", "desk.analytics.metrics() lists them")
    return declared


def meant(work: Work, metric: object) -> Metric[Any]:
    """Take a metric, or the name of one that is for the actor."""
    if isinstance(metric, str):
        declared = known(work, metric)
        scope.demand(work, declared)
        return declared.metric
    if not answers(metric):
        raise InvalidInput.at("metric", "wrong_type", "give the name of a metric, or a metric")
    return metric


def answers(metric: object) -> TypeGuard[Metric[Any]]:
    """Whether something can be asked as a metric is."""
    return all(callable(getattr(metric, verb, None)) for verb in ("queries", "read", "drill"))


def measure(
    work: Work,
    names: Sequence[str],
    period: Period | None,
    by: Cut | str | None,
    *,
    compare: bool,
) -> tuple[Measured, ...]:
    """Measure several metrics of one period."""
    if isinstance(names, str) or not isinstance(names, Sequence) or len(names) > MOST:
        raise InvalidInput.at("names", "not_a_list", f"give the names of at most {MOST} metrics")
    declared = [known(work, name) for name in names]
    for one in declared:
        scope.demand(work, one)
    ask = scope.asked(work, period, by)
    questions = [(one, ask) for one in declared]
    if compare:
        before = _before(ask)
        questions += [(one, before) for one in declared if not one.is_of_now]
    asked: list[tuple[Metric[Figures[Any]], Ask]] = [(one.metric, each) for one, each in questions]
    given = together(asked, work.store.aggregate)
    said = [
        measured(one, answer, each.period, None if each.by is None else str(each.by.value))
        for (one, each), answer in zip(questions, given, strict=True)
    ]
    former = {one.metric: one for one in said[len(declared) :]}
    few = scope.smallest(work)
    return tuple(
        shown(evolve(one, before=former.get(one.metric)), few) for one in said[: len(declared)]
    )


def _before(ask: Ask) -> Ask:
    if ask.period is None:
        raise InvalidInput.at("period", "needs_period", "a comparison needs a period")
    return ask.previous()
