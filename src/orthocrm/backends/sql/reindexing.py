"""Blind indexes under a new key: match keys of leads, and the addresses of the ledger of consent.

The ledger holds no address. An entry moves when a lead carries its address; what was said of an
address that nobody carries stays under the old key, as answers to deliveries do, and is looked up
by both.
"""

from collections.abc import Sequence
from datetime import datetime
from functools import cache

import sqlalchemy as sa
from attrs import frozen

from orthocrm.backends.sql import texts
from orthocrm.backends.sql.keys import Keys
from orthocrm.backends.sql.language import Language, Text
from orthocrm.backends.sql.leasing import in_clinic, the
from orthocrm.backends.sql.login_indexes import LoginIndexes
from orthocrm.backends.sql.rows import LEAD
from orthocrm.backends.sql.rows.codec import put_at
from orthocrm.backends.sql.session import Step
from orthocrm.backends.sql.tables import consents, deliveries, lead_keys, leads


def _ends(column: sa.Column[str]) -> sa.ColumnElement[bool]:
    """Whether an index was made with the key of `ending`."""
    return column.like(sa.bindparam("ending", type_=sa.Text()))


@cache
def _leads_under(language: Language) -> Text:
    """Read at most `most` leads with an index of the key of `ending`."""
    carried = sa.exists().where(
        lead_keys.c.clinic_id == leads.c.clinic_id,
        lead_keys.c.lead_id == leads.c.id,
        _ends(lead_keys.c.key),
    )
    statement = (
        sa.select(leads.c.id, leads.c.data_key, leads.c.sealed)
        .where(in_clinic(leads), carried)
        .order_by(leads.c.id)
        .limit(sa.bindparam("most", type_=sa.Integer()))
    )
    return language.text(statement)


@cache
def _count(table: sa.Table, column: str, language: Language) -> Text:
    statement = sa.select(sa.func.count()).select_from(table)
    return language.text(statement.where(in_clinic(table), _ends(table.c[column])))


@cache
def _entries_moved(language: Language) -> str:
    """Move the entries of an address: new index, clinic and old index."""
    blind = consents.c.blind
    statement = sa.update(consents).values(blind=the("new_blind", blind))
    moved = statement.where(in_clinic(consents), blind == the("old_blind", blind))
    return language.text(moved).sql


@cache
def _forgotten(language: Language) -> Text:
    columns = deliveries.c
    statement = sa.delete(deliveries).where(
        in_clinic(deliveries),
        _ends(columns.key),
        columns.created_at < the("until", columns.created_at),
    )
    return language.text(statement)


@frozen
class Reindexing:
    """Moves what is found by index keys of the clinic that write no more."""

    _keys: Keys

    def needing(self, place: int) -> tuple[int, int]:
        """Count what can move from the key at a place, 0 being the newest, and what cannot."""
        ending = self._keys.clinic.endings[place]
        cannot = sum(
            self._counted(_count(table, column, self._language), ending)
            for table, column in ((consents, "blind"), (deliveries, "key"))
        )
        can = self._counted(_count(lead_keys, "key", self._language), ending)
        return can + LoginIndexes(self._keys).count(place), cannot

    def _counted(self, text: Text, ending: str) -> int:
        [[count]] = self._keys.session.rows(text, {"ending": f"%{ending}"})
        return int(count)

    def leads_left(self) -> bool:
        """Whether some lead is found by a key that writes no more."""
        return bool(self._under(1))

    def reindex(self, most: int) -> int:
        """Make the indexes of leads anew, and those of what was said of their addresses."""
        rows = self._under(most)
        found = {lead: self._match_keys(lead, wrapped, sealed) for lead, wrapped, sealed in rows}
        if found:
            self._write(found)
        return len(found)

    def _match_keys(self, lead: str, wrapped: bytes, sealed: bytes | None) -> Sequence[str]:
        self._keys.learn(lead, bytes(wrapped))
        opened = self._keys.open(LEAD.name, lead, lead, None if sealed is None else bytes(sealed))
        keys: Sequence[str] = opened.get("keys", ())
        return keys

    def _write(self, found: dict[str, Sequence[str]]) -> None:
        clinic, language, index = self._keys.session.clinic, self._language, self._keys.index
        fresh = [
            (clinic, key, lead) for lead in found for key in sorted(set(map(index, found[lead])))
        ]
        said = sorted(
            {pair for keys in found.values() for key in keys for pair in self._turns(key)}
        )
        steps = [
            Step(
                kind="lead",
                sql=texts.remove_lead_keys(language),
                rows=[(clinic, lead) for lead in found],
            )
        ]
        if fresh:
            steps.append(
                Step(
                    kind="lead",
                    sql=texts.insert(lead_keys, language),
                    rows=fresh,
                    at_once=texts.insert_at_once(lead_keys, language),
                )
            )
        if said:
            rows = [(new, clinic, old) for new, old in said]
            steps.append(Step(kind="consent", sql=_entries_moved(language), rows=rows))
        self._keys.session.write(steps)

    def _turns(self, key: str) -> list[tuple[str, str]]:
        """Give the newest index of an address beside each older one."""
        if not key.startswith(("phone:", "email:")):
            return []
        newest, *older = self._keys.indexes(key)
        return [(newest, old) for old in older]

    def forget_deliveries(self, until: datetime) -> None:
        """Forget answers to deliveries that came before an instant, under keys of no other use."""
        for ending in self._keys.clinic.endings[1:]:
            given = {"ending": f"%{ending}", "until": put_at(until)}
            self._keys.session.met(_forgotten(self._language), given)

    def _under(self, most: int) -> list[tuple[str, bytes, bytes | None]]:
        for ending in self._keys.clinic.endings[1:]:
            given = {"ending": f"%{ending}", "most": most}
            rows = self._keys.session.rows(_leads_under(self._language), given)
            if rows:
                return [tuple(row) for row in rows]
        return []

    @property
    def _language(self) -> Language:
        return self._keys.session.language
