"""Consent is asked for at send time, by purpose; only an end of everything ends sequences."""

from datetime import timedelta

from orthocrm import SIX_TOUCH, CarrierError, Letter, MessageState, Sent
from orthocrm.core.cadence import EnrollmentState
from orthocrm.core.messaging import Cap
from orthocrm.core.notifying import Purpose
from orthocrm.privacy.consent import NewConsent
from tests.flows.carrying import SMS, a_practice, a_raven, agree, configure, put, states

DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)
SENT, SKIPPED = MessageState.SENT, MessageState.SKIPPED


def object_to_marketing() -> NewConsent:
    return NewConsent(channel=SMS, granted=False, purpose=Purpose.MARKETING)


def test_what_was_queued_after_an_objection_is_kept_back_by_its_purpose(url: str) -> None:
    with a_practice(a_raven(), url=url, caps=()) as house:
        lead = house.lead()
        agree(house, lead, at=house.clock() - DAY)
        house.front.notifications.record_consent(lead.id, object_to_marketing())
        care = put(house, lead, channel=SMS)
        ad = put(house, lead, channel=SMS, purpose=Purpose.MARKETING)
        house.crm.work()
        assert states(house, care, ad) == [(SENT, None), (SKIPPED, "opted_out")]


def test_an_objection_to_one_purpose_leaves_the_sequences_running(url: str) -> None:
    with a_practice(a_raven(), url=url) as house:
        configure(house, sequences=(SIX_TOUCH,))
        lead = house.lead()
        agree(house, lead, at=house.clock() - DAY)
        house.coordinator.followups.start_sequence(lead.id, "six_touch")
        only_care = NewConsent(channel=SMS, granted=False, purpose=Purpose.CARE)
        house.front.notifications.record_consent(lead.id, object_to_marketing())
        house.front.notifications.record_consent(lead.id, only_care)
        (running,) = house.coordinator.followups.sequences(lead.id)
        assert running.state is EnrollmentState.RUNNING
        house.front.notifications.record_consent(lead.id, NewConsent(channel=SMS, granted=False))
        (ended,) = house.coordinator.followups.sequences(lead.id)
        assert (ended.state is EnrollmentState.RUNNING, ended.because) == (False, "opted_out")


def test_a_message_of_which_nobody_knows_is_not_in_its_own_way(url: str) -> None:
    lost = [CarrierError("time_out", uncertain=True)]

    def answer(letter: Letter) -> Sent:
        if lost:
            raise lost.pop()
        return Sent(ref=letter.identity)

    raven = a_raven(answer=answer)
    with a_practice(raven, url=url, caps=(Cap(channel=SMS, a_day=1, a_week=1),)) as house:
        lead = house.lead()
        agree(house, lead)
        message = put(house, lead, channel=SMS)
        house.crm.work()
        house.clock.advance(2 * MINUTE)
        house.crm.work()
        assert states(house, message) == [(SENT, None)]
        assert len(raven.letters) == 2


def test_an_objection_of_one_number_ends_nothing_at_the_other(url: str) -> None:
    with a_practice(a_raven(), url=url, caps=()) as house:
        lead = house.lead(phone_alt="+1 312 555 0177")
        agree(house, lead, at=house.clock() - DAY)
        message = put(house, lead, channel=SMS, due_at=house.clock() + DAY)
        no = NewConsent(channel=SMS, granted=False, address="+13125550177")
        house.front.notifications.record_consent(lead.id, no)
        assert states(house, message) == [(MessageState.PENDING, None)]
