"""The outbox and the deliveries: what concurrent units of work compete for."""

import hashlib
from base64 import b64decode, b64encode
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Any

import sqlalchemy as sa
from attrs import evolve
from sqlalchemy.dialects import postgresql, sqlite

from orthocrm.backends.sql import leasing
from orthocrm.backends.sql.language import Language, Text
from orthocrm.backends.sql.leasing import in_clinic, the
from orthocrm.backends.sql.rows import OUTBOX_ITEM
from orthocrm.backends.sql.rows.codec import Row, put_at, put_json, put_objects, take_json
from orthocrm.backends.sql.session import Step
from orthocrm.backends.sql.tables import deliveries, outbox
from orthocrm.backends.sql.transaction import Transaction
from orthocrm.core.audit import ERASED, KEYED, Delivery, OutboxItem, OutboxState
from orthocrm.core.time import instant


@cache
def _waiting(language: Language) -> Text:
    statement = (
        sa.select(sa.func.count())
        .select_from(outbox)
        .where(in_clinic(outbox), outbox.c.state == the("wanted", outbox.c.state))
    )
    return language.text(statement)


class SqlOutbox:
    """Events that wait for their notify hooks."""

    __slots__ = ("_language", "_transaction")

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction
        self._language = transaction.session.language

    def add(self, items: Sequence[OutboxItem]) -> None:
        """Collect new items."""
        self._transaction.add(OUTBOX_ITEM, items)

    def claim(self, now: datetime, lease: timedelta, most: int) -> Sequence[OutboxItem]:
        """Take pending items that are due, and hide them for `lease`."""
        until = instant(now, "now") + lease
        items = leasing.taken(self._transaction, OUTBOX_ITEM, now, until, most)
        return [
            evolve(item, due_at=until, attempts=item.attempts + 1, fence=item.fence + 1)
            for item in items
        ]

    def settle(self, item: OutboxItem, state: OutboxState, due_at: datetime) -> bool:
        """Record what became of an item, unless somebody claimed it since."""
        outcome = {
            "state": state.value,
            "due_at": put_at(due_at),
            "heard": put_objects(item.heard),
        }
        fence = self._language.put.number(item.fence)
        return leasing.settle(self._transaction, OUTBOX_ITEM, item.id, fence, outcome)

    def waiting(self, state: OutboxState = OutboxState.PENDING) -> int:
        """Count the items in a state."""
        self._transaction.flush_for(OUTBOX_ITEM)
        given = {"wanted": state.value}
        [[count]] = self._transaction.session.rows(_waiting(self._language), given)
        return int(count)


_INSERTS = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}
_KEY = tuple(deliveries.c[name] for name in ("operation", "user", "key"))


def _this_delivery() -> list[sa.ColumnElement[bool]]:
    return [in_clinic(deliveries), *(column == the(column.name, column) for column in _KEY)]


@cache
def _registered(language: Language) -> Text:
    """Insert unless it is there; waits for whoever inserts the same."""
    names = [name for name in deliveries.columns.keys() if name not in ("clinic_id", "result")]  # noqa: SIM118 - names, not columns
    values: dict[str, Any] = {name: the(name, deliveries.c[name]) for name in names}
    values["clinic_id"] = the("clinic", deliveries.c.clinic_id)
    statement: Any = _INSERTS[language.name](deliveries).values(values)
    return language.text(statement.on_conflict_do_nothing())


_KNOWN = sa.select(deliveries.c.fingerprint, deliveries.c.created_at, deliveries.c.result)


@cache
def _read(language: Language) -> Text:
    return language.text(_KNOWN.where(*_this_delivery()))


@cache
def _holder(language: Language) -> Text:
    return language.text(_KNOWN.where(*_this_delivery()).with_for_update())


@cache
def _replaced(language: Language) -> Text:
    columns = deliveries.c
    statement = sa.update(deliveries).values(
        fingerprint=the("new_fingerprint", columns.fingerprint),
        created_at=the("new_created_at", columns.created_at),
        result=sa.null(),
    )
    return language.text(statement.where(*_this_delivery()))


@cache
def _finished(language: Language) -> str:
    """Set the result of one delivery: result, clinic, operation, user and key."""
    statement = sa.update(deliveries).values(result=the("new_result", deliveries.c.result))
    return language.text(statement.where(*_this_delivery())).sql


@cache
def _naming(language: Language) -> Text:
    """Delete the deliveries in whose result a text stands."""
    statement = sa.delete(deliveries).where(in_clinic(deliveries), _says(language, "part"))
    return language.text(statement)


@cache
def _blanked(language: Language) -> Text:
    """Leave of the deliveries in whose result two texts stand nothing but their keys."""
    statement = (
        sa.update(deliveries)
        .values(
            fingerprint=the("new_fingerprint", deliveries.c.fingerprint),
            result=the("new_result", deliveries.c.result),
        )
        .where(in_clinic(deliveries), _says(language, "part"), _says(language, "other"))
    )
    return language.text(statement)


def _says(language: Language, name: str) -> sa.ColumnElement[bool]:
    written = sa.cast(deliveries.c.result, sa.Text())
    return language.contains(written, sa.bindparam(name, type_=sa.Text()))


class SqlDeliveries:
    """Requests that have to have one effect only.

    A key may be anything that a caller chose, and a fingerprint tells whether somebody guessed the
    content: the one is stored as its blind index, the other sealed.
    """

    __slots__ = ("_language", "_transaction")

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction
        self._language = transaction.session.language

    def claim(self, delivery: Delivery, since: datetime | None = None) -> Delivery | None:
        """Register a delivery, or give the one that holds its key already."""
        self._transaction.flush()
        session, created_at = self._transaction.session, put_at(delivery.created_at)
        key, *older = self._keys(delivery)
        for old in older:
            rows = session.rows(_holder(self._language), old)
            if rows:
                return self._held(delivery, rows[0], old, since)
        mine = {**key, "fingerprint": self._sealed(delivery, key), "created_at": created_at}
        while session.met(_registered(self._language), mine) != 1:
            rows = session.rows(_holder(self._language), key)
            if rows:
                return self._held(delivery, rows[0], key, since)
        return None

    def known(self, delivery: Delivery) -> Delivery | None:
        """Give the delivery that holds its key, and register nothing."""
        self._transaction.flush()
        for key in self._keys(delivery):
            rows = self._transaction.session.rows(_read(self._language), key)
            if rows:
                return self._held(delivery, rows[0], key, None)
        return None

    def _held(
        self, delivery: Delivery, row: Row, key: Mapping[str, str], since: datetime | None
    ) -> Delivery | None:
        sealed, stored_at, result = row
        created_at = self._transaction.session.at(stored_at)
        if since is not None and created_at < since:
            mine = {
                "new_fingerprint": self._sealed(delivery, key),
                "new_created_at": put_at(delivery.created_at),
            }
            self._transaction.session.met(_replaced(self._language), {**key, **mine})
            return None
        known = None if result is None else take_json(result)
        fingerprint = self._opened(key, sealed)
        return evolve(delivery, fingerprint=fingerprint, created_at=created_at, result=known)

    def finish(self, delivery: Delivery, result: Mapping[str, Any]) -> None:
        """Collect the result; it is written with everything else."""
        rows = [
            (put_json(result), self._transaction.session.clinic, *key.values())
            for key in self._keys(delivery)
        ]
        step = Step(kind="delivery", sql=_finished(self._language), rows=rows)
        self._transaction.last(step)

    def forget(self, ids: Collection[str]) -> None:
        """Forget the deliveries whose result names one of these ids, but for those known by key."""
        self._transaction.flush()
        session = self._transaction.session
        blank = {"other": f'"{KEYED}"', "new_fingerprint": "", "new_result": put_json(ERASED)}
        for one in ids:
            part = {"part": f'"{one}"'}
            session.met(_blanked(self._language), {**part, **blank})
            session.met(_naming(self._language), part)

    def _keys(self, delivery: Delivery) -> list[dict[str, str]]:
        """Give what tells deliveries apart, in the order of the columns.

        While the key of indexes is replaced there are several, the newest first. Some outlast the
        person that they are about, so that even without encryption they are digests.
        """
        own = hashlib.sha256(delivery.key.encode("utf-8", "surrogatepass")).hexdigest()
        return [
            {"operation": delivery.operation, "user": delivery.user, "key": blind}
            for blind in self._transaction.keys.indexes(f"delivery:{own}")
        ]

    def _sealed(self, delivery: Delivery, key: Mapping[str, str]) -> str:
        clear = delivery.fingerprint.encode()
        box = self._transaction.keys.clinic.own
        return b64encode(box.seal(deliveries.name, place_of(*key.values()), clear)).decode("ascii")

    def _opened(self, key: Mapping[str, str], sealed: str) -> str:
        if not sealed:
            return ""
        box = self._transaction.keys.clinic.own
        return box.open(deliveries.name, place_of(*key.values()), b64decode(sealed)).decode()


def place_of(*key: str) -> str:
    """Name a row by operation, user and key: a fingerprint that was moved does not open."""
    return put_json(key)
