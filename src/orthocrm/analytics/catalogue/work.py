"""Metrics of work: how soon leads are tried, and what is to be done now."""

from datetime import timedelta
from typing import Final

from orthocrm.analytics.asking import OPEN, Ask, By
from orthocrm.analytics.catalogue.consultations import FIXED, KEPT
from orthocrm.analytics.declaring import (
    Declared,
    Unit,
    of_count,
    of_share,
    of_speed,
    of_spread,
)
from orthocrm.analytics.grouping import Facts, during
from orthocrm.analytics.measures import Durations, Tally
from orthocrm.analytics.speed import IN_TIME, MINUTE, SpeedToLead
from orthocrm.analytics.standing import OverAge, StageTime
from orthocrm.core.appointment import CONSULTATIONS
from orthocrm.core.query import Cond, Op, Where, both
from orthocrm.core.task import OPEN_TASKS
from orthocrm.core.time import Period, zone


def _this_week(ask: Ask) -> Where:
    today = ask.now.astimezone(zone(ask.timezone)).date()
    monday = today - today.weekday() * timedelta(days=1)
    start, end = Period(monday, monday + timedelta(days=7)).instants(ask.timezone)
    standing = Cond("status", Op.IN, (*FIXED, *KEPT))
    return both(Cond("type", Op.IN, CONSULTATIONS), standing, during("starts_at", start, end))


THIS_WEEK: Final = Facts(of="lead_appointments", at=None, where=_this_week)

OPEN_LEADS: Final = Facts(at=None, where=both(OPEN, Cond("archived_at", Op.ABSENT)))

OPEN_TASKS_NOW: Final = Facts(
    of="lead_tasks",
    at=None,
    where=Cond("status", Op.IN, OPEN_TASKS),
    fields={By.OWNER: "assigned_to"},
)

OF_WORK: Final = (
    Declared(
        name="speed_to_lead",
        title="Speed to lead",
        unit=Unit.SHARE,
        formula=(
            "leads whose first outbound attempt came within 5 minutes of business time over leads "
            "that were tried, or whose time is over; answered live and observed ones are left out"
        ),
        metric=SpeedToLead(),
        figure=of_speed,
    ),
    Declared(
        name="tried_in_time",
        title="Tried within five minutes",
        unit=Unit.SHARE,
        formula="the share of speed_to_lead by itself, without how long it took",
        metric=IN_TIME,
        figure=of_share,
    ),
    Declared(
        name="time_to_attempt",
        title="Minutes to the first attempt",
        unit=Unit.MINUTES,
        formula="minutes from creation to the first outbound attempt; median",
        metric=Durations(took="ms_to_attempt", unit=MINUTE),
        figure=of_spread,
    ),
    Declared(
        name="time_to_contact",
        title="Minutes to the first contact",
        unit=Unit.MINUTES,
        formula="minutes from creation to the first two-way contact; answered live is 0; median",
        metric=Durations(took="ms_to_contact", unit=MINUTE),
        figure=of_spread,
    ),
    Declared(
        name="time_in_stage",
        title="Days in a stage",
        unit=Unit.DAYS,
        formula="days that leads had spent in the open stage that they left in the period; median",
        metric=StageTime(took="ms"),
        figure=of_spread,
    ),
    Declared(
        name="business_time_in_stage",
        title="Days in a stage, open hours",
        unit=Unit.DAYS,
        formula="the same in 24 hours during which the practice was open; median",
        metric=StageTime(took="business_ms"),
        figure=of_spread,
    ),
    Declared(
        name="over_age_leads",
        title="Leads over age",
        unit=Unit.COUNT,
        formula="open leads for longer in their stage than it allows, with no open task to come",
        metric=OverAge(),
        figure=of_count,
        is_of_now=True,
    ),
    Declared(
        name="open_leads",
        title="Open leads",
        unit=Unit.COUNT,
        formula="leads that are neither won, lost nor archived now",
        metric=Tally(facts=OPEN_LEADS),
        figure=of_count,
        is_of_now=True,
    ),
    Declared(
        name="open_tasks",
        title="Open tasks",
        unit=Unit.COUNT,
        formula="tasks that have to be done, by whom they are assigned to",
        metric=Tally(facts=OPEN_TASKS_NOW),
        figure=of_count,
        is_of_now=True,
    ),
    Declared(
        name="overdue_tasks",
        title="Overdue tasks",
        unit=Unit.COUNT,
        formula="open tasks whose time has passed",
        metric=Tally(facts=OPEN_TASKS_NOW, where=lambda ask: Cond("due_at", Op.LT, ask.now)),
        figure=of_count,
        is_of_now=True,
    ),
    Declared(
        name="consultations_this_week",
        title="Consultations this week",
        unit=Unit.COUNT,
        formula="consultations from Monday to Sunday of this week that stand",
        metric=Tally(facts=THIS_WEEK),
        figure=of_count,
        is_of_now=True,
    ),
)
