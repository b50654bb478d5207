"""What is asked of a metric: which leads, of which period, cut how."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from enum import Enum, StrEnum
from typing import Final, Literal, Protocol, cast

from attrs import AttrsInstance, Converter, evolve, field, frozen

from orthocrm.core.custom_fields import CustomField, FieldKind
from orthocrm.core.errors import InvalidInput
from orthocrm.core.query import EVERYTHING, AllOf, Cond, Group, Kind, Op, Where
from orthocrm.core.settings import Practice
from orthocrm.core.time import Period, instant

LEADS: Final = "leads"

MOST_GROUPS: Final = 400
"""Into how many days, weeks or months a question may be cut: a year of days, and some more."""


class By(StrEnum):
    """How the leads of a question may be cut into groups; each lead falls into exactly one.

    The values are names of fields, but for the pieces of time. Weeks begin on Mondays (ISO 8601).
    OWNER is whoever holds the lead, and held it when it was closed; FIRST_OWNER whoever got it
    first.
    """

    SOURCE = "source"
    CATEGORY = "category"
    CAMPAIGN = "campaign"
    CHANNEL = "channel"
    OWNER = "owner"
    FIRST_OWNER = "first_owner"
    STAGE = "stage"
    FURTHEST = "furthest"
    MONTH = "month"
    WEEK = "week"
    DAY = "day"
    LOST_REASON = "lost_reason"
    LOST_STAGE = "lost_stage"

    @classmethod
    def _missing_(cls, value: object) -> "By | None":
        return cls.OWNER if value == "coordinator" else None


TIMES: Final[Mapping["By | Own", Callable[[Period], Iterator[Period]]]] = {
    By.MONTH: Period.months,
    By.WEEK: Period.weeks,
    By.DAY: Period.each_day,
}
"""The cuts by time, and how each of them cuts a period."""


class Basis(StrEnum):
    """Which instant of a lead has to lie in the period; the values are names of fields.

    CREATED is the cohort: leads by the date on which they came in, whenever they were won or lost.
    """

    CREATED = "created_at"
    CONVERTED = "converted_at"
    LOST = "lost_at"


class Whole(Enum):
    """Stands for all groups together."""

    TOTAL = "total"


Label = str | date | int | None
"""Names a group: an id, a code, a number, the first day of a piece of time, or None for what
nobody recorded."""

Choice = Label | Literal[Whole.TOTAL]

Rows = Sequence[Group]

WON = Cond("converted_at", Op.PRESENT)
LOST = AllOf((Cond("lost_at", Op.PRESENT), Cond("converted_at", Op.ABSENT)))
OPEN = AllOf((Cond("lost_at", Op.ABSENT), Cond("converted_at", Op.ABSENT)))
"""Neither won nor lost, an archived lead among them: won, lost and open make up every cohort."""

_KINDS: Mapping[FieldKind, Kind] = {
    FieldKind.CHOICE: Kind.CODE,
    FieldKind.NUMBER: Kind.NUMBER,
    FieldKind.DATE: Kind.DATE,
    FieldKind.FLAG: Kind.FLAG,
}


@frozen
class Own:
    """A cut by a field of the clinic's own: `value` is the name by which queries know it."""

    value: str


Cut = By | Own


def queried(own: CustomField) -> str | None:
    """Give the name by which queries know a field; None for one that is encrypted."""
    return None if own.is_encrypted else f"custom.{_KINDS[own.kind]}.{own.name}"


def _by(value: object, asked: AttrsInstance) -> Cut | None:
    if value is None or isinstance(value, Own):
        return value
    if isinstance(value, str) and value.startswith("custom."):
        known = cast("Ask", asked).practice.custom_field_by_name.get(value.removeprefix("custom."))
        name = None if known is None else queried(known)
        if name is None:
            raise InvalidInput.at("by", "unknown_grouping", "there is no such field to group by")
        return Own(name)
    try:
        return By(str(value))
    except ValueError:
        known_cuts = f"{', '.join(By)}, or custom. and a field of the clinic's own"
        raise InvalidInput.at("by", "unknown_grouping", f"give one of {known_cuts}") from None


def _now(value: datetime) -> datetime:
    return instant(value, "now")


class BusinessClock(Protocol):
    """The time that passes while the practice is open."""

    def between(self, start: datetime, end: datetime) -> timedelta:
        """Measure business time from one instant to another."""
        ...

    def before(self, end: datetime, amount: timedelta) -> datetime:
        """Give the latest instant that lies `amount` of business time before `end`."""
        ...


class AroundTheClock:
    """The clock of a practice that is always open."""

    def between(self, start: datetime, end: datetime) -> timedelta:
        """Measure the elapsed time."""
        return end - start

    def before(self, end: datetime, amount: timedelta) -> datetime:
        """Go back by the elapsed time."""
        return end - amount


@frozen(kw_only=True)
class Ask:
    """A question to a metric: without a period it is about all time, without `by` it is not cut.

    `by` is a `By`, or `custom.` and the name of a field of the clinic's own. `within` narrows the
    question further, for example to what the actor may count. `clock` measures business time.
    """

    practice: Practice
    now: datetime = field(converter=_now)
    period: Period | None = None
    by: Cut | None = field(default=None, converter=Converter(_by, takes_self=True))  # type: ignore[misc]  # mypy's plug-in knows plain converters only
    within: Where = EVERYTHING
    clock: BusinessClock = field(factory=AroundTheClock, eq=False)

    def __attrs_post_init__(self) -> None:
        if self.period is not None and not isinstance(self.period, Period):
            raise InvalidInput.at("period", "wrong_type", "give a Period")
        if self.by is not None and self.by in TIMES and self.period is None:
            raise InvalidInput.at("by", "needs_period", f"{self.by.value}s need a period")
        if len(self.pieces) > MOST_GROUPS:
            raise InvalidInput.at("by", "too_many_groups", f"cut into at most {MOST_GROUPS} pieces")

    @property
    def timezone(self) -> str:
        """The zone in which the clinic's days and months begin."""
        return self.practice.clinic.timezone

    @property
    def pieces(self) -> tuple[Period, ...]:
        """The pieces of time into which the question is cut; none, if it is cut otherwise."""
        if self.period is None or self.by is None or self.by not in TIMES:
            return ()
        return tuple(TIMES[self.by](self.period))

    def cut(self, by: Cut | str | None) -> "Ask":
        """Ask the same, cut in another way."""
        return evolve(self, by=by)

    def during(self, period: Period | None) -> "Ask":
        """Ask the same of another period."""
        return evolve(self, period=period)

    def previous(self) -> "Ask":
        """Ask the same of the comparison window: as long before, or the calendar month before."""
        return self.during(None if self.period is None else self.period.previous())
