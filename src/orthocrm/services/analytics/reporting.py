"""Reports for an actor: those that are for them, without groups that are too small for them."""

from typing import Any

from attrs import evolve

from orthocrm.analytics.reports import REPORTS, Recipe, Report
from orthocrm.analytics.reports.hiding import hidden
from orthocrm.core.actor import Permission, Scope
from orthocrm.core.errors import Forbidden, InvalidInput
from orthocrm.core.time import Period
from orthocrm.services.analytics import scope
from orthocrm.services.work import Work


def known(name: object, path: str = "name") -> Recipe:
    """Find a report by its name."""
    recipe: Any = REPORTS.get(name) if isinstance(name, str) else None
    if not isinstance(recipe, Recipe):
        raise InvalidInput.at(path, "unknown_report", f"give one of {', '.join(REPORTS)}")
    return recipe


def report(work: Work, name: object, period: Period | None) -> Report:
    """Make a report for the actor."""
    recipe = known(name)
    demand(work, recipe)
    ask = evolve(scope.asked(work, period, recipe.by), by=None)
    return hidden(recipe(ask, work.store.aggregate), scope.smallest(work))


def demand(work: Work, recipe: Recipe) -> None:
    """Refuse a report that is not for the actor."""
    reach = work.scopes(Permission.LEAD_ANALYTICS)
    if reach & {Scope.CLINIC, Scope.AGGREGATES}:
        return
    if Scope.OWN_FIGURES in reach and not recipe.is_of_the_clinic:
        return
    if Scope.MARKETING not in reach or not recipe.for_marketing:
        raise Forbidden(work.operation, Permission.LEAD_ANALYTICS)
