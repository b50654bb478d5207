"""`/api/schedules`: when providers, chairs and rooms can be booked, and calendars elsewhere."""

from collections.abc import Sequence
from datetime import date

from orthocrm.core.appointment import TimeOff
from orthocrm.core.schedule import DateHours, RepeatedBlock, Schedule, WeeklyWindow
from orthocrm.desk import Desk
from orthocrm.services.scheduling.calendars import ImportedBusy
from orthocrm.web.declaring import function, upload, verb


def save(  # noqa: PLR0913 - what a schedule consists of
    desk: Desk,
    owner: str,
    *,
    timezone: str | None = None,
    windows: Sequence[WeeklyWindow] = (),
    dates: Sequence[DateHours] = (),
    closed: Sequence[date] = (),
    blocks: Sequence[RepeatedBlock] = (),
    template: str | None = None,
    is_template: bool = False,
    is_active: bool = True,
    version: int = 1,
) -> Schedule:
    """Save the hours of a provider, a chair or a room, or of a template that several share."""
    return desk.scheduling.save_schedule(
        Schedule(
            id=owner,
            clinic_id=desk.office.actor.clinic,
            timezone=timezone,
            windows=tuple(windows),
            dates=tuple(dates),
            closed=tuple(closed),
            blocks=tuple(blocks),
            template=template,
            is_template=is_template,
            is_active=is_active,
            version=version,
        )
    )


def absences(desk: Desk) -> Sequence[TimeOff]:
    """List who is away, now and later."""
    return desk.settings.practice().absences


def import_busy(
    desk: Desk, provider: str, content: bytes, *, origin: str = "calendar"
) -> ImportedBusy:
    """Take in the busy times of an iCalendar file; what the same origin said before is replaced."""
    return desk.scheduling.import_busy(provider, content, origin)


ENDPOINTS = (
    verb("GET", "/api/schedules", "scheduling.schedules"),
    function("PUT", "/api/schedules/{owner}", "scheduling.save_schedule", save),
    verb("DELETE", "/api/schedules/{owner}", "scheduling.remove_schedule"),
    verb("PUT", "/api/schedules/{owner}/week", "scheduling.set_week"),
    verb("PUT", "/api/schedules/{owner}/date", "scheduling.set_date"),
    verb("PUT", "/api/schedules/{owner}/blocks", "scheduling.set_blocks"),
    verb("POST", "/api/schedules/{owner}/closed", "scheduling.close_dates"),
    verb("POST", "/api/schedules/{owner}/opened", "scheduling.open_dates"),
    verb("POST", "/api/schedules/{owner}/holidays", "scheduling.close_holidays"),
    function("GET", "/api/absences", "settings.practice", absences),
    verb("POST", "/api/absences", "settings.add_absence", 201),
    verb("DELETE", "/api/absences/{absence_id}", "settings.remove_absence"),
    verb("POST", "/api/calendars/{provider}/feed", "scheduling.feed", 201),
    verb("DELETE", "/api/calendars/{provider}/feed", "scheduling.revoke_feed"),
    upload("/api/calendars/{provider}/busy", "scheduling.import_busy", import_busy),
    verb("DELETE", "/api/calendars/{provider}/busy", "scheduling.forget_busy"),
    verb("POST", "/api/calendars/{provider}/push", "scheduling.push_calendar"),
)
"""Hours are wall times of the zone that the schedule names, or of the clinic's."""
