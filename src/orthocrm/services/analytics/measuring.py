"""Metrics by name: asked within what the actor may count, in one pass, beside the window before."""

from collections.abc import Sequence
from typing import Any

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
    asks = [ask, _before(ask)] if compare else [ask]
    asked: list[tuple[Metric[Figures[Any]], Ask]] = [
        (one.metric, each) for each in asks for one in declared
    ]
    answers = together(asked, work.store.aggregate)
    said = [
        measured(one, answer, each.period, None if each.by is None else str(each.by.value))
        for (one, each), answer in zip(
            ((one, each) for each in asks for one in declared), answers, strict=True
        )
    ]
    now, before = said[: len(declared)], said[len(declared) :]
    beside = zip(now, before, strict=True) if compare else ((one, None) for one in now)
    return tuple(shown(evolve(one, before=other), scope.smallest(work)) for one, other in beside)


def _before(ask: Ask) -> Ask:
    if ask.period is None:
        raise InvalidInput.at("period", "needs_period", "a comparison needs a period")
    return ask.previous()
