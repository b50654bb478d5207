"""Metrics of consultations: how many, whether families come, and what they decide."""

from typing import Final

from orthocrm.analytics.asking import Ask, Basis
from orthocrm.analytics.declaring import (
    Declared,
    Unit,
    of_count,
    of_rate,
    of_share,
)
from orthocrm.analytics.grouping import Facts, facts_of
from orthocrm.analytics.measures import Growth, Quotient, Tally
from orthocrm.core.appointment import CONSULTATIONS, AppointmentStatus
from orthocrm.core.lead import LostReason
from orthocrm.core.query import AllOf, Cond, Op, Where, both

CONVERTED: Final = facts_of(Basis.CONVERTED)

KEPT: Final = (
    AppointmentStatus.ARRIVED.value,
    AppointmentStatus.IN_PROGRESS.value,
    AppointmentStatus.COMPLETED.value,
)

_MISSED: Final = AppointmentStatus.NO_SHOW.value

FIXED: Final = (AppointmentStatus.BOOKED.value, AppointmentStatus.CONFIRMED.value)


def _past(ask: Ask) -> Where:
    return AllOf((Cond("type", Op.IN, CONSULTATIONS), Cond("starts_at", Op.LE, ask.now)))


PAST_CONSULTATIONS: Final = Facts(of="lead_appointments", at="starts_at", where=_past)
"""Consultations of leads whose start has passed."""

COMPLETED: Final = Facts(at="completed_at", where=Cond("completed_at", Op.PRESENT))
"""Leads whose consultation was completed in the period."""

_ACCEPTED: Final = Cond("accepted_at", Op.PRESENT)

_NOT_RECALLED: Final = Cond("recalled_at", Op.ABSENT)

_AT_ONCE: Final = both(_ACCEPTED, _NOT_RECALLED)

_RECOMMENDED: Final = AllOf(
    (
        Cond("observed_at", Op.ABSENT),
        Cond("lost_reason", Op.NE, LostReason.NOT_A_CANDIDATE.value),
    )
)


_SAME_DAY: Final = both(_NOT_RECALLED, Cond("days_to_accept", Op.EQ, 0))


_SCHEDULED: Final = Facts(at="scheduled_at", where=Cond("scheduled_at", Op.PRESENT))

OF_CONSULTATIONS: Final = (
    Declared(
        name="consultations_scheduled",
        title="Consultations scheduled",
        unit=Unit.COUNT,
        formula="leads that reached Consultation Scheduled in the period",
        metric=Tally(facts=_SCHEDULED),
        figure=of_count,
        for_marketing=True,
    ),
    Declared(
        name="lead_velocity",
        title="Lead velocity",
        unit=Unit.RATE,
        formula=(
            "(q - before) / before, q the leads that reached Consultation Scheduled; a period that "
            "runs is compared by its days that are over"
        ),
        metric=Growth(of=Tally(facts=_SCHEDULED)),
        figure=of_rate,
        for_marketing=True,
    ),
    Declared(
        name="show_rate",
        title="Consultation show rate",
        unit=Unit.SHARE,
        formula=(
            "consultations kept over kept and missed, of those whose start lies in the period and "
            "has passed; cancelled and moved ones are left out"
        ),
        metric=Quotient(
            top=Tally(facts=PAST_CONSULTATIONS, where=Cond("status", Op.IN, KEPT)),
            bottom=Tally(facts=PAST_CONSULTATIONS, where=Cond("status", Op.IN, (*KEPT, _MISSED))),
        ),
        figure=of_share,
    ),
    Declared(
        name="unrecorded_consultations",
        title="Consultations without an outcome",
        unit=Unit.COUNT,
        formula="consultations of the period that have passed and are neither kept nor missed",
        metric=Tally(facts=PAST_CONSULTATIONS, where=Cond("status", Op.IN, FIXED)),
        figure=of_count,
    ),
    Declared(
        name="acceptance_rate",
        title="Treatment acceptance",
        unit=Unit.SHARE,
        formula=(
            "treatments accepted over consultations completed in the period; who accepts after "
            "a recall counts as not accepted here, and in recall_starts"
        ),
        metric=Quotient(top=Tally(facts=COMPLETED, where=_AT_ONCE), bottom=Tally(facts=COMPLETED)),
        figure=of_share,
    ),
    Declared(
        name="recommended_acceptance_rate",
        title="Acceptance of recommended treatment",
        unit=Unit.SHARE,
        formula=(
            "treatments accepted over consultations completed in the period, without observation "
            "patients and those who are no candidates"
        ),
        metric=Quotient(
            top=Tally(facts=COMPLETED, where=both(_AT_ONCE, _RECOMMENDED)),
            bottom=Tally(facts=COMPLETED, where=_RECOMMENDED),
        ),
        figure=of_share,
    ),
    Declared(
        name="same_day_acceptance_rate",
        title="Same-day acceptance",
        unit=Unit.SHARE,
        formula="treatments accepted on the day of the consultation over consultations completed",
        metric=Quotient(top=Tally(facts=COMPLETED, where=_SAME_DAY), bottom=Tally(facts=COMPLETED)),
        figure=of_share,
    ),
    Declared(
        name="observation_rate",
        title="Exams that go to observation",
        unit=Unit.SHARE,
        formula="leads ever put under observation over consultations completed in the period",
        metric=Quotient(
            top=Tally(facts=COMPLETED, where=Cond("observed_at", Op.PRESENT)),
            bottom=Tally(facts=COMPLETED),
        ),
        figure=of_share,
    ),
    Declared(
        name="recall_starts",
        title="Starts from the recall pool",
        unit=Unit.SHARE,
        formula="conversions in the period after a recall over conversions in the period",
        metric=Quotient(
            top=Tally(facts=CONVERTED, where=Cond("recalled_at", Op.PRESENT)),
            bottom=Tally(facts=CONVERTED),
        ),
        figure=of_share,
    ),
)
