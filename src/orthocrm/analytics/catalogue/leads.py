"""Metrics of leads: how many came, how many became patients or were lost, and how long it took."""

from typing import Final

from orthocrm.analytics import metrics
from orthocrm.analytics.asking import LOST, OPEN, WON
from orthocrm.analytics.declaring import (
    Declared,
    Unit,
    of_count,
    of_part,
    of_rate,
    of_share,
    of_spread,
)
from orthocrm.analytics.grouping import COHORT
from orthocrm.analytics.measures import Quotient, Tally
from orthocrm.analytics.visited import FLOW
from orthocrm.core.query import AnyOf

_CLOSED: Final = AnyOf((WON, LOST))

OF_LEADS: Final = (
    Declared(
        name="total_leads",
        title="Leads",
        unit=Unit.COUNT,
        formula="leads created in the period; a merged pair once, at its earliest creation",
        metric=metrics.TOTAL_LEADS,
        figure=of_count,
        for_marketing=True,
    ),
    Declared(
        name="lead_mix",
        title="Share of leads",
        unit=Unit.SHARE,
        formula="leads of the group over all leads of the period",
        metric=metrics.LEAD_MIX,
        figure=of_part,
        for_marketing=True,
    ),
    Declared(
        name="conversion_rate",
        title="Conversion, by cohort",
        unit=Unit.SHARE,
        formula="leads of the period that ever converted over leads of the period",
        metric=Quotient(top=Tally(where=WON), bottom=Tally()),
        figure=of_share,
        for_marketing=True,
    ),
    Declared(
        name="period_conversion_rate",
        title="Conversions per new lead",
        unit=Unit.RATE,
        formula="conversions in the period over leads created in it; may exceed 100 %",
        metric=metrics.PERIOD_CONVERSION,
        figure=of_rate,
        for_marketing=True,
    ),
    Declared(
        name="conversions",
        title="Conversions",
        unit=Unit.COUNT,
        formula="leads converted in the period, whenever they came in",
        metric=metrics.CONVERSIONS,
        figure=of_count,
        for_marketing=True,
    ),
    Declared(
        name="win_rate",
        title="Won of closed, by cohort",
        unit=Unit.SHARE,
        formula="leads of the period that converted over those that converted or were lost",
        metric=Quotient(top=Tally(where=WON), bottom=Tally(where=_CLOSED)),
        figure=of_share,
        for_marketing=True,
    ),
    Declared(
        name="time_to_convert",
        title="Days to convert",
        unit=Unit.DAYS,
        formula="days from creation to conversion, of conversions in the period; median",
        metric=metrics.TIME_TO_CONVERT,
        figure=of_spread,
        for_marketing=True,
    ),
    Declared(
        name="cohort_time_to_convert",
        title="Days to convert, by cohort",
        unit=Unit.DAYS,
        formula="days from creation to conversion, of leads created in the period; median",
        metric=metrics.COHORT_TIME_TO_CONVERT,
        figure=of_spread,
        for_marketing=True,
    ),
    Declared(
        name="stage_entries",
        title="Leads that entered a stage",
        unit=Unit.COUNT,
        formula="different leads that entered the stage in the period; cut it by stage",
        metric=FLOW,
        figure=of_count,
        for_marketing=True,
    ),
    Declared(
        name="losses",
        title="Lost leads",
        unit=Unit.COUNT,
        formula="leads lost in the period, whenever they came in",
        metric=metrics.LOSSES,
        figure=of_count,
    ),
    Declared(
        name="loss_mix",
        title="Share of losses",
        unit=Unit.SHARE,
        formula="losses of the group over all losses of the period, by the date of loss",
        metric=metrics.LOSS_MIX,
        figure=of_part,
    ),
    Declared(
        name="cohort_losses",
        title="Lost leads, by cohort",
        unit=Unit.COUNT,
        formula="leads created in the period that are lost",
        metric=Tally(where=LOST),
        figure=of_count,
    ),
    Declared(
        name="cohort_open",
        title="Still open, by cohort",
        unit=Unit.COUNT,
        formula="leads created in the period that are neither won nor lost",
        metric=Tally(facts=COHORT, where=OPEN),
        figure=of_count,
        for_marketing=True,
    ),
)
