"""The Theta method (Assimakopoulos and Nikolopoulos 2000), the best single one of the M3 series.

Hyndman and Billah (2003) show what it is: half of a straight line through the series, and half of
the level of the series bent away from that line as far again.
"""

from collections.abc import Sequence

from orthocrm.intelligence.forecast_smoothing import level_only, line


def theta_ahead(values: Sequence[float], months: int) -> list[float]:
    """Continue a series without seasons for so many months."""
    intercept, slope = line(values)
    bent = [2 * value - intercept - slope * i for i, value in enumerate(values, 1)]
    level = level_only(bent).level
    last = len(values)
    return [(level + intercept + slope * (last + i)) / 2 for i in range(1, months + 1)]
