"""How a clinic writes to families and to its own people."""

from datetime import time, timedelta

from attrs import frozen

from orthocrm.core.ids import UserId
from orthocrm.core.notifying import MessageChannel


@frozen(kw_only=True)
class QuietHours:
    """No SMS or push in `[start, end)` of any zone in which the recipient may be.

    The default leaves 8 to 21 h (47 CFR 64.1200(c)(1)). Where both are the same there are none.
    """

    start: time = time(21)
    end: time = time(8)


@frozen(kw_only=True)
class Cap:
    """At most so many messages of a channel to one address in a day, and in seven days.

    They hold for families; what staff get is gathered instead. Reminders of appointments are held
    back only where the cap says so: they have their own measure, one for each rule.
    """

    channel: MessageChannel
    a_day: int
    a_week: int
    reminders: bool = False


@frozen(kw_only=True)
class WebhookTarget:
    """Where events go, signed (Standard Webhooks) with the secret `webhook/NAME`.

    Without `kinds` every kind of event goes there. `carrier` names a notifier that brings it there
    instead of that of the channel.
    """

    name: str
    url: str
    kinds: tuple[str, ...] = ()
    carrier: str | None = None
    is_active: bool = True


@frozen(kw_only=True)
class CalendarTarget:
    """A calendar elsewhere that shows the appointments of a provider, `user`.

    Whoever sees that calendar reads `Busy`, or the kind of each visit `with_types`, and never who
    comes. `url` is the collection on a CalDAV server, its login the secret `caldav/NAME`.
    `carrier` names a notifier that brings it there instead of that of the channel.
    """

    name: str
    user: UserId
    url: str
    with_types: bool = False
    carrier: str | None = None
    is_active: bool = True


@frozen(kw_only=True)
class Messaging:
    """The clinic's choices.

    `phone`, `email` and `website` are the practice's own, which templates may name. `carriers`
    names the notifier of each channel; a channel without one is not used. Notices that come
    within `digest_after` are gathered into one message to staff.
    """

    sender_name: str | None = None
    phone: str | None = None
    email: str | None = None
    website: str | None = None
    carriers: tuple[tuple[MessageChannel, str], ...] = ()
    quiet: QuietHours = QuietHours()
    caps: tuple[Cap, ...] = (Cap(channel=MessageChannel.SMS, a_day=1, a_week=3),)
    digest_after: timedelta = timedelta(minutes=5)
    webhooks: tuple[WebhookTarget, ...] = ()
    calendars: tuple[CalendarTarget, ...] = ()
