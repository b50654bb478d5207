"""How many segments a text message takes, by which carriers count and charge.

Source: 3GPP TS 23.038 (GSM 7-bit default alphabet and its extension table) and TS 23.040 (160
septets or 70 UCS-2 units in one segment, 153 or 67 in each of several).
"""

from collections.abc import Iterable

from attrs import frozen

_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENDED = frozenset("\f^{}\\[~]|€")
_ONE_GSM, _EACH_GSM = 160, 153
_ONE_UCS, _EACH_UCS = 70, 67
_BEYOND_BMP = 0xFFFF


@frozen(kw_only=True)
class Segments:
    """The size of a text message: `units` of its `encoding` (`GSM-7`, `UCS-2`) in `count` parts."""

    encoding: str
    units: int
    count: int


def segments(text: str) -> Segments:
    """Measure a text message; one sign outside the GSM alphabet (such as `í`) makes all UCS-2."""
    if all(sign in _BASIC or sign in _EXTENDED for sign in text):
        widths = [2 if sign in _EXTENDED else 1 for sign in text]
        return _measured("GSM-7", widths, _ONE_GSM, _EACH_GSM)
    widths = [2 if ord(sign) > _BEYOND_BMP else 1 for sign in text]
    return _measured("UCS-2", widths, _ONE_UCS, _EACH_UCS)


def _measured(encoding: str, widths: list[int], alone: int, each: int) -> Segments:
    units = sum(widths)
    count = 1 if units <= alone else _parts(widths, each)
    return Segments(encoding=encoding, units=units, count=count)


def _parts(widths: Iterable[int], each: int) -> int:
    """Fill segments one after the other; a sign of two units is never split."""
    count, room = 1, each
    for width in widths:
        if width > room:
            count, room = count + 1, each
        room -= width
    return count
