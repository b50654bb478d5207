"""Clinics of one installation: no verb of the one shows or touches anything of the other."""

from collections.abc import Callable, Iterator

import pytest
from attrs import evolve

import orthocrm
from orthocrm import Cond, Desk, InvalidInput, NotFound, OrthoCRM, Role
from orthocrm.core.lead import Channel
from orthocrm.testing.clock import FrozenClock
from tests.flows import files
from tests.flows.conftest import KEYS
from tests.flows.files import a_row, counts
from tests.flows.practice import enquiry
from tests.security.digest import digest_of
from tests.security.operations import ON_ABSENT_OWNERS, ON_LEADS, ON_LOST_LEADS, PER_ITEM, Target
from tests.security.prepared import CALLS, a_target


@pytest.fixture
def crm(url: str, clock: FrozenClock) -> Iterator[OrthoCRM]:
    with orthocrm.connect(url, keys=KEYS, clock=clock, discover_plugins=False) as crm:
        crm.migrate()
        yield crm


@pytest.fixture
def theirs(crm: OrthoCRM, clock: FrozenClock) -> Target:
    """Another clinic that holds the same."""
    return a_target(crm, clock)


def desk_of(target: Target) -> Desk:
    return target.house.desk(Role.OPERATOR, "me")


def test_what_belongs_to_another_clinic_is_not_found(
    crm: OrthoCRM, clock: FrozenClock, theirs: Target
) -> None:
    ours = desk_of(a_target(crm, clock))
    before = digest_of(crm, theirs.house.clinic)
    for name in (*ON_LEADS, *ON_LOST_LEADS, *ON_ABSENT_OWNERS, *BY_OTHER_IDS):
        with pytest.raises(NotFound):
            {**CALLS, **BY_OTHER_IDS}[name](ours, theirs)
    for name in PER_ITEM:
        (refused,) = PER_ITEM[name](ours, theirs)
        assert isinstance(refused.error, NotFound), name
    assert digest_of(crm, theirs.house.clinic) == before


BY_OTHER_IDS: dict[str, Callable[[Desk, Target], object]] = {
    name: CALLS[name]
    for name in (
        "assignment.hand_over",
        "assignment.hand_back",
        "settings.remove_absence",
        "imports.rows",
        "imports.finish",
        "imports.revert_batch",
        "imports.close_revert",
        "sources.change",
        "sources.remove_spend",
        "sources.change_campaign",
        "sources.end_campaign",
        "sources.change_referrer",
        "sources.retire_referrer",
    )
}


def test_a_source_of_another_clinic_is_no_source_here(
    crm: OrthoCRM, clock: FrozenClock, theirs: Target
) -> None:
    ours, source = desk_of(a_target(crm, clock)), desk_of(theirs).sources.all()[0]
    with pytest.raises(InvalidInput) as refusal:
        ours.leads.capture(enquiry(source=source.id))
    assert [problem.code for problem in refusal.value.problems] == ["unknown_source"]


def test_phones_keys_and_references_do_not_cross(
    crm: OrthoCRM, clock: FrozenClock, theirs: Target
) -> None:
    ours, they = desk_of(a_target(crm, clock)), desk_of(theirs)
    web = enquiry(
        channel=Channel.WEB_FORM, delivery_key="k", external_ref="r-1", phone="3125550188"
    )
    here, there = ours.leads.capture(web), they.leads.capture(web)

    assert not here.replayed
    assert not there.replayed
    assert theirs.lead not in {d.lead_id for d in here.duplicates}
    assert [lead.id for lead in ours.leads.find(Cond("id", "eq", there.lead.id)).leads] == []
    assert they.leads.capture(web).lead.id == there.lead.id
    stranger = a_row(1, ref="r-2", phone="3125550188")
    for desk in (ours, they):
        assert counts(files.run(desk, [stranger]).tally) == {"created": 1}


def test_numbers_count_one_clinic(crm: OrthoCRM, clock: FrozenClock, theirs: Target) -> None:
    ours = desk_of(a_target(crm, clock))
    ours.leads.capture(enquiry(phone="3125550188"))
    assert ours.analytics.outcomes().total.leads == 2
    assert desk_of(theirs).analytics.outcomes().total.leads == 1


def test_a_cursor_of_another_clinic_is_refused(
    crm: OrthoCRM, clock: FrozenClock, theirs: Target
) -> None:
    ours, they = desk_of(a_target(crm, clock)), desk_of(theirs)
    ours.leads.capture(enquiry())
    cursor = ours.leads.find(size=1, mine=False).cursor
    trail = ours.privacy.trail(size=1).cursor
    for call in (
        lambda: they.leads.find(size=1, mine=False, cursor=cursor),
        lambda: they.privacy.trail(size=1, cursor=trail),
    ):
        with pytest.raises(InvalidInput) as refusal:
            call()
        assert [problem.code for problem in refusal.value.problems] == ["bad_cursor"]


def test_a_noun_of_another_clinic_changes_nothing_here(
    crm: OrthoCRM, clock: FrozenClock, theirs: Target
) -> None:
    """Stages and coordinators have names of the practice's own, so that both clinics have one."""
    ours, before = desk_of(a_target(crm, clock)), digest_of(crm, theirs.house.clinic)
    practice = desk_of(theirs).settings.practice()
    ours.settings.change_stage(evolve(practice.stages[1], name="Ours"))
    ours.settings.change_coordinator(evolve(practice.coordinators[0], weight=5))

    assert digest_of(crm, theirs.house.clinic) == before
    held = ours.settings.practice()
    assert {stage.clinic_id for stage in held.stages} == {held.clinic.id}
    assert {coordinator.clinic_id for coordinator in held.coordinators} == {held.clinic.id}


def test_the_worker_keeps_clinics_apart(crm: OrthoCRM, clock: FrozenClock, theirs: Target) -> None:
    ours = a_target(crm, clock)
    crm.work()
    for target in (ours, theirs):
        for task in desk_of(target).followups.open_tasks():
            assert task.clinic_id == target.house.clinic.id
