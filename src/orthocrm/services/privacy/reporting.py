"""The part of `desk.privacy` that reports out of the audit trail."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Protocol, TypeVar

from attrs import frozen

from orthocrm.core.actor import Permission
from orthocrm.core.ids import LeadId
from orthocrm.core.query import Cond, both
from orthocrm.privacy import reports
from orthocrm.privacy.reports import Access, Disclosure, GlassBroken
from orthocrm.services.gate import Area, composed, verb
from orthocrm.services.privacy import accounting
from orthocrm.services.privacy.accounting import NewDisclosure
from orthocrm.services.work import Work

R_co = TypeVar("R_co", covariant=True)


@frozen(kw_only=True)
class DisclosurePage:
    """Some disclosures, oldest first; `cursor` opens the next ones, None at the end."""

    rows: tuple[Disclosure, ...]
    cursor: str | None = None


@frozen(kw_only=True)
class AccessPage:
    """Some operations about one person, oldest first; `cursor` opens the next ones."""

    rows: tuple[Access, ...]
    cursor: str | None = None


@frozen(kw_only=True)
class GlassPage:
    """Some operations behind broken glass, oldest first; `cursor` opens the next ones."""

    rows: tuple[GlassBroken, ...]
    cursor: str | None = None


class _Page(Protocol[R_co]):
    @property
    def rows(self) -> tuple[R_co, ...]: ...

    @property
    def cursor(self) -> str | None: ...


def _all(read: Callable[[str | None], _Page[R_co]]) -> tuple[R_co, ...]:
    """Read pages until there are no more."""
    page = read(None)
    rows = [*page.rows]
    while page.cursor is not None:
        page = read(page.cursor)
        rows += page.rows
    return tuple(rows)


class Reporting(Area, area="privacy"):
    """Who was told of a person, who looked, and who broke the glass."""

    @verb(Permission.PRIVACY_EXPORT)
    def disclose(self, work: Work, lead_ids: Sequence[LeadId], disclosure: NewDisclosure) -> None:
        """Note that somebody outside was told of persons, by letter, telephone or otherwise.

        It stands in the encrypted half of the audit entry, and in their accountings.
        """
        accounting.disclose(work, lead_ids, disclosure)

    @verb(Permission.AUDIT_READ)
    def disclosure_page(
        self,
        work: Work,
        lead_id: LeadId | None = None,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        cursor: str | None = None,
    ) -> DisclosurePage:
        """Read some disclosures, of one person or of all: a part of `disclosures`.

        With a cursor, `since` and `until` have to be given as before.
        """
        period = accounting.between(work.now, since, until)
        where = both(period, Cond("operation", "in", reports.DISCLOSING))
        read = accounting.stretch(work, work.cursors, where, cursor)
        told = accounting.told(work.store, read.entries)
        rows = [
            row
            for entry in read.entries
            for row in reports.disclosures(entry, told.get(entry.id, ()), lead_id)
        ]
        work.seek([row.lead_id for row in rows])
        return DisclosurePage(rows=tuple(rows), cursor=read.cursor)

    @composed
    def disclosures(
        self,
        lead_id: LeadId | None = None,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> tuple[Disclosure, ...]:
        """Account for disclosures of one person, or of all, oldest first (45 CFR 164.528).

        `[since, until)` begins six years ago unless said. `orthocrm.privacy.reports.as_csv`
        writes them for a spreadsheet.
        """
        since = since or reports.years_before(self._office.clock())
        return _all(
            lambda cursor: self.disclosure_page(lead_id, since=since, until=until, cursor=cursor)
        )

    @verb(Permission.AUDIT_READ)
    def access_page(
        self,
        work: Work,
        lead_id: LeadId,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        cursor: str | None = None,
    ) -> AccessPage:
        """Read some of the operations about one person: a part of `access_report`.

        With a cursor, `since` and `until` have to be given as before.
        """
        work.seek([lead_id])
        where = accounting.between(work.now, since, until)
        read = accounting.stretch(work, work.cursors, where, cursor)
        found = (entry for entry in read.entries if accounting.names(entry, lead_id))
        return AccessPage(rows=tuple(map(reports.access, found)), cursor=read.cursor)

    @composed
    def access_report(
        self, lead_id: LeadId, *, since: datetime | None = None, until: datetime | None = None
    ) -> tuple[Access, ...]:
        """Tell who looked at a person's data, changed them, or was refused, oldest first.

        `[since, until)` begins six years ago unless said. The person may have been erased since.
        """
        since = since or reports.years_before(self._office.clock())
        return _all(
            lambda cursor: self.access_page(lead_id, since=since, until=until, cursor=cursor)
        )

    @verb(Permission.AUDIT_READ)
    def glass_page(
        self,
        work: Work,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        cursor: str | None = None,
    ) -> GlassPage:
        """Read some of what was done behind broken glass: a part of `glass_broken`.

        With a cursor, `since` and `until` have to be given as before.
        """
        where = accounting.between(work.now, since, until)
        read = accounting.stretch(work, work.cursors, where, cursor)
        found = (entry for entry in read.entries if reports.is_glass(entry))
        return GlassPage(rows=tuple(map(reports.glass, found)), cursor=read.cursor)

    @composed
    def glass_broken(
        self, *, since: datetime | None = None, until: datetime | None = None
    ) -> tuple[GlassBroken, ...]:
        """Tell who broke the glass, when, why and what they did behind it, oldest first.

        `[since, until)` begins six years ago unless said.
        """
        since = since or reports.years_before(self._office.clock())
        return _all(lambda cursor: self.glass_page(since=since, until=until, cursor=cursor))
