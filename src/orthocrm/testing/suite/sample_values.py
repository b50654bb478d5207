"""Values for samples: text of many scripts, large numbers, instants with microseconds."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from orthocrm.core.ids import UserId
from orthocrm.core.settings import Clinic
from orthocrm.testing.clock import MONDAY_MORNING

Rows = Mapping[str, tuple[Any, ...]]
"""The nouns of a practice by table."""

LONG = ("Grüße, שלום עולם, 牙齿矯正, 👩‍👧 e\u0301\n" * 400)[:10_000]
LARGE = 10**12
ADA, BOB = UserId("Ada"), UserId("user:böb@example.com")


def at(**offset: float) -> datetime:
    """Give an instant after Monday morning, with microseconds."""
    return MONDAY_MORNING + timedelta(microseconds=123_457) + timedelta(**offset)


def the_clinic(rows: Rows) -> Clinic:
    """Give the practice itself."""
    clinic: Clinic = rows["clinics"][0]
    return clinic
