"""Appointments, and what of thousands of them decides about free times."""

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any

import sqlalchemy as sa

from orthocrm.backends.sql.language import Language, Text
from orthocrm.backends.sql.repositories import SqlRepository
from orthocrm.backends.sql.rows import APPOINTMENT
from orthocrm.backends.sql.rows.codec import put_at
from orthocrm.backends.sql.rows.scheduling import OCCUPYING, read_occupied
from orthocrm.backends.sql.tables import appointments
from orthocrm.backends.sql.transaction import Transaction
from orthocrm.core.appointment import Appointment
from orthocrm.core.occupied import GAVE_BACK, Occupied, Whose


def _the(name: str, column: sa.Column[Any]) -> sa.BindParameter[Any]:
    return sa.bindparam(name, type_=column.type)


@cache
def _occupying(language: Language) -> Text:
    return language.text(_starting())


@cache
def _occupying_of(language: Language, *, everybody: bool, things: bool) -> Text:
    """Read what may be somebody's: teams are told apart where they are read."""
    columns = appointments.c
    statement = _starting().where(*[columns.status != one.value for one in sorted(GAVE_BACK)])
    if everybody:
        return language.text(statement)
    wanted = [
        language.among(columns.provider, "people"),
        columns.team != "",
        columns.lead_id == _the("lead", columns.lead_id),
        columns.patient_ref == _the("patient", columns.patient_ref),
    ]
    if things:
        wanted.append(sa.cast(columns.resources, sa.Text) != "[]")
    return language.text(statement.where(sa.or_(*wanted)))


def _read(name: str) -> sa.ColumnElement[Any]:
    """Give a column; lists come as texts, of which the same few come again and again."""
    column = appointments.c[name]
    return sa.cast(column, sa.Text) if name in ("providers", "resources") else column


def _starting() -> sa.Select[Any]:
    columns = appointments.c
    return (
        sa.select(*map(_read, OCCUPYING))
        .where(
            columns.clinic_id == _the("clinic", columns.clinic_id),
            columns.starts_at >= _the("low", columns.starts_at),
            columns.starts_at < _the("high", columns.starts_at),
        )
        .order_by(columns.starts_at, columns.id)
    )


class SqlAppointments(SqlRepository[Appointment]):
    """Appointments; what they have taken goes with them."""

    __slots__ = ()

    def __init__(self, transaction: Transaction) -> None:
        super().__init__(transaction, APPOINTMENT)

    def occupying(
        self, low: datetime, high: datetime, whose: Whose | None = None
    ) -> Sequence[Occupied]:
        """Give what of the appointments that start between two instants decides on free times.

        Nothing is unsealed for it.
        """
        self._transaction.flush_for(APPOINTMENT)
        given = {"low": put_at(low), "high": put_at(high)}
        take = self._language.take
        if whose is None:
            rows = self._transaction.session.rows(_occupying(self._language), given)
            return [read_occupied(row, take) for row in rows]
        text = _occupying_of(self._language, everybody=whose.people is None, things=whose.things)
        people = self._language.several(sorted(whose.people or ()))
        asked = {"people": people, "lead": whose.lead_id, "patient": whose.patient_ref}
        rows = self._transaction.session.rows(text, {**given, **asked})
        return [one for row in rows if whose.has(one := read_occupied(row, take))]
