"""Reminders of what is booked already follow the rules when these are changed, on every backend."""

import pytest

from orthocrm import InvalidInput, MessageChannel, Messaging, ReminderRule, Role
from orthocrm.core.reminding import ReminderStatus, is_reminder
from orthocrm.services.scheduling import renewing
from tests.flows.carrying import CARRIERS, EMAIL, SMS, agree, configure, held
from tests.flows.practice import House
from tests.flows.scheduling import HOUR, KIM, LEE, open_the_diary
from tests.flows.test_reminders import DAY, DAY_BEFORE, THURSDAY, booked, sent, standing

S = ReminderStatus
THREE_HOURS = ReminderRule(name="three", channel=EMAIL, before=3 * HOUR)


@pytest.fixture(autouse=True)
def _open(house: House) -> None:
    open_the_diary(house)
    messaging = Messaging(carriers=CARRIERS, phone="(312) 555-0100")
    configure(house, messaging=messaging, rules=(), reminders=(DAY_BEFORE,))


def due(house: House) -> list[tuple[str, MessageChannel, float]]:
    """Give what waits, and how many hours before the visit it is due."""
    return sorted(
        (m.key.rpartition("/")[2], m.channel, (THURSDAY - m.due_at) / HOUR)
        for m in held(house)
        if m.state == "PENDING" and is_reminder(m)
    )


def test_a_worker_lets_what_waits_follow_changed_rules(house: House) -> None:
    lead = house.lead()
    agree(house, lead)
    visit = booked(house, lead)
    sooner = ReminderRule(name="day", channel=EMAIL, before=2 * DAY)
    text = ReminderRule(name="text", channel=SMS, before=2 * HOUR)
    house.admin.settings.set_reminders([sooner, text, THREE_HOURS])
    assert due(house) == [("day", EMAIL, 24)]

    assert house.crm.work().renewed == 1
    assert due(house) == [("day", EMAIL, 48), ("text", SMS, 1), ("three", EMAIL, 3)]
    assert house.crm.work().renewed == 0

    house.admin.settings.set_reminders([THREE_HOURS])
    assert house.crm.work().renewed == 1
    assert standing(house, visit) == [
        ("day", 0, S.VOIDED), ("text", 0, S.VOIDED), ("three", 0, S.PENDING),
    ]  # fmt: skip
    house.admin.settings.set_reminders([sooner])
    house.crm.work()
    assert due(house) == [("day", EMAIL, 48)]


def test_what_was_sent_is_not_sent_again_by_a_new_rule(house: House) -> None:
    visit = booked(house, house.lead())
    house.clock.set(THURSDAY - DAY)
    assert len(sent(house)) == 1
    house.admin.settings.set_reminders(
        [
            ReminderRule(name="day", channel=EMAIL, before=20 * HOUR),
            ReminderRule(name="other", channel=EMAIL, before=DAY),
            THREE_HOURS,
        ]
    )
    house.crm.work()
    assert standing(house, visit) == [("day", 0, S.SENT), ("three", 0, S.PENDING)]
    house.clock.set(THURSDAY - 2 * HOUR)
    assert len(sent(house)) == 1
    assert sent(house) == []


def test_what_a_worker_holds_stays_in_its_hands(house: House) -> None:
    visit = booked(house, house.lead())
    house.clock.set(THURSDAY - DAY)
    assert len(house.desk(Role.WORKER).notifications.take().outgoing) == 1
    house.admin.settings.set_reminders([THREE_HOURS])
    house.front.scheduling.renew_reminders()
    assert standing(house, visit) == [("day", 0, S.CLAIMED), ("three", 0, S.PENDING)]


def test_words_and_rules_of_a_type_are_followed_as_well(house: House) -> None:
    visit = booked(house, house.lead())
    configure(house, reminding=type(house.admin.settings.practice().clinic.settings.reminding)(
        details=True
    ))  # fmt: skip
    assert house.crm.work().renewed == 1
    assert "the visit of Sofia" in held(house)[0].body
    house.admin.settings.set_reminders([THREE_HOURS], "consultation")
    house.crm.work()
    assert standing(house, visit) == [("day", 0, S.VOIDED), ("three", 0, S.PENDING)]


def test_batches_go_on_where_the_last_one_ended(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(renewing, "BATCH", 2)
    lead = house.lead()
    visits = [booked(house, lead, THURSDAY + n * HOUR).id for n in range(5)]
    house.admin.settings.set_reminders([THREE_HOURS])
    desk = house.front.scheduling
    first = desk.renew_reminders()
    assert first.appointments == tuple(sorted(visits)[:2])
    second = desk.renew_reminders(first.after)
    third = desk.renew_reminders(second.after)
    assert (third.appointments, third.after) == (tuple(sorted(visits)[4:]), None)
    assert desk.renew_reminders() == type(third)()


def test_rules_that_change_between_batches_begin_anew(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(renewing, "BATCH", 2)
    lead = house.lead()
    visits = sorted(booked(house, lead, THURSDAY + n * HOUR).id for n in range(3))
    house.admin.settings.set_reminders([THREE_HOURS])
    first = house.front.scheduling.renew_reminders()
    house.admin.settings.set_reminders([])
    assert list(house.front.scheduling.renew_reminders(first.after).appointments) == visits[:2]


def test_who_comes_no_more_or_is_over_is_left_alone(house: House) -> None:
    over, off = booked(house, house.lead()), booked(house, house.lead(), THURSDAY + 5 * DAY)
    house.front.scheduling.cancel(off.id)
    house.clock.set(THURSDAY + DAY)
    house.admin.settings.set_reminders([THREE_HOURS])
    assert house.front.scheduling.renew_reminders().appointments == ()
    assert standing(house, off) == [("day", 0, S.VOIDED)]
    assert [rule for rule, _, _ in standing(house, over)] == ["day"]


def test_a_provider_renews_those_of_the_own_appointments(house: House) -> None:
    mine, other = booked(house, house.lead()), booked(house, house.lead(), provider=KIM)
    house.admin.settings.set_reminders([THREE_HOURS])
    desk = house.desk(Role.PROVIDER, LEE).scheduling
    assert desk.renew_reminders().appointments == (mine.id,)
    assert house.front.scheduling.renew_reminders().appointments == (other.id,)


def test_a_place_to_go_on_from_that_is_none_is_refused_or_begins_anew(house: House) -> None:
    visit = booked(house, house.lead())
    house.admin.settings.set_reminders([THREE_HOURS])
    with pytest.raises(InvalidInput) as refusal:
        house.front.scheduling.renew_reminders(3)  # type: ignore[arg-type]  # what it is about
    assert [problem.path for problem in refusal.value.problems] == ["after"]
    assert house.front.scheduling.renew_reminders("anything/else").appointments == (visit.id,)
