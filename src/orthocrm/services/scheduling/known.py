"""Schedules as they stood at a clinic's revision: everybody's hours, read once for many verbs.

Whoever changes a schedule lets the revision grow, and every unit of work reads the revision first:
what is kept here is never older than the practice that a verb works with.
"""

from collections.abc import Callable, Mapping

from attrs import define, field

from orthocrm.core.ids import ClinicId
from orthocrm.core.schedule import Schedule
from orthocrm.core.settings import Clinic

Schedules = Mapping[str, Schedule]


@define
class KnownSchedules:
    """The schedules of clinics by id, those of the latest revision that was seen."""

    _kept: dict[ClinicId, tuple[int, Schedules]] = field(factory=dict, repr=False)

    def of(self, clinic: Clinic, read: Callable[[], Schedules]) -> Schedules:
        """Give a clinic's schedules; they are read when its revision is another one."""
        kept = self._kept.get(clinic.id)
        if kept is None or kept[0] != clinic.revision:
            kept = self._kept[clinic.id] = clinic.revision, read()
        return kept[1]
