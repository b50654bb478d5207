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
from orthocrm.core.occupied import Occupied


def _the(name: str, column: sa.Column[Any]) -> sa.BindParameter[Any]:
    return sa.bindparam(name, type_=column.type)


@cache
def _occupying(language: Language) -> Text:
    columns = appointments.c
    statement = (
        sa.select(*(columns[name] for name in OCCUPYING))
        .where(
            columns.clinic_id == _the("clinic", columns.clinic_id),
            columns.starts_at >= _the("low", columns.starts_at),
            columns.starts_at < _the("high", columns.starts_at),
        )
        .order_by(columns.starts_at, columns.id)
    )
    return language.text(statement)


class SqlAppointments(SqlRepository[Appointment]):
    """Appointments; what they have taken goes with them."""

    __slots__ = ()

    def __init__(self, transaction: Transaction) -> None:
        super().__init__(transaction, APPOINTMENT)

    def occupying(self, low: datetime, high: datetime) -> Sequence[Occupied]:
        """Give what of the appointments that start between two instants decides on free times.

        Nothing is unsealed for it.
        """
        self._transaction.flush_for(APPOINTMENT)
        given = {"low": put_at(low), "high": put_at(high)}
        rows = self._transaction.session.rows(_occupying(self._language), given)
        take = self._language.take
        return [read_occupied(row, take) for row in rows]
