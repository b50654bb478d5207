"""`desk.privacy`: leads without anybody's identity, read page by page."""

import json
import re
import secrets
from collections.abc import Iterator

from attrs import asdict, frozen

from orthocrm.core import limits
from orthocrm.core.actor import Permission
from orthocrm.core.errors import InvalidInput
from orthocrm.core.facts import LEADS
from orthocrm.core.ports import UnitOfWork
from orthocrm.core.query import Where, both
from orthocrm.leads import custom
from orthocrm.leads.exporting import LeadTable
from orthocrm.privacy import deidentify
from orthocrm.privacy.deidentify import COLUMNS, Anonymity, Grain, Row
from orthocrm.services.gate import Area, composed, verb
from orthocrm.services.leads.viewing import Paging, asked
from orthocrm.services.work import Work

_UNNAMED = 16
_PURPOSE = re.compile("[0-9a-z]([-_.0-9a-z]{0,58}[0-9a-z])?")
_BANDS = range(1, 31)
MOST_ALIKE = 1_000


@frozen(kw_only=True)
class DeIdentifiedPage:
    """Some rows in the order of `columns`; the next ones begin at `cursor` (None: no more)."""

    columns: tuple[str, ...] = COLUMNS
    rows: tuple[Row, ...]
    cursor: str | None = None


@frozen(kw_only=True)
class DeIdentified:
    """Rows without anybody's identity, read as they are asked for, and how well they hide."""

    table: LeadTable
    anonymity: Anonymity

    def csv(self) -> Iterator[str]:
        """Write CSV (RFC 4180), a row at a time; what it says of anonymity stands apart."""
        return self.table.csv()

    def json(self) -> Iterator[str]:
        """Write one JSON object of `anonymity` and `rows`, a row at a time."""
        yield f'{{"anonymity": {json.dumps(asdict(self.anonymity))}, "rows": '
        yield from self.table.json()
        yield "}\n"


class DeIdentifying(Area, area="privacy"):
    """What may be given to those who count and do research."""

    @composed
    def deidentified(
        self,
        where: Where | None = None,
        *,
        purpose: str | None = None,
        ages_by: int = 1,
        at_least: int = 1,
    ) -> DeIdentified:
        """Give leads without the 18 identifiers of the Safe Harbor (45 CFR 164.514(b)(2)).

        All leads of the condition are read twice: to count who looks alike, then as rows are
        asked for; a lead that comes or changes meanwhile is left out where nobody looked like it
        at first. Each page is audited.

        Args:
            where: which leads, by the fields of `orthocrm.core.facts.LEADS`.
            purpose: what the rows are for, as `deidentified_page` has it; left open, pseudonyms
                mean something within this export only.
            ages_by: the years of a band of ages, 1 for the age itself.
            at_least: groups that look alike and have fewer rows than this are left out.

        Raises:
            InvalidInput: at `ages_by` (1 to 30), `at_least` (1 to 1,000), or the condition.
        """
        if not _is_whole(at_least) or not 1 <= at_least <= MOST_ALIKE:
            raise InvalidInput.at("at_least", "out_of_range", f"give 1 to {MOST_ALIKE}")
        purpose = secrets.token_hex(_UNNAMED) if purpose is None else purpose

        def rows() -> Iterator[Row]:
            page = self.deidentified_page(where, purpose=purpose, ages_by=ages_by)
            yield from page.rows
            while page.cursor is not None:
                page = self.deidentified_page(
                    where, purpose=purpose, ages_by=ages_by, cursor=page.cursor
                )
                yield from page.rows

        groups = deidentify.counted(rows())
        return DeIdentified(
            table=LeadTable(COLUMNS, iter(deidentify.hidden(rows(), groups, at_least))),
            anonymity=deidentify.anonymity(groups, at_least),
        )

    @verb(Permission.PRIVACY_EXPORT)
    def deidentified_page(
        self,
        work: Work,
        where: Where | None = None,
        *,
        purpose: str,
        ages_by: int = 1,
        cursor: str | None = None,
    ) -> DeIdentifiedPage:
        """Give up to 500 rows: a part of `deidentified`.

        One `purpose` has the same pseudonyms at any time, and shares none with another: they are
        made of a secret of the clinic, which nobody is told. It is 1 to 60 small letters, digits,
        `-`, `_` and `.`: the name of a study, say.
        """
        grain = _grain(work.store, purpose, ages_by)
        wanted = custom.in_query(asked(work, where, None), work.practice)
        paging = Paging(
            cursors=work.cursors,
            where=LEADS.checked(both(work.reach(Permission.PRIVACY_EXPORT), wanted)),
            sort=(),
        )
        found = paging.page(work, limits.PAGE, cursor)
        rows = (deidentify.row_of(lead, work.practice, grain) for lead in found.leads)
        return DeIdentifiedPage(rows=tuple(rows), cursor=found.cursor)


def _grain(store: UnitOfWork, purpose: object, years: object) -> Grain:
    if not isinstance(purpose, str) or _PURPOSE.fullmatch(purpose) is None:
        message = "give 1 to 60 small letters, digits, and - _ . between them"
        raise InvalidInput.at("purpose", "bad_name", message)
    if not _is_whole(years) or years not in _BANDS:
        raise InvalidInput.at("ages_by", "out_of_range", "give 1 to 30 years")
    salt = store.secret(f"deidentified {purpose}").hex()
    return Grain(salt=salt, years=int(str(years)))


def _is_whole(number: object) -> bool:
    return isinstance(number, int) and not isinstance(number, bool)
