"""Metrics of money: what leads and patients cost, what they bring, and what flows."""

from typing import Final

from orthocrm.analytics import metrics
from orthocrm.analytics.asking import WON, Basis
from orthocrm.analytics.costing import PerHead, Revenue, Roi
from orthocrm.analytics.declaring import (
    Declared,
    Unit,
    of_cost,
    of_earned,
    of_price,
    of_return,
    of_velocity,
)
from orthocrm.analytics.measures import Tally
from orthocrm.analytics.velocity import PipelineVelocity

OF_MONEY: Final = (
    Declared(
        name="pipeline_velocity",
        title="Pipeline velocity",
        unit=Unit.MONEY,
        formula="open leads * win rate * average fee / average days to convert, a day",
        metric=PipelineVelocity(),
        figure=of_velocity,
        is_of_the_clinic=True,
        is_of_now=True,
    ),
    Declared(
        name="cost",
        title="Cost",
        unit=Unit.MONEY,
        formula="monthly costs by the day and one-off costs of the period",
        metric=PerHead(of=metrics.TOTAL_LEADS),
        figure=of_cost,
        for_marketing=True,
        is_of_the_clinic=True,
    ),
    Declared(
        name="cost_per_lead",
        title="Cost per lead",
        unit=Unit.MONEY,
        formula="cost of the period over leads created in it",
        metric=PerHead(of=metrics.TOTAL_LEADS),
        figure=of_price,
        for_marketing=True,
        is_of_the_clinic=True,
    ),
    Declared(
        name="cost_per_acquisition",
        title="Cost per patient, by cohort",
        unit=Unit.MONEY,
        formula="cost of the period over leads created in it that converted",
        metric=PerHead(of=Tally(where=WON)),
        figure=of_price,
        for_marketing=True,
        is_of_the_clinic=True,
    ),
    Declared(
        name="period_cost_per_acquisition",
        title="Cost per patient",
        unit=Unit.MONEY,
        formula="cost of the period over conversions in it",
        metric=PerHead(of=metrics.CONVERSIONS),
        figure=of_price,
        for_marketing=True,
        is_of_the_clinic=True,
    ),
    Declared(
        name="revenue",
        title="Revenue",
        unit=Unit.MONEY,
        formula="what conversions in the period brought in: the revenue field, or the average fee",
        metric=Revenue(),
        figure=of_earned,
        for_marketing=True,
        is_of_the_clinic=True,
    ),
    Declared(
        name="cohort_revenue",
        title="Revenue, by cohort",
        unit=Unit.MONEY,
        formula="what the converted leads of the period brought in",
        metric=Revenue(basis=Basis.CREATED),
        figure=of_earned,
        for_marketing=True,
        is_of_the_clinic=True,
    ),
    Declared(
        name="roi",
        title="Return on marketing, by cohort",
        unit=Unit.RATE,
        formula="(revenue of the period's leads - cost) / cost; unknown where nothing was spent",
        metric=Roi(revenue=Revenue(basis=Basis.CREATED)),
        figure=of_return,
        for_marketing=True,
        is_of_the_clinic=True,
    ),
    Declared(
        name="period_roi",
        title="Return on marketing",
        unit=Unit.RATE,
        formula="(revenue of conversions in the period - cost) / cost",
        metric=Roi(revenue=Revenue()),
        figure=of_return,
        for_marketing=True,
        is_of_the_clinic=True,
    ),
)
