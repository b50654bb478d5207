"""What becomes of the reminders of an appointment when the clinic's rules were changed.

What was sent, or is in the hands of a worker, stays as it is; and nothing is made up for what would
have been due before.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final

from attrs import evolve, field, frozen

from orthocrm.core.appointment import Appointment
from orthocrm.core.notifying import Message, MessageChannel, MessageState
from orthocrm.core.reminding import BY_HAND, CONFIRMATION, RULES_CHANGED, key_of, rule_of
from orthocrm.scheduling.reminders import Planned

_S: Final = MessageState


@frozen(kw_only=True)
class Renewal:
    """What is `added`, what gets another time or other words, and what is `ended`."""

    added: tuple[Planned, ...] = field(default=())
    changed: tuple[tuple[Message, Planned], ...] = field(default=())
    ended: tuple[Message, ...] = field(default=())


def renewal(present: Iterable[Message], planned: Sequence[Planned], now: datetime) -> Renewal:
    """Compare the reminders of one revision with what the rules of today plan for it.

    `planned` is what these rules would have planned when the reminders were made: what was due
    before now is not sent any more, unless it waits already for the very same time.
    """
    by_rule = {(one.channel, rule_of(one)): one for one in present}
    wanted = [one for one in planned if one.rule.name != CONFIRMATION]
    added, changed, ended = [], [], []
    for plan in wanted:
        message = by_rule.pop((plan.rule.channel, plan.rule.name), None)
        if message is None:
            added += [plan] if _is_to_come(plan, now) else []
        elif _may_change(message, plan, now):
            changed.append((message, plan))
        elif is_untouched(message):
            ended.append(message)
    return Renewal(
        added=tuple(added),
        changed=tuple(changed),
        ended=(*ended, *_of_no_rule(by_rule)),
    )


def along(
    message: Message, plan: Planned | None, before: Appointment, after: Appointment
) -> Message:
    """Let a reminder that waits go along with its visit, whose wall time stays: it says the same.

    `plan` is what its rule plans for `after`, if it still plans it. What was tried already, or is
    sent by hand, keeps its own time.
    """
    rule = message.key.rpartition("/")[2]
    due_at = message.due_at
    if is_untouched(message) and rule_of(message) not in (BY_HAND, CONFIRMATION):
        planned = plan is not None and plan.because is None
        shift = after.starts_at - before.starts_at
        due_at = plan.due_at if plan is not None and planned else message.due_at + shift
    return evolve(
        message,
        key=key_of(after, message.channel, rule),
        due_at=due_at,
        not_after=after.starts_at,
    )


def is_untouched(message: Message) -> bool:
    """Whether a reminder only waits: no worker has looked at it, and no carrier has it."""
    is_new = message.attempts == 0 and message.sent_at is None and message.because is None
    return message.state is _S.PENDING and is_new


def _may_change(message: Message, plan: Planned, now: datetime) -> bool:
    if is_untouched(message):
        waits_for_it = plan.because is None and plan.due_at == message.due_at
        return waits_for_it or _is_to_come(plan, now)
    return _was_left_out(message) and _is_to_come(plan, now)


def _was_left_out(message: Message) -> bool:
    """Whether it was never to go: left out when it was planned, or because rules had changed."""
    if message.attempts or message.sent_at is not None:
        return False
    is_ended = message.state is _S.CANCELLED and message.because == RULES_CHANGED
    return is_ended or message.state is _S.SKIPPED


def _is_to_come(plan: Planned, now: datetime) -> bool:
    return plan.because is None and plan.due_at > now


def _of_no_rule(left: Mapping[tuple[MessageChannel, str], Message]) -> list[Message]:
    """Give those whose rule is gone; what somebody sent by hand has none."""
    return [
        message
        for (_, name), message in left.items()
        if name not in (BY_HAND, CONFIRMATION) and is_untouched(message)
    ]
