"""Charts as SVG: no script, no font of their own, readable in print and by a screen reader.

Each has a title and a description that holds every number, takes the role of an image, tells
series apart by patterns of shade as well as by words, and leaves out what is not known.
"""

from collections.abc import Iterable, Sequence
from html import escape
from typing import Final

from attrs import frozen

_WIDTH: Final = 640
_LEFT, _RIGHT, _TOP = 190, 90, 8
_ROW, _BAR = 26, 18
_PLOT_HEIGHT, _BASE = 200, 44
_SHADES: Final = ("#1f4e79", "#7aa6cf", "#c9d6e2", "#4d4d4d", "#9a9a9a")
_LINES: Final = (
    ("#1f4e79", ""),
    ("#4d4d4d", ' stroke-dasharray="7 4"'),
    ("#2f86c9", ' stroke-dasharray="2 4"'),
    ("#000", ' stroke-dasharray="10 3 2 3"'),
)
"""Shades of lines, all of them dark enough on white, and their dashes."""
_HEAD, _SIDE = 24, 60
_MOST_WRITTEN: Final = 12
_LETTER: Final = 7
"""How wide a letter is, at the most."""
_MOST_LETTERS: Final = 28


@frozen(kw_only=True)
class Series:
    """The numbers of one name, and how they are written; None is not known."""

    name: str
    values: tuple[float | None, ...]
    texts: tuple[str, ...]


@frozen(kw_only=True)
class Drawing:
    """What is drawn: the labels, and one or several series of as many numbers."""

    title: str
    labels: tuple[str, ...]
    series: tuple[Series, ...]


def bars(drawing: Drawing) -> str:
    """Draw a horizontal bar for each label, below each other; numbers below nothing go left."""
    return _picture(drawing, _rows(drawing), _bar_marks(drawing))


def funnel(drawing: Drawing) -> str:
    """Draw the steps of a funnel below each other, in the middle, each as wide as its number."""
    series = drawing.series[0]
    most = max((value or 0 for value in series.values), default=0)
    room = _WIDTH - _LEFT - _RIGHT
    marks: list[str] = []
    for place, (label, value, text) in enumerate(_each(drawing, series)):
        width = room * (value or 0) / most if most else 0
        left, top = _LEFT + (room - width) / 2, _TOP + place * _ROW
        marks += [_label(label, top), _box(left, top, width, _SHADES[0]), _value(text, top)]
    return _picture(drawing, _rows(drawing), marks)


def stacked(drawing: Drawing) -> str:
    """Draw the series of each label one after the other in one bar, with a key below."""
    sums = [
        sum(max(s.values[place] or 0, 0) for s in drawing.series)
        for place in range(len(drawing.labels))
    ]
    most, room = max(sums, default=0), _WIDTH - _LEFT - _RIGHT
    marks: list[str] = []
    for place, label in enumerate(drawing.labels):
        top, left = _TOP + place * _ROW, float(_LEFT)
        marks.append(_label(label, top))
        for shade, series in enumerate(drawing.series):
            width = room * max(series.values[place] or 0, 0) / most if most else 0
            marks.append(_box(left, top, width, _SHADES[shade % len(_SHADES)]))
            left += width
        marks.append(_value(f"{sums[place]:g}", top))
    height = _rows(drawing)
    return _picture(drawing, height + _ROW, [*marks, *_key(drawing, height)])


def lines(drawing: Drawing) -> str:
    """Draw a line for each series over the labels from left to right, with a key below."""
    known = [value for series in drawing.series for value in series.values if value is not None]
    most, least = max([*known, 0.0]), min([*known, 0.0])
    marks = [_axis(least, most), *_feet(drawing.labels), *_ends(drawing, least, most)]
    for place, series in enumerate(drawing.series):
        marks += _line(_points(series, least, most), place)
    if len(drawing.series) == 1:
        marks += _written(drawing.series[0], least, most)
    height = _HEAD + _PLOT_HEIGHT + _BASE
    return _picture(drawing, height + _ROW, [*marks, *_dashed_key(drawing, height)])


def _dashed_key(drawing: Drawing, top: float) -> list[str]:
    """Name the lines beside a piece of each."""
    if len(drawing.series) == 1:
        return []
    marks: list[str] = []
    for place, series in enumerate(drawing.series):
        left = _SIDE + place * (_WIDTH - 2 * _SIDE) / len(drawing.series)
        marks += _line([(left, top + 6), (left + 36, top + 6)], place)
        marks.append(f'<text x="{_n(left + 44)}" y="{_n(top + 10)}">{escape(series.name)}</text>')
    return marks


def _picture(drawing: Drawing, height: float, marks: Iterable[str]) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" viewBox="0 0 {_WIDTH} {_n(height)}" '
        f'width="{_WIDTH}" height="{_n(height)}" font-family="sans-serif" font-size="12">'
        f"<title>{escape(drawing.title)}</title><desc>{escape(_said(drawing))}</desc>"
        f"{''.join(marks)}</svg>"
    )


def _said(drawing: Drawing) -> str:
    """Say all numbers in words, for those who cannot see the drawing."""
    if not drawing.labels:
        return "nothing to draw"
    named = len(drawing.series) > 1
    rows = (
        f"{label}: "
        + ", ".join(
            f"{series.name} {series.texts[place]}" if named else series.texts[place]
            for series in drawing.series
        )
        for place, label in enumerate(drawing.labels)
    )
    return "; ".join(rows)


def _bar_marks(drawing: Drawing) -> list[str]:
    series = drawing.series[0]
    known = [value for value in series.values if value is not None]
    most, least = max([*known, 0.0]), min([*known, 0.0])
    span, room = most - least, _WIDTH - _LEFT - _RIGHT
    zero = _LEFT + (room * -least / span if span else 0)
    marks: list[str] = [_zero(zero, _rows(drawing))] if least < 0 else []
    for place, (label, value, text) in enumerate(_each(drawing, series)):
        top, is_less = _TOP + place * _ROW, (value or 0) < 0
        width = room * abs(value or 0) / span if span else 0
        box = _box(zero - width if is_less else zero, top, width, _SHADES[2 if is_less else 0])
        marks += [_label(label, top), box, _value(text, top)]
    return marks


def _zero(left: float, height: float) -> str:
    """Draw where nothing is, between more and less."""
    return f'<line x1="{_n(left)}" x2="{_n(left)}" y1="0" y2="{_n(height)}" stroke="#000"/>'


def _each(drawing: Drawing, series: Series) -> Iterable[tuple[str, float | None, str]]:
    return zip(drawing.labels, series.values, series.texts, strict=True)


def _rows(drawing: Drawing) -> float:
    return 2 * _TOP + _ROW * max(len(drawing.labels), 1)


def _label(text: str, top: float) -> str:
    short = text if len(text) <= _MOST_LETTERS else text[: _MOST_LETTERS - 1] + "…"
    return f'<text x="{_LEFT - 8}" y="{_n(top + 13)}" text-anchor="end">{escape(short)}</text>'


def _value(text: str, top: float) -> str:
    return f'<text x="{_WIDTH - _RIGHT + 8}" y="{_n(top + 13)}">{escape(text)}</text>'


def _box(left: float, top: float, width: float, shade: str) -> str:
    if width <= 0:
        return ""
    return (
        f'<rect x="{_n(left)}" y="{_n(top)}" width="{_n(width)}" height="{_BAR}" fill="{shade}" '
        'stroke="#000" stroke-width="0.5"/>'
    )


def _key(drawing: Drawing, top: float) -> list[str]:
    if len(drawing.series) < len(("one", "other")):
        return []
    marks: list[str] = []
    for place, series in enumerate(drawing.series):
        left = _LEFT + place * (_WIDTH - _LEFT) / len(drawing.series)
        marks.append(
            f'<rect x="{_n(left)}" y="{_n(top)}" width="12" height="12" '
            f'fill="{_SHADES[place % len(_SHADES)]}" stroke="#000" stroke-width="0.5"/>'
        )
        marks.append(f'<text x="{_n(left + 18)}" y="{_n(top + 11)}">{escape(series.name)}</text>')
    return marks


def _across(place: int, number: int) -> float:
    inner, room = _SIDE + 20, _WIDTH - 2 * (_SIDE + 20)
    return inner + (room * place / (number - 1) if number > 1 else room / 2)


def _up(value: float, least: float, most: float) -> float:
    span = most - least
    return _HEAD + _PLOT_HEIGHT * (1 - ((value - least) / span if span else 0))


def _axis(least: float, most: float) -> str:
    zero = _n(_up(0, least, most))
    return f'<line x1="{_SIDE}" x2="{_WIDTH - _SIDE}" y1="{zero}" y2="{zero}" stroke="#000"/>'


def _feet(labels: Sequence[str]) -> list[str]:
    """Name places below the axis, as many as have room beside each other."""
    widest = max(map(len, labels), default=0) * _LETTER + _LETTER
    step = max(1, -(-widest * len(labels) // (_WIDTH - 2 * _SIDE)))
    return [
        f'<text x="{_n(_across(place, len(labels)))}" y="{_HEAD + _PLOT_HEIGHT + 18}" '
        f'text-anchor="middle">{escape(label)}</text>'
        for place, label in enumerate(labels)
        if place % step == 0
    ]


def _points(series: Series, least: float, most: float) -> list[tuple[float, float]]:
    return [
        (_across(place, len(series.values)), _up(value, least, most))
        for place, value in enumerate(series.values)
        if value is not None
    ]


def _ends(drawing: Drawing, least: float, most: float) -> list[str]:
    """Write the largest and the least number beside their heights, and draw a line there."""
    written = {
        value: text
        for series in drawing.series
        for value, text in zip(series.values, series.texts, strict=True)
        if value is not None
    }
    return [
        f'<line x1="{_SIDE}" x2="{_WIDTH - _SIDE}" y1="{_n(_up(value, least, most))}" '
        f'y2="{_n(_up(value, least, most))}" stroke="#999" stroke-width="0.5"/>'
        f'<text x="{_SIDE - 6}" y="{_n(_up(value, least, most) + 4)}" text-anchor="end">'
        f"{escape(written.get(value, '0'))}</text>"
        for value in dict.fromkeys((most, 0.0, least))
    ]


def _written(series: Series, least: float, most: float) -> list[str]:
    """Write the numbers above their points, where they have room."""
    if len(series.values) > _MOST_WRITTEN:
        return []
    there = [
        text for value, text in zip(series.values, series.texts, strict=True) if value is not None
    ]
    return [
        f'<text x="{_n(x)}" y="{_n(y - 8)}" text-anchor="middle" '
        f'stroke="#fff" stroke-width="3" paint-order="stroke">{escape(text)}</text>'
        for (x, y), text in zip(_points(series, least, most), there, strict=True)
    ]


def _line(points: Sequence[tuple[float, float]], place: int) -> list[str]:
    """Draw a line; those of several series differ in shade, and in how they are dashed."""
    shade, dashes = _LINES[place % len(_LINES)]
    path = " ".join(f"{_n(x)},{_n(y)}" for x, y in points)
    dots = (f'<circle cx="{_n(x)}" cy="{_n(y)}" r="3" fill="{shade}"/>' for x, y in points)
    return [
        f'<polyline points="{path}" fill="none" stroke="{shade}" stroke-width="2"{dashes}/>',
        *dots,
    ]


def _n(number: float) -> str:
    return f"{number:.1f}".removesuffix(".0")
