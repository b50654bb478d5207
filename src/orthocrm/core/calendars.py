"""The port by which appointments are put into calendars elsewhere."""

from typing import Protocol

from attrs import field, frozen

from orthocrm.core.ids import ClinicId
from orthocrm.core.masking import PERSONAL, mask


@frozen(kw_only=True)
class CalendarEntry:
    """One appointment for a calendar elsewhere: `text` is iCalendar without a METHOD.

    `etag` is what the calendar answered to the last `put`; None says that it should be new there.
    """

    clinic_id: ClinicId
    uid: str
    text: str = field(default="", repr=mask, metadata=PERSONAL)
    etag: str | None = None


class RemoteCalendar(Protocol):
    """A calendar elsewhere. It is called outside of any unit of work, and may take its time.

    Both operations may be repeated: what was put is replaced, and what is gone stays gone.
    """

    def put(self, entry: CalendarEntry) -> str | None:
        """Add an entry, or replace it; give its new etag, None where the calendar tells none.

        Raises:
            StaleVersion: somebody changed it there, or it exists though it should be new.
            CarrierError: the calendar did not take it, or did not answer.
        """
        ...

    def version(self, entry: CalendarEntry) -> str | None:
        """Give the etag of an entry as it is there; None where it is not.

        Raises:
            CarrierError: as for `put`.
        """
        ...

    def remove(self, entry: CalendarEntry) -> None:
        """Take an entry away; one that is not there any more is no error.

        Raises:
            StaleVersion: somebody changed it there.
            CarrierError: as for `put`.
        """
        ...
