"""Hours as they stood at a clinic's revision: read once for many verbs.

Whoever changes a schedule lets the revision grow, and every unit of work reads the revision first:
what is kept here is never older than the practice that a verb works with.
"""

from collections.abc import Callable, Mapping

from attrs import define, field, frozen

from orthocrm.core.ids import ClinicId
from orthocrm.core.schedule import Schedule
from orthocrm.core.settings import Clinic


@frozen(kw_only=True)
class Hours:
    """The schedules of a clinic by id, and whether any calendar from outside was ever imported."""

    schedules: Mapping[str, Schedule]
    has_imported: bool


@define
class KnownHours:
    """The hours of clinics, at the latest revision that was seen."""

    _kept: dict[ClinicId, tuple[int, Hours]] = field(factory=dict, repr=False)

    def of(self, clinic: Clinic, read: Callable[[], Hours]) -> Hours:
        """Give a clinic's hours; they are read when its revision is another one."""
        kept = self._kept.get(clinic.id)
        if kept is None or kept[0] != clinic.revision:
            kept = self._kept[clinic.id] = clinic.revision, read()
        return kept[1]
