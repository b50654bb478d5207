"""Claims: whoever takes a time has it alone, or with as many others as its capacity allows."""

from collections.abc import Sequence
from datetime import timedelta

import pytest
from attrs import evolve

from orthocrm.core.appointment import Appointment
from orthocrm.core.claims import Claim
from orthocrm.core.errors import SlotTaken
from orthocrm.core.lead import Lead
from orthocrm.core.ports import Backend
from orthocrm.core.settings import Clinic
from orthocrm.testing.clock import MONDAY_MORNING
from orthocrm.testing.factories import a_claim, a_lead, an_appointment
from orthocrm.testing.suite.arranged import (
    Rules,
    a_practice,
    exact,
    failing,
    store,
)

NOW = MONDAY_MORNING
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
TICK = timedelta(microseconds=1)
HALF = HOUR / 2
DOCTOR, CHAIR = "user/dr-1", "chair/Süd 1"


def some_appointments(backend: Backend, count: int = 1) -> tuple[Clinic, list[Appointment]]:
    """Store a practice with a lead and appointments, of which none has taken anything yet."""
    clinic = a_practice(backend)
    lead = a_lead(clinic)
    appointments = [an_appointment(lead) for _ in range(count)]
    store(backend, clinic, "leads", [lead])
    store(backend, clinic, "appointments", appointments)
    return clinic, appointments


def take(backend: Backend, clinic: Clinic, appointment: Appointment, *claims: Claim) -> list[Claim]:
    """Take time in a unit of work of its own; give what is taken already."""
    with backend.begin(clinic.id) as unit:
        return list(unit.claims.take(appointment.id, claims))


def _book(backend: Backend, lead: Lead, appointment: Appointment, *claims: Claim) -> None:
    with backend.begin(lead.clinic_id) as unit:
        unit.leads.add([lead])
        unit.appointments.add([appointment])
        unit.claims.secure(appointment.id, claims)


def held_by(backend: Backend, clinic: Clinic, *appointments: Appointment) -> list[list[Claim]]:
    """Read the claims of each appointment in a unit of work of their own."""
    with backend.begin(clinic.id) as unit:
        held = unit.claims.of([one.id for one in appointments])
    return [list(held.get(one.id, ())) for one in appointments]


def _lanes(claims: Sequence[Claim]) -> list[tuple[int, int, int]]:
    """Give start and end, in minutes after nine, and lane."""
    return [
        ((one.starts_at - NOW) // MINUTE, (one.ends_at - NOW) // MINUTE, one.lane) for one in claims
    ]


class ClaimRules(Rules):
    """Taking, sharing and giving back time."""

    def test_what_is_taken_is_held(self, backend: Backend) -> None:
        """To the microsecond, by resource and start; of others nothing is told."""
        clinic, (mine, other) = some_appointments(backend, 2)
        later = a_claim(DOCTOR, NOW + HOUR)
        claims = [a_claim(DOCTOR, NOW + TICK, ends_at=NOW + HALF + TICK), a_claim(CHAIR)]
        assert take(backend, clinic, mine, later, *claims) == []
        [held, nothing] = held_by(backend, clinic, mine, other)
        assert exact(held) == exact([claims[1], claims[0], later])
        assert nothing == []
        with backend.begin(clinic.id) as unit:
            assert list(unit.claims.of([mine.id, other.id])) == [mine.id]
            assert unit.claims.of([]) == {}

    def test_a_unit_of_work_sees_what_it_has_taken(self, backend: Backend) -> None:
        """Before it commits, and it cannot take the same again."""
        clinic, (mine, other) = some_appointments(backend, 2)
        with backend.begin(clinic.id) as unit:
            unit.claims.take(mine.id, [a_claim()])
            assert list(unit.claims.of([mine.id])[mine.id]) == [a_claim()]
            assert list(unit.claims.take(other.id, [a_claim()])) == [a_claim()]
            assert list(unit.claims.take(mine.id, [a_claim()])) == [a_claim()]

    def test_an_appointment_may_be_stored_after_its_claims(self, backend: Backend) -> None:
        """What counts is that it is there when the unit of work ends."""
        clinic = a_practice(backend)
        lead = a_lead(clinic)
        appointment = an_appointment(lead)
        with backend.begin(clinic.id) as unit:
            assert list(unit.claims.take(appointment.id, [a_claim()])) == []
            unit.leads.add([lead])
            unit.appointments.add([appointment])
        assert held_by(backend, clinic, appointment) == [[a_claim()]]

    @pytest.mark.parametrize(
        "from_,to",
        [(0, 60), (-30, 1), (59, 90), (10, 20), (-30, 90), (0, 1)],
        ids=["same", "its start", "its end", "inside", "around", "a minute"],
    )
    def test_an_overlap_is_refused(self, backend: Backend, from_: int, to: int) -> None:
        """However little of the time both want; the one that is taken is named."""
        clinic, (first, second) = some_appointments(backend, 2)
        assert take(backend, clinic, first, a_claim()) == []
        wish = a_claim(at=NOW + from_ * MINUTE, minutes=to - from_)
        assert take(backend, clinic, second, wish) == [wish]
        assert held_by(backend, clinic, first, second) == [[a_claim()], []]

    def test_touching_is_no_overlap(self, backend: Backend) -> None:
        """Half-open intervals, to the microsecond."""
        clinic, (first, before, after, tick) = some_appointments(backend, 4)
        assert take(backend, clinic, first, a_claim()) == []
        assert take(backend, clinic, before, a_claim(at=NOW - HOUR)) == []
        assert take(backend, clinic, after, a_claim(at=NOW + HOUR)) == []
        early = a_claim(at=NOW + 2 * HOUR - TICK)
        assert take(backend, clinic, tick, early) == [early]

    def test_another_resource_is_free(self, backend: Backend) -> None:
        """Names are compared as they are: neither case nor a common beginning makes one of two."""
        names = [
            "user/1",
            "user/11",
            "USER/1",
            "chair/1",
            "user/",
            "user/1/",
            "user/é",
            "user/e\u0301",
        ]
        clinic, appointments = some_appointments(backend, len(names))
        for name, appointment in zip(names, appointments, strict=True):
            assert take(backend, clinic, appointment, a_claim(name)) == []
        with backend.begin(clinic.id) as unit:
            holders = unit.claims.holders(names, NOW, NOW + HOUR)
        assert {name: list(ids) for name, ids in holders.items()} == {
            name: [one.id] for name, one in zip(names, appointments, strict=True)
        }

    def test_all_is_taken_or_nothing(self, backend: Backend) -> None:
        """One chair that is taken leaves the doctor free; all that is taken is named."""
        clinic, (first, second, third) = some_appointments(backend, 3)
        assert take(backend, clinic, first, a_claim(CHAIR), a_claim("chair/9")) == []
        wishes = [a_claim("chair/9"), a_claim(DOCTOR), a_claim(CHAIR), a_claim("room/1")]
        taken = take(backend, clinic, second, *wishes)
        assert {claim.resource for claim in taken} == {CHAIR, "chair/9"}
        assert take(backend, clinic, third, a_claim(DOCTOR), a_claim("room/1")) == []

    def test_a_refusal_may_be_answered_in_the_same_unit(self, backend: Backend) -> None:
        """Nothing is left of it, and another time may be taken instead."""
        clinic, (first, second) = some_appointments(backend, 2)
        assert take(backend, clinic, first, a_claim(DOCTOR)) == []
        wishes = [a_claim(CHAIR), a_claim(DOCTOR)]
        with backend.begin(clinic.id) as unit:
            assert list(unit.claims.take(second.id, wishes)) == [a_claim(DOCTOR)]
            later = [evolve(wish, ends_at=NOW + 2 * HOUR, starts_at=NOW + HOUR) for wish in wishes]
            assert list(unit.claims.take(second.id, later)) == []
        assert held_by(backend, clinic, second) == [later]

    def test_a_hold_that_lapsed_may_give_way_in_the_same_unit(self, backend: Backend) -> None:
        """Who is told whose time it is may release it and take it."""
        clinic, (lapsed, wanted) = some_appointments(backend, 2)
        assert take(backend, clinic, lapsed, a_claim()) == []
        with backend.begin(clinic.id) as unit:
            assert list(unit.claims.take(wanted.id, [a_claim()])) == [a_claim()]
            [holder] = unit.claims.holders([DOCTOR], NOW, NOW + HOUR)[DOCTOR]
            unit.claims.release([holder])
            assert list(unit.claims.take(wanted.id, [a_claim()])) == []
        assert held_by(backend, clinic, lapsed, wanted) == [[], [a_claim()]]

    def test_what_is_secured_is_held(self, backend: Backend) -> None:
        """At the end of the unit of work at the latest; within it whoever looks finds it."""
        clinic = a_practice(backend)
        lead = a_lead(clinic)
        mine, other = an_appointment(lead), an_appointment(lead)
        chair = a_claim(CHAIR)
        store(backend, clinic, "leads", [lead])
        with backend.begin(clinic.id) as unit:
            unit.claims.secure(mine.id, [a_claim(), chair])
            unit.appointments.add([mine])
        with backend.begin(clinic.id) as unit:
            unit.appointments.add([other])
            unit.claims.secure(other.id, [a_claim(at=NOW + HOUR)])
            assert list(unit.claims.of([other.id])[other.id]) == [a_claim(at=NOW + HOUR)]
            assert list(unit.claims.take(other.id, [a_claim(at=NOW + HOUR)])) != []
            unit.claims.secure(other.id, [a_claim(at=NOW + 2 * HOUR)])
            unit.claims.release([other.id])
        assert held_by(backend, clinic, mine, other) == [[chair, a_claim()], []]

    @pytest.mark.parametrize(
        "wanted,rule",
        [(DOCTOR, "R26"), (CHAIR.replace("chair", "thing"), "R18"), ("lead/lead-1", "R19")],
        ids=["a person", "a thing", "the patient"],
    )
    @pytest.mark.parametrize("capacity", [1, 2])
    def test_a_unit_that_secures_what_is_taken_keeps_nothing(
        self, backend: Backend, wanted: str, rule: str, capacity: int
    ) -> None:
        """Neither what was free nor anything else; the rule of what is taken is named."""
        clinic, (first,) = some_appointments(backend)
        assert take(backend, clinic, first, a_claim(wanted)) == []
        lead = a_lead(clinic)
        second = an_appointment(lead)
        free = a_claim("thing/free", NOW + HALF)
        claims = [free, a_claim(wanted, NOW + HALF, capacity=capacity)]
        with pytest.raises(SlotTaken) as refusal:
            _book(backend, lead, second, *claims)
        assert refusal.value.rule == rule
        assert held_by(backend, clinic, first, second) == [[a_claim(wanted)], []]
        with backend.begin(clinic.id) as unit:
            assert unit.leads.get([lead.id]) == {}
            assert unit.appointments.get([second.id]) == {}

    def test_claims_of_one_call_may_not_overlap(self, backend: Backend) -> None:
        """The one that starts later is taken, and nothing is kept."""
        clinic, (mine,) = some_appointments(backend)
        later = a_claim(at=NOW + HALF)
        assert take(backend, clinic, mine, later, a_claim()) == [later]
        assert held_by(backend, clinic, mine) == [[]]

    def test_an_empty_claim_takes_nothing(self, backend: Backend) -> None:
        """And is in nobody's way."""
        clinic, (first, second) = some_appointments(backend, 2)
        assert take(backend, clinic, first, a_claim(at=NOW + HALF, minutes=0)) == []
        assert take(backend, clinic, second, a_claim()) == []
        assert take(backend, clinic, first) == []
        assert held_by(backend, clinic, first) == [[]]

    def test_what_is_released_is_free(self, backend: Backend) -> None:
        """All that an appointment had, and nothing of others; unknown ones are ignored."""
        clinic, (first, second, third) = some_appointments(backend, 3)
        assert take(backend, clinic, first, a_claim(DOCTOR), a_claim(CHAIR)) == []
        assert take(backend, clinic, second, a_claim("chair/9")) == []
        with backend.begin(clinic.id) as unit:
            unit.claims.release([first.id, third.id])
            unit.claims.release([])
            assert unit.claims.of([first.id]) == {}
        wishes = [a_claim(DOCTOR), a_claim(CHAIR), a_claim("chair/9")]
        assert take(backend, clinic, third, *wishes) == [wishes[2]]
        assert take(backend, clinic, third, *wishes[:2]) == []

    def test_a_move_releases_and_takes_in_one_unit(self, backend: Backend) -> None:
        """Onto a time that overlaps its own; if that fails, it keeps what it had."""
        clinic, (moving, other) = some_appointments(backend, 2)
        here, there, taken = a_claim(), a_claim(at=NOW + HALF), a_claim(at=NOW + 2 * HOUR)
        assert take(backend, clinic, moving, here) == []
        assert take(backend, clinic, other, taken) == []
        with backend.begin(clinic.id) as unit:
            unit.claims.release([moving.id])
            assert list(unit.claims.take(moving.id, [there])) == []
        with failing(SlotTaken, backend, clinic.id) as unit:
            unit.claims.release([moving.id])
            assert list(unit.claims.take(moving.id, [taken])) == [taken]
            raise SlotTaken
        assert held_by(backend, clinic, moving, other) == [[there], [taken]]

    def test_claims_of_a_unit_that_fails_are_not_kept(self, backend: Backend) -> None:
        """Neither what it took nor what it released."""
        clinic, (first, second) = some_appointments(backend, 2)
        assert take(backend, clinic, first, a_claim()) == []
        with failing(ZeroDivisionError, backend, clinic.id) as unit:
            unit.claims.release([first.id])
            unit.claims.take(second.id, [a_claim(), a_claim(CHAIR)])
            raise ZeroDivisionError
        assert held_by(backend, clinic, first, second) == [[a_claim()], []]
        assert take(backend, clinic, second, a_claim(CHAIR)) == []

    def test_claims_go_with_their_appointment(self, backend: Backend) -> None:
        """What nobody has any more is free."""
        clinic, (first, second) = some_appointments(backend, 2)
        assert take(backend, clinic, first, a_claim()) == []
        with backend.begin(clinic.id) as unit:
            unit.appointments.remove([first.id])
        assert take(backend, clinic, second, a_claim()) == []
        assert held_by(backend, clinic, first, second) == [[], [a_claim()]]

    def test_as_many_share_a_time_as_may(self, backend: Backend) -> None:
        """In lanes from 0 on; a lane that is given back is the next one's."""
        clinic, appointments = some_appointments(backend, 5)
        shared = a_claim(capacity=3)
        assert [take(backend, clinic, one, shared) for one in appointments[:4]] == [
            [],
            [],
            [],
            [shared],
        ]
        with backend.begin(clinic.id) as unit:
            unit.claims.release([appointments[1].id])
        assert take(backend, clinic, appointments[4], shared) == []
        held = held_by(backend, clinic, *appointments)
        assert [[claim.lane for claim in claims] for claims in held] == [[0], [], [2], [], [1]]
        assert exact(held[4]) == exact([evolve(shared, lane=1)])

    def test_the_least_capacity_decides(self, backend: Backend) -> None:
        """Who is alone with the doctor shares with no group, and the other way round."""
        clinic, (alone, group, pair, more) = some_appointments(backend, 4)
        of_three, of_two = a_claim(capacity=3), a_claim(capacity=2)
        assert take(backend, clinic, group, of_three) == []
        assert take(backend, clinic, alone, a_claim()) == [a_claim()]
        assert take(backend, clinic, pair, of_two) == []
        assert take(backend, clinic, more, of_three) == [of_three]
        with backend.begin(clinic.id) as unit:
            unit.claims.release([group.id, pair.id])
        assert take(backend, clinic, alone, a_claim()) == []
        assert take(backend, clinic, group, of_three) == [of_three]

    def test_a_shared_time_is_counted_minute_by_minute(self, backend: Backend) -> None:
        """Room that changes its lane in the middle is room all the same."""
        clinic, (first, second, third, last) = some_appointments(backend, 4)
        early, late = (
            a_claim(minutes=30, capacity=2),
            a_claim(at=NOW + HALF, minutes=30, capacity=2),
        )
        assert take(backend, clinic, third, a_claim(minutes=60, capacity=2)) == []
        assert take(backend, clinic, second, late) == []
        with backend.begin(clinic.id) as unit:
            unit.claims.release([third.id])
        assert take(backend, clinic, first, early) == []
        assert _lanes(
            [*held_by(backend, clinic, first)[0], *held_by(backend, clinic, second)[0]]
        ) == [
            (0, 30, 0),
            (30, 60, 1),
        ]
        assert take(backend, clinic, third, a_claim(capacity=2)) == []
        assert _lanes(held_by(backend, clinic, third)[0]) == [(0, 30, 1), (30, 60, 0)]
        assert take(backend, clinic, last, late) == [late]

    def test_holders_are_told_by_resource(self, backend: Backend) -> None:
        """Once each, whoever starts first; touching the period is not enough."""
        clinic, (first, second, third) = some_appointments(backend, 3)
        late, early = a_claim(at=NOW + HALF, capacity=3), a_claim(capacity=3, minutes=45)
        assert take(backend, clinic, second, late, a_claim(CHAIR)) == []
        assert take(backend, clinic, first, early, a_claim(at=NOW + 3 * HOUR)) == []
        assert take(backend, clinic, third, a_claim(at=NOW + 2 * HOUR)) == []
        with backend.begin(clinic.id) as unit:
            found = unit.claims.holders([DOCTOR, CHAIR, "chair/9"], NOW, NOW + 2 * HOUR)
            assert {name: list(ids) for name, ids in found.items()} == {
                DOCTOR: [first.id, second.id],
                CHAIR: [second.id],
            }
            again = unit.claims.holders([DOCTOR], NOW, NOW + 9 * HOUR)[DOCTOR]
            assert list(again) == [first.id, second.id, third.id]
            inside = unit.claims.holders([DOCTOR], NOW + 40 * MINUTE, NOW + 41 * MINUTE)
            assert list(inside[DOCTOR]) == [first.id, second.id]
            assert unit.claims.holders([DOCTOR], NOW - HOUR, NOW) == {}
            assert unit.claims.holders([], NOW, NOW + HOUR) == {}

    def test_claims_do_not_cross_clinics(self, backend: Backend) -> None:
        """The same chair of two practices is two chairs."""
        ours, (mine,) = some_appointments(backend)
        theirs = a_practice(backend)
        lead = a_lead(theirs)
        twin = evolve(an_appointment(lead), id=mine.id)
        store(backend, theirs, "leads", [lead])
        store(backend, theirs, "appointments", [twin])
        assert take(backend, ours, mine, a_claim()) == []
        assert take(backend, theirs, twin, a_claim()) == []
        with backend.begin(ours.id) as unit:
            unit.claims.release([mine.id])
            assert unit.claims.holders([DOCTOR], NOW, NOW + HOUR) == {}
        assert held_by(backend, theirs, twin) == [[a_claim()]]
