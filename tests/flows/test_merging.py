"""Two enquiries of one person become one lead, with all that belongs to them, and two again."""

import itertools
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from attrs import evolve

from orthocrm import (
    SIX_TOUCH,
    CallOutcome,
    Channel,
    Cond,
    Desk,
    Forbidden,
    InvalidInput,
    Lead,
    LeadActivityType,
    LeadClosed,
    LeadEdit,
    LeadLocked,
    LeadMerged,
    LeadStatus,
    LeadTaskType,
    LogEntry,
    Merge,
    MergedSince,
    MessageState,
    NewTask,
    NotFound,
    Refused,
    Relation,
    Role,
    Side,
    StaleVersion,
    TaskStatus,
    TwoPatients,
    Verdict,
)
from orthocrm.core.cadence import EnrollmentState
from orthocrm.core.ids import LeadId, MergeId
from orthocrm.core.lead import StageVisit
from orthocrm.core.task import Task
from orthocrm.services.work import everything
from orthocrm.testing.factories import a_message, a_touch, a_waitlist_entry, an_appointment
from orthocrm.testing.suite.arranged import together
from tests.flows import files
from tests.flows.following import configure, queued
from tests.flows.practice import House, enquiry

DAY = timedelta(days=1)
CALL = LeadActivityType.PHONE_CALL
SPOKE = LogEntry(type=CALL, call_outcome=CallOutcome.SPOKE)
NO_ANSWER = LogEntry(type=CALL, call_outcome=CallOutcome.NO_ANSWER)
NOTE = LogEntry(type=LeadActivityType.NOTE, notes="asked about clear aligners")


def two(house: House, **fields: Any) -> tuple[Lead, Lead]:
    """Capture a child twice: first from the web by the one parent, later by the other one."""
    older = house.lead(source="Web - Social media", notes="saw an advertisement", owner="tc-1")
    house.clock.advance(DAY)
    usual = {
        "first_name": "Carlos",
        "phone": "+1 312 555 0143",
        "email": "carlos@example.com",
        "notes": "prefers mornings",
        "owner": "tc-1",
    }
    newer = house.lead(**{**usual, **fields})
    house.clock.advance(DAY)
    return older, newer


def rows(house: House, kind: str) -> dict[str, Any]:
    with house.crm._backend.begin(house.clinic.id) as store:
        return {noun.id: noun for noun in everything(getattr(store, kind))}


def stored(house: House, lead_id: LeadId) -> Lead:
    lead: Lead = rows(house, "leads")[lead_id]
    return lead


def open_visits(house: House, lead_id: LeadId) -> list[StageVisit]:
    visits = rows(house, "visits").values()
    return [visit for visit in visits if visit.lead_id == lead_id and visit.left_at is None]


def of(nouns: dict[str, Any], lead_id: LeadId) -> set[str]:
    return {noun.id for noun in nouns.values() if noun.lead_id == lead_id}


def task(house: House, lead_id: LeadId, title: str = "Call back", **fields: Any) -> Task:
    new = NewTask(type=LeadTaskType.CALL, title=title, due_at=house.clock() + DAY, **fields)
    return house.coordinator.followups.add_task(lead_id, new)


def merge(house: House, survivor: Lead, loser: Lead, **given: Any) -> Merge:
    return house.coordinator.leads.merge(survivor.id, loser.id, **given)


def moved(merge: Merge, kind: str) -> set[str]:
    return set(merge.moved.get(kind, ()))


# --- bad input


@pytest.mark.parametrize("given", [None, 3, [], {}, True])
def test_what_is_no_id_is_refused(house: House, given: Any) -> None:
    lead, leads = house.lead(), house.coordinator.leads
    for call, path in (
        (lambda: leads.merge(given, lead.id), "survivor_id"),
        (lambda: leads.merge(lead.id, given), "loser_id"),
        (lambda: leads.preview_merge(lead.id, given), "loser_id"),
        (lambda: leads.unmerge(given), "merge_id"),
    ):
        with pytest.raises(InvalidInput) as refusal:
            call()
        assert [(p.path, p.code) for p in refusal.value.problems] == [(path, "wrong_type")]


@pytest.mark.parametrize("given", ["", "nobody", "' or 1=1", "\u202eabc", "0" * 10_000, "a\x00b"])
def test_an_id_of_nothing_finds_nothing(house: House, given: Any) -> None:
    lead, leads = house.lead(), house.coordinator.leads
    for call in (
        lambda: leads.merge(given, lead.id),
        lambda: leads.merge(lead.id, given),
        lambda: leads.preview_merge(given, lead.id),
        lambda: leads.unmerge(given),
        lambda: leads.merges(given),
    ):
        with pytest.raises((NotFound, InvalidInput)):
            call()


@pytest.mark.parametrize("versions", [3, "12", (1,), (1, 2, 3), (1, True), ("1", "1"), [1, 1]])
def test_versions_are_two_numbers(house: House, versions: Any) -> None:
    older, newer = two(house)
    with pytest.raises(InvalidInput) as refusal:
        merge(house, older, newer, versions=versions)
    assert [(p.path, p.code) for p in refusal.value.problems] == [("versions", "wrong_type")]


def test_a_refused_merge_changes_nothing(house: House) -> None:
    older, newer = two(house)
    with pytest.raises(InvalidInput):
        merge(house, older, newer, choices={"phone": "both"})
    assert (stored(house, older.id), stored(house, newer.id)) == (older, newer)
    assert rows(house, "merges") == {}


def test_a_lead_is_not_merged_with_itself(house: House) -> None:
    lead = house.lead()
    with pytest.raises(InvalidInput) as refusal:
        merge(house, lead, lead)
    assert [(p.path, p.code) for p in refusal.value.problems] == [("loser_id", "same_lead")]


def test_leads_that_changed_since_the_preview_are_refused(house: House) -> None:
    older, newer = two(house)
    versions = house.coordinator.leads.preview_merge(older.id, newer.id).versions
    house.coordinator.leads.edit(newer.id, LeadEdit(notes="another one"))
    with pytest.raises(StaleVersion):
        merge(house, older, newer, versions=versions)
    assert merge(house, older, newer, versions=(versions[0], versions[1] + 1)).undone_at is None


def test_who_may_not_be_merged(house: House) -> None:
    leads = [house.lead() for _ in range(3)]
    for lead in leads[:2]:
        house.coordinator.pipeline.convert(lead.id)
    with pytest.raises(TwoPatients):
        merge(house, leads[0], leads[1])
    with pytest.raises(LeadLocked):
        merge(house, leads[2], leads[0])
    with pytest.raises(LeadLocked):
        merge(house, leads[0], leads[2], choices={"notes": "loser"})
    with house.crm._backend.begin(house.clinic.id) as store:
        store.leads.save([evolve(leads[2], status=LeadStatus.ARCHIVED)])
    with pytest.raises(LeadClosed):
        merge(house, leads[0], leads[2])


# --- preview and merge


def test_a_preview_shows_what_the_merge_will_keep_and_changes_nothing(house: House) -> None:
    older, newer = two(house)
    chosen = {"first_name": "loser", "phone": Side.LOSER}

    shown = house.coordinator.leads.preview_merge(older.id, newer.id, choices=chosen)

    assert (stored(house, older.id), stored(house, newer.id)) == (older, newer)
    after = merge(house, older, newer, choices=chosen).survivor_after
    kept = {one.name: one.kept for one in shown.fields}
    assert kept["first_name"] == after.contact.first_name == "Carlos"
    assert kept["phone"] == after.contact.phone == newer.contact.phone
    assert kept["phone_alt"] == after.contact.phone_alt == older.contact.phone
    assert kept["notes"] == after.enquiry.notes
    assert kept["source"] == after.origin.source_id == older.origin.source_id
    assert kept["address"] == after.contact.address
    assert kept["interests"] == after.enquiry.interests


def test_nothing_by_which_a_family_can_be_reached_is_lost(house: House) -> None:
    older, newer = two(house)
    after = merge(house, newer, older).survivor_after
    assert after.contact.phone == newer.contact.phone
    assert after.contact.phone_alt == older.contact.phone
    assert after.enquiry.notes == (
        "prefers mornings\n\nsaw an advertisement\n\nAlso reached by: maria@example.com"
    )
    again = house.coordinator.leads.capture(enquiry(email="new@example.com"))
    assert [one.lead_id for one in again.duplicates] == [newer.id]


def test_creation_and_first_touch_are_the_earliest(house: House) -> None:
    older, newer = two(house)
    after = merge(house, newer, older).survivor_after
    assert after.origin == older.origin
    assert after.stamps.created_at == older.stamps.created_at


def test_everything_of_the_loser_goes_along(house: House) -> None:
    older, newer = two(house)
    house.coordinator.followups.log(newer.id, NOTE)
    planned = task(house, newer.id)
    with house.crm._backend.begin(house.clinic.id) as store:
        store.touches.add([a_touch(newer, detail="flyer")])
        store.appointments.add([an_appointment(newer, reason="gap")])
    kinds = ("activities", "tasks", "visits", "touches", "appointments")
    before = {kind: of(rows(house, kind), newer.id) for kind in kinds}

    done = merge(house, older, newer)

    for kind in kinds:
        found = rows(house, kind)
        assert before[kind], kind
        assert moved(done, kind) == before[kind]
        assert of(found, newer.id) == set()
        assert before[kind] <= of(found, older.id)
    assert house.coordinator.followups.complete(planned.id).lead_id == older.id


def test_the_same_merge_again_gives_the_first_one(house: House) -> None:
    older, newer = two(house)
    done = merge(house, older, newer)
    house.clock.advance(DAY)
    assert merge(house, older, newer, choices={"phone": "loser"}, versions=(1, 1)) == done
    assert len(rows(house, "merges")) == 1


def test_the_other_way_round_leads_to_the_survivor(house: House) -> None:
    older, newer = two(house)
    merge(house, older, newer)
    with pytest.raises(LeadMerged) as refusal:
        merge(house, newer, older)
    assert refusal.value.into == older.id


def test_a_converted_survivor_gets_the_history_and_nothing_else(house: House) -> None:
    older, newer = two(house)
    converted = house.coordinator.pipeline.convert(newer.id).lead
    house.coordinator.followups.log(older.id, NOTE)
    task(house, older.id)

    done = merge(house, newer, older)

    assert stored(house, newer.id) == converted == done.survivor_after
    assert of(rows(house, "tasks"), older.id) == set()
    assert [one for one in rows(house, "tasks").values() if one.is_open] == []
    assert open_visits(house, newer.id) == [rows(house, "visits")[converted.position.visit_id]]
    kept = {one.notes for one in rows(house, "activities").values() if one.after_conversion}
    assert kept == {
        "saw an advertisement",
        "Also reached by: +13125550142, maria@example.com",
    }


def test_a_place_in_the_waitlist_goes_along_and_back(house: House) -> None:
    older, newer = two(house)
    entry = a_waitlist_entry(house.clinic, newer)
    with house.crm._backend.begin(house.clinic.id) as store:
        store.waitlist.add([entry])
    done = merge(house, older, newer)
    assert of(rows(house, "waitlist"), older.id) == moved(done, "waitlist") == {entry.id}
    house.coordinator.leads.unmerge(done.id)
    assert of(rows(house, "waitlist"), newer.id) == {entry.id}


def test_leads_merged_by_many_at_once_are_merged_once(house: House) -> None:
    older, newer = two(house)
    done = together(*[lambda: merge(house, older, newer)] * 8)
    assert len({one.id for one in done}) == 1
    assert len(rows(house, "merges")) == 1
    assert len(open_visits(house, older.id)) == 1


def test_of_two_merges_in_opposite_directions_one_wins(house: House) -> None:
    older, newer = two(house)
    pairs = [(older, newer), (newer, older)] * 3

    def attempt(pair: tuple[Lead, Lead]) -> str:
        try:
            return merge(house, *pair).id
        except LeadMerged as refusal:
            return refusal.into

    told = set(together(*[lambda pair=pair: attempt(pair) for pair in pairs]))
    (done,) = rows(house, "merges").values()
    assert told == {done.id, done.survivor_id}
    assert [lead.id for lead in house.admin.leads.find(mine=False).leads] == [done.survivor_id]


# --- where a tombstone leads


def test_a_tombstone_leads_to_the_survivor_for_whoever_looks(house: House) -> None:
    older, newer = two(house)
    done, leads = merge(house, older, newer), house.coordinator.leads
    assert leads.get(newer.id) == done.survivor_after
    assert leads.timeline(newer.id) == leads.timeline(older.id)
    assert leads.household_of(newer.id) == leads.household_of(older.id)
    assert leads.links(newer.id) == leads.links(older.id)
    assert leads.merges(newer.id) == leads.merges(older.id) == (done,)


def test_a_chain_of_merges_is_followed_to_its_end(house: House) -> None:
    leads = [house.lead() for _ in range(4)]
    for loser, survivor in itertools.pairwise(leads):
        merge(house, survivor, loser)
    assert house.coordinator.leads.get(leads[0].id).id == leads[3].id
    with pytest.raises(LeadMerged) as refusal:
        house.coordinator.leads.edit(leads[0].id, LeadEdit(notes="x"))
    assert refusal.value.into == leads[3].id


def test_tombstones_that_lead_in_a_circle_lead_nowhere(house: House) -> None:
    older, newer = two(house)
    merge(house, older, newer)
    with house.crm._backend.begin(house.clinic.id) as store:
        survivor = store.leads.get([older.id])[older.id]
        gone = evolve(survivor.stamps, deleted_at=house.clock())
        store.leads.save([evolve(survivor, merged_into=newer.id, stamps=gone)])
    with pytest.raises(NotFound) as refusal:
        house.coordinator.leads.get(newer.id)
    assert type(refusal.value) is NotFound


WRITING: dict[str, Callable[[Desk, LeadId], object]] = {
    "edit": lambda desk, i: desk.leads.edit(i, LeadEdit(notes="x")),
    "move": lambda desk, i: desk.pipeline.move(i, "contacted"),
    "lose": lambda desk, i: desk.pipeline.lose(i, "RELOCATED"),
    "convert": lambda desk, i: desk.pipeline.convert(i),
    "log": lambda desk, i: desk.followups.log(i, SPOKE),
    "assign": lambda desk, i: desk.assignment.assign_to(i, "tc-2"),
}


@pytest.mark.parametrize("verb", WRITING)
def test_a_verb_that_writes_says_where_the_lead_has_gone(house: House, verb: str) -> None:
    older, newer = two(house)
    merge(house, older, newer)
    with pytest.raises(LeadMerged) as refusal:
        WRITING[verb](house.coordinator, newer.id)
    assert (refusal.value.into, refusal.value.code) == (older.id, "lead_merged")
    assert newer.id not in str(refusal.value)


def test_a_batch_says_so_for_each_lead(house: House) -> None:
    older, newer = two(house)
    merge(house, older, newer)
    (result,) = house.coordinator.followups.log_many([(newer.id, SPOKE)])
    assert isinstance(result, Refused)
    assert isinstance(result.error, LeadMerged)


def test_whoever_may_not_see_the_survivor_learns_nothing(house: House) -> None:
    older, newer = two(house)
    agent = house.desk(Role.AGENT, "tc-2")
    merge(house, older, newer)
    for call in (
        lambda: agent.leads.get(newer.id),
        lambda: agent.leads.edit(newer.id, LeadEdit(notes="x")),
        lambda: agent.leads.merges(newer.id),
    ):
        with pytest.raises(NotFound) as refusal:
            call()
        assert type(refusal.value) is NotFound


def test_both_leads_and_the_merge_have_to_be_within_reach(house: House) -> None:
    older, newer = two(house)
    own = house.lead(owner="tc-2")
    agent = house.desk(Role.AGENT, "tc-2")
    for pair in ((own, older), (older, own)):
        with pytest.raises(NotFound):
            agent.leads.merge(pair[0].id, pair[1].id)
        with pytest.raises(NotFound):
            agent.leads.preview_merge(pair[0].id, pair[1].id)
    done = merge(house, older, newer)
    with pytest.raises(NotFound):
        agent.leads.unmerge(done.id)
    with pytest.raises(Forbidden):
        house.desk(Role.DOCTOR).leads.merge(older.id, newer.id)


def test_another_clinic_finds_neither_leads_nor_merge(house: House) -> None:
    older, newer = two(house)
    other = house.crm.create_clinic(name="Other", timezone="UTC")
    theirs = house.desk(Role.CLINIC_ADMIN, "boss", other)
    done = merge(house, older, newer)
    for call in (
        lambda: theirs.leads.merge(older.id, newer.id),
        lambda: theirs.leads.merges(newer.id),
        lambda: theirs.leads.get(newer.id),
        lambda: theirs.leads.unmerge(done.id),
    ):
        with pytest.raises(NotFound) as refusal:
            call()
        assert type(refusal.value) is NotFound


def test_lists_and_numbers_count_a_merged_pair_once(house: House) -> None:
    older, newer = two(house)
    house.coordinator.pipeline.move(newer.id, "consultation_scheduled")
    merge(house, older, newer)
    desk = house.coordinator
    assert [lead.id for lead in desk.leads.find(mine=False).leads] == [older.id]
    assert desk.analytics.outcomes().total.leads == 1
    whole = desk.analytics.funnel().total
    assert [step.reached for step in whole.steps][:3] == [1, 1, 1]
    assert older.stamps.created_at == desk.leads.get(newer.id).stamps.created_at
    assert desk.leads.find(Cond("merged_into", "present"), mine=False).leads == ()


def test_a_merged_lead_is_no_duplicate_of_its_survivor(house: House) -> None:
    older, newer = two(house)
    merge(house, older, newer)
    leads = house.admin.leads
    assert leads.duplicates_of(older.id).found == ()
    assert leads.find_duplicates() == ()
    (link,) = rows(house, "links").values()
    assert (link.relation, link.verdict) == (Relation.SAME_PERSON, Verdict.CONFIRMED)


def test_a_household_stays_one_through_a_merge(house: House) -> None:
    older, newer = two(house)
    sibling = house.lead(patient_first_name="Ben", phone="+1 312 555 0143", email=None)
    house.coordinator.leads.link_household([newer.id, sibling.id])
    merge(house, older, newer)
    assert [lead.id for lead in house.coordinator.leads.household_of(older.id).leads] == [
        sibling.id
    ]


def test_a_delivery_that_comes_again_gives_the_survivor(house: House) -> None:
    form = enquiry(channel=Channel.WEB_FORM, delivery_key="k-1")
    older = house.lead()
    newer = house.coordinator.leads.capture(form).lead
    merge(house, older, newer)
    again = house.coordinator.leads.capture(form)
    assert (again.replayed, again.lead.id) == (True, older.id)


# --- stages, tasks, sequences, messages


def test_exactly_one_visit_stays_open(house: House) -> None:
    older, newer = two(house)
    ahead = house.coordinator.pipeline.move(newer.id, "consultation_scheduled").lead
    done = merge(house, older, newer)
    (visit,) = open_visits(house, older.id)
    assert visit.id == ahead.position.visit_id == done.survivor_after.position.visit_id
    assert moved(done, "left") == {older.position.visit_id}
    assert rows(house, "visits")[older.position.visit_id].left_at == house.clock()
    moved_on = house.coordinator.pipeline.move(older.id, "consultation_completed").lead
    assert [one.id for one in open_visits(house, older.id)] == [moved_on.position.visit_id]


def test_the_first_contact_of_either_ends_the_calls(house: House) -> None:
    older, newer = two(house)
    house.coordinator.followups.log(newer.id, SPOKE)
    after = merge(house, older, newer).survivor_after
    assert after.status is LeadStatus.ACTIVE
    assert after.milestones.first_contact_at == house.clock()
    assert after.milestones.ms_to_contact == 2 * 24 * 3_600_000
    assert [one for one in rows(house, "tasks").values() if one.is_open] == []
    assert after.milestones.next_action_at is None


def test_attempts_of_both_count_since_the_last_answer(house: House) -> None:
    older, newer = two(house)
    log = house.coordinator.followups.log
    for lead_id, entry in (
        (older.id, NO_ANSWER),
        (newer.id, SPOKE),
        (older.id, NO_ANSWER),
        (newer.id, NO_ANSWER),
    ):
        log(lead_id, entry)
        house.clock.advance(timedelta(minutes=5))
    assert merge(house, older, newer).survivor_after.milestones.unanswered == 2


def test_of_the_same_task_twice_the_losers_is_cancelled(house: House) -> None:
    older, newer = two(house)
    by_rule = {one.lead_id: one for one in rows(house, "tasks").values() if one.rule}
    own = task(house, newer.id)

    done = merge(house, older, newer)

    waiting = {one.id for one in rows(house, "tasks").values() if one.is_open}
    assert waiting == {by_rule[older.id].id, own.id}
    assert moved(done, "cancelled") == {by_rule[newer.id].id}
    assert done.survivor_after.milestones.next_action_at == by_rule[older.id].due_at


def test_tasks_of_the_losers_coordinator_go_to_the_survivors(house: House) -> None:
    older, newer = two(house, owner="tc-2")
    theirs, elses = task(house, newer.id), task(house, newer.id, assigned_to="front-desk")
    done = merge(house, older, newer)
    found = rows(house, "tasks")
    assert (found[theirs.id].assigned_to, found[elses.id].assigned_to) == ("tc-1", "front-desk")
    assert theirs.id in moved(done, "handed_over")
    house.coordinator.leads.unmerge(done.id)
    assert rows(house, "tasks")[theirs.id].assigned_to == "tc-2"


def test_sequences_of_the_loser_stop_and_go_on_after_an_unmerge(house: House) -> None:
    configure(house, sequences=(SIX_TOUCH,))
    older, newer = two(house)
    enrollment = house.coordinator.followups.start_sequence(newer.id, "six_touch")
    done = merge(house, older, newer)
    stopped = rows(house, "enrollments")[enrollment.id]
    assert (stopped.state, stopped.because) == (EnrollmentState.STOPPED, "archived")
    assert house.coordinator.followups.advance_sequences().enrollments == ()

    house.coordinator.leads.unmerge(done.id)

    resumed = rows(house, "enrollments")[enrollment.id]
    assert evolve(resumed, version=1) == enrollment


def test_waiting_messages_go_along_and_nobody_gets_one_twice(house: House) -> None:
    configure(house)
    older, newer = two(house)
    house.coordinator.followups.log(older.id, NO_ANSWER)
    break_up, settled = "rule:break_up", "rule:escalate_no_contact"
    with house.crm._backend.begin(house.clinic.id) as store:
        store.messages.add(
            [
                a_message(house.clinic, lead=older, about=break_up),
                a_message(house.clinic, lead=newer, about=break_up),
                a_message(house.clinic, lead=newer, about="by hand"),
                a_message(house.clinic, lead=newer, about=settled, state=MessageState.SENT),
            ]
        )
    before = queued(house)

    done = merge(house, older, newer)

    waits, gone, sent = MessageState.PENDING, MessageState.CANCELLED, MessageState.SENT
    after = queued(house)
    assert {message.lead_id for message in after} == {older.id}
    assert [message.state for message in after] == [waits, gone, waits, sent]
    house.coordinator.leads.unmerge(done.id)
    assert [(m.lead_id, m.state) for m in queued(house)] == [(m.lead_id, m.state) for m in before]


# --- imported leads, and what numbers say


def test_a_row_that_comes_again_finds_the_survivor(house: House) -> None:
    desk = house.desk(Role.IMPORTER)
    files.run(desk, [files.a_row(1)])
    (imported,) = house.admin.leads.find(mine=False).leads
    survivor = house.lead(patient_first_name="Zoe")
    house.admin.leads.merge(survivor.id, imported.id)
    again = files.run(desk, [files.a_row(1)])
    assert again.tally.created == 0
    assert [lead.id for lead in house.admin.leads.find(mine=False).leads] == [survivor.id]


def test_rows_of_both_leads_go_on_to_find_the_survivor(house: House) -> None:
    """Their own system keeps sending both: neither reference may make a lead again."""
    desk = house.desk(Role.IMPORTER)
    files.run(desk, [files.a_row(1), files.a_row(2)])
    survivor, loser = sorted(
        house.admin.leads.find(mine=False).leads, key=lambda lead: lead.origin.external_ref or ""
    )
    done = house.admin.leads.merge(survivor.id, loser.id)

    again = files.run(desk, [files.a_row(1), files.a_row(2, notes="asked again")])
    assert files.counts(again.tally) == {"updated": 1, "unchanged": 1}
    (lead,) = house.admin.leads.find(mine=False).leads
    assert (lead.id, lead.origin.external_ref) == (survivor.id, "r-1")
    assert lead.former_refs == ("r-2",)

    ended = {"ref": "r-2", "outcome": "lost", "reason": "RELOCATED", "at": "2026-11-01"}
    assert files.run(desk, [ended], files.outcomes()).tally.updated == 1
    assert house.admin.leads.get(survivor.id).status is LeadStatus.LOST

    house.admin.leads.unmerge(done.id)
    files.run(desk, [files.a_row(2, notes="for the second one")])
    assert house.admin.leads.get(loser.id).enquiry.notes == "for the second one"
    assert house.admin.leads.get(survivor.id).former_refs == ()


def test_a_reverted_import_keeps_leads_into_which_others_were_merged(house: House) -> None:
    desk = house.desk(Role.IMPORTER)
    report = files.run(desk, [files.a_row(1), files.a_row(2)])
    survivor, loser = house.admin.leads.find(mine=False).leads
    house.desk(Role.IMPORTER).pipeline.convert(survivor.id)
    house.clock.advance(DAY)
    house.admin.leads.merge(survivor.id, loser.id)
    assert report.import_id is not None
    assert desk.imports.revert(report.import_id).removed == 0
    assert house.admin.leads.get(loser.id).id == survivor.id


def test_numbers_add_up_after_merges(house: House) -> None:
    sources = ("Web - Social media", "Walk-in", None)
    stages = ("new_lead", "contacted", "pending_decision", "lost", "contacted", "lost")
    leads = []
    for n, stage in enumerate(stages):
        lead = house.lead(source=sources[n % 3], patient_first_name=f"Child{n}")
        if stage == "lost":
            house.admin.pipeline.lose(lead.id, "RELOCATED")
        elif stage != "new_lead":
            house.admin.pipeline.move(lead.id, stage)
        leads.append(lead)
        house.clock.advance(DAY)
    house.admin.pipeline.convert(leads[4].id)
    for survivor, loser in ((1, 0), (2, 3), (4, 5)):
        house.admin.leads.merge(leads[survivor].id, leads[loser].id)

    outcomes = house.admin.analytics.outcomes()
    total = outcomes.total
    assert (total.leads, total.won, total.lost, total.open) == (3, 1, 0, 2)
    assert sum(group.leads for _, group in outcomes.groups) == total.leads
    reached = [step.reached for step in house.admin.analytics.funnel().total.steps]
    assert reached[0] == 3
    assert reached == sorted(reached, reverse=True)
    first = house.admin.leads.get(leads[0].id)
    assert first.stamps.created_at == leads[0].stamps.created_at
    assert first.origin.source_id == leads[0].origin.source_id


# --- unmerge


KINDS = ("leads", "activities", "tasks", "visits", "touches", "appointments", "messages")


def everything_of(house: House) -> dict[str, dict[str, Any]]:
    """Read all rows, but for versions and for when a restored task was last touched."""
    found = {kind: rows(house, kind) for kind in KINDS}
    return {
        kind: {
            i: evolve(noun, version=1, **({"updated_at": None} if kind == "tasks" else {}))
            for i, noun in nouns.items()
        }
        for kind, nouns in found.items()
    }


@pytest.mark.parametrize("stages", [("", ""), ("", "pending_decision"), ("contacted", "lost")])
@pytest.mark.parametrize("turned", [False, True])
def test_an_unmerge_restores_both_leads_and_all_rows(
    house: House, stages: tuple[str, str], *, turned: bool
) -> None:
    leads = two(house, patient_born_on=date(2014, 5, 6), owner="tc-2")
    for lead, stage in zip(leads, stages, strict=True):
        house.coordinator.followups.log(lead.id, SPOKE if stage else NO_ANSWER)
        task(house, lead.id)
        if stage == "lost":
            house.coordinator.pipeline.lose(lead.id, "RELOCATED")
        elif stage:
            house.coordinator.pipeline.move(lead.id, stage)
    survivor, loser = reversed(leads) if turned else leads
    before = everything_of(house)

    done = merge(house, survivor, loser)
    assert everything_of(house) != before
    house.clock.advance(DAY)
    undone = house.coordinator.leads.unmerge(done.id)

    assert everything_of(house) == before
    assert (undone.undone_at, undone.undone_by) == (house.clock(), "tc-1")
    assert house.coordinator.leads.unmerge(done.id) == undone


def test_a_parted_pair_is_never_suggested_again(house: House) -> None:
    older = house.lead()
    newer = house.lead()
    done = merge(house, older, newer)
    house.coordinator.leads.unmerge(done.id)
    (link,) = rows(house, "links").values()
    assert link.verdict is Verdict.REJECTED
    assert house.admin.leads.find_duplicates() == ()
    assert house.coordinator.leads.duplicates_of(older.id).found == ()


def test_what_was_done_since_the_merge_stays_with_the_survivor(house: House) -> None:
    older, newer = two(house)
    done = merge(house, older, newer)
    house.clock.advance(DAY)
    desk = house.coordinator
    edited = desk.leads.edit(older.id, LeadEdit(preferred_time="evenings", phone="3125550177"))
    desk.followups.log(older.id, SPOKE)
    planned = task(house, older.id, "Send the brochure")
    desk.pipeline.move(older.id, "consultation_scheduled")
    since = house.clock()

    desk.leads.unmerge(done.id)

    after, back = desk.leads.get(older.id), desk.leads.get(newer.id)
    assert after.contact.preferred_time == "evenings"
    assert after.contact.phone == edited.contact.phone
    assert after.contact.phone_alt is None
    assert after.enquiry.notes == "saw an advertisement"
    assert after.position.stage == after.position.furthest == "consultation_scheduled"
    assert after.milestones.first_contact_at == after.milestones.scheduled_at == since
    assert after.status is LeadStatus.ACTIVE
    assert rows(house, "tasks")[planned.id].lead_id == older.id
    waiting = [one for one in rows(house, "tasks").values() if one.is_open]
    assert {one.lead_id for one in waiting} == {older.id, newer.id}
    assert after.milestones.next_action_at == min(
        one.due_at for one in waiting if one.lead_id == older.id
    )
    assert evolve(back, version=1) == evolve(newer, version=1)
    assert len(open_visits(house, older.id)) == len(open_visits(house, newer.id)) == 1
    assert open_visits(house, newer.id)[0].id == newer.position.visit_id


def test_a_survivor_that_moved_on_in_the_losers_stage_stays_where_it_is(house: House) -> None:
    older, newer = two(house)
    house.coordinator.pipeline.move(newer.id, "consultation_completed")
    done = merge(house, older, newer)
    house.clock.advance(DAY)
    house.coordinator.pipeline.move(older.id, "pending_decision")
    house.coordinator.leads.unmerge(done.id)
    after, back = (house.coordinator.leads.get(one.id) for one in (older, newer))
    assert (after.position.stage, back.position.stage) == (
        "pending_decision",
        "consultation_completed",
    )
    assert after.milestones.scheduled_at == house.clock()
    assert [visit.stage for visit in open_visits(house, older.id)] == ["pending_decision"]
    assert [visit.stage for visit in open_visits(house, newer.id)] == ["consultation_completed"]


def test_an_active_survivor_keeps_a_coordinator(house: House) -> None:
    older, newer = two(house)
    with house.crm._backend.begin(house.clinic.id) as store:
        orphan = evolve(older, ownership=evolve(older.ownership, owner=None, assigned_at=None))
        store.leads.save([orphan])
    done = merge(house, older, newer)
    assert done.survivor_after.ownership.owner == "tc-1"
    house.clock.advance(DAY)
    house.coordinator.followups.log(older.id, SPOKE)
    house.coordinator.leads.unmerge(done.id)
    assert house.coordinator.leads.get(older.id).ownership.owner == "tc-1"


def test_tasks_that_somebody_finished_since_are_not_opened_again(house: House) -> None:
    older, newer = two(house)
    planned = task(house, newer.id)
    done = merge(house, older, newer)
    house.clock.advance(DAY)
    house.coordinator.followups.complete(planned.id)
    house.coordinator.leads.unmerge(done.id)
    back = rows(house, "tasks")[planned.id]
    assert (back.lead_id, back.status) == (newer.id, TaskStatus.COMPLETED)


def test_a_survivor_that_was_converted_since_stays_merged(house: House) -> None:
    older, newer = two(house)
    done = merge(house, older, newer)
    house.coordinator.pipeline.convert(older.id)
    with pytest.raises(LeadLocked):
        house.coordinator.leads.unmerge(done.id)


def test_a_survivor_that_was_converted_before_gives_the_history_back(house: House) -> None:
    older, newer = two(house)
    house.coordinator.pipeline.convert(newer.id)
    before = everything_of(house)
    done = merge(house, newer, older)
    house.clock.advance(DAY)
    house.coordinator.leads.unmerge(done.id)
    assert everything_of(house) == before


def test_merges_are_undone_the_latest_first(house: House) -> None:
    first, second, third = (house.lead() for _ in range(3))
    before = everything_of(house)
    one = merge(house, first, second)
    house.clock.advance(DAY)
    other = merge(house, first, third)
    with pytest.raises(MergedSince) as refusal:
        house.coordinator.leads.unmerge(one.id)
    assert refusal.value.merge_id == other.id
    assert house.coordinator.leads.merges(first.id) == (other, one)
    for each in (other, one):
        house.coordinator.leads.unmerge(each.id)
    assert everything_of(house) == before


def test_a_survivor_that_was_merged_away_stays_merged(house: House) -> None:
    first, second, third = (house.lead() for _ in range(3))
    one = merge(house, second, first)
    other = merge(house, third, second)
    with pytest.raises(LeadMerged) as refusal:
        house.coordinator.leads.unmerge(one.id)
    assert refusal.value.into == third.id
    house.coordinator.leads.unmerge(other.id)
    house.coordinator.leads.unmerge(one.id)
    assert {lead.id for lead in house.coordinator.leads.find(mine=False).leads} == {
        first.id,
        second.id,
        third.id,
    }


def test_a_stage_that_is_gone_is_replaced_when_the_loser_comes_back(house: House) -> None:
    older, newer = two(house)
    house.coordinator.pipeline.move(newer.id, "pending_decision")
    house.coordinator.pipeline.move(older.id, "treatment_accepted")
    done = merge(house, older, newer)
    configure(house, rules=())
    house.admin.settings.remove_stage("pending_decision")
    house.coordinator.leads.unmerge(done.id)
    back = house.coordinator.leads.get(newer.id)
    assert back.position.stage == "consultation_completed"
    assert [visit.stage for visit in open_visits(house, newer.id)] == ["consultation_completed"]
    assert house.coordinator.pipeline.move(newer.id, "treatment_accepted").lead.is_open


def test_merged_and_parted_leads_may_be_merged_again(house: House) -> None:
    older, newer = two(house)
    first = merge(house, older, newer)
    house.coordinator.leads.unmerge(first.id)
    house.clock.advance(DAY)
    second = merge(house, older, newer)
    assert second.id != first.id
    assert [one.undone_at is None for one in house.coordinator.leads.merges(older.id)] == [
        True,
        False,
    ]
    assert house.coordinator.leads.get(newer.id).id == older.id


# --- what is left behind


def test_the_audit_trail_names_both_leads_and_the_fields(house: House) -> None:
    older, newer = two(house)
    done = merge(house, older, newer)
    house.clock.advance(DAY)
    house.coordinator.leads.unmerge(done.id)
    undo, did = house.admin.privacy.trail(size=2).entries
    assert (did.operation, undo.operation) == ("leads.merge", "leads.unmerge")
    for entry in (did, undo):
        assert {older.id, newer.id} <= set(entry.objects)
        assert {"phone_alt", "notes"} <= set(entry.fields)
        assert "5550143" not in repr(entry)
    (change,) = [one for one in rows(house, "personal_changes").values() if one.audit_id == did.id]
    assert change.after["phone_alt"] == "+13125550143"


def test_a_merge_shows_nothing_personal(house: House) -> None:
    older, newer = two(house)
    shown = repr(merge(house, older, newer))
    assert not [word for word in ("Maria", "Carlos", "mornings", "5550143") if word in shown]


def test_a_merge_id_of_nothing_is_not_found(house: House) -> None:
    with pytest.raises(NotFound):
        house.coordinator.leads.unmerge(MergeId("0190c0de-0000-7000-8000-000000000000"))
