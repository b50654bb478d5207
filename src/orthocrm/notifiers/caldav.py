"""A calendar on a CalDAV server (RFC 4791), to which appointments are pushed."""

import base64
from collections.abc import Mapping, Sequence
from typing import ClassVar
from urllib.parse import quote

from attrs import evolve, field, frozen

from orthocrm.core.calendars import CalendarEntry, RemoteCalendar
from orthocrm.core.errors import StaleVersion
from orthocrm.core.ids import ClinicId
from orthocrm.core.notifying import CarrierError, Letter, MessageChannel, Notifier, Sent
from orthocrm.core.outside import NoSecrets, Secrets, missing
from orthocrm.hooks import hook
from orthocrm.notifiers.addresses import check_seconds
from orthocrm.notifiers.wire import Answered, Wire, a_request

__all__ = ["CalDav", "Calendars"]

_GONE = frozenset({404, 410})
_CHANGED = 412
_ANY = "*"
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
        content = _encoded(entry.text)
        answer = self._asked("PUT", entry, content, {**_known(entry), "Content-Type": _TYPE})
        if not answer.succeeded:
            raise answer.refusal()
        etag: str | None = answer.headers.get("ETag")
        return etag

    def version(self, entry: CalendarEntry) -> str | None:
        """Give the etag of what is there, `*` where the server tells none."""
        answer = self._asked("GET", entry, b"", {})
        if answer.status in _GONE:
            return None
        if not answer.succeeded:
            raise answer.refusal()
        etag: str = answer.headers.get("ETag", _ANY)
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


@frozen(kw_only=True)
class Calendars:
    """Brings appointments to the CalDAV calendars that a clinic names in its settings.

    The secret of each is `caldav/NAME`, as `USER:PASSWORD`. The practice's appointments are the
    truth: an entry is written over whatever it is there by now, but never over what somebody
    writes in the same moment; then it is tried again. Only public addresses are connected to, over
    https; `wire` may open networks of one's own.

    Attributes:
        seconds: For the two requests of an entry together.
    """

    channel: ClassVar[MessageChannel] = MessageChannel.CALENDAR

    secrets: Secrets = field(factory=NoSecrets, repr=False)
    name: str = "caldav"
    seconds: float = 20.0
    wire: Wire = field(factory=Wire)

    def __attrs_post_init__(self) -> None:
        check_seconds(self.seconds)

    @hook
    def register_notifiers(self) -> Mapping[str, Notifier]:
        """Bring this carrier, by its name."""
        return {self.name: self}

    def missing_secrets(self, clinic: ClinicId, targets: Sequence[str]) -> Sequence[str]:
        """Name the secrets that a clinic lacks."""
        return missing(self.secrets, clinic, [f"caldav/{name}" for name in targets])

    def send(self, letter: Letter) -> Sent:
        """Put an entry there, or take it away; its reference is the UID."""
        if letter.uid is None or letter.target is None:
            raise CarrierError("no_entry", permanent=True)
        remote = CalDav(
            url=letter.to,
            secrets=self.secrets,
            name=letter.target,
            seconds=self.seconds / 2,
            wire=self.wire,
        )
        entry = CalendarEntry(clinic_id=letter.clinic_id, uid=letter.uid, text=letter.body)
        try:
            _settle(remote, evolve(entry, etag=remote.version(entry)))
        except StaleVersion:
            raise CarrierError("changed_meanwhile") from None
        return Sent(ref=letter.uid)


def _settle(remote: RemoteCalendar, entry: CalendarEntry) -> None:
    if entry.text:
        remote.put(entry)
    elif entry.etag is not None:
        remote.remove(entry)


def _encoded(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeError:
        raise CarrierError("unwritable", permanent=True) from None


def _known(entry: CalendarEntry) -> dict[str, str]:
    return {"If-None-Match": "*"} if entry.etag is None else {"If-Match": entry.etag}
