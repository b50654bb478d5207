"""Merges of any two leads: nothing is lost by them, and an unmerge gives everything back."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st

import orthocrm
from orthocrm import (
    SIX_TOUCH,
    CallOutcome,
    Channel,
    Lead,
    LeadActivityType,
    LeadEdit,
    LeadTaskType,
    LogEntry,
    NewTask,
    OrthoCRMError,
    Settings,
)
from orthocrm.core import limits
from orthocrm.core.activity import ActivityDirection
from orthocrm.core.ids import UserId
from orthocrm.core.lead import Enquiry, Insurance, Milestones, Origin
from orthocrm.core.people import Contact, Email, Phone
from orthocrm.core.query import Cond
from orthocrm.leads import merging
from orthocrm.leads.keeping import CHOOSABLE, Pair, Side, is_missing
from orthocrm.services.work import everything
from orthocrm.testing.clock import MONDAY_MORNING, FrozenClock
from tests.flows.practice import House
from tests.support.practices import a_lead_of, a_practice

PRACTICE = a_practice()
NOW = MONDAY_MORNING + timedelta(days=100)
TODAY, DAY = MONDAY_MORNING.date(), timedelta(days=1)

# --- the rule by itself

some_phones = st.none() | st.sampled_from("01234").map(lambda n: Phone(f"+1312555010{n}"))
some_emails = st.none() | st.sampled_from("abc").map(
    lambda n: Email(f"{n}@example.com", f"{n.upper()}@example.com")
)
notes = st.none() | st.sampled_from(("calls", "writes", "x" * (limits.NOTES - 20)))
moments = st.none() | st.integers(0, 50).map(lambda d: MONDAY_MORNING + timedelta(days=d))


@st.composite
def some_leads(draw: st.DrawFn) -> Lead:
    """Draw an open lead with any contact data, notes, insurance, first touch and milestones."""
    lead = a_lead_of(
        PRACTICE,
        stage=draw(st.sampled_from(("new_lead", "contacted", "pending_decision"))),
        created_at=MONDAY_MORNING + timedelta(days=draw(st.integers(0, 3))),
        owner=draw(st.sampled_from((None, "tc-1", "tc-2"))),
        origin=Origin(
            channel=draw(st.sampled_from(Channel)),
            campaign=draw(st.sampled_from((None, "spring"))),
            external_ref=draw(st.sampled_from((None, "r-1", "r-2"))),
        ),
        enquiry=Enquiry(
            notes=draw(notes),
            insurance=Insurance(
                carrier=draw(st.sampled_from((None, "Delta", "Aetna"))),
                member_id=draw(st.sampled_from((None, "1", "2"))),
            ),
        ),
        milestones=Milestones(first_attempt_at=draw(moments), first_contact_at=draw(moments)),
    )
    contact = Contact(
        first_name=draw(st.sampled_from(("", "Anna"))),
        last_name="Keller",
        phone=draw(some_phones),
        phone_alt=draw(some_phones),
        email=draw(some_emails),
    )
    return evolve(lead, contact=contact)


@st.composite
def some_pairs(draw: st.DrawFn) -> tuple[Pair, dict[str, Side]]:
    """Draw two leads, and choices that can be made between them."""
    pair = Pair(survivor=draw(some_leads()), loser=draw(some_leads()))
    drawn = draw(
        st.dictionaries(st.sampled_from(sorted(CHOOSABLE - {"notes"})), st.sampled_from(Side))
    )
    shown = {one.name: one for one in merging.preview(pair.survivor, pair.loser).fields}
    values = {Side.SURVIVOR: "survivor", Side.LOSER: "loser"}
    return pair, {
        name: side
        for name, side in drawn.items()
        if not is_missing(getattr(shown[name], values[side]))
    }


def made_of(pair: Pair, choices: dict[str, Side]) -> merging.Joined:
    return merging.joined(pair, choices, PRACTICE, unanswered=0, now=NOW, by=UserId("tc-9"))


@given(some_pairs())
def test_no_way_to_reach_a_family_and_no_note_is_lost(drawn: tuple[Pair, dict[str, Side]]) -> None:
    pair, choices = drawn
    done = made_of(pair, choices)
    contact, texts = done.lead.contact, "\n".join((done.lead.enquiry.notes or "", *done.notes))
    for lead in (pair.survivor, pair.loser):
        for phone in (lead.contact.phone, lead.contact.phone_alt):
            placed = phone in (None, contact.phone, contact.phone_alt)
            assert placed or (phone is not None and phone.number in texts)
        email = lead.contact.email
        kept = email is None or (
            contact.email is not None and email.address == contact.email.address
        )
        assert kept or (email is not None and email.typed in texts)
        assert (lead.enquiry.notes or "") in texts
    assert all(len(text) <= limits.NOTES for text in (done.lead.enquiry.notes or "", *done.notes))


@given(some_pairs())
def test_a_preview_tells_the_truth(drawn: tuple[Pair, dict[str, Side]]) -> None:
    pair, choices = drawn
    merged = made_of(pair, choices).lead
    shown = merging.preview(pair.survivor, pair.loser, choices)
    again = merging.preview(merged, evolve(merged, id=pair.loser.id))
    assert [(one.name, one.kept) for one in shown.fields] == [
        (one.name, one.survivor) for one in again.fields
    ]


@given(some_leads(), some_leads())
def test_the_first_touch_is_kept_whoever_survives(one: Lead, other: Lead) -> None:
    older = min((one, other), key=lambda lead: (lead.stamps.created_at, lead.id))
    for pair in (Pair(survivor=one, loser=other), Pair(survivor=other, loser=one)):
        merged = made_of(pair, {}).lead
        assert merged.stamps.created_at == older.stamps.created_at
        ref = merged.origin.external_ref
        assert merged.origin == evolve(older.origin, external_ref=ref)
        assert ref in (one.origin.external_ref, other.origin.external_ref)
        reached = [lead.milestones.first_contact_at for lead in (one, other)]
        assert merged.milestones.first_contact_at == min(filter(None, reached), default=None)


# --- with everything that belongs to them

ENTRIES = (
    LogEntry(type=LeadActivityType.PHONE_CALL, call_outcome=CallOutcome.SPOKE),
    LogEntry(type=LeadActivityType.PHONE_CALL, call_outcome=CallOutcome.NO_ANSWER),
    LogEntry(type=LeadActivityType.SMS, direction=ActivityDirection.INBOUND),
    LogEntry(type=LeadActivityType.NOTE, notes="prefers mornings"),
)
STAGES = ("contacted", "consultation_scheduled", "consultation_completed", "pending_decision")
EDITS = (
    LeadEdit(phone="312 555 0177"),
    LeadEdit(email=None),
    LeadEdit(notes="asks for Saturdays"),
    LeadEdit(interests=["INVISALIGN"], address_line1="12 Oak Street"),
)

acts = st.one_of(
    st.tuples(st.just("log"), st.sampled_from(ENTRIES)),
    st.tuples(st.just("move"), st.sampled_from(STAGES)),
    st.tuples(st.just("edit"), st.sampled_from(EDITS)),
    st.tuples(st.just("lose"), st.just("RELOCATED")),
    st.tuples(st.just("reopen"), st.just("they called again")),
    st.tuples(st.just("observe"), st.integers(1, 60).map(lambda n: TODAY + n * DAY)),
    st.tuples(st.just("recall"), st.none()),
    st.tuples(st.just("task"), st.sampled_from(("tc-1", "tc-2"))),
    st.tuples(st.just("sequence"), st.just("six_touch")),
    st.tuples(st.just("assign"), st.sampled_from(("tc-1", "tc-2"))),
    st.tuples(st.just("wait"), st.sampled_from((1, 30))),
)
"""What may happen to a lead."""

KINDS = ("leads", "activities", "tasks", "visits", "messages", "enrollments")


@contextmanager
def a_house() -> Iterator[House]:
    clock = FrozenClock()
    with orthocrm.connect("memory://", clock=clock, discover_plugins=False) as crm:
        settings = Settings(fallback=UserId("manager"), sequences=(SIX_TOUCH,))
        clinic = crm.create_clinic(name="Bright Smiles", timezone="UTC", settings=settings)
        house = House(crm, clinic, clock)
        for user in ("tc-1", "tc-2"):
            house.admin.settings.add_coordinator(user, user)
        yield house


def happen(house: House, lead: Lead, act: str, what: Any) -> None:
    """Let something happen to a lead, unless the rules of its state forbid it."""
    desk = house.coordinator
    verbs = {
        "log": desk.followups.log,
        "move": desk.pipeline.move,
        "edit": desk.leads.edit,
        "lose": desk.pipeline.lose,
        "reopen": desk.pipeline.reopen,
        "observe": desk.pipeline.observe,
        "recall": lambda lead_id, _: desk.pipeline.recall(lead_id),
        "sequence": desk.followups.start_sequence,
        "assign": desk.assignment.assign_to,
    }
    if act == "wait":
        house.clock.advance(timedelta(hours=what))
        house.crm.work()
        return
    try:
        if act == "task":
            due = house.clock() + timedelta(days=1)
            new = NewTask(type=LeadTaskType.CALL, title="Call", due_at=due, assigned_to=what)
            desk.followups.add_task(lead.id, new)
        else:
            verbs[act](lead.id, what)  # type: ignore[operator]  # each takes what it is given here
    except OrthoCRMError:
        assert act not in ("log", "edit", "task")


def everything_in(house: House) -> dict[str, dict[str, Any]]:
    """Read all rows, but for versions and for when a restored task was last touched."""
    found: dict[str, dict[str, Any]] = {}
    with house.crm._backend.begin(house.clinic.id) as store:
        for kind in KINDS:
            nouns = everything(getattr(store, kind))
            found[kind] = {noun.id: evolve(noun, version=1) for noun in nouns}
    found["tasks"] = {i: evolve(one, updated_at=NOW) for i, one in found["tasks"].items()}
    return found


both_leads = st.integers(0, 1)


@settings(max_examples=50)
@given(
    first=st.lists(st.tuples(both_leads, acts), max_size=8),
    turned=st.booleans(),
    hours=st.integers(0, 1),
)
def test_an_unmerge_gives_everything_back(
    first: list[tuple[int, tuple[str, Any]]], *, turned: bool, hours: int
) -> None:
    with a_house() as house:
        leads = [house.lead(owner="tc-1"), house.lead(owner="tc-2", email="b@example.com")]
        for which, (act, what) in first:
            happen(house, leads[which], act, what)
        survivor, loser = reversed(leads) if turned else leads
        before = everything_in(house)

        merge = house.coordinator.leads.merge(survivor.id, loser.id)
        check_one(house, survivor, loser)
        house.clock.advance(timedelta(hours=hours))
        house.coordinator.leads.unmerge(merge.id)

        assert everything_in(house) == before


def check_one(house: House, survivor: Lead, loser: Lead) -> None:
    """One lead is left, with one open visit, its tasks dated, and nothing on the tombstone."""
    found = everything_in(house)
    lead = found["leads"][survivor.id]
    for kind in ("activities", "tasks", "visits", "messages"):
        assert not [one for one in found[kind].values() if one.lead_id == loser.id]
    waiting = [one for one in found["visits"].values() if one.left_at is None]
    assert [(one.id, one.observed) for one in waiting] == [
        (lead.position.visit_id, lead.recall_due_on is not None)
    ]
    due = [one.due_at for one in found["tasks"].values() if one.is_open]
    assert lead.milestones.next_action_at == min(due, default=None)
    assert house.admin.analytics.outcomes().total.leads == 1
    with house.crm._backend.begin(house.clinic.id) as store:
        assert store.leads.count(Cond("deleted_at", "absent")) == 1


@settings(max_examples=50)
@given(
    first=st.lists(st.tuples(both_leads, acts), max_size=4),
    since=st.lists(acts, max_size=5),
)
def test_whatever_happens_since_both_leads_are_sound_after_an_unmerge(
    first: list[tuple[int, tuple[str, Any]]], since: list[tuple[str, Any]]
) -> None:
    with a_house() as house:
        leads = [house.lead(owner="tc-1"), house.lead(owner="tc-2", email="b@example.com")]
        for which, (act, what) in first:
            happen(house, leads[which], act, what)
        before = everything_in(house)["leads"]
        house.clock.advance(timedelta(hours=1))
        merge = house.coordinator.leads.merge(leads[0].id, leads[1].id)
        house.clock.advance(timedelta(hours=1))
        for act, what in since:
            happen(house, leads[0], act, what)

        house.coordinator.leads.unmerge(merge.id)

        found = everything_in(house)
        for lead_id in before:
            check_sound(found, found["leads"][lead_id])
        back, was = found["leads"][leads[1].id], before[leads[1].id]
        aside = {"next_action_at": None}
        assert evolve(back, milestones=evolve(back.milestones, **aside)) == evolve(
            was, milestones=evolve(was.milestones, **aside)
        )


def check_sound(found: dict[str, dict[str, Any]], lead: Lead) -> None:
    """A lead stands in one open visit, its next action is its next task, its status is right."""
    waiting = [
        one for one in found["visits"].values() if one.lead_id == lead.id and one.left_at is None
    ]
    assert [(one.id, one.stage, one.observed) for one in waiting] == [
        (lead.position.visit_id, lead.position.stage, lead.recall_due_on is not None)
    ]
    due = [one.due_at for one in found["tasks"].values() if one.lead_id == lead.id and one.is_open]
    assert lead.milestones.next_action_at == min(due, default=None)
    assert (lead.loss is not None) == (lead.position.stage == "lost")
    is_new = lead.position.stage == "new_lead" and lead.milestones.first_contact_at is None
    assert (lead.status == "NEW") == is_new
    if lead.position.stage != "lost":
        assert lead.position.furthest_order >= lead.position.order
