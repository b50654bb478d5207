"""Chance, and the hours of the invented practice: Monday to Friday, nine to five."""

from datetime import date, datetime, time, timedelta
from random import Random
from zoneinfo import ZoneInfo

OPENS, CLOSES = 9, 17
_SATURDAY = 5
_LAST_MINUTES = 40


def chance(random: Random, share: float) -> bool:
    """Be true as often as the share says."""
    return random.random() < share


def is_open(day: date) -> bool:
    """Whether the practice works on a date."""
    return day.weekday() < _SATURDAY


def next_open(at: datetime, zone: ZoneInfo, random: Random) -> datetime:
    """Give the instant itself while the practice is open, else soon after it opens again."""
    local = at.astimezone(zone)
    if is_open(local.date()) and OPENS <= local.hour < CLOSES:
        return at
    day = local.date() + timedelta(days=1 if local.hour >= CLOSES else 0)
    while not is_open(day):
        day += timedelta(days=1)
    minutes = random.randrange(_LAST_MINUTES)
    return datetime.combine(day, time(OPENS), zone) + timedelta(minutes=minutes)


def consultation(at: datetime, zone: ZoneInfo, random: Random) -> datetime:
    """Give a full or half hour of the next day on which the practice is open."""
    day = at.astimezone(zone).date()
    while not is_open(day):
        day += timedelta(days=1)
    return datetime.combine(
        day, time(random.randrange(OPENS, CLOSES - 1), random.choice((0, 30))), zone
    )
