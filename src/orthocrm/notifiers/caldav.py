"""A calendar on a CalDAV server (RFC 4791), to which appointments are pushed."""

import base64
from collections.abc import Mapping
from urllib.parse import quote

from attrs import field, frozen

from orthocrm.core.calendars import CalendarEntry
from orthocrm.core.errors import StaleVersion
from orthocrm.core.ids import ClinicId
from orthocrm.core.notifying import CarrierError
from orthocrm.core.outside import NoSecrets, Secrets
from orthocrm.notifiers.addresses import check_seconds
from orthocrm.notifiers.wire import Answered, Wire, a_request

__all__ = ["CalDav"]

_GONE = frozenset({404, 410})
_CHANGED = 412
_TYPE = "text/calendar; charset=utf-8"


@frozen(kw_only=True)
class CalDav:
    """Puts entries into the collection at `url` and takes them away, each by its own address.

    The secret `caldav/NAME` is `USER:PASSWORD`; the newest one counts. Entries are written only
    over the version that is known (If-Match), and new ones only where nothing is (If-None-Match),
    so nobody's change there is lost. Only public addresses are connected to, over https; `wire`
    may open networks of one's own.
    """

    url: str
    secrets: Secrets = field(factory=NoSecrets, repr=False)
    name: str = "caldav"
    seconds: float = 15.0
    wire: Wire = field(factory=Wire)

    def __attrs_post_init__(self) -> None:
        check_seconds(self.seconds)

    def put(self, entry: CalendarEntry) -> str | None:
        """Add an entry, or replace the version that is known; give its new etag."""
        content = entry.text.encode()
        answer = self._asked("PUT", entry, content, {**_known(entry), "Content-Type": _TYPE})
        if not answer.succeeded:
            raise answer.refusal()
        etag: str | None = answer.headers.get("ETag")
        return etag

    def remove(self, entry: CalendarEntry) -> None:
        """Take away the version that is known, or any where none is."""
        known = {"If-Match": entry.etag} if entry.etag is not None else {}
        answer = self._asked("DELETE", entry, b"", known)
        if not answer.succeeded and answer.status not in _GONE:
            raise answer.refusal()

    def _asked(
        self, method: str, entry: CalendarEntry, content: bytes, headers: Mapping[str, str]
    ) -> Answered:
        address = f"{self.url.rstrip('/')}/{quote(entry.uid, safe='@')}.ics"
        said = {**headers, "Authorization": self._authorization(entry.clinic_id)}
        request = a_request(address, method=method, content=content, headers=said)
        answer = self.wire.post(request, seconds=self.seconds)
        if answer.status == _CHANGED:
            raise StaleVersion("calendar entry")
        return answer

    def _authorization(self, clinic: ClinicId) -> str:
        live = self.secrets.live(clinic, f"caldav/{self.name}")
        if not live:
            raise CarrierError("no_secret")
        return f"Basic {base64.b64encode(live[0]).decode()}"


def _known(entry: CalendarEntry) -> dict[str, str]:
    return {"If-None-Match": "*"} if entry.etag is None else {"If-Match": entry.etag}
