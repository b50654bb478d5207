"""What makes an installation sound: each rule takes facts and gives findings.

The limits are ours: minutes after which a worker is missed, and room for a day's write-ahead log.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from attrs import frozen

from orthocrm.core.finding import Finding, failing, fine, warning
from orthocrm.core.ids import ClinicId
from orthocrm.core.messaging import CalendarTarget, WebhookTarget
from orthocrm.core.settings import Clinic
from orthocrm.core.wording import counted
from orthocrm.services.scheduling.keeping import Astray

CLOCKS_APART: Final = timedelta(seconds=5)
CLOCKS_WRONG: Final = timedelta(minutes=5)
"""Signed requests are refused from here on."""

OLD: Final = timedelta(minutes=15)
"""What has been due for longer waits for a worker that does not come."""

LEAST_SPACE: Final = 200_000_000
LITTLE_SPACE: Final = 2_000_000_000
"""Bytes that are free beside an SQLite database: below the first nothing is sure to be written."""

ZONES_OLD: Final = timedelta(days=550)
_OPEN_TO_OTHERS: Final = 0o077


def clock(ours: datetime, theirs: datetime | None) -> Finding:
    """Compare the clock of this process with that of the database."""
    if theirs is None:
        return fine("clock", "this process's clock is the only one")
    apart = abs(ours - theirs)
    says = f"the database's clock is {apart.total_seconds():.1f} s away from this one's"
    if apart > CLOCKS_WRONG:
        return failing("clock", says, "set both clocks by NTP: signatures depend on it")
    if apart > CLOCKS_APART:
        return warning("clock", says, "set both clocks by NTP")
    return fine("clock", says)


@frozen(kw_only=True)
class Queues:
    """What waits in a clinic: events for plug-ins, messages for carriers, what others delivered.

    `late_*` has been due for longer than `OLD`; `parked_*` failed too often.
    """

    parked_events: int = 0
    late_events: bool = False
    parked_messages: int = 0
    late_messages: int = 0
    parked_deliveries: int = 0
    late_deliveries: int = 0


def queues(clinic: ClinicId, found: Queues) -> list[Finding]:
    """Judge what waits."""
    made = []
    if found.late_events or found.late_messages or found.late_deliveries:
        late = [counted(found.late_messages, "message")]
        late += [_deliveries(found.late_deliveries)] if found.late_deliveries else []
        says = ", ".join(late) + " and " + ("some events" if found.late_events else "no event")
        says += f" have been due for over {OLD // timedelta(minutes=1)} minutes"
        made.append(failing("queues", says, "start a worker: orthocrm work", clinic))
    if found.parked_events:
        says = f"{counted(found.parked_events, 'event')} could not be told to plug-ins"
        made.append(warning("queues", says, "look into the log for the plug-in's name", clinic))
    if found.parked_messages:
        says = f"{counted(found.parked_messages, 'message')} could not be sent"
        do = "look at desk.notifications.parked(), then retry or cancel them"
        made.append(warning("queues", says, do, clinic))
    if found.parked_deliveries:
        says = f"{_deliveries(found.parked_deliveries)} came to nothing"
        do = "look at desk.inbox.deliveries(), then retry or drop them"
        made.append(warning("queues", says, do, clinic))
    return made or [fine("queues", "nothing waits for longer than it should", clinic)]


def _deliveries(count: int) -> str:
    return f"{count} {'delivery' if count == 1 else 'deliveries'}"


def space(free: int, size: int) -> Finding:
    """Judge the room beside an SQLite database of so many bytes."""
    says = f"{free // 1_000_000} MB are free beside a database of {size // 1_000_000} MB"
    if free < LEAST_SPACE:
        return failing("space", says, "make room: nothing is sure to be written")
    if free < max(LITTLE_SPACE, size):
        return warning("space", says, "make room for as much again, so that a copy fits")
    return fine("space", says)


def modes(found: Mapping[str, int]) -> list[Finding]:
    """Judge who may read the files of a database, by name and mode."""
    open_ones = [name for name, mode in found.items() if mode & _OPEN_TO_OTHERS]
    if open_ones:
        names = " ".join(sorted(open_ones))
        return [warning("files", f"others on this machine may read {names}", f"chmod 600 {names}")]
    return [fine("files", f"{counted(len(found), 'file')} are their owner's only")] if found else []


def zones(
    clinics: Iterable[Clinic], known: Collection[str], released: date | None, today: date
) -> list[Finding]:
    """Judge the time zone data: every clinic's zone is there, and the rules are not old."""
    made = [
        failing("zones", f"there is no zone {one.timezone}", "install tzdata anew", one.id)
        for one in clinics
        if one.timezone not in known
    ]
    if released is not None and today - released > ZONES_OLD:
        says = f"the time zone data are of {released.isoformat()}"
        made.append(warning("zones", says, "update tzdata: pip install --upgrade tzdata"))
    return made or [fine("zones", "every clinic's time zone is known")]


def wall_times(clinic: ClinicId, found: Astray) -> list[Finding]:
    """Judge whether visits stand at the local times that families were told."""
    made = []
    if found.visits:
        says = f"{counted(found.visits, 'visit')} at another local time than families were told"
        do = "run orthocrm work, then see the tasks and notices of those that it could not move"
        made.append(warning("visits", says, do, clinic))
    for name in found.behind:
        says = f"visits have gone by newer data of {name} than this process has"
        do = "update tzdata here; if the law was called off, keep_wall_times(called_off=True)"
        made.append(warning("visits", says, do, clinic))
    return made or [fine("visits", "every visit is at the local time that was told", clinic)]


def released_on(version: str | None) -> date | None:
    """Read the version of tzdata, such as 2025.2: the year, and how many releases it has had."""
    year, _, number = (version or "").partition(".")
    if not (year.isdecimal() and number.isdecimal() and 2000 < int(year) < 9999):  # noqa: PLR2004 - years
        return None
    return date(int(year), min(3 * int(number), 12), 1)


def configuration(clinics: Sequence[Clinic]) -> list[Finding]:
    """Judge what clinics have set up."""
    if not clinics:
        do = "make one: orthocrm clinic add NAME --timezone ZONE"
        return [warning("configuration", "there is no clinic yet", do)]
    alone = [one for one in clinics if one.settings.fallback is None]
    made = [
        warning(
            "configuration",
            "nobody gets what nobody else can take, nor hears of emergencies",
            "name a fallback person in the settings",
            one.id,
        )
        for one in alone
    ]
    return made or [fine("configuration", f"{counted(len(clinics), 'clinic')} are set up")]


def carriers(
    clinic: Clinic, known: Collection[str], lacking: Mapping[str, Sequence[str]]
) -> list[Finding]:
    """Judge how a clinic sends: its carriers are there, and have their secrets.

    Args:
        clinic: whose settings name carriers.
        known: the names of all carriers.
        lacking: the names of missing secrets, by carrier.
    """
    messaging = clinic.settings.messaging
    targets: list[WebhookTarget | CalendarTarget] = [*messaging.webhooks, *messaging.calendars]
    named = {name for _, name in messaging.carriers}
    named |= {target.carrier for target in targets if target.carrier and target.is_active}
    made = [
        failing("carriers", f"there is no carrier {name}", "install or give its plug-in", clinic.id)
        for name in sorted(named - set(known))
    ]
    for name in sorted(named & set(lacking)):
        for secret in lacking[name]:
            says = f"{name} has no secret {secret}"
            made.append(failing("carriers", says, "give it, e.g. in ORTHOCRM_SECRETS", clinic.id))
    return made or [fine("carriers", f"{counted(len(named), 'carrier')} can send", clinic.id)]


def known_zone(name: str) -> bool:
    """Whether there are data of a zone."""
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return False
    return True
