"""Attribution: how much of a lead each of its touches is credited with.

The credits of a lead add up to exactly 1, whatever the model, so that leads, conversions and
shares of cost add up to their totals when they are grouped by source, campaign or referrer.

Touches after the conversion do not count. A path ends at the last touch whose source is known:
an unknown or direct one after it displaces nothing. What stands before stays as it was, so that
the first touch is the source that the lead itself names. A lead without any touch is unknown.

The models are those of HubSpot's and Google Analytics' reports; position is the U-shape of
40 % for the first touch, 40 % for the last and 20 % for those between.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from fractions import Fraction

from attrs import field, frozen

from orthocrm.core.errors import InvalidInput
from orthocrm.core.ids import SourceId
from orthocrm.core.marketing import Touch


class AttributionModel(StrEnum):
    """How a credit is shared among the touches of a path."""

    FIRST = "first"
    LAST = "last"
    LINEAR = "linear"
    POSITION = "position"
    TIME_DECAY = "time_decay"


HALF_LIFE = timedelta(days=30)
"""After how long a touch weighs half, unless told otherwise."""

LONGEST_HALF_LIFE = timedelta(days=3650)

_UNITS = 10**12
"""Into how many parts `rounded` cuts a credit."""


def _model(value: str) -> AttributionModel:
    try:
        return AttributionModel(value)
    except ValueError:
        known = ", ".join(AttributionModel)
        raise InvalidInput.at("model", "unknown_model", f"give one of {known}") from None


@frozen(kw_only=True)
class Crediting:
    """A model, with the half-life that TIME_DECAY goes by.

    `default` is the source that the clinic gives to enquiries which name none: a touch that says
    no more than this is as good as unknown.
    """

    model: AttributionModel = field(default=AttributionModel.FIRST, converter=_model)
    half_life: timedelta = HALF_LIFE
    default: SourceId | None = None

    def __attrs_post_init__(self) -> None:
        life = self.half_life
        if not isinstance(life, timedelta) or not timedelta() < life <= LONGEST_HALF_LIFE:
            message = f"give more than nothing and at most {LONGEST_HALF_LIFE.days} days"
            raise InvalidInput.at("half_life", "out_of_range", message)


@frozen
class Credit:
    """What a touch gets of its lead; without a touch, what nobody can be credited with."""

    touch: Touch | None
    share: Fraction


def credited(
    touches: Iterable[Touch], crediting: Crediting, until: datetime | None = None
) -> tuple[Credit, ...]:
    """Share one lead among its touches, in their order in time; the shares add up to 1.

    Args:
        touches: Those of one lead, in any order; of two at the same instant the lower id is first.
        crediting: The model.
        until: When the lead converted; later touches do not count, one at the instant does.
    """
    path = _path(touches, crediting.default, until)
    if not path:
        return (Credit(None, Fraction(1)),)
    given = shares(crediting.model, [touch.at for touch in path], crediting.half_life)
    return tuple(Credit(*pair) for pair in zip(path, given, strict=True))


def _path(
    touches: Iterable[Touch], default: SourceId | None, until: datetime | None
) -> list[Touch]:
    path = sorted(
        (touch for touch in touches if until is None or touch.at <= until),
        key=lambda touch: (touch.at, touch.id),
    )
    known = [place for place, touch in enumerate(path, start=1) if is_known(touch, default)]
    return path[: known[-1]] if known else path


def is_known(touch: Touch, default: SourceId | None) -> bool:
    """Whether a touch tells where the family came from: more than the default source alone."""
    if touch.source_id is None:
        return False
    return touch.source_id != default or touch.detail is not None


def shares(
    model: AttributionModel, instants: Sequence[datetime], half_life: timedelta = HALF_LIFE
) -> tuple[Fraction, ...]:
    """Share 1 among touches that are given by their instants, earliest first.

    >>> from datetime import UTC
    >>> four = [datetime(2026, 11, day, tzinfo=UTC) for day in (1, 8, 15, 22)]
    >>> [str(share) for share in shares(AttributionModel.POSITION, four)]
    ['2/5', '1/10', '1/10', '2/5']
    >>> [str(share) for share in shares(AttributionModel.TIME_DECAY, four, timedelta(days=7))]
    ['1/15', '2/15', '4/15', '8/15']
    """
    if not instants:
        return ()
    if model is AttributionModel.TIME_DECAY:
        return _decaying(instants, half_life)
    return _BY_NUMBER[model](len(instants))


def _first(number: int) -> tuple[Fraction, ...]:
    return (Fraction(1), *[Fraction(0)] * (number - 1))


def _last(number: int) -> tuple[Fraction, ...]:
    return (*[Fraction(0)] * (number - 1), Fraction(1))


def _linear(number: int) -> tuple[Fraction, ...]:
    return (Fraction(1, number),) * number


_END = Fraction(2, 5)
_BETWEEN = Fraction(1, 5)
_BOTH_ENDS = 2


def _position(number: int) -> tuple[Fraction, ...]:
    if number <= _BOTH_ENDS:
        return _linear(number)
    between = number - _BOTH_ENDS
    return (_END, *[_BETWEEN / between] * between, _END)


_BY_NUMBER: Mapping[AttributionModel, Callable[[int], tuple[Fraction, ...]]] = {
    AttributionModel.FIRST: _first,
    AttributionModel.LAST: _last,
    AttributionModel.LINEAR: _linear,
    AttributionModel.POSITION: _position,
}


def _decaying(instants: Sequence[datetime], half_life: timedelta) -> tuple[Fraction, ...]:
    """Weigh touches by 2^(-(T-t)/h).

    T is the last touch: any other instant would change all weights by one factor, and no share.
    """
    last = instants[-1]
    weights = [Fraction(2.0 ** -((last - at) / half_life)) for at in instants]
    total = sum(weights)
    return tuple(weight / total for weight in weights)


def rounded(given: Sequence[Fraction]) -> tuple[Fraction, ...]:
    """Round shares that add up to 1 to whole parts of 10^12 that add up to 1 as well.

    The parts that are left go to the largest remainders, the earlier first. The shares of many
    leads can then be added without their denominators growing: those of TIME_DECAY would.
    """
    parts = [share * _UNITS for share in given]
    whole = [part.numerator // part.denominator for part in parts]
    by_rest = sorted(range(len(parts)), key=lambda place: (whole[place] - parts[place], place))
    for place in by_rest[: _UNITS - sum(whole)]:
        whole[place] += 1
    return tuple(Fraction(number, _UNITS) for number in whole)
