"""Cursors: where the next page starts, bound to clinic, query and order by a keyed hash."""

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from attrs import field, frozen

from orthocrm.core.errors import InvalidInput
from orthocrm.core.ids import ClinicId
from orthocrm.core.query import Kind, Schema, Sort, Where

_TAG = 16


@frozen
class Cursors:
    """Writes and reads cursors with one secret; another secret reads none of them."""

    secret: bytes = field(repr=False)

    def write(
        self, clinic: ClinicId, where: Where, sort: Sequence[Sort], after: Sequence[Any]
    ) -> str:
        """Give the cursor of the page that starts after these sort values."""
        body = json.dumps([_plain(value) for value in after], separators=(",", ":")).encode()
        return base64.urlsafe_b64encode(self._tag(clinic, where, sort, body) + body).decode()

    def read(
        self, clinic: ClinicId, where: Where, sort: Sequence[Sort], cursor: str, schema: Schema
    ) -> tuple[Any, ...]:
        """Give the sort values back; a cursor of another clinic, query or order is refused."""
        try:
            raw = base64.b64decode(cursor.encode("ascii"), b"-_", validate=True)
        except (AttributeError, UnicodeEncodeError, binascii.Error):
            raise _refusal() from None
        tag, body = raw[:_TAG], raw[_TAG:]
        if not hmac.compare_digest(tag, self._tag(clinic, where, sort, body)):
            raise _refusal()
        kinds = [schema[key.field].kind for key in (*sort, Sort("id"))]
        values = zip(kinds, json.loads(body), strict=True)
        return tuple(_typed(kind, value) for kind, value in values)

    def _tag(self, clinic: ClinicId, where: Where, sort: Sequence[Sort], body: bytes) -> bytes:
        said = repr((clinic, where, tuple(sort))).encode() + b"\0" + body
        return hmac.digest(self.secret, said, hashlib.sha256)[:_TAG]


def _refusal() -> InvalidInput:
    return InvalidInput.at("cursor", "bad_cursor", "give a cursor that this very query returned")


def _plain(value: Any) -> Any:  # noqa: ANN401 - a sort value of any kind
    return value.isoformat() if isinstance(value, date) else value


def _typed(kind: Kind, value: Any) -> Any:  # noqa: ANN401 - a sort value of any kind
    if value is None or kind not in (Kind.INSTANT, Kind.DATE):
        return value
    return (datetime if kind is Kind.INSTANT else date).fromisoformat(value)
