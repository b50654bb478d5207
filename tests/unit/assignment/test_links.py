"""The links of the chain, each by itself and together."""

import csv
import gzip
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

from orthocrm.assignment.chain import Circumstances, decided
from orthocrm.assignment.shifts import at_work_from
from orthocrm.assignment.strategies import Choice, Narrowed
from orthocrm.assignment.territory import Places, kilometres, places_of, postal, territory_of
from orthocrm.core.activity import Decision
from orthocrm.core.ids import UserId
from orthocrm.core.lead import Lead, LeadStatus, Origin
from orthocrm.core.people import Address
from orthocrm.core.routing import Place, Pool, Routing, SourceRoute, Territory
from orthocrm.core.schedule import DateHours, DateWindow, Schedule, WeeklyWindow
from orthocrm.core.settings import BusinessHours, Practice, Settings
from orthocrm.core.source import LeadSourceCategory
from orthocrm.testing.clock import MONDAY_MORNING
from orthocrm.testing.factories import (
    a_clinic,
    a_coordinator,
    a_rotation,
    a_schedule,
    a_time_off,
)
from tests.support.practices import a_lead_of, a_practice

NOW = MONDAY_MORNING
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
A, B, C = UserId("a"), UserId("b"), UserId("c")
GEO = Path(__file__).parents[3] / ".." / "shared" / "data" / "us_geo" / "zcta_centroids.csv.gz"
CHICAGO, NEW_YORK, EVANSTON = "60601", "10001", "60201"


def a_team(*users: str, capacity: dict[str, int] | None = None, **settings: Any) -> Practice:
    clinic = a_clinic(settings=Settings(fallback=UserId("boss"), **settings))
    team = [a_coordinator(clinic, user, capacity=(capacity or {}).get(user)) for user in users]
    return a_practice(clinic=clinic, coordinators=tuple(team))


def decide(practice: Practice, *leads: Lead, extra: Any = None, **given: Any) -> list[Decision]:
    pools = ["default", *(pool.name for pool in practice.clinic.settings.routing.pools)]
    circumstances = Circumstances(
        practice=practice,
        now=NOW,
        rotations={pool: a_rotation(practice.clinic, pool) for pool in pools},
        **given,
    )
    return [one for one in decided(leads, circumstances, extra or {})[1] if one is not None]


def a_new_lead(practice: Practice, **fields: Any) -> Lead:
    return a_lead_of(practice, owner=None, **fields)


def living_in(code: str | None) -> Lead:
    lead = a_new_lead(a_team("a"))
    return evolve(lead, contact=evolve(lead.contact, address=Address(postal_code=code)))


def passed(decision: Decision) -> dict[str, str]:
    return {one.user: one.reason for one in decision.passed_over}


def chosen(decisions: list[Decision]) -> list[tuple[str, str]]:
    return [(decision.chosen, decision.rule) for decision in decisions]


def test_the_newest_open_lead_of_the_family_says_whose_the_next_one_is() -> None:
    practice = a_team("a", "b", "c")
    lost = evolve(a_lead_of(practice, owner="c", created_at=NOW - HOUR), status=LeadStatus.LOST)
    old, new = (
        a_lead_of(practice, owner=u, created_at=NOW - DAY * d) for u, d in (("a", 9), ("b", 2))
    )
    lead = a_new_lead(practice)
    (decision,) = decide(practice, lead, families={lead.id: (lost, old, new)})

    assert (decision.chosen, decision.rule) == (B, "sticky")
    assert passed(decision) == {"a": "not_chosen", "c": "not_chosen"}


def test_a_returning_family_finds_its_coordinator_of_then() -> None:
    practice = a_team("a", "b")
    past = evolve(a_lead_of(practice, owner="b"), status=LeadStatus.CONVERTED)
    lead = a_new_lead(practice)

    assert chosen(decide(practice, lead, families={lead.id: (past,)})) == [("b", "sticky")]


def test_a_family_whose_coordinator_is_away_goes_by_the_next_link() -> None:
    practice = a_team("a", "b")
    practice = evolve(practice, absences=(a_time_off(practice.clinic, "b"),))
    lead = a_new_lead(practice)
    family = {lead.id: (a_lead_of(practice, owner="b"),)}

    assert chosen(decide(practice, lead, families=family)) == [("a", "round_robin")]


def routed(**options: Any) -> Practice:
    practice = a_team("a", "b", "c", assignment=("source", "capacity", "round_robin"), **options)
    one = practice.sources[0]
    routing = Routing(
        pools=(Pool(name="own", members=(A,)), Pool(name="wide", members=(B, C))),
        sources=(
            SourceRoute(pool="wide", category=LeadSourceCategory.WEB_PAID),
            SourceRoute(pool="wide", category=one.category),
            SourceRoute(pool="own", source_id=one.id),
        ),
    )
    settings = evolve(practice.clinic.settings, routing=routing)
    return evolve(practice, clinic=evolve(practice.clinic, settings=settings))


def from_source(practice: Practice, number: int) -> Lead:
    lead = a_new_lead(practice)
    origin = Origin(channel=lead.origin.channel, source_id=practice.sources[number].id)
    return evolve(lead, origin=origin)


def test_a_source_goes_before_its_category() -> None:
    practice = routed()
    paid = next(
        i for i, s in enumerate(practice.sources) if s.category is LeadSourceCategory.WEB_PAID
    )
    leads = [from_source(practice, number) for number in (0, paid, paid, 4)]

    assert [d.chosen for d in decide(practice, *leads)] == [A, B, C, A]
    assert passed(decide(practice, leads[0])[0]) == {"b": "source", "c": "source"}


@pytest.mark.parametrize("obstacle", ["away", "full"])
def test_a_pool_of_which_nobody_can_take_the_lead_is_disregarded(obstacle: str) -> None:
    practice = routed(capacity={"a": 1} if obstacle == "full" else None)
    if obstacle == "away":
        practice = evolve(practice, absences=(a_time_off(practice.clinic, "a"),))
    (decision,) = decide(practice, from_source(practice, 0), loads={A: 1})

    assert (decision.chosen, decision.rule) == (B, "round_robin")


def test_capacity_comes_first_unless_the_chain_says_where() -> None:
    chain = ("sticky", "round_robin")
    first = a_team("a", "b", capacity={"a": 1}, assignment=chain)
    later = a_team("a", "b", capacity={"a": 1}, assignment=("sticky", "capacity", "round_robin"))
    for practice, expected in ((first, "b"), (later, "a")):
        lead = a_new_lead(practice)
        family = {lead.id: (a_lead_of(practice, owner="a"),)}
        (decision,) = decide(practice, lead, families=family, loads={A: 1})
        assert decision.chosen == expected


def test_a_chain_may_end_with_the_fallback_person_before_others_are_asked() -> None:
    practice = a_team("a", assignment=("sticky", "fallback", "round_robin"))
    (decision,) = decide(practice, a_new_lead(practice))

    assert (decision.chosen, decision.needs_assignment) == ("boss", True)
    assert passed(decision) == {"a": "not_chosen"}


def test_a_plug_in_may_narrow_and_those_left_out_keep_their_turns() -> None:
    practice = a_team("a", "b", assignment=("spanish", "round_robin"))
    leads = [a_new_lead(practice) for _ in range(6)]
    spanish = set(leads[:3])

    def speaks(choice: Choice) -> Narrowed | None:
        only_b = Narrowed(users=frozenset({B}), reason="language")
        return only_b if choice.lead in spanish else None

    decisions = decide(practice, *leads, extra={"spanish": speaks})

    assert [decision.chosen for decision in decisions] == [B, B, B, A, A, A]
    assert passed(decisions[0]) == {"a": "language"}


def test_a_lead_that_changes_hands_does_not_stay_where_it_is() -> None:
    practice = a_team("a", "b")
    lead = a_lead_of(practice, owner="a")
    alone = evolve(practice, absences=(a_time_off(practice.clinic, "b"),))

    (moved,) = decide(practice, lead, anew=True)
    (kept,) = decide(alone, lead, anew=True)

    assert (moved.chosen, passed(moved)) == (B, {"a": "had_it"})
    assert (kept.chosen, kept.rule) == (A, "kept")


def test_the_longest_prefix_wins_over_shorter_ones_and_distance() -> None:
    routing = Routing(
        territories=(
            Territory(pool="near", centre=CHICAGO),
            Territory(pool="state", prefix="6"),
            Territory(pool="city", prefix="606-"),
        ),
        places=(Place(postal_code=CHICAGO, latitude=41.9, longitude=-87.6),),
    )

    def pool(code: str | None) -> str | None:
        found = territory_of(living_in(code), routing, {})
        return found.pool if found else None

    assert [pool(code) for code in ("60601-1234", "62701", CHICAGO)] == ["city", "state", "city"]
    assert [pool(code) for code in (None, "", "90210")] == [None, None, None]


@pytest.fixture(scope="module")
def places() -> Places:
    if not GEO.exists():
        pytest.skip("the table of US postal codes is not beside the checkout")
    with gzip.open(GEO, "rt") as lines:
        return places_of(csv.DictReader(lines), "zcta", "lat", "lon")


def test_the_nearest_centre_within_reach_gets_the_family(places: Places) -> None:
    routing = Routing(
        territories=(
            Territory(pool="chicago", centre=CHICAGO, within_km=50),
            Territory(pool="new_york", centre=NEW_YORK),
        )
    )
    found = {
        code: territory.pool
        for code in (EVANSTON, "11201", "90210", "60201-3344")
        if (territory := territory_of(living_in(code), routing, places))
    }

    assert found == {
        EVANSTON: "chicago",
        "11201": "new_york",
        "90210": "new_york",
        "60201-3344": "chicago",
    }


def test_distances_are_those_of_the_globe(places: Places) -> None:
    assert len(places) > 33_000
    assert kilometres(places[CHICAGO], places[NEW_YORK]) == pytest.approx(1145, rel=0.01)
    assert kilometres((0, 0), (0, 180)) == pytest.approx(20015.1, rel=1e-5)
    assert kilometres((10.5, 20), (10.5, 20)) == 0


def test_postal_codes_are_compared_without_their_dress() -> None:
    assert [postal(code) for code in (" k1a 0b1 ", "60601-1234")] == ["K1A0B1", "606011234"]


def works(practice: Practice, *rows: Any, now: datetime = NOW) -> dict[str, timedelta]:
    return {user: at - now for user, at in at_work_from(practice, rows, now=now).items()}


def test_without_hours_of_their_own_coordinators_keep_the_clinics() -> None:
    practice = a_team("a")
    saturday = NOW + DAY * 5

    assert works(practice) == {"a": timedelta()}
    assert works(practice, now=NOW - HOUR) == {"a": HOUR}
    assert works(practice, now=saturday) == {"a": DAY * 2}


def test_own_hours_count_while_they_are_valid() -> None:
    practice = a_team("a", "b")
    monday = hours_of(practice, "a", monday_from(13))
    ended = hours_of(practice, "b", monday_from(9, valid_until=date(2026, 11, 1)))
    to_come = hours_of(practice, "b", monday_from(9, valid_from=date(2026, 11, 3)))
    switched_off = evolve(ended, is_active=False)

    assert works(practice, monday, ended) == {"a": HOUR * 4}
    assert works(practice, monday, to_come) == {"a": HOUR * 4, "b": DAY * 7}
    assert works(practice, monday, switched_off) == {"a": HOUR * 4, "b": timedelta()}


def test_hours_of_every_other_week_count_from_their_anchor() -> None:
    practice = a_team("a", "b")
    this, next_week = date(2026, 11, 8), date(2026, 11, 9)  # the last day of a week, the next one
    odd = hours_of(practice, "a", monday_from(9, every_weeks=2, anchor=this))
    even = hours_of(practice, "b", monday_from(9, every_weeks=2, anchor=next_week))

    assert works(practice, odd, even) == {"a": timedelta(), "b": DAY * 7}


def test_a_date_of_its_own_replaces_the_week_and_a_closed_one_wins() -> None:
    practice = a_team("a", "b", "c")
    monday = date(2026, 11, 2)
    late = DateHours(on=monday, windows=(DateWindow(start=time(15), end=time(17)),))
    changed = hours_of(practice, "a", monday_from(9), dates=(late,))
    off = hours_of(practice, "b", monday_from(9), dates=(DateHours(on=monday),))
    closed = hours_of(practice, "c", monday_from(9), dates=(late,), closed=(monday,))

    in_a_week = DAY * 7
    assert works(practice, changed, off, closed) == {"a": HOUR * 6, "b": in_a_week, "c": in_a_week}


def test_hours_come_from_the_template_too_in_the_zone_of_the_schedule() -> None:
    practice = a_team("a", "b")
    shared = hours_of(practice, "mornings", monday_from(9), is_template=True)
    early = a_schedule(practice.clinic, "a", windows=(), template="mornings")
    western = evolve(early, id="b", timezone="America/Los_Angeles")

    assert works(practice, shared, early, western) == {"a": timedelta(), "b": HOUR * 2}
    assert works(practice, evolve(shared, is_active=False), early) == works(practice)


def hours_of(practice: Practice, user: str, *windows: WeeklyWindow, **fields: Any) -> Schedule:
    return a_schedule(practice.clinic, user, windows=windows, **fields)


def monday_from(hour: int, **fields: Any) -> WeeklyWindow:
    return WeeklyWindow(weekday=1, start=time(hour), end=time(17), **fields)


def test_a_night_shift_is_work_until_the_morning() -> None:
    practice = a_team("a")
    night = hours_of(practice, "a", WeeklyWindow(weekday=0, start=time(22), end=time(10)))

    assert works(practice, night) == {"a": timedelta()}
    assert works(practice, night, now=NOW + HOUR) == {"a": DAY * 6 + HOUR * 12}


def test_nobody_begins_a_shift_on_a_closed_date() -> None:
    hours = BusinessHours(closed=frozenset({date(2026, 11, 2)}))
    practice = a_team("a", hours=hours)

    assert works(practice) == {"a": DAY}


def test_outside_hours_the_lead_waits_for_who_works_next() -> None:
    practice = a_team("a", "b", "c", assignment=("schedule", "round_robin"))
    shifts = {A: NOW + HOUR * 3, B: NOW + HOUR, C: NOW + HOUR}
    leads = [a_new_lead(practice) for _ in range(2)]
    decisions = decide(practice, *leads, at_work_from=shifts)

    assert [decision.chosen for decision in decisions] == [B, C]
    assert passed(decisions[0]) == {"a": "off_shift", "c": "not_chosen"}


def test_where_nobody_ever_works_the_schedule_says_nothing() -> None:
    practice = a_team("a", assignment=("schedule", "round_robin"))

    assert chosen(decide(practice, a_new_lead(practice))) == [("a", "round_robin")]


def test_no_monthly_quota_starves_small_shares() -> None:
    """Odoo's daily quota of round(monthly / 30) gives nothing to a share below 15 a month."""
    practice = a_team("a", "b")
    small = tuple(
        evolve(one, weight=weight)
        for one, weight in zip(practice.coordinators, (1, 29), strict=True)
    )
    practice = evolve(practice, coordinators=small)
    leads = [a_new_lead(practice) for _ in range(300)]

    assert sum(one.chosen == A for one in decide(practice, *leads)) == 10


def test_no_pointer_to_the_newest_lead_punishes_who_follows_the_typist() -> None:
    """EspoCRM goes on behind the owner of the newest lead, whoever typed that one in."""
    practice = a_team("a", "b", "c", assignment=("typed_in", "round_robin"))
    leads = [a_new_lead(practice) for _ in range(60)]
    typed = {lead.id for lead in leads[::2]}

    def typed_in(choice: Choice) -> UserId | None:
        return A if choice.lead.id in typed else None

    decisions = decide(practice, *leads, extra={"typed_in": typed_in})
    rest = [decision.chosen for decision in decisions if decision.rule == "round_robin"]
    assert {user: rest.count(user) for user in (A, B, C)} == {A: 10, B: 10, C: 10}
