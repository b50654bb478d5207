"""`desk.leads`: two enquiries of the same person become one lead, and two again."""

from collections.abc import Mapping

from orthocrm.core.actor import Permission
from orthocrm.core.ids import LeadId, MergeId
from orthocrm.core.merging import Merge
from orthocrm.core.query import AnyOf, Cond
from orthocrm.leads import keeping, merging
from orthocrm.leads.keeping import Side
from orthocrm.leads.merging import MergePreview
from orthocrm.services.gate import Area, verb
from orthocrm.services.leads import joining, parting
from orthocrm.services.work import Work, everything


class Merging(Area, area="leads"):
    """Leads that turn out to be the same person."""

    @verb(Permission.LEAD_UPDATE)
    def preview_merge(
        self,
        work: Work,
        survivor_id: LeadId,
        loser_id: LeadId,
        *,
        choices: Mapping[str, Side | str] | None = None,
    ) -> MergePreview:
        """Show, field by field, what a merge would keep of two leads; nothing is changed.

        `choices` say by field whose value shall be kept, where that is not the usual one.

        Raises:
            LeadMerged: one of them was merged away already.
            NotFound, InvalidInput, TwoPatients, LeadLocked, LeadClosed: as `merge` raises them.
        """
        wanted = keeping.read_choices(choices)
        pair = joining.pair_of(work, survivor_id, loser_id, lock=False)
        return merging.preview(pair.survivor, pair.loser, wanted)

    @verb(Permission.LEAD_UPDATE)
    def merge(
        self,
        work: Work,
        survivor_id: LeadId,
        loser_id: LeadId,
        *,
        choices: Mapping[str, Side | str] | None = None,
        versions: tuple[int, int] | None = None,
    ) -> Merge:
        """Make one lead of two, with the history, tasks and appointments of both.

        The loser leads to the survivor from then on; of a converted survivor no field changes.
        `choices` say by field whose value is kept, where that is not the usual one. With the
        `versions` of a preview, leads that changed since then are refused. Whoever merges the
        same leads again gets the first merge.

        Raises:
            NotFound: one of them does not exist, or is out of the actor's reach.
            InvalidInput: both are the same lead, or a choice cannot be read.
            TwoPatients: both were converted.
            LeadLocked: the loser was converted; it has to be the survivor.
            LeadClosed: one of them is archived.
            StaleVersion: one of them changed since it was previewed.
        """
        wanted = keeping.read_choices(choices)
        return joining.merge(work, survivor_id, loser_id, wanted, versions)

    @verb(Permission.LEAD_UPDATE)
    def unmerge(self, work: Work, merge_id: MergeId) -> Merge:
        """Undo a merge: both leads are there again, and are never suggested as one any more.

        What was changed or logged since the merge stays with the survivor.

        Raises:
            NotFound: there is no such merge, or its survivor is out of the actor's reach.
            LeadLocked: the survivor was converted since.
            LeadMerged: the survivor itself was merged away.
            MergedSince: another lead was merged into the survivor later.
        """
        return parting.unmerge(work, merge_id)

    @verb(Permission.LEAD_UPDATE)
    def merges(self, work: Work, lead_id: LeadId) -> tuple[Merge, ...]:
        """List the merges of a lead, the latest first, undone ones included.

        Of a lead that was merged away: those by which it became a part of others.
        """
        lead = work.standing(lead_id)
        ids = sorted({lead.id, lead_id})
        ends = (Cond("survivor_id", "in", ids), Cond("loser_id", "in", ids))
        found = everything(work.store.merges, AnyOf(ends))
        return tuple(sorted(found, key=lambda merge: (merge.at, merge.id), reverse=True))
