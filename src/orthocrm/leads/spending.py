"""What a source costs: how amounts are entered, and how they change without touching the past.

A cost is a row with dates. A new monthly amount opens a row from today and ends the former one
yesterday; nothing that has accrued is ever another number.
"""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta

from attrs import evolve, field, frozen

from orthocrm.core.errors import InvalidInput
from orthocrm.core.ids import SourceId
from orthocrm.core.marketing import Spend, SpendKind
from orthocrm.core.money import Money
from orthocrm.core.reading import Reading
from orthocrm.core.settings import Practice
from orthocrm.core.source import Source

EARLIEST, LATEST = date(1990, 1, 1), date(2199, 12, 31)
"""Between which dates costs may lie: what is outside was mistyped."""

_DAY = timedelta(days=1)


@frozen(kw_only=True)
class NewSpend:
    """A cost to be entered: `amount` once on `starts_on`, or every month from then on.

    Attributes:
        source: Name or id of one of the clinic's sources.
        amount: Zero or more, in the clinic's currency.
        starts_on: Local date of the clinic.
        kind: MONTHLY or ONE_OFF.
        ends_on: The last day of a monthly cost, inclusive; left open, it lasts until it is ended.
        campaign: The campaign that it is spent on.
        note: A remark; nothing personal.
    """

    source: str
    amount: Money
    starts_on: date
    kind: SpendKind | str = SpendKind.ONE_OFF
    ends_on: date | None = None
    campaign: str | None = None
    note: str | None = None


@frozen(kw_only=True)
class ReadSpend:
    """A cost that was read: what a row says, before it has an id."""

    source: Source
    kind: SpendKind
    amount: Money
    starts_on: date
    ends_on: date | None
    campaign: str | None
    note: str | None


def read(new: object, practice: Practice) -> ReadSpend:
    """Read a cost, or raise one `InvalidInput` with everything that is wrong."""
    if not isinstance(new, NewSpend):
        raise InvalidInput.at("spend", "wrong_type", "give a NewSpend")
    reading = Reading()
    source = named_source(reading, "source", new.source, practice)
    kind = reading.choice("kind", new.kind, SpendKind)
    reading.required("source", source)
    reading.required("kind", kind)
    amount = read_amount(reading, "amount", new.amount, practice)
    starts_on = _day(reading, "starts_on", new.starts_on)
    reading.required("starts_on", starts_on)
    ends_on = _day(reading, "ends_on", new.ends_on)
    if ends_on is not None and kind is SpendKind.ONE_OFF:
        reading.refuse("ends_on", "not_monthly", "only a monthly cost has an end")
    if starts_on is not None and ends_on is not None and ends_on < starts_on:
        reading.refuse("ends_on", "ends_before_start", "give the start, or a later date")
    campaign, note = reading.text("campaign", new.campaign), reading.text("note", new.note)
    reading.finish()
    assert source and kind and amount and starts_on  # noqa: S101, PT018 - for the type checker
    return ReadSpend(
        source=source,
        kind=kind,
        amount=amount,
        starts_on=starts_on,
        ends_on=ends_on,
        campaign=campaign,
        note=note,
    )


def _day(reading: Reading, path: str, raw: object) -> date | None:
    day = reading.day(path, raw)
    if day is not None and not EARLIEST <= day <= LATEST:
        reading.refuse(path, "out_of_range", f"give a date from {EARLIEST} to {LATEST}")
        return None
    return day


def named_source(reading: Reading, path: str, raw: object, practice: Practice) -> Source | None:
    """Read the name or id of one of the clinic's sources."""
    named = reading.text(path, raw)
    if named is None:
        return None
    by_id = practice.source_by_id.get(SourceId(named))
    found = by_id or practice.source_by_name.get(named.casefold())
    if found is None:
        reading.refuse(path, "unknown_source", "give the name or id of one of the clinic's sources")
    return found


def read_amount(reading: Reading, path: str, raw: object, practice: Practice) -> Money | None:
    """Read an amount of zero or more in the clinic's currency."""
    if not isinstance(raw, Money) or isinstance(raw.minor, bool) or not isinstance(raw.minor, int):
        reading.refuse(path, "wrong_type", "give Money")
    elif raw.currency != practice.clinic.settings.currency:
        reading.refuse(path, "other_currency", "give an amount in the clinic's currency")
    elif raw.minor < 0:
        reading.refuse(path, "negative", "give an amount of zero or more")
    elif raw.minor > _MOST:
        reading.refuse(path, "too_large", "give a smaller amount")
    else:
        return raw
    return None


_MOST = 10**15


def ensure_free(new: ReadSpend, rows: Iterable[Spend]) -> None:
    """Refuse a monthly cost for days that have one already: they would be paid twice.

    Raises:
        InvalidInput: `starts_on` names the fault.
    """
    if new.kind is SpendKind.ONE_OFF:
        return
    for row in rows:
        same = row.source_id == new.source.id and row.campaign == new.campaign
        if same and row.kind is SpendKind.MONTHLY and _meet(new, row):
            message = "these days have a monthly cost; change it, or end it first"
            raise InvalidInput.at("starts_on", "overlaps", message)


def _meet(one: ReadSpend, other: Spend) -> bool:
    ends_after = one.ends_on is None or one.ends_on >= other.starts_on
    return ends_after and (other.ends_on is None or other.ends_on >= one.starts_on)


@frozen
class Ended:
    """What becomes of monthly rows: some get an end, planned ones go."""

    saved: tuple[Spend, ...] = field(default=())
    removed: tuple[Spend, ...] = field(default=())


def ended(rows: Iterable[Spend], last: date) -> Ended:
    """End monthly costs after a day.

    Rows that have ended by then stay as they are; those that begin later never began.
    """
    running = [
        row
        for row in rows
        if row.kind is SpendKind.MONTHLY and (row.ends_on is None or row.ends_on > last)
    ]
    return Ended(
        saved=tuple(evolve(row, ends_on=last) for row in running if row.starts_on <= last),
        removed=tuple(row for row in running if row.starts_on > last),
    )


def day_before(day: date) -> date:
    """Give the last day of a row that another one replaces from a day on."""
    return day - _DAY


def current(rows: Sequence[Spend]) -> Money | None:
    """Give what the open row of a source says; rows for its campaigns are besides."""
    open_ones = [
        row
        for row in rows
        if row.kind is SpendKind.MONTHLY and row.ends_on is None and row.campaign is None
    ]
    return max(open_ones, key=lambda row: row.starts_on).amount if open_ones else None
