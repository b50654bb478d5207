"""Whatever order reports come in, and however often, a message ends up in the same state."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from orthocrm.core.notifying import Message, MessageState, StatusReport
from orthocrm.followup.sending import reported
from orthocrm.testing.clock import MONDAY_MORNING
from orthocrm.testing.factories import a_clinic, a_message

CLINIC = a_clinic()
STATES = st.sampled_from([MessageState.SENT, MessageState.DELIVERED, MessageState.BOUNCED])
REPORTS = st.builds(
    lambda state, minutes, reason: StatusReport(
        ref="r", state=state, at=MONDAY_MORNING + timedelta(minutes=minutes), reason=reason
    ),
    STATES,
    st.integers(0, 3),
    st.sampled_from([None, "550", "deferred"]),
)
UNSENT = st.sampled_from(
    [
        MessageState.PENDING,
        MessageState.PARKED,
        MessageState.CANCELLED,
        MessageState.SKIPPED,
    ]
)


def settled(message: Message, reports: list[StatusReport]) -> Message:
    for report in reports:
        message = reported(message, "carrier", report) or message
    return message


@given(st.data(), st.lists(REPORTS, min_size=1, max_size=6), UNSENT)
def test_the_end_does_not_depend_on_the_order(
    data: st.DataObject, reports: list[StatusReport], state: MessageState
) -> None:
    message = a_message(CLINIC, state=state)
    shuffled = data.draw(st.permutations([*reports, *reports]))
    one, other = settled(message, reports), settled(message, shuffled)
    assert (one.state, one.because, one.settled_at, one.carrier_ref) == (
        other.state,
        other.because,
        other.settled_at,
        other.carrier_ref,
    )


@given(st.lists(REPORTS, min_size=1, max_size=6), UNSENT)
def test_the_first_report_takes_the_message_out_of_a_workers_hands(
    reports: list[StatusReport], state: MessageState
) -> None:
    message = a_message(CLINIC, state=state, fence=3)
    assert settled(message, reports).fence == 4


@given(REPORTS)
def test_the_same_report_again_tells_nothing_new(report: StatusReport) -> None:
    once = settled(a_message(CLINIC), [report])
    assert reported(once, "carrier", report) is None
