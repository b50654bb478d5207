"""Sealed values under a new key: data keys of leads, and rows with all that is sealed in them."""

from base64 import b64decode, b64encode
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any

import sqlalchemy as sa
from attrs import frozen

from orthocrm.backends.sql import moving
from orthocrm.backends.sql.competing import place_of
from orthocrm.backends.sql.keys import Keys
from orthocrm.backends.sql.language import Language, Text
from orthocrm.backends.sql.leasing import in_clinic, the
from orthocrm.backends.sql.rows import LEAD, SHAPES
from orthocrm.backends.sql.rows.shape import Shape
from orthocrm.backends.sql.tables import deliveries, leads

SEALED: tuple[Shape[Any], ...] = tuple(shape for shape in SHAPES if shape.personal is not None)
"""Every kind of noun with something sealed."""

_OWN = tuple(
    shape
    for shape in SEALED
    if shape.sealed_by not in shape.table.c or shape.table.c[shape.sealed_by].nullable
)
"""Those of which some rows belong to no lead."""

_WRITTEN = 6
"""So many characters of base64 hold the head but for four bits."""


@cache
def _sealed_of(shape: Shape[Any], language: Language) -> Text:
    """Read what is sealed of the rows of several leads."""
    columns = shape.table.c
    whose = columns.id if shape is LEAD else columns[shape.sealed_by]
    statement = sa.select(whose, columns.id, columns.sealed).where(
        in_clinic(shape.table), language.among(whose, "ids"), columns.sealed.is_not(None)
    )
    return language.text(statement)


@cache
def _deliveries_under(language: Language) -> Text:
    columns = deliveries.c
    statement = (
        sa.select(columns.operation, columns.user, columns.key, columns.fingerprint)
        .where(in_clinic(deliveries), _is_under())
        .limit(sa.bindparam("most", type_=sa.Integer()))
    )
    return language.text(statement)


@cache
def _count_deliveries(language: Language) -> Text:
    statement = sa.select(sa.func.count()).select_from(deliveries)
    return language.text(statement.where(in_clinic(deliveries), _is_under()))


def _is_under() -> sa.ColumnElement[bool]:
    written = deliveries.c.fingerprint
    return sa.func.substr(written, 1, _WRITTEN) == the("head", written)


@cache
def _delivery_swapped(language: Language) -> Text:
    columns = deliveries.c
    statement = (
        sa.update(deliveries)
        .values(fingerprint=the("new_fingerprint", columns.fingerprint))
        .where(
            in_clinic(deliveries),
            *(columns[n] == the(f"row_{n}", columns[n]) for n in ("operation", "user", "key")),
            columns.fingerprint == the("old_fingerprint", columns.fingerprint),
        )
    )
    return language.text(statement)


@frozen
class Resealing:
    """Moves what is sealed under keys of the clinic that write no more."""

    _keys: Keys

    def needing(self, place: int) -> int:
        """Count the rows under the key of the clinic at a place, 0 being the newest."""
        clinic, own = self._keys.clinic, self._keys.clinic.own
        total = self._count(
            moving.count_under(leads, "data_key", self._language), clinic.heads[place]
        )
        for shape in _OWN:
            text = moving.count_under(shape.table, "sealed", self._language)
            total += self._count(text, own.heads[place])
        return total + self._count(_count_deliveries(self._language), _written(own.heads[place]))

    def leads_left(self) -> bool:
        """Whether the key of some lead is wrapped by a key that writes no more."""
        return bool(self._wrapped(1))

    def rewrap(self, most: int) -> int:
        """Wrap data keys of leads anew; their rows stay as they are."""
        old = self._wrapped(most)
        rewrapped = self._keys.clinic.rewrapped
        swaps = [(lead, wrapped, rewrapped(lead, wrapped)) for lead, wrapped in old]
        moving.swap(self._keys.session, leads, "data_key", swaps)
        return len(old)

    def renew(self, most: int) -> int:
        """Give leads new data keys, and seal with them everything that is theirs."""
        old = self._wrapped(most)
        clinic = self._keys.clinic
        boxes = {lead: clinic.lead_box(lead, wrapped) for lead, wrapped in old}
        fresh = [(lead, wrapped, clinic.new_lead_key(lead)) for lead, wrapped in old]
        for lead, _, wrapped in fresh:
            self._keys.replace(lead, wrapped)
        for shape in SEALED if old else ():
            swaps = [
                (
                    row,
                    sealed,
                    self._sealed_anew(shape, row, boxes[lead].open(shape.name, row, sealed), lead),
                )
                for lead, row, sealed in self._rows_of(shape, list(boxes))
            ]
            moving.swap(self._keys.session, shape.table, "sealed", swaps)
        moving.swap(self._keys.session, leads, "data_key", fresh)
        return len(old)

    def _rows_of(self, shape: Shape[Any], ids: Sequence[str]) -> Sequence[tuple[str, str, bytes]]:
        if shape is not LEAD and shape.sealed_by not in shape.table.c:
            return ()
        given = {"ids": self._language.several(ids)}
        found = self._keys.session.rows(_sealed_of(shape, self._language), given)
        return [(lead, row, bytes(sealed)) for lead, row, sealed in found]

    def _sealed_anew(self, shape: Shape[Any], row: str, clear: bytes, lead: str | None) -> bytes:
        return self._keys.box(lead).seal(shape.name, row, clear)

    def own(self, most: int) -> Iterator[int]:
        """Seal anew what belongs to no lead: a batch of each kind, for as long as it is asked."""
        box = self._keys.clinic.own
        for head in box.heads[1:]:
            for shape in _OWN:
                text = moving.under(shape.table, "sealed", ("id", "sealed"), self._language)
                rows = self._keys.session.rows(text, {"head": head, "most": most})
                swaps = [
                    (
                        row,
                        sealed,
                        self._sealed_anew(
                            shape, row, box.open(shape.name, row, bytes(sealed)), None
                        ),
                    )
                    for row, sealed in rows
                ]
                moving.swap(self._keys.session, shape.table, "sealed", swaps)
                yield len(rows)
            yield self._deliveries(head, most)

    def _deliveries(self, head: bytes, most: int) -> int:
        """Seal the fingerprints of deliveries anew, which stand as text."""
        session, box = self._keys.session, self._keys.clinic.own
        given = {"head": _written(head), "most": most}
        rows = session.rows(_deliveries_under(self._language), given)
        for operation, user, key, written in rows:
            place = place_of(operation, user, key)
            clear = box.open(deliveries.name, place, b64decode(written))
            sealed = b64encode(box.seal(deliveries.name, place, clear)).decode("ascii")
            session.met(
                _delivery_swapped(self._language),
                {
                    "new_fingerprint": sealed,
                    "row_operation": operation,
                    "row_user": user,
                    "row_key": key,
                    "old_fingerprint": written,
                },
            )
        return len(rows)

    def _wrapped(self, most: int) -> list[tuple[str, bytes]]:
        """Read data keys that are wrapped by a key that writes no more."""
        text = moving.under(leads, "data_key", ("id", "data_key"), self._language)
        for head in self._keys.clinic.heads[1:]:
            rows = self._keys.session.rows(text, {"head": head, "most": most})
            if rows:
                return [(lead, bytes(wrapped)) for lead, wrapped in rows]
        return []

    def _count(self, text: Text, head: bytes | str) -> int:
        [[count]] = self._keys.session.rows(text, {"head": head})
        return int(count)

    @property
    def _language(self) -> Language:
        return self._keys.session.language


def _written(head: bytes) -> str:
    return b64encode(head).decode("ascii")[:_WRITTEN]
