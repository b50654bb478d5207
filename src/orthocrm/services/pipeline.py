"""`desk.pipeline`: move, lose, convert and reopen leads, and see them as a board."""

from collections.abc import Sequence
from datetime import datetime

from orthocrm.core.actor import Permission
from orthocrm.core.ids import LeadId, StageSlug
from orthocrm.core.lead import Lead, LostReason
from orthocrm.core.query import Aggregate, Cond, Measure, Page, Sort, Where, both
from orthocrm.pipeline import board
from orthocrm.pipeline.board import Board
from orthocrm.services import agenda, transitions
from orthocrm.services.batch import Refused, only
from orthocrm.services.gate import Area, verb
from orthocrm.services.results import Moved
from orthocrm.services.transitions import Loss, Move, Start
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
        return tuple(transitions.move(work, moves))

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
        return tuple(transitions.lose(work, losses))

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
        return tuple(transitions.convert(work, starts))

    @verb(Permission.LEAD_CONVERT)
    def reopen(self, work: Work, lead_id: LeadId, reason: str) -> Moved:
        """Take a lost lead back to the stage in which it died; history keeps the loss."""
        return transitions.reopen(work, lead_id, reason)

    @verb(Permission.LEAD_READ)
    def board(self, work: Work, *, mine: bool = False, cards: int = 20) -> Board:
        """See the open pipeline: every column with its count and its first `cards` leads."""
        own = Cond("owner", "eq", work.actor.user) if mine else None
        reach = both(work.reach(Permission.LEAD_READ), own)
        leads = _cards(work, reach, cards)
        work.touch(lead.id for lead in leads)
        groups = work.store.aggregate(
            Aggregate("leads", (Measure("leads"),), by=("stage",), where=reach)
        )
        counts = {StageSlug(group.key[0]): group.values["leads"] for group in groups}
        due = agenda.next_due(work, [lead.id for lead in leads])
        return board.board(work.practice, counts, leads, due, work.now)


def _cards(work: Work, reach: Where, most: int) -> list[Lead]:
    """Read the first leads of every column: those that wait longest for their next action."""
    sort, page = [Sort("next_action_at"), Sort("entered_at")], Page(most)
    return [
        lead
        for stage in work.practice.stages
        for lead in work.store.leads.find(
            both(reach, Cond("stage", "eq", stage.slug)), sort, page
        ).items
    ]
