"""Metrics by name: asked within what the actor may count, in one pass, beside the window before."""

from collections.abc import Sequence
from datetime import date
from typing import Any, TypeGuard

from attrs import evolve

from orthocrm.analytics.asking import Ask, Choice, Cut, Whole
from orthocrm.analytics.declaring import Declared, Measured
from orthocrm.analytics.grouping import Behind
from orthocrm.analytics.labels import is_known, label_of, unknown_group
from orthocrm.analytics.metrics import Metric, answered
from orthocrm.analytics.small import shown
from orthocrm.core.actor import Permission
from orthocrm.core.errors import InvalidInput, PluginError
from orthocrm.core.ids import LeadId
from orthocrm.core.query import Aggregate, Cond, Where, both
from orthocrm.core.time import Period
from orthocrm.services.analytics import guarding, scope
from orthocrm.services.analytics.guarding import Question
from orthocrm.services.work import Work, everything

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


def behind(
    work: Work, metric: object, ask: Ask, part: object, choice: object
) -> tuple[LeadId, ...]:
    """Name the leads behind one part of a metric, within what the actor may read."""
    asked, named, group = meant(work, metric), _part(part), label_of(ask, _group(choice))

    def found() -> tuple[LeadId, ...]:
        where = _of_leads(work, asked.drill(ask, named, group))
        leads = everything(work.store.leads, both(where, work.reach(Permission.LEAD_READ)))
        if not leads:
            _ensure_there_is(work, asked, ask, group)
        return tuple(lead.id for lead in leads)

    if isinstance(metric, str) and guarding.is_brought(known(work, metric)):
        return guarding.guarded(metric, found)
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


def _of_leads(work: Work, found: Where | Behind) -> Where:
    """Give the condition of the leads to whom rows belong."""
    if not isinstance(found, Behind):
        return found
    groups = work.store.aggregate(Aggregate(found.of, (), ("lead_id",), found.where))
    return Cond("id", "in", tuple(group.key[0] for group in groups))


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
