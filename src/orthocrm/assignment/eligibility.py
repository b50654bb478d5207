"""Who can be asked at all, and why the others cannot."""

from collections.abc import Mapping
from datetime import datetime

from orthocrm.core.activity import PassedOver
from orthocrm.core.coordinator import Coordinator
from orthocrm.core.ids import UserId
from orthocrm.core.settings import Practice

INACTIVE = "inactive"
AWAY = "away"
AT_CAPACITY = "at_capacity"


def eligible(
    practice: Practice, *, now: datetime
) -> tuple[tuple[Coordinator, ...], tuple[PassedOver, ...]]:
    """Split the coordinators into those who are there and those who are not, by user.

    Args:
        practice: The clinic with its coordinators and absences.
        now: The instant at which absences count.
    """
    there: list[Coordinator] = []
    missing: list[PassedOver] = []
    for coordinator in sorted(practice.coordinators, key=lambda one: one.id):
        reason = _reason(coordinator, practice, now)
        if reason is None:
            there.append(coordinator)
        else:
            missing.append(PassedOver(user=coordinator.id, reason=reason))
    return tuple(there), tuple(missing)


def is_there(user: UserId, practice: Practice, now: datetime) -> bool:
    """Whether somebody, who need not be a coordinator, is neither inactive nor away."""
    known = practice.coordinator_by_id.get(user)
    return (known is None or known.is_active) and not practice.is_away(user, now)


def is_full(coordinator: Coordinator, loads: Mapping[UserId, int]) -> bool:
    """Whether a coordinator has as many open leads as allowed."""
    return coordinator.capacity is not None and loads.get(coordinator.id, 0) >= coordinator.capacity


def _reason(coordinator: Coordinator, practice: Practice, now: datetime) -> str | None:
    if not coordinator.is_active:
        return INACTIVE
    return AWAY if practice.is_away(coordinator.id, now) else None
