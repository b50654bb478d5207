"""Reminders of any rules, zones and times: none twice, none too late, none at night."""

from collections import Counter
from datetime import UTC, datetime, time, timedelta
from typing import Any

from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st

from orthocrm.core.messaging import QuietHours
from orthocrm.core.notifying import MessageChannel
from orthocrm.core.quiet import is_quiet
from orthocrm.core.reminding import CONFIRMATION, QuietPolicy, Reminding, key_of
from orthocrm.core.visit_type import ReminderRule
from orthocrm.scheduling.reminders import Terms, planned
from orthocrm.testing.factories import a_clinic, a_lead, an_appointment

ZONES = (
    "America/New_York",
    "Europe/London",
    "Australia/Lord_Howe",
    "America/Sao_Paulo",
    "Asia/Kathmandu",
    "Pacific/Apia",
    "Africa/Casablanca",
    "America/Havana",
    "Africa/Cairo",
    "Pacific/Chatham",
    "America/Nuuk",
)
MINUTE = timedelta(minutes=1)
VISIT = an_appointment(a_lead(a_clinic()))

channels = st.sampled_from((MessageChannel.EMAIL, MessageChannel.SMS))
minutes = st.integers(0, 24 * 60 - 1)
moments = st.integers(0, 28 * 365 * 24 * 60).map(
    lambda number: datetime(2009, 1, 1, tzinfo=UTC) + number * MINUTE
)
walls = minutes.map(lambda minute: time(*divmod(minute, 60)))


@st.composite
def rule_sets(draw: Any) -> tuple[ReminderRule, ...]:
    """Draw up to six rules, each under a name of its own."""
    several = []
    for number in range(draw(st.integers(0, 6))):
        name, channel = f"rule_{number}", draw(channels)
        if draw(st.booleans()):
            before = draw(st.integers(1, 5000)) * MINUTE
            several.append(ReminderRule(name=name, channel=channel, before=before))
        else:
            days, wall = draw(st.integers(0, 4)), draw(minutes)
            several.append(
                ReminderRule(name=name, channel=channel, days_before=days, wall_time=wall)
            )
    return tuple(several)


@st.composite
def all_terms(draw: Any) -> Terms:
    """Draw an appointment up to five days ahead, a family in up to three zones, and its nights."""
    zones = draw(st.lists(st.sampled_from(ZONES), min_size=1, max_size=3, unique=True))
    made_at = draw(moments)
    return Terms(
        made_at=made_at,
        starts_at=made_at + draw(st.integers(-60, 7200)) * MINUTE,
        zone=zones[0],
        zones=tuple(zones),
        quiet=QuietHours(start=draw(walls), end=draw(walls)),
        reminding=Reminding(
            quiet=draw(st.sampled_from(QuietPolicy)),
            min_lead=draw(st.integers(1, 180)) * MINUTE,
        ),
    )


@settings(max_examples=300, deadline=None)
@given(rule_sets(), all_terms())
def test_reminders_go_before_the_start_after_they_were_made_and_never_at_night(
    rules: tuple[ReminderRule, ...], terms: Terms
) -> None:
    every = planned(rules, terms)
    going = [one for one in every if one.because is None]
    keys = Counter(key_of(VISIT, one.rule.channel, one.rule.name) for one in every)
    assert all(number == 1 for number in keys.values())
    places = Counter((one.rule.channel, one.due_at) for one in going)
    assert all(number == 1 for number in places.values())
    for one in going:
        assert one.due_at < terms.starts_at
        is_at_once = one.rule.name == CONFIRMATION and one.due_at == terms.made_at
        assert one.due_at > terms.made_at or is_at_once
        if one.rule.channel is MessageChannel.SMS:
            assert not is_quiet(one.due_at, terms.quiet, terms.zones)


@settings(max_examples=200, deadline=None)
@given(rule_sets(), all_terms())
def test_every_rule_is_answered_and_a_confirmation_stands_for_what_came_too_late(
    rules: tuple[ReminderRule, ...], terms: Terms
) -> None:
    every = planned(rules, terms)
    if terms.starts_at <= terms.made_at:
        assert every == ()
        return
    assert tuple(one.rule for one in every[: len(rules)]) == rules
    late = {one.rule.channel for one in every if one.because == "too_late"}
    instead = [one.rule.channel for one in every[len(rules) :]]
    assert sorted(instead) == sorted(late)
    assert {one.rule.name for one in every[len(rules) :]} <= {CONFIRMATION}


@settings(max_examples=200, deadline=None)
@given(rule_sets(), all_terms(), st.integers(1, 5000))
def test_a_later_booking_never_brings_a_reminder_that_an_earlier_one_would_not(
    rules: tuple[ReminderRule, ...], terms: Terms, delay: int
) -> None:
    later = evolve(terms, made_at=terms.made_at + delay * MINUTE)

    def instants(of: Terms) -> set[tuple[MessageChannel, datetime]]:
        asked = planned(rules, of)[: len(rules)]
        return {(one.rule.channel, one.due_at) for one in asked if one.because is None}

    assert instants(later) <= instants(terms)
