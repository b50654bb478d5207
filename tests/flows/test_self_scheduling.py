"""A patient with a link: free times, own visits, and nothing of anybody else, on every backend."""

import string
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from attrs import evolve

from orthocrm import Desk, Forbidden, InvalidInput, NotFound, Role
from orthocrm.core.appointment import AppointmentStatus
from orthocrm.core.errors import InPast, NotOffered, OrthoCRMError, OutsideHours, SlotTaken
from orthocrm.core.lead import Lead
from orthocrm.scheduling.booking import AppointmentEdit
from orthocrm.services.scheduling.links import NewLink, SelfSchedulingLink
from tests.flows.practice import House
from tests.flows.scheduling import HOUR, KIM, LEE, TUESDAY, open_the_diary, search, wish

DAY = timedelta(days=1)
S = AppointmentStatus
LETTERS = string.ascii_uppercase + string.ascii_lowercase + string.digits + "-_"  # RFC 4648, 5


@pytest.fixture(autouse=True)
def _open(house: House) -> None:
    open_the_diary(house)


@pytest.fixture
def lead(house: House) -> Lead:
    return house.lead()


def link_of(house: House, lead: Lead, **fields: object) -> SelfSchedulingLink:
    return house.front.scheduling.make_link(NewLink(lead_id=lead.id, **fields))  # type: ignore[arg-type]


def patient(house: House, lead: Lead) -> Desk:
    return house.crm.with_link(link_of(house, lead).token)


def test_a_link_books_confirms_moves_and_cancels(house: House, lead: Lead) -> None:
    desk = patient(house, lead).scheduling
    (first, *_) = desk.slots(search())
    booked = desk.book(wish(lead, starts_at=first.start, reason="crooked teeth")).appointment
    assert (booked.status, booked.lead_id) == (S.BOOKED, lead.id)
    assert desk.confirm(booked.id).appointment.status is S.CONFIRMED
    moved = desk.reschedule(booked.id, TUESDAY + HOUR).appointment
    assert (moved.status, moved.sequence, moved.moved) == (S.BOOKED, 1, 1)
    assert desk.cancel(booked.id).appointment.status is S.CANCELLED
    assert [one.id for one in desk.history()] == [booked.id]


@pytest.mark.parametrize(
    "start, error",
    [
        (TUESDAY + timedelta(hours=12), OutsideHours),
        (TUESDAY + timedelta(days=1, minutes=7), NotOffered),
        (TUESDAY - timedelta(days=4), InPast),
        (TUESDAY + timedelta(days=100), NotOffered),
    ],
    ids=["at night", "off the grid", "in the past", "beyond the horizon"],
)
def test_a_visit_with_a_length_of_its_own_moves_by_the_rules_of_its_type(
    house: House, lead: Lead, start: datetime, error: type[OrthoCRMError]
) -> None:
    entered = wish(lead, starts_at=TUESDAY + DAY, is_manual=True, length=timedelta(minutes=40))
    visit = house.front.scheduling.book(entered).appointment
    desk = patient(house, lead).scheduling
    for mover in (desk, house.front.scheduling):
        with pytest.raises(error):
            mover.reschedule(visit.id, start)
    moved = desk.reschedule(visit.id, TUESDAY + DAY + HOUR).appointment
    assert (moved.length, moved.sequence) == (timedelta(minutes=40), 1)
    by_hand = house.front.scheduling.reschedule(
        visit.id, TUESDAY + timedelta(hours=12), is_manual=True
    )
    assert by_hand.appointment.length == timedelta(minutes=40)


def test_a_consultation_by_link_takes_the_lead_along(house: House, lead: Lead) -> None:
    patient(house, lead).scheduling.book(wish(lead))
    assert house.coordinator.leads.get(lead.id).position.stage == "consultation_scheduled"


def test_a_type_that_needs_approval_is_requested(house: House, lead: Lead) -> None:
    open_the_diary(house, needs_approval=True)
    asked = patient(house, lead).scheduling.book(wish(lead)).appointment
    assert asked.status is S.REQUESTED
    assert house.front.scheduling.accept(asked.id).appointment.status is S.BOOKED


def test_a_link_shows_nothing_of_others(house: House, lead: Lead) -> None:
    other = house.lead(phone="+1 312 555 0177", email="ann@example.com")
    theirs = house.front.scheduling.book(
        wish(other, notes="never pays", reason="jaw pain")
    ).appointment
    desk = patient(house, lead).scheduling
    assert desk.history() == ()
    assert desk.day(TUESDAY.date()).appointments == ()
    assert desk.history(lead_id=other.id) == ()
    for act in (desk.appointment, desk.cancel, desk.confirm):
        with pytest.raises(NotFound):
            act(theirs.id)
    with pytest.raises(NotFound):
        desk.reschedule(theirs.id, TUESDAY + HOUR)
    with pytest.raises(NotFound):
        desk.book(wish(other, starts_at=TUESDAY + HOUR))
    assert TUESDAY not in [slot.start for slot in desk.slots(search(providers=(LEE,)))]
    with pytest.raises(SlotTaken) as refusal:
        desk.book(wish(lead))
    assert refusal.value.rule == "R26"
    with pytest.raises(Forbidden):
        desk.explain(search(), TUESDAY)


def test_the_practices_own_notes_stay_with_it(house: House, lead: Lead) -> None:
    booked = house.front.scheduling.book(wish(lead)).appointment
    house.front.scheduling.edit(booked.id, AppointmentEdit(notes="never pays"))
    seen = patient(house, lead).scheduling.appointment(booked.id)
    assert (seen.notes, seen.booked_by, seen.resources) == (None, None, ())


def test_a_patient_writes_no_notes_and_enters_nothing_by_hand(house: House, lead: Lead) -> None:
    desk = patient(house, lead).scheduling
    for refused in (
        wish(lead, notes="x"),
        wish(lead, is_manual=True),
        wish(lead, meeting_link="https://evil.example"),
    ):
        with pytest.raises(Forbidden):
            desk.book(refused)
    booked = desk.book(wish(lead)).appointment
    with pytest.raises(Forbidden):
        desk.edit(booked.id, AppointmentEdit(notes="x"))
    with pytest.raises(Forbidden):
        desk.reschedule(booked.id, TUESDAY + HOUR, is_manual=True)


def test_a_link_is_for_its_types_only(house: House, lead: Lead) -> None:
    settings = house.admin.settings.practice().clinic.settings
    both = tuple(evolve(one, is_public=True) for one in settings.visit_types)
    house.admin.settings.change(evolve(settings, visit_types=both))
    link = link_of(house, lead, types=("consultation",))
    desk = house.crm.with_link(link.token).scheduling
    with pytest.raises(InvalidInput):
        desk.slots(search(type="follow_up"))
    with pytest.raises(InvalidInput):
        desk.book(wish(lead, type="follow_up"))
    assert len(desk.slots(search())) == 8


def test_a_link_runs_out(house: House, lead: Lead) -> None:
    link = link_of(house, lead, lasts=DAY)
    desk = house.crm.with_link(link.token)
    house.clock.advance(DAY - timedelta(microseconds=1))
    desk.scheduling.history()
    house.clock.advance(timedelta(microseconds=1))
    with pytest.raises(InvalidInput) as refusal:
        desk.scheduling.history()
    assert [one.code for one in refusal.value.problems] == ["link_expired"]


def test_a_revoked_link_opens_nothing(house: House, lead: Lead) -> None:
    link, other = link_of(house, lead), link_of(house, lead)
    house.front.scheduling.revoke_link(link.id)
    house.front.scheduling.revoke_link(link.id)
    with pytest.raises(InvalidInput):
        house.crm.with_link(link.token).scheduling.slots(search())
    assert house.crm.with_link(other.token).scheduling.slots(search())


@pytest.mark.parametrize("url", ["memory://"])
def test_whoever_sees_only_their_own_revokes_links_that_they_made(house: House) -> None:
    own, other = (house.desk(Role.AGENT, user) for user in ("tc-1", "tc-2"))
    lead = house.lead()
    house.admin.assignment.assign_to(lead.id, "tc-1")
    links = [desk.scheduling.make_link(NewLink(lead_id=lead.id)) for desk in (own, house.front)]
    for desk, link in ((other, links[0]), (own, links[1])):
        with pytest.raises(NotFound):
            desk.scheduling.revoke_link(link.id)
    own.scheduling.revoke_link(links[0].id)
    with pytest.raises(InvalidInput):
        house.crm.with_link(links[0].token).scheduling.history()
    house.crm.with_link(links[1].token).scheduling.history()


@pytest.mark.parametrize("url", ["memory://"])
@pytest.mark.parametrize(
    "token",
    [
        "",
        "x",
        ".",
        "eyJhIjoxfQ.AAAA",
        "é.é",
        "x" * 5000,
        None,
    ],
)
def test_a_token_that_nobody_wrote_is_refused(house: House, token: object) -> None:
    with pytest.raises(InvalidInput) as refusal:
        house.crm.with_link(token)  # type: ignore[arg-type]
    assert [(one.path, one.code) for one in refusal.value.problems] == [("token", "bad_link")]


def test_a_token_that_was_changed_is_refused(house: House, lead: Lead) -> None:
    token = link_of(house, lead).token
    for at, letter in enumerate(token):
        for other in {"A", "B", *neighbours(letter)} - {letter}:
            with pytest.raises(InvalidInput):
                house.crm.with_link(token[:at] + other + token[at + 1 :])


def neighbours(letter: str) -> Iterator[str]:
    """Give the letters of base64 that differ from one in a single bit, where it is one."""
    value = LETTERS.find(letter)
    return (LETTERS[value ^ (1 << bit)] for bit in range(6) if value >= 0)


def test_a_link_opens_no_other_part_of_the_desk(house: House, lead: Lead) -> None:
    desk = patient(house, lead)
    for ask in (
        lambda: desk.leads.get(lead.id),
        desk.leads.find,
        desk.pipeline.board,
        desk.settings.practice,
        lambda: desk.scheduling.make_link(NewLink(lead_id=lead.id)),
        lambda: desk.scheduling.set_week(KIM, []),
        lambda: desk.scheduling.complete("nothing"),  # type: ignore[arg-type]
    ):
        with pytest.raises(Forbidden):
            ask()


def test_a_link_for_a_patient_of_the_practice(house: House) -> None:
    link = house.front.scheduling.make_link(NewLink(patient_ref="p-7"))
    desk = house.crm.with_link(link.token).scheduling
    booked = desk.book(wish(patient_ref="p-7")).appointment
    assert [one.id for one in desk.history()] == [booked.id]
    with pytest.raises(NotFound):
        desk.book(wish(patient_ref="p-8", starts_at=TUESDAY + HOUR))


@pytest.mark.parametrize("url", ["memory://"])
@pytest.mark.parametrize(
    "fields, path",
    [
        ({"lasts": timedelta()}, "lasts"),
        ({"lasts": timedelta(days=366)}, "lasts"),
        ({"types": ("follow_up",)}, "types"),
        ({"types": ()}, "types"),
        ({"patient_ref": "p-1"}, "lead_id"),
    ],
)
def test_a_link_that_cannot_be(house: House, lead: Lead, fields: object, path: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        link_of(house, lead, **fields)  # type: ignore[arg-type]
    assert [one.path for one in refusal.value.problems] == [path]


def test_a_link_of_one_clinic_is_none_of_another(house: House, lead: Lead) -> None:
    other = house.crm.create_clinic(name="Other", timezone="UTC")
    desk = patient(house, lead)
    assert desk.office.actor.clinic == house.clinic.id != other.id
    stranger = house.desk(Role.PATIENT, lead.id, clinic=other)
    with pytest.raises(InvalidInput):
        stranger.scheduling.slots(search())
    assert stranger.scheduling.history() == ()


def test_a_link_is_not_shown_by_accident(house: House, lead: Lead) -> None:
    link = link_of(house, lead)
    assert link.token not in repr(link)
