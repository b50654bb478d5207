"""What a round of work did."""

from attrs import evolve, fields, frozen

from orthocrm.core.ids import ClinicId
from orthocrm.core.task import Task
from orthocrm.hooks import Failure


def never() -> bool:
    """Stop for nothing."""
    return False


@frozen(kw_only=True)
class StepFailed:
    """A part of a round that did not come to its end; `error` names the class of what was raised.

    What was left lies where it was, for the next round.
    """

    clinic: ClinicId
    step: str
    error: str


@frozen(kw_only=True)
class Worked:
    """What one round of waiting work did, in all clinics together.

    Attributes:
        tasks: Those that rules and sequences made.
        failures: Plug-ins that raised when they were told of an event.
        errors: Steps that failed; those after them, and other clinics, had their turn.
        advanced: Steps of sequences that were taken.
        escalated: Tasks of which the fallback person was told.
        notices: Notices of tasks that became overdue.
        expired: Holds of times that ran out.
        shifted: Visits that kept their local time when the rules of clocks changed.
        stranded: Visits that could not, since somebody else has the place; they are named anew
            in each round until somebody moves them.
        renewed: Appointments whose reminders follow changed rules.
        reassigned: Leads that nobody had touched and that somebody else has now.
        reports: Scheduled reports that were queued as messages.
        sent: Messages that carriers took.
        delayed: Messages that may not go yet.
        skipped: Messages that must not go.
        retried: Messages that no carrier took, to be tried again.
        refused: Messages that a carrier refused for good, or whose use was over.
        parked: Messages that failed too often.
        trained: Models that were trained anew.
        sealed: Audit entries that got their places in the chain.
        checkpoints: Statements of where chains stand that went out of the database.
        moved: Rows that came under new keys.
        archived: Lost leads that were archived after their time.
        erased: Lost leads that were erased after their time.
        delivered: Deliveries of the inbox that were worked off.
        stuck: Deliveries of the inbox that came to nothing, and wait for a person.
        late: Results that came after somebody else had taken the message.
    """

    tasks: tuple[Task, ...] = ()
    failures: tuple[Failure, ...] = ()
    errors: tuple[StepFailed, ...] = ()
    advanced: int = 0
    escalated: int = 0
    notices: int = 0
    expired: int = 0
    shifted: int = 0
    stranded: int = 0
    renewed: int = 0
    reassigned: int = 0
    reports: int = 0
    sent: int = 0
    delayed: int = 0
    skipped: int = 0
    retried: int = 0
    refused: int = 0
    parked: int = 0
    late: int = 0
    trained: int = 0
    sealed: int = 0
    checkpoints: int = 0
    moved: int = 0
    archived: int = 0
    erased: int = 0
    delivered: int = 0
    stuck: int = 0

    def __add__(self, other: "Worked") -> "Worked":
        names = [attribute.name for attribute in fields(Worked)]
        return evolve(self, **{name: getattr(self, name) + getattr(other, name) for name in names})
