"""`desk.pipeline`: move, lose, convert, reopen and observe leads, and see them as a board."""

from collections.abc import Sequence
from datetime import date, datetime

from orthocrm.core.actor import Permission
from orthocrm.core.ids import LeadId
from orthocrm.core.lead import Lead, LostReason, Objection
from orthocrm.core.query import Where
from orthocrm.core.task import Task
from orthocrm.pipeline.board import Board, Column, Waiting
from orthocrm.services.batch import Refused, listed, only
from orthocrm.services.followups import timed
from orthocrm.services.gate import Area, verb
from orthocrm.services.leads import marking
from orthocrm.services.pipeline import observing, transitions
from orthocrm.services.pipeline.boards import Boards
from orthocrm.services.pipeline.transitions import Loss, Move, Start
from orthocrm.services.results import Moved, Observed, Recalled
from orthocrm.services.work import Work


class Pipeline(Area, area="pipeline"):
    """The way of a lead through the clinic's stages."""

    @verb(Permission.LEAD_UPDATE)
    def move(self, work: Work, lead_id: LeadId, stage: str, at: datetime | None = None) -> Moved:
        """Move a lead forward to an open stage; skipping stages is allowed (rule 4).

        Raises:
            BackwardMove: the stage lies before the present one, or is it.
            ClosedStage: won and lost stages are entered by `convert` and `lose`.
            LeadLocked, LeadClosed: the lead was converted, lost or archived.
        """
        return only(transitions.move(work, [Move(lead_id=lead_id, stage=stage, at=at)]))

    @verb(Permission.LEAD_UPDATE)
    def move_many(self, work: Work, moves: Sequence[Move]) -> tuple[Moved | Refused, ...]:
        """Move several leads in one unit of work, with a result for each."""
        return tuple(transitions.move(work, listed(moves, Move, "moves")))

    @verb(Permission.LEAD_UPDATE)
    def lose(
        self,
        work: Work,
        lead_id: LeadId,
        reason: LostReason | str | None,
        notes: str | None = None,
        at: datetime | None = None,
    ) -> Moved:
        """Give a lead up, with the reason (rule 5); OTHER needs a note as well."""
        return only(
            transitions.lose(work, [Loss(lead_id=lead_id, reason=reason, notes=notes, at=at)])
        )

    @verb(Permission.LEAD_UPDATE)
    def lose_many(self, work: Work, losses: Sequence[Loss]) -> tuple[Moved | Refused, ...]:
        """Give several leads up in one unit of work, with a result for each."""
        return tuple(transitions.lose(work, listed(losses, Loss, "losses")))

    @verb(Permission.LEAD_CONVERT)
    def convert(
        self,
        work: Work,
        lead_id: LeadId,
        patient_ref: str | None = None,
        at: datetime | None = None,
    ) -> Moved:
        """Make the lead a patient: treatment started. Afterwards the lead is locked (rule 7)."""
        return only(
            transitions.convert(work, [Start(lead_id=lead_id, patient_ref=patient_ref, at=at)])
        )

    @verb(Permission.LEAD_CONVERT)
    def convert_many(self, work: Work, starts: Sequence[Start]) -> tuple[Moved | Refused, ...]:
        """Convert several leads in one unit of work, with a result for each."""
        return tuple(transitions.convert(work, listed(starts, Start, "starts")))

    @verb(Permission.LEAD_CONVERT)
    def reopen(self, work: Work, lead_id: LeadId, reason: str) -> Moved:
        """Take a lost lead back to the stage in which it died; history keeps the loss."""
        return transitions.reopen(work, lead_id, reason)

    @verb(Permission.LEAD_UPDATE)
    def observe(
        self, work: Work, lead_id: LeadId, recall_due_on: date, notes: str | None = None
    ) -> Observed:
        """Put an open lead under observation until a local date: the patient is not ready yet.

        Its stage stays, it leaves the board's columns, and rules keep silent. What rules had made
        for it is cancelled. Once more, with another date, it gets that one.

        Raises:
            InvalidInput: the date is no later one, or more than ten years away.
            LeadLocked, LeadClosed: the lead was converted, lost or archived.
        """
        return observing.observe(work, lead_id, recall_due_on, notes)

    @verb(Permission.LEAD_UPDATE)
    def recall(self, work: Work, lead_id: LeadId, notes: str | None = None) -> Recalled:
        """Bring a lead back from observation, with a task for its coordinator.

        Raises:
            InvalidInput: the lead is not under observation.
        """
        return observing.recall(work, lead_id, notes)

    @verb(Permission.LEAD_UPDATE)
    def recall_due(self, work: Work) -> tuple[Recalled, ...]:
        """Bring back the leads whose recall date has come, each once, 200 at a time."""
        return observing.recall_due(work)

    @verb(Permission.LEAD_UPDATE)
    def alert_ages(self, work: Work) -> tuple[Task, ...]:
        """Make a task for every lead that is over age in its stage, once in a visit (C-24).

        Over age is who stays longer than the stage's `max_days` without an open task that is still
        to come. Where a rule of the clinic looks after the stage, its task is the alert. At most
        500 leads of each stage at a time.
        """
        return timed.alert_ages(work)

    @verb(Permission.LEAD_UPDATE)
    def set_objection(self, work: Work, lead_id: LeadId, objection: Objection | str | None) -> Lead:
        """Note what keeps an open lead's family from deciding; None: nothing any more.

        Raises:
            LeadLocked, LeadClosed: the lead was converted, lost or archived.
        """
        return marking.set_objection(work, lead_id, objection)

    @verb(Permission.LEAD_READ)
    def board(
        self, work: Work, *, mine: bool = False, where: Where | None = None, cards: int = 20
    ) -> Board:
        """See the pipeline: every column with its count and its first `cards` leads.

        Those that wait longest for their next action come first. Who is under observation stands
        apart. `where` narrows it down, by the fields by which lists are.
        """
        return self._boards(work, mine=mine, where=where).whole(cards)

    @verb(Permission.LEAD_READ)
    def column(
        self,
        work: Work,
        stage: str,
        *,
        mine: bool = False,
        where: Where | None = None,
        size: int = 50,
        cursor: str | None = None,
    ) -> Column:
        """See one column of the board, a page at a time; cursors of the board's columns fit."""
        return self._boards(work, mine=mine, where=where).column(stage, size, cursor)

    @verb(Permission.LEAD_READ)
    def observed(
        self,
        work: Work,
        *,
        mine: bool = False,
        where: Where | None = None,
        size: int = 50,
        cursor: str | None = None,
    ) -> Waiting:
        """See who is under observation, the next recall first, a page at a time."""
        return self._boards(work, mine=mine, where=where).observed(size, cursor)

    def _boards(self, work: Work, *, mine: bool, where: Where | None) -> Boards:
        return Boards(work=work, cursors=work.cursors, mine=mine, where=where)
