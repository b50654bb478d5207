"""What an actor may count: everybody's leads, the own ones, or what marketing goes by."""

from typing import Final

from attrs import evolve

from orthocrm.analytics.asking import Ask, By, Cut
from orthocrm.analytics.declaring import Declared
from orthocrm.core.actor import Permission, Scope
from orthocrm.core.errors import Forbidden
from orthocrm.core.query import Cond, Where
from orthocrm.core.time import Period
from orthocrm.services.analytics.clocks import PracticeClock
from orthocrm.services.work import Work

FOR_MARKETING: Final[frozenset[Cut | None]] = frozenset(
    {
        None,
        By.SOURCE,
        By.CATEGORY,
        By.CAMPAIGN,
        By.CHANNEL,
        By.STAGE,
        By.FURTHEST,
        By.MONTH,
        By.WEEK,
        By.DAY,
    }
)
"""The cuts that marketing managers get: none by people, none by why leads were lost."""

_WIDE: Final = frozenset({Scope.CLINIC, Scope.AGGREGATES})


def asked(work: Work, period: Period | None, by: Cut | str | None) -> Ask:
    """Put a question within what the actor may count."""
    ask = Ask(
        practice=work.practice,
        now=work.now,
        period=period,
        by=by,
        clock=PracticeClock(work.practice.clinic),
    )
    return evolve(ask, within=_within(work, ask))


def asked_by_clinic(work: Work) -> Ask:
    """Ask for the whole clinic, on behalf of nobody."""
    clinic = work.practice.clinic
    return Ask(practice=work.practice, now=work.now, clock=PracticeClock(clinic))


def asked_about_stages(work: Work, period: Period | None) -> Ask:
    """Ask about what is lost in stages, which marketing managers may not."""
    return asked(work, period, By.LOST_STAGE).cut(None)


def _within(work: Work, ask: Ask) -> Where:
    reach = work.scopes(Permission.LEAD_ANALYTICS)
    if reach & _WIDE:
        return ask.within
    if Scope.OWN_FIGURES in reach:
        return Cond("owner", "eq", work.actor.user)
    if ask.by not in FOR_MARKETING:
        raise Forbidden(work.operation, Permission.LEAD_ANALYTICS)
    return ask.within


def demand(work: Work, declared: Declared) -> None:
    """Refuse a metric that is not for the actor."""
    if not allows(work, declared):
        raise Forbidden(work.operation, Permission.LEAD_ANALYTICS)


def allows(work: Work, declared: Declared) -> bool:
    """Tell whether a metric is for the actor."""
    reach = work.scopes(Permission.LEAD_ANALYTICS)
    if reach & _WIDE:
        return True
    if Scope.MARKETING in reach and declared.for_marketing:
        return True
    return Scope.OWN_FIGURES in reach and not declared.is_of_the_clinic


def smallest(work: Work) -> int | None:
    """Give the smallest group that the actor is shown; None: all are."""
    if work.may(Permission.LEAD_READ):
        return None
    return work.practice.clinic.settings.reporting.smallest_group
