"""The board: the first page of each column, counts of all of them, further pages by cursor."""

from collections.abc import Sequence

from attrs import frozen

from orthocrm.core.actor import Permission
from orthocrm.core.facts import LEADS
from orthocrm.core.ids import StageSlug
from orthocrm.core.query import Aggregate, AllOf, Cond, Measure, Page, Sort, Where, both
from orthocrm.leads import custom
from orthocrm.pipeline import board, observation
from orthocrm.pipeline.board import Board, Column, Shown, Tasks, Waiting
from orthocrm.services.cursors import Cursors
from orthocrm.services.followups import agenda
from orthocrm.services.work import Work

_ON_BOARD = Cond("archived_at", "absent")
_WAITING_LONGEST = (Sort("next_action_at"), Sort("entered_at"))
_NEXT_RECALL = (Sort("recall_due_on"), Sort("entered_at"))
_COUNT = (Measure("leads"),)


@frozen(kw_only=True)
class _Part:
    """A list of cards: `name` is what its cursors are bound to, which no midnight changes."""

    name: str
    where: Where
    sort: tuple[Sort, ...]


@frozen(kw_only=True)
class Boards:
    """What an actor sees of the board: all that is in reach, or the own leads alone.

    `where` narrows it down, as it does lists.
    """

    work: Work
    cursors: Cursors
    mine: bool
    where: Where | None = None

    def whole(self, cards: int) -> Board:
        """See all columns, each with its first cards."""
        work, page = self.work, Page(cards)
        active = both(self._reach(), observation.active(work.practice, work.now))
        groups = work.store.aggregate(Aggregate("leads", _COUNT, by=("stage",), where=active))
        counts = {StageSlug(group.key[0]): group.values["leads"] for group in groups}
        columns = {
            stage.slug: self._shown(self._stage(stage.slug), page, counts.get(stage.slug, 0))
            for stage in work.practice.stages
        }
        waiting = self._waiting()
        observed = self._shown(waiting, page, work.store.leads.count(waiting.where))
        tasks = self._tasks([*columns.values(), observed])
        return board.board(work.practice, columns, observed, tasks, work.now)

    def column(self, slug: str, size: int, cursor: str | None) -> Column:
        """See a page of one column."""
        stage = self.work.practice.stage(slug)
        shown = self._paged(self._stage(stage.slug), size, cursor)
        return board.column(stage, shown, self._tasks([shown]), self.work.now)

    def observed(self, size: int, cursor: str | None) -> Waiting:
        """See a page of who is under observation."""
        shown = self._paged(self._waiting(), size, cursor)
        return board.waiting(shown, self._tasks([shown]), self.work.now)

    def _reach(self) -> Where:
        own = Cond("owner", "eq", self.work.actor.user) if self.mine else None
        wanted = custom.in_query(both(self.where), self.work.practice)
        return LEADS.checked(both(self.work.reach(Permission.LEAD_READ), _ON_BOARD, own, wanted))

    def _stage(self, slug: StageSlug) -> _Part:
        stands = both(
            self._reach(),
            Cond("stage", "eq", slug),
            observation.active(self.work.practice, self.work.now),
        )
        return _Part(name=f"stage:{slug}", where=stands, sort=_WAITING_LONGEST)

    def _waiting(self) -> _Part:
        waits = both(self._reach(), observation.waiting(self.work.practice, self.work.now))
        return _Part(name="observed", where=waits, sort=_NEXT_RECALL)

    def _paged(self, part: _Part, size: int, cursor: str | None) -> Shown:
        count = self.work.store.leads.count(part.where)
        if cursor is None:
            return self._shown(part, Page(size), count)
        after = self.cursors.read(self.work.clinic_id, self._tag(part), part.sort, cursor, LEADS)
        return self._shown(part, Page(size, after), count)

    def _shown(self, part: _Part, page: Page, count: int) -> Shown:
        found = self.work.store.leads.find(part.where, part.sort, page)
        self.work.touch(lead.id for lead in found.items)
        following = (
            None
            if found.after is None
            else self.cursors.write(self.work.clinic_id, self._tag(part), part.sort, found.after)
        )
        return Shown(count=count, leads=found.items, cursor=following)

    def _tag(self, part: _Part) -> Where:
        whose = self.work.actor.user if self.mine else "all"
        asked = (Cond("board", "eq", part.name), Cond("whose", "eq", whose))
        return AllOf(asked if self.where is None else (*asked, self.where))

    def _tasks(self, shown: Sequence[Shown]) -> Tasks:
        return agenda.open_tasks(self.work, [lead.id for one in shown for lead in one.leads])
