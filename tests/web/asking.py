"""The least request that the document allows for an endpoint, made of its codecs."""

from typing import Any

from orthocrm.web.declaring import Endpoint, Place
from orthocrm.web.wire import gatherings, queries, scalars
from orthocrm.web.wire.codec import Codec
from orthocrm.web.wire.records import Record

NOBODY = "00000000-0000-7000-8000-000000000000"

_LEAST: dict[type, Any] = {
    scalars.Text: NOBODY,
    scalars.Whole: 1,
    scalars.Number: 1,
    scalars.Flag: True,
    scalars.Instant: "2026-11-03T15:00:00Z",
    scalars.Day: "2026-11-03",
    scalars.Clock: "09:00",
    scalars.WallTime: "2026-11-03T09:00:00",
    scalars.Seconds: 3600,
    scalars.Span: "2026-11",
    scalars.Base64: "",
    scalars.Amount: {"amount": "1.00", "currency": "USD"},
    gatherings.Anything: None,
    gatherings.Mapped: {},
    queries.Condition: {"all": []},
    queries.Order: [],
}


def least(codec: Codec) -> Any:
    """Give the least value that a codec reads."""
    if isinstance(codec, gatherings.Nullable):
        return None
    if isinstance(codec, gatherings.Listed):
        return [least(codec.inner)]
    if isinstance(codec, gatherings.Several):
        return [least(part) for part in codec.inner]
    if isinstance(codec, scalars.Choice):
        return next(iter(codec.kind)).value
    if isinstance(codec, Record):
        return {key: least(part.codec) for key, part in codec.readable.items() if part.required}
    found = getattr(codec, "found", None)  # a codec that is looked up when it is used
    return least(found()) if found else _LEAST[type(codec)]


def path_of(endpoint: Endpoint) -> str:
    """Give the path of an endpoint, about things that do not exist."""
    named = {p.name: NOBODY for p in endpoint.parameters if p.place is Place.PATH}
    return endpoint.path.format(**named)


def query_of(endpoint: Endpoint) -> list[tuple[str, str]]:
    """Give the parameters that an endpoint cannot do without."""
    needed = [p for p in endpoint.parameters if p.place is Place.QUERY and p.required]
    return [(p.outside, _text(least(p.codec))) for p in needed]


def _text(value: Any) -> str:
    return _text(value[0]) if isinstance(value, list) else str(value)
