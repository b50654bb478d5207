"""What happened since: in the order of commits, for whom it concerns, and nothing personal."""

from functools import partial
from time import monotonic
from typing import Any

import pytest
from attrs import evolve

from orthocrm import Forbidden, InvalidInput, Role
from orthocrm.core.happening import Happened
from orthocrm.core.ids import UserId
from orthocrm.core.query import Cond
from orthocrm.testing.suite.arranged import together
from tests.flows.practice import House, enquiry

WRITERS, LEADS_EACH = 4, 5
NO_MARKS: tuple[Any, ...] = ("", "x", "1-", "-1", 7, "1-2-3", "9" * 30)


def told(happened: Happened) -> list[tuple[str, tuple[str, ...]]]:
    return [(one.kind, one.lead_ids) for one in happened.happenings]


def walked(desk: Any, mark: str, size: int) -> list[str]:
    """Follow from a mark to the end, so many events at a time."""
    ids: list[str] = []
    while True:
        happened = desk.live.since(mark, size=size)
        ids += [one.id for one in happened.happenings]
        mark = happened.mark
        if not happened.is_more:
            return ids


def test_whatever_happens_is_told_once_in_its_order(house: House) -> None:
    desk = house.admin
    mark = desk.live.since().mark
    first = house.lead()
    house.coordinator.pipeline.move(first.id, "contacted")
    second = house.lead(phone="+1 312 555 0143", email="ana@example.com", first_name="Ana")
    happened = desk.live.since(mark)
    kinds = told(happened)
    assert kinds[0] == ("lead_captured", (first.id,))
    assert ("stage_changed", (first.id,)) in kinds
    assert kinds.index(("stage_changed", (first.id,))) < kinds.index(
        ("lead_captured", (second.id,))
    )
    moved = next(one for one in happened.happenings if one.kind == "stage_changed")
    assert (moved.at, moved.by) == (house.clock(), "tc-1")
    assert moved.versions[first.id] == desk.leads.get(first.id).version
    every = [one.id for one in happened.happenings]
    for size in (1, 2, 500):
        assert walked(desk, mark, size) == every
    assert walked(desk, every[0], 500) == every[1:]
    assert desk.live.since(happened.mark).happenings == ()


def test_nothing_personal_is_told(house: House) -> None:
    mark = house.admin.live.since().mark
    house.lead(notes="allergic to penicillin")
    shown = repr(house.admin.live.since(mark))
    for secret in ("Maria", "Lopez", "maria@example.com", "penicillin", "Sofia"):
        assert secret not in shown


def test_whoever_sees_own_leads_only_is_told_of_these(house: House) -> None:
    settings = evolve(house.clinic.settings, own_leads_only=True)
    house.admin.settings.change(settings)
    mark = house.admin.live.since().mark
    capture = house.desk(Role.OPERATOR).leads.capture
    mine = capture(enquiry(owner="tc-1")).lead
    theirs = capture(
        enquiry(owner="tc-2", first_name="Ana", phone="+1 312 555 0143", email="ana@example.com")
    ).lead
    seen = {lead for _, leads in told(house.coordinator.live.since(mark)) for lead in leads}
    assert seen == {mine.id}
    assert theirs.id in {i for _, ids in told(house.admin.live.since(mark)) for i in ids}
    mark = house.admin.live.since().mark
    house.admin.assignment.transfer(mine.id, UserId("tc-2"), "she is away")
    assert ("lead_assigned", (mine.id,)) in told(house.coordinator.live.since(mark))
    mark = house.admin.live.since().mark
    house.admin.pipeline.move(mine.id, "contacted")
    assert told(house.coordinator.live.since(mark)) == []


def test_doctors_follow_and_are_told_of_no_lead(house: House) -> None:
    mark = house.admin.live.since().mark
    house.lead()
    assert told(house.desk(Role.DOCTOR).live.since(mark)) == []
    with pytest.raises(Forbidden):
        house.desk(Role.PATIENT).live.since(mark)


def test_what_cannot_be_known_is_a_reset(house: House) -> None:
    house.lead()
    ahead = house.admin.live.since("999999999")
    assert (ahead.happenings, ahead.is_reset) == ((), True)
    assert house.admin.live.since(ahead.mark).is_reset is False
    assert house.admin.live.follow("tomorrow").is_reset is True
    assert house.admin.live.follow().is_reset is False


def test_bad_input_is_refused_by_name(house: House) -> None:
    wrong: list[tuple[dict[str, Any], tuple[str, str]]] = [
        *(({"after": given}, ("after", "not_a_mark")) for given in NO_MARKS),
        *(({"size": size}, ("size", "out_of_range")) for size in (0, 501, True, "10", 1.5)),
    ]
    for given, problem in wrong:
        with pytest.raises(InvalidInput) as refused:
            house.admin.live.since(**given)
        assert [(p.path, p.code) for p in refused.value.problems] == [problem], given


def test_reading_the_news_leaves_no_entry(house: House) -> None:
    house.lead()
    with house.crm._backend.begin(house.clinic.id) as store:
        before = store.audit.count(Cond("operation", "present"))
    start = house.crm.news(house.clinic.id, None)
    assert house.crm.news(house.clinic.id, start.mark).items == ()
    assert house.admin.sight().is_open
    with house.crm._backend.begin(house.clinic.id) as store:
        assert store.audit.count(Cond("operation", "present")) == before


def test_a_commit_wakes_whoever_watches(house: House) -> None:
    with house.crm.watching() as watch:
        house.lead()
        began = monotonic()
        watch.wait(60)
        assert monotonic() - began < 50


def test_of_writers_at_once_nothing_is_missed_and_nothing_comes_twice(house: House) -> None:
    start = house.crm.news(house.clinic.id, None).mark
    left = list(range(WRITERS))
    heard: list[str] = []

    def write(writer: int) -> None:
        try:
            for n in range(LEADS_EACH):
                phone, email = f"+1 312 555 {writer}{n:03}", f"ann{writer}{n}@example.com"
                house.lead(phone=phone, email=email, first_name=f"Ann{writer}{n}")
        finally:
            left.pop()

    def read() -> None:
        mark, is_last = start, False
        while not is_last:
            is_last = not left  # what is written by now is read below
            found = house.crm.news(house.clinic.id, mark, 3)
            heard.extend(item.told.id for item in found.items)
            mark, is_last = found.mark, is_last and not found.is_more

    together(read, *(partial(write, writer) for writer in range(WRITERS)))
    every = house.crm.news(house.clinic.id, start).items
    captured = [item for item in every if item.told.kind == "lead_captured"]
    assert len(captured) == WRITERS * LEADS_EACH
    assert heard == [item.told.id for item in every]
