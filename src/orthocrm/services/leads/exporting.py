"""`desk.leads`: leads as a table to take away, read page by page."""

from collections.abc import Iterator, Sequence

from attrs import field, frozen

from orthocrm.core import limits
from orthocrm.core.actor import Permission
from orthocrm.core.facts import LEADS
from orthocrm.core.ids import ViewId
from orthocrm.core.masking import PERSONAL, mask
from orthocrm.core.query import Where, both
from orthocrm.leads import custom
from orthocrm.leads.exporting import Cell, LeadTable, table_reader
from orthocrm.services.gate import Area, composed, verb
from orthocrm.services.leads.viewing import Paging, asked
from orthocrm.services.work import Work


@frozen(kw_only=True)
class ExportPage:
    """Some rows of an export; the next ones begin at `cursor` (None: there are no more)."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...] = field(repr=mask, metadata=PERSONAL)
    cursor: str | None = None


class Exporting(Area, area="leads"):
    """What the practice takes away of its leads."""

    @composed
    def export(
        self,
        where: Where | None = None,
        *,
        view: ViewId | None = None,
        columns: Sequence[str] | None = None,
    ) -> LeadTable:
        """Give leads as a table of which `csv()` and `json()` are written a row at a time.

        Whoever may read leads may export those within reach: it is the same reading, and each page
        is audited with the ids of its leads. Columns bear the names that mapping files know
        (`orthocrm.leads.exporting.EXPORTED`, `custom.NAME`); without a choice they are all given.
        A page is read when its rows are asked for, leads in the order in which they came; one that
        changes meanwhile is told as it stands when its page is read, and none comes twice.

        Raises:
            InvalidInput: at `columns`, or at a field of the condition.
        """
        first = self.export_page(where, view=view, columns=columns)

        def rows() -> Iterator[tuple[Cell, ...]]:
            page = first
            yield from page.rows
            while page.cursor is not None:
                page = self.export_page(where, view=view, columns=columns, cursor=page.cursor)
                yield from page.rows

        return LeadTable(first.columns, rows())

    @verb(Permission.LEAD_READ)
    def export_page(
        self,
        work: Work,
        where: Where | None = None,
        *,
        view: ViewId | None = None,
        columns: Sequence[str] | None = None,
        cursor: str | None = None,
    ) -> ExportPage:
        """Give up to 500 rows of an export, by id."""
        names, row = table_reader(columns, work.practice)
        wanted = custom.in_query(asked(work, where, view), work.practice)
        paging = Paging(
            cursors=work.cursors,
            where=LEADS.checked(both(work.reach(Permission.LEAD_READ), wanted)),
            sort=(),
        )
        found = paging.page(work, limits.PAGE, cursor)
        return ExportPage(columns=names, rows=tuple(map(row, found.leads)), cursor=found.cursor)
