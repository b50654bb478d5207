"""Which leads a clinic's rules of retention are about now."""

from calendar import monthrange
from collections.abc import Iterable
from datetime import datetime

from orthocrm.core.ids import LeadId
from orthocrm.core.query import AllOf, Cond, Where
from orthocrm.core.retention import Retention

_MONTHS = 12


def months_before(at: datetime, months: int) -> datetime:
    """Give the same day and time so many months before, or the last day that the month has.

    >>> from datetime import UTC
    >>> months_before(datetime(2026, 3, 31, tzinfo=UTC), 1).date().isoformat()
    '2026-02-28'
    """
    year, month = divmod(at.year * _MONTHS + at.month - 1 - months, _MONTHS)
    return at.replace(year=year, month=month + 1, day=min(at.day, monthrange(year, month + 1)[1]))


def to_archive(retention: Retention, now: datetime) -> Where | None:
    """Give the condition of the lost leads that are to be archived; None without a rule."""
    if retention.archive_after is None:
        return None
    return AllOf((*_lost_before(retention.archive_after, now), Cond("archived_at", "absent")))


def to_erase(retention: Retention, now: datetime) -> Where | None:
    """Give the condition of the lost leads that are to be erased; None without a rule."""
    if retention.erase_after is None:
        return None
    return AllOf(_lost_before(retention.erase_after, now))


def _lost_before(months: int, now: datetime) -> tuple[Cond, ...]:
    """Leads that were lost, and are neither patients nor part of another lead."""
    return (
        Cond("lost_at", "lt", months_before(now, months)),
        Cond("converted_at", "absent"),
        Cond("deleted_at", "absent"),
        Cond("merged_into", "absent"),
    )


def free(ids: Iterable[LeadId], retention: Retention) -> list[LeadId]:
    """Leave out the leads on legal hold."""
    return [lead_id for lead_id in ids if lead_id not in retention.holds]
