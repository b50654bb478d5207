"""The time that appointments take: PostgreSQL refuses an overlap by itself, SQLite by triggers."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any

import sqlalchemy as sa

from orthocrm.backends.sql import texts
from orthocrm.backends.sql.language import Language, Text
from orthocrm.backends.sql.refusals import CLAIMS_APART
from orthocrm.backends.sql.rows.codec import Row, put_at
from orthocrm.backends.sql.session import Contest, Step
from orthocrm.backends.sql.tables import claims as table
from orthocrm.backends.sql.transaction import Transaction
from orthocrm.core.claims import Claim, laid_out, rule_of
from orthocrm.core.errors import SlotTaken
from orthocrm.core.ids import AppointmentId


def _the(name: str, column: sa.Column[Any]) -> sa.BindParameter[Any]:
    return sa.bindparam(name, type_=column.type)


def _in_clinic() -> sa.ColumnElement[bool]:
    return table.c.clinic_id == _the("clinic", table.c.clinic_id)


@cache
def _near(language: Language) -> Text:
    """Read the claims on resources that touch a period."""
    statement = (
        sa.select(table)
        .where(
            _in_clinic(),
            language.among(table.c.resource, "resources"),
            table.c.ends_at > _the("low", table.c.ends_at),
            table.c.starts_at < _the("high", table.c.starts_at),
        )
        .order_by(table.c.starts_at, table.c.appointment_id)
    )
    return language.text(statement)


@cache
def _of_appointments(language: Language) -> Text:
    statement = (
        sa.select(table)
        .where(_in_clinic(), language.among(table.c.appointment_id, "ids"))
        .order_by(table.c.resource, table.c.starts_at, table.c.lane)
    )
    return language.text(statement)


@cache
def _released(language: Language) -> Text:
    statement = sa.delete(table).where(_in_clinic(), language.among(table.c.appointment_id, "ids"))
    return language.text(statement)


@cache
def _given_back(language: Language) -> str:
    """Delete one claim: clinic, appointment, resource, lane and start."""
    statement = sa.delete(table).where(
        _in_clinic(), *(column == _the(f"old_{column.name}", column) for column in _KEY)
    )
    return language.text(statement).sql


_KEY = tuple(table.c[name] for name in ("appointment_id", "resource", "lane", "starts_at"))
_COLUMNS = tuple(table.columns.keys())


_UNLESS_TAKEN = f"ON CONFLICT ON CONSTRAINT {CLAIMS_APART} DO NOTHING"
"""Inserts what no other claim is in the way of (PostgreSQL).

It waits for whoever is inserting what would be in the way. Everybody inserts in one order, so that
no two wait for each other.
"""


@cache
def _inserted(language: Language) -> Text:
    """Insert what is free, each column an array, and tell what that was."""
    insert = texts.insert_at_once(table, language)
    told = "RETURNING resource, lane, starts_at"
    return Text(f"{insert} {_UNLESS_TAKEN} {told}", _COLUMNS, {})


class SqlClaims:
    """The time that appointments take, which nobody takes twice."""

    __slots__ = ("_language", "_secured", "_session", "_transaction")

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction
        self._session = transaction.session
        self._language = transaction.session.language
        self._secured = False

    def take(self, appointment_id: AppointmentId, claims: Sequence[Claim]) -> Sequence[Claim]:
        """Take time for an appointment, all of it or nothing; give the claims that are taken.

        On PostgreSQL another unit of work may come in between: then a lane may still be free.
        """
        self._write_secured()
        while True:
            plan = laid_out(claims, self._standing(claims))
            if plan.taken or not plan.parts:
                return plan.taken
            lost = self._stored(appointment_id, plan.parts)
            if not lost:
                return ()
            alone = tuple(part for part in lost if part.capacity == 1)
            if alone:
                return alone

    def secure(self, appointment_id: AppointmentId, claims: Sequence[Claim]) -> None:
        """Take time for an appointment, or let the unit of work fail.

        On PostgreSQL what is not shared is taken by the last statement, together with all else.
        """
        shared = any(one.capacity > 1 for one in claims)
        if shared or not self._language.has_arrays:
            taken = self.take(appointment_id, claims)
            if taken:
                raise self._session.doom(SlotTaken(rule_of(one.resource for one in taken)))
            return
        self._write_secured()
        plan = laid_out(claims, ())
        if plan.taken:
            raise self._session.doom(SlotTaken(rule_of(one.resource for one in plan.taken)))
        if plan.parts:
            self._transaction.last(self._contest(appointment_id, plan.parts))
            self._secured = True

    def _contest(self, appointment_id: AppointmentId, parts: Sequence[Claim]) -> Step:
        return Step(
            kind="claim",
            sql=f"{texts.insert(table, self._language)} {_UNLESS_TAKEN}",
            rows=[self._row(appointment_id, part) for part in parts],
            at_once=f"{texts.insert_at_once(table, self._language)} {_UNLESS_TAKEN}",
            all_there=True,
            free=True,
            contest=Contest(column="resource", wanted=[part.resource for part in parts]),
        )

    def _write_secured(self) -> None:
        """Write what was secured: from here on it is seen."""
        if self._secured:
            self._transaction.flush()
            self._secured = False

    def _standing(self, claims: Sequence[Claim]) -> list[Claim]:
        """Read what is in the way, unless the database is asked by the insert itself."""
        if not claims or (self._language.has_arrays and all(one.capacity == 1 for one in claims)):
            return []
        rows = self._near(
            {one.resource for one in claims},
            min(one.starts_at for one in claims),
            max(one.ends_at for one in claims),
        )
        return [self._claim(row) for row in rows]

    def _near(
        self, resources: Collection[str], starts_at: datetime, ends_at: datetime
    ) -> list[Row]:
        given = {
            "resources": self._language.several(sorted(resources)),
            "low": put_at(starts_at),
            "high": put_at(ends_at),
        }
        return self._session.rows(_near(self._language), given)

    def _stored(self, appointment_id: AppointmentId, parts: Sequence[Claim]) -> list[Claim]:
        """Store parts, all or none of them; give those that somebody has taken meanwhile."""
        rows = [self._row(appointment_id, part) for part in parts]
        if not self._language.has_arrays:
            sql = texts.insert(table, self._language)
            self._session.write([Step(kind="claim", sql=sql, rows=rows)])
            return []
        given = dict(zip(_COLUMNS, map(list, zip(*rows, strict=True)), strict=True))
        told = self._session.rows(_inserted(self._language), given)
        kept = {(row[0], row[1], self._session.at(row[2])) for row in told}
        lost = [part for part in parts if (part.resource, part.lane, part.starts_at) not in kept]
        if lost and kept:
            self._give_back(appointment_id, [part for part in parts if part not in lost])
        return lost

    def _give_back(self, appointment_id: AppointmentId, parts: Iterable[Claim]) -> None:
        rows = [self._row(appointment_id, part) for part in parts]
        keys = [(*row[:4], row[5]) for row in rows]
        self._session.write([Step(kind="claim", sql=_given_back(self._language), rows=keys)])

    def _row(self, appointment_id: AppointmentId, part: Claim) -> Row:
        put = self._language.put
        return (
            self._session.clinic,
            appointment_id,
            part.resource,
            put.number(part.lane),
            put.number(part.capacity),
            put_at(part.starts_at),
            put_at(part.ends_at),
        )

    def _claim(self, row: Row) -> Claim:
        return Claim(
            resource=row[2],
            lane=row[3],
            capacity=row[4],
            starts_at=self._session.at(row[5]),
            ends_at=self._session.at(row[6]),
        )

    def release(self, appointment_ids: Collection[AppointmentId]) -> None:
        """Give back everything that appointments have taken."""
        self._write_secured()
        if appointment_ids:
            given = {"ids": self._language.several(appointment_ids)}
            self._session.met(_released(self._language), given)

    def of(
        self, appointment_ids: Collection[AppointmentId]
    ) -> Mapping[AppointmentId, Sequence[Claim]]:
        """Give what appointments have taken, by resource, start and lane."""
        self._write_secured()
        found: dict[AppointmentId, list[Claim]] = {}
        if appointment_ids:
            given = {"ids": self._language.several(appointment_ids)}
            for row in self._session.rows(_of_appointments(self._language), given):
                found.setdefault(row[1], []).append(self._claim(row))
        return found

    def holders(
        self, resources: Collection[str], starts_at: datetime, ends_at: datetime
    ) -> Mapping[str, Sequence[AppointmentId]]:
        """Give the appointments that have some time of a period, by resource."""
        self._write_secured()
        found: dict[str, dict[AppointmentId, None]] = {}
        if resources:
            for row in self._near(resources, starts_at, ends_at):
                found.setdefault(row[2], {})[row[1]] = None
        return {resource: list(ids) for resource, ids in found.items()}
