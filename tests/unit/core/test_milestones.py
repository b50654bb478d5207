"""Days from the completed consultation to the acceptance, in the clinic's zone."""

from datetime import UTC, datetime

import pytest

from orthocrm.core.lead import Milestones, accepted_after

CHICAGO = "America/Chicago"
EVENING = datetime(2026, 3, 3, 5, 30, tzinfo=UTC)
"""Half past eleven at night of the second of March, in Chicago."""


@pytest.mark.parametrize(
    "accepted,days",
    [
        (datetime(2026, 3, 3, 5, 59, tzinfo=UTC), 0),
        (datetime(2026, 3, 3, 6, 0, tzinfo=UTC), 1),
        (datetime(2026, 3, 9, 4, 59, tzinfo=UTC), 6),
        (datetime(2026, 3, 1, 18, 0, tzinfo=UTC), -1),
        (None, None),
    ],
)
def test_midnights_of_the_clinic_are_counted(accepted: datetime | None, days: int | None) -> None:
    known = Milestones(completed_at=EVENING, accepted_at=accepted, days_to_accept=99)
    assert accepted_after(known, CHICAGO).days_to_accept == days


def test_without_a_consultation_there_is_nothing_to_count() -> None:
    known = Milestones(accepted_at=EVENING)
    assert accepted_after(known, CHICAGO).days_to_accept is None
