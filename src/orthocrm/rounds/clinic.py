"""The round of one clinic: one step after the other, none of which stops the others."""

import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from attrs import frozen

from orthocrm.core.errors import Conflict, TrailBroken
from orthocrm.core.ids import ClinicId
from orthocrm.core.settings import Clinic
from orthocrm.core.task import Task
from orthocrm.core.tracing import NO_TRACES, Tracer
from orthocrm.hooks import Failure
from orthocrm.rounds.carrying import Carriers
from orthocrm.rounds.worked import StepFailed, Worked, never
from orthocrm.services.analytics.desk import Analytics
from orthocrm.services.assignment.desk import Assignment
from orthocrm.services.followups.desk import FollowUps
from orthocrm.services.inbox.desk import Inbox
from orthocrm.services.intelligence.desk import Intelligence
from orthocrm.services.notifications.desk import Notifications
from orthocrm.services.notifications.settling import Outcome, Settled
from orthocrm.services.pipeline.desk import Pipeline
from orthocrm.services.privacy.desk import Privacy
from orthocrm.services.privacy.keyrings import Keys
from orthocrm.services.scheduling.desk import Scheduling

SETTLE_TRIES = 5
"""How often a round tries to record what carriers did; what stays unrecorded goes again."""

_LOG = logging.getLogger("orthocrm")


class WorkersDesk(Protocol):
    """The areas of the desk that a round uses."""

    @property
    def analytics(self) -> Analytics:
        """Reports that are mailed."""
        ...

    @property
    def assignment(self) -> Assignment:
        """Who takes care of which lead."""
        ...

    @property
    def followups(self) -> FollowUps:
        """Activities and tasks."""
        ...

    @property
    def pipeline(self) -> Pipeline:
        """Recalls, and leads that are over age."""
        ...

    @property
    def scheduling(self) -> Scheduling:
        """Holds that run out."""
        ...

    @property
    def intelligence(self) -> Intelligence:
        """Models that are trained anew."""
        ...

    @property
    def privacy(self) -> Privacy:
        """The audit trail, which is sealed and witnessed, and retention."""
        ...

    @property
    def inbox(self) -> Inbox:
        """What others delivered."""
        ...

    @property
    def keys(self) -> Keys:
        """Keys that are replaced."""
        ...

    @property
    def notifications(self) -> Notifications:
        """Notices and messages."""
        ...


def always() -> bool:
    """Find nothing amiss."""
    return True


@frozen(kw_only=True)
class Round:
    """What the round of a clinic works with; `tell` tells its events to plug-ins.

    `stop` is asked before each piece of work, and `account` writes down what found nothing to do in
    the end. `tends_trail` tells whether the audit trail is sealed
    and witnessed here, `keys_wait` whether rows wait for new keys. `is_as_witnessed` tells whether
    the trail agrees with its last checkpoint: out of a backup that was put back nothing is sent.
    """

    clinic: Clinic
    desk: WorkersDesk
    carriers: Carriers
    tell: Callable[[ClinicId], Sequence[Failure]]
    stop: Callable[[], bool]
    account: Callable[[], None]
    tracer: Tracer = NO_TRACES
    is_as_witnessed: Callable[[], bool] = always
    tends_trail: Callable[[], bool] = never
    keys_wait: Callable[[], bool] = never

    def run(self) -> Worked:
        """Take every step; one that fails is noted, and waits for the next round."""
        total = Worked()
        for name, step in _STEPS.items():
            if self.stop():
                break
            total += self._taken(name, step)
        return total + self._taken("account", _account)

    def _taken(self, name: str, step: Callable[["Round"], Worked]) -> Worked:
        try:
            with self.tracer.span(f"step {name}"):
                return step(self)
        except Exception as error:  # noqa: BLE001 - nothing of one clinic may stop another
            kind = type(error).__name__
            _LOG.error("clinic %s: %s failed with %s", self.clinic.id, name, kind)
            return Worked(errors=(StepFailed(clinic=self.clinic.id, step=name, error=kind),))


def _account(one: Round) -> Worked:
    """Leave one audit entry for the steps that found nothing to do."""
    one.account()
    return Worked()


def _inbox(one: Round) -> Worked:
    """Work off what others delivered, and forget what has been kept long enough."""
    processed = one.desk.inbox.process(one.stop)
    one.desk.inbox.tidy()
    return Worked(delivered=processed.done, stuck=processed.parked)


def _untouched(one: Round) -> Worked:
    if one.clinic.settings.untouched_after is None:
        return Worked()
    return Worked(reassigned=len(one.desk.assignment.reassign_untouched().leads))


def _holds(one: Round) -> Worked:
    count = 0
    while not one.stop() and (ended := one.desk.scheduling.expire_holds()):
        count += len(ended)
    return Worked(expired=count)


def _reminders(one: Round) -> Worked:
    """Let reminders follow changed rules, before those of the old ones go."""
    count, after, more = 0, None, True
    while more and not one.stop():
        renewed = one.desk.scheduling.renew_reminders(after)
        count += len(renewed.appointments)
        after, more = renewed.after, renewed.after is not None
    return Worked(renewed=count)


def _clocks(one: Round) -> Worked:
    """Let visits go along with changed clocks, before anything is told of them."""
    total, after, more = Worked(), None, True
    while more and not one.stop():
        kept = one.desk.scheduling.keep_wall_times(after)
        total += Worked(shifted=len(kept.moved), stranded=len(kept.stranded))
        after, more = kept.after, kept.after is not None
    return total


def _recalls(one: Round) -> Worked:
    tasks: list[Task] = []
    while not one.stop() and (recalled := one.desk.pipeline.recall_due()):
        tasks.extend(item.task for item in recalled)
    return Worked(tasks=tuple(tasks))


def _ages(one: Round) -> Worked:
    tasks: list[Task] = []
    while not one.stop() and (made := one.desk.pipeline.alert_ages()):
        tasks.extend(made)
    return Worked(tasks=tuple(tasks))


def _rules(one: Round) -> Worked:
    tasks: list[Task] = []
    while not one.stop() and (made := one.desk.followups.raise_due()):
        tasks.extend(made)
    return Worked(tasks=tuple(tasks))


def _sequences(one: Round) -> Worked:
    tasks: list[Task] = []
    steps = 0
    while not one.stop() and (advanced := one.desk.followups.advance_sequences()).enrollments:
        tasks.extend(advanced.tasks)
        steps += len(advanced.enrollments)
    return Worked(tasks=tuple(tasks), advanced=steps)


def _escalations(one: Round) -> Worked:
    count = 0
    while not one.stop() and (escalated := one.desk.followups.escalate_overdue()):
        count += len(escalated)
    return Worked(escalated=count)


def _overdue(one: Round) -> Worked:
    return Worked(notices=one.desk.notifications.tell_overdue())


def _models(one: Round) -> Worked:
    if one.clinic.settings.retrain_after is None:
        return Worked()
    return Worked(trained=len(one.desk.intelligence.retrain_due()))


def _reports(one: Round) -> Worked:
    if not one.clinic.settings.reporting.schedules:
        return Worked()
    return Worked(reports=one.desk.analytics.mail_reports())


def _events(one: Round) -> Worked:
    return Worked(failures=tuple(one.tell(one.clinic.id)))


def _messages(one: Round) -> Worked:
    """Claim, hand over, record, until nothing is due any more; nothing goes out of a backup."""
    if not one.is_as_witnessed():
        raise TrailBroken
    total = Worked()
    more = True
    while more and not one.stop():
        taken = one.desk.notifications.take()
        more = taken.more
        total += Worked(skipped=taken.skipped, delayed=taken.delayed, parked=taken.parked)
        for outcomes in one.carriers.carry(taken.outgoing, one.stop):
            total += _counted(_settled(one, outcomes))
    return total


def _settled(one: Round, outcomes: Sequence[Outcome]) -> Settled:
    """Record what carriers have done, also when others are at the same rows: it is done."""
    for _ in range(SETTLE_TRIES - 1):
        try:
            return one.desk.notifications.settle(outcomes)
        except Conflict:
            continue
    return one.desk.notifications.settle(outcomes)


def _counted(settled: Settled) -> Worked:
    return Worked(
        sent=settled.sent,
        retried=settled.retried,
        refused=settled.refused,
        parked=settled.parked,
        late=settled.late,
    )


def _trail(one: Round) -> Worked:
    """Seal what waits, and state a checkpoint of it when one is due."""
    if not one.tends_trail():
        return Worked()
    count = 0
    more = True
    while more and not one.stop():
        sealed = one.desk.privacy.seal()
        count += sealed.entries
        more = sealed.is_more
    stated = one.desk.privacy.checkpoint(when_due=True)
    return Worked(sealed=count, checkpoints=int(stated is not None))


def _keys(one: Round) -> Worked:
    """Bring rows under new keys; whoever holds the keys for long has them until the next round."""
    count = 0
    try:
        more = one.keys_wait()
        while more and not one.stop():
            moved = one.desk.keys.move()
            count += moved.rows
            more = moved.more
    except Conflict:
        pass
    return Worked(moved=count)


def _retention(one: Round) -> Worked:
    rules = one.clinic.settings.retention
    if rules.archive_after is None and rules.erase_after is None:
        return Worked()
    total, after, more = Worked(), None, True
    while more and not one.stop():
        done = one.desk.privacy.retain(really=True, after=after)
        total += Worked(archived=len(done.archived), erased=len(done.erased))
        after, more = done.after, done.after is not None
    return total


_STEPS: Mapping[str, Callable[[Round], Worked]] = {
    "inbox": _inbox,
    "untouched": _untouched,
    "holds": _holds,
    "clocks": _clocks,
    "reminders": _reminders,
    "recalls": _recalls,
    "rules": _rules,
    "ages": _ages,
    "sequences": _sequences,
    "escalations": _escalations,
    "overdue": _overdue,
    "reports": _reports,
    "events": _events,
    "messages": _messages,
    "late_events": _events,
    "models": _models,
    "trail": _trail,
    "keys": _keys,
    "retention": _retention,
}
"""Events come after what makes them, messages after what asks for them, then what came of those."""
