"""The tone of what families write: read by the clinic's reader, and heeded when it is clearly bad.

A reader that fails is no reason to lose a message: the lexicon reads in its place.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from math import isfinite

from attrs import frozen

from orthocrm.core import limits
from orthocrm.core.activity import Activity, ActivityDirection, LeadActivityType
from orthocrm.core.errors import PluginError
from orthocrm.core.ids import ActivityId, LeadId
from orthocrm.core.query import Cond, Page, Sort, both
from orthocrm.hooks import Plugins, hook
from orthocrm.intelligence.sentiment import Sentiment, checked, read_tone
from orthocrm.services.work import Work

LEXICON = "lexicon"
"""The reader of a clinic that chose no other."""

NEWS = timedelta(days=7)
"""What was written longer ago and is logged only now alarms nobody."""

_NEWEST = Page(100)
_WRITTEN = (LeadActivityType.EMAIL, LeadActivityType.SMS)

Reader = Callable[[str], Sentiment]


class OurReaders:
    """The reader of the library, brought in like those of plug-ins."""

    @hook
    def register_sentiment(self) -> Mapping[str, Reader]:
        """Bring the lexicon."""
        return {LEXICON: read_tone}


@frozen(kw_only=True)
class MessageTone:
    """The tone of one message or note, by its activity."""

    activity_id: ActivityId
    at: datetime
    sentiment: Sentiment


def check(plugins: Plugins) -> None:
    """Refuse readers that cannot be called."""
    for name, reader in plugins.sentiment.items():
        if not callable(reader):
            raise PluginError(name, "register_sentiment: give a function of a text")


def read(work: Work, text: str) -> Sentiment:
    """Read a text with the clinic's reader."""
    wanted = checked(text)
    reader = work.plugins.sentiment.get(work.practice.clinic.settings.sentiment or LEXICON)
    if reader is None or reader is read_tone:
        return read_tone(wanted)
    try:
        found = reader(wanted)
    except (Exception, SystemExit):  # noqa: BLE001 - whatever a reader raises may quote what families wrote
        return read_tone(wanted)
    return found if _is_sentiment(found) else read_tone(wanted)


def _is_sentiment(found: object) -> bool:
    return isinstance(found, Sentiment) and isfinite(found.value) and abs(found.value) <= 1


def of_lead(work: Work, lead_id: LeadId) -> tuple[MessageTone, ...]:
    """Read what was written in the name of a family, and notes about it."""
    lead = work.standing(lead_id)
    where = both(
        Cond("lead_id", "eq", lead.id),
        Cond("type", "in", (*_WRITTEN, LeadActivityType.NOTE)),
        Cond("direction", "ne", ActivityDirection.OUTBOUND),
    )
    found = work.store.activities.find(where, [Sort("occurred_at", descending=True)], _NEWEST)
    return tuple(
        MessageTone(
            activity_id=activity.id,
            at=activity.occurred_at,
            sentiment=read(work, words_of(activity)),
        )
        for activity in found.items
        if words_of(activity)
    )


def is_upset(work: Work, activity: Activity) -> bool:
    """Tell whether somebody should look at something that was written.

    What the practice itself wrote is not looked at, nor what is old, nor anything where the clinic
    chose so.
    """
    written = activity.type in _WRITTEN and activity.direction is ActivityDirection.INBOUND
    is_new = work.now - activity.occurred_at <= NEWS
    listens = is_new and work.practice.clinic.settings.sentiment is not None
    if not listens or not (written or activity.type is LeadActivityType.NOTE):
        return False
    return read(work, words_of(activity)).is_clearly_negative


def words_of(activity: Activity) -> str:
    """Give what an activity says in words."""
    return (activity.notes or activity.outcome or "")[: limits.NOTES]
