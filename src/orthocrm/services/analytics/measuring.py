"""Metrics by name: asked within what the actor may count, in one pass, beside the window before."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final, TypeGuard

from attrs import evolve

from orthocrm.analytics.asking import Ask, Choice, Cut, Whole
from orthocrm.analytics.declaring import Declared, Measured
from orthocrm.analytics.funnel import COHORT_FUNNEL
from orthocrm.analytics.grouping import Behind, Without
from orthocrm.analytics.labels import is_known, label_of, unknown_group
from orthocrm.analytics.metrics import OUTCOMES, Metric, answered
from orthocrm.analytics.small import shown
from orthocrm.analytics.staying import STAGE_STAYS
from orthocrm.core.actor import Permission
from orthocrm.core.errors import InvalidInput, PluginError
from orthocrm.core.ids import LeadId
from orthocrm.core.query import Aggregate, Cond, Where, both
from orthocrm.core.time import Period
from orthocrm.services.analytics import guarding, scope
from orthocrm.services.analytics.guarding import Question
from orthocrm.services.work import Work, everything

_OTHERS: Final[Mapping[str, Metric[Any]]] = {
    "funnel": COHORT_FUNNEL,
    "outcomes": OUTCOMES,
    "stages": STAGE_STAYS,
}
"""What has leads behind its numbers without being a metric of one number."""

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
        if metric in _OTHERS and metric not in work.plugins.metrics:
            return _OTHERS[metric]
        declared = known(work, metric)
        scope.demand(work, declared)
        return declared.metric
    if not answers(metric):
        raise InvalidInput.at("metric", "wrong_type", "give the name of a metric, or a metric")
    return metric


def behind(
    work: Work, metric: object, ask: Ask, part: object, choice: object
) -> tuple[LeadId, ...]:
    """Name the leads behind one part of a metric, within what the actor may read."""
    asked, named, group = meant(work, metric), _part(part), label_of(ask, _group(choice))
    reach = work.reach(Permission.LEAD_READ)

    def found() -> tuple[LeadId, ...]:
        drilled = asked.drill(ask, named, group)
        but = _ids(work, drilled.rows) if isinstance(drilled, Without) else frozenset()
        where = both(_of_leads(work, drilled), reach)
        leads = [lead for lead in everything(work.store.leads, where) if lead.id not in but]
        if not leads:
            _ensure_there_is(work, asked, ask, group)
        return tuple(lead.id for lead in leads)

    declared = work.plugins.metrics.get(metric) if isinstance(metric, str) else None
    if isinstance(declared, Declared) and guarding.is_brought(declared):
        return guarding.guarded(declared.name, found)
    return found()


def _ensure_there_is(work: Work, metric: Metric[Any], ask: Ask, group: Choice) -> None:
    """Refuse a group that neither the practice nor any answer knows."""
    if group is Whole.TOTAL or is_known(ask, group):
        return
    figures = answered(metric, ask, work.store.aggregate)
    if group not in {label for label, _ in getattr(figures, "groups", ())}:
        raise unknown_group()


def _part(part: object) -> str:
    if not isinstance(part, str):
        raise InvalidInput.at("part", "wrong_type", "give the name of a part")
    return part


def _group(choice: object) -> Choice:
    """Take the name of a group."""
    if choice is None or choice is Whole.TOTAL or isinstance(choice, str | date | int):
        return choice
    raise InvalidInput.at("group", "wrong_type", "give the name of a group")


def _of_leads(work: Work, found: Where | Behind | Without) -> Where:
    """Give the condition of the leads to whom rows belong, or who are meant themselves."""
    if isinstance(found, Behind):
        return Cond("id", "in", tuple(_ids(work, found)))
    return found.where if isinstance(found, Without) else found


def _ids(work: Work, rows: Behind) -> frozenset[str]:
    """Name the leads to whom rows belong."""
    groups = work.store.aggregate(Aggregate(rows.of, (), ("lead_id",), rows.where))
    return frozenset(group.key[0] for group in groups)


def answers(metric: object) -> TypeGuard[Metric[Any]]:
    """Whether something can be asked as a metric is."""
    return all(callable(getattr(metric, verb, None)) for verb in ("queries", "read", "drill"))


def measure_one(
    work: Work, name: str, period: Period | None, by: Cut | str | None, *, compare: bool
) -> Measured:
    """Measure one metric.

    Raises:
        PluginError: it is a plug-in's, and failed.
    """
    (said,) = measure(work, [name], period, by, compare=compare)
    if said.failed is not None:
        raise PluginError(said.metric, said.failed)
    return said


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
    questions = [Question(one, ask) for one in declared]
    if compare:
        before = _before(ask)
        questions += [Question(one, before) for one in declared if not one.is_of_now]
    said = guarding.answered(questions, work.store.aggregate)
    former = {one.metric: one for one in said[len(declared) :]}
    few = scope.smallest(work)
    return tuple(
        shown(evolve(one, before=former.get(one.metric)), few) for one in said[: len(declared)]
    )


def _before(ask: Ask) -> Ask:
    if ask.period is None:
        raise InvalidInput.at("period", "needs_period", "a comparison needs a period")
    return ask.previous()
