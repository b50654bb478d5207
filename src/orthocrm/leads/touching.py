"""Touches of a lead: the enquiry itself is the first one, others are added by hand.

The lead's own source is that of its first touch: whoever corrects one corrects the other.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from attrs import evolve, field, frozen

from orthocrm.core import limits
from orthocrm.core.errors import InvalidInput
from orthocrm.core.ids import SourceId, TouchId
from orthocrm.core.lead import Channel, Lead, Origin
from orthocrm.core.marketing import Touch
from orthocrm.core.masking import PERSONAL, mask
from orthocrm.core.ports import IdSource
from orthocrm.core.reading import Reading
from orthocrm.core.settings import Practice
from orthocrm.leads.editing import LeadEdit
from orthocrm.leads.intake import STAFF_CHANNELS, refuse_inactive
from orthocrm.leads.spending import named_source


@frozen(kw_only=True)
class NewTouch:
    """A further enquiry of a family, or a contact with the practice's marketing that is known of.

    Attributes:
        channel: How it came about.
        at: When; now when missing.
        source: Name or id of one of the clinic's sources; left open, that of the campaign, else
            it is unknown.
        campaign: Marketing campaign.
        referring_provider: The dentist who referred, by their `ref`.
        referring_patient: The patient who referred, by their `ref`.
        detail: The specific ad, or other words about it.
    """

    channel: Channel | str = Channel.MANUAL
    at: datetime | None = None
    source: str | None = None
    campaign: str | None = None
    referring_provider: str | None = None
    referring_patient: str | None = None
    detail: str | None = field(default=None, repr=mask, metadata=PERSONAL)


def first_touch(lead: Lead, *, now: datetime, ids: IdSource) -> Touch:
    """Make the touch that the enquiry itself is."""
    origin = lead.origin
    return Touch(
        id=TouchId(ids()),
        clinic_id=lead.clinic_id,
        lead_id=lead.id,
        at=lead.stamps.created_at,
        channel=origin.channel,
        created_at=now,
        source_id=origin.source_id,
        campaign=origin.campaign,
        referring_provider_ref=origin.referring_provider_ref,
        referring_patient_ref=origin.referring_patient_ref,
        detail=origin.detail,
    )


def read(
    new: object,
    lead: Lead,
    practice: Practice,
    sources_of_campaigns: Mapping[str, SourceId],
    *,
    now: datetime,
    ids: IdSource,
) -> Touch:
    """Read a touch of a lead, or raise one `InvalidInput` with everything that is wrong.

    Args:
        new: A `NewTouch`.
        lead: Whose touch it is.
        practice: The clinic.
        sources_of_campaigns: The source of each campaign that has one, by its case-folded name.
        now: The present instant.
        ids: Where the touch gets its id.
    """
    if not isinstance(new, NewTouch):
        raise InvalidInput.at("touch", "wrong_type", "give a NewTouch")
    reading = Reading()
    reading.required("channel", new.channel)
    channel = reading.choice("channel", new.channel, Channel) or Channel.MANUAL
    at = reading.past("at", new.at, now) or now
    source = named_source(reading, "source", new.source, practice)
    if new.at is None and channel in STAFF_CHANNELS:
        refuse_inactive(reading, source)
    campaign = reading.text("campaign", new.campaign, limits.LABEL)
    touch = Touch(
        id=TouchId(ids()),
        clinic_id=lead.clinic_id,
        lead_id=lead.id,
        at=at,
        channel=channel,
        created_at=now,
        source_id=source.id if source else sources_of_campaigns.get((campaign or "").casefold()),
        campaign=campaign,
        referring_provider_ref=reading.text(
            "referring_provider", new.referring_provider, limits.REFERENCE
        ),
        referring_patient_ref=reading.text(
            "referring_patient", new.referring_patient, limits.REFERENCE
        ),
        detail=reading.text("detail", new.detail, limits.LABEL),
    )
    reading.finish()
    return touch


def ensure_in_order(touch: Touch, known: Sequence[Touch]) -> None:
    """Refuse an unknown touch before the first one: it would take the source from the lead.

    Raises:
        InvalidInput: `source` is needed.
    """
    if touch.source_id is None and is_first(touch, known):
        message = "a touch before the first one says where the family came from"
        raise InvalidInput.at("source", "required", message)


def is_first(touch: Touch, known: Iterable[Touch]) -> bool:
    """Whether a touch comes before all that are known."""
    return all(_place(touch) < _place(other) for other in known)


def first_of(known: Iterable[Touch]) -> Touch | None:
    """Give the first touch; of two at the same instant the one with the lower id."""
    return min(known, key=_place, default=None)


def _place(touch: Touch) -> tuple[datetime, TouchId]:
    return touch.at, touch.id


def repeated(touch: Touch, known: Iterable[Touch], window: timedelta) -> Touch | None:
    """Find the same touch within the time in which an enquiry counts as repeated."""
    return next(
        (
            other
            for other in known
            if _said(other) == _said(touch) and abs(other.at - touch.at) <= window
        ),
        None,
    )


def _said(touch: Touch) -> tuple[object, ...]:
    return (
        touch.channel,
        touch.source_id,
        touch.campaign,
        touch.referring_provider_ref,
        touch.referring_patient_ref,
        touch.detail,
    )


def edit_of(touch: Touch) -> LeadEdit:
    """Give the edit by which a lead takes over what its first touch says."""
    return LeadEdit(
        source=touch.source_id,
        campaign=touch.campaign,
        source_detail=touch.detail,
        referring_provider=touch.referring_provider_ref,
        referring_patient=touch.referring_patient_ref,
    )


def is_corrected(before: Origin, after: Origin) -> bool:
    """Whether an edit of a lead says something else about where it came from."""
    return _told(before) != _told(after)


def _told(origin: Origin) -> tuple[object, ...]:
    return (
        origin.source_id,
        origin.campaign,
        origin.referring_provider_ref,
        origin.referring_patient_ref,
        origin.detail,
    )


def corrected(touch: Touch, origin: Origin) -> Touch:
    """Let the first touch say what the lead says now."""
    return evolve(
        touch,
        source_id=origin.source_id,
        campaign=origin.campaign,
        referring_provider_ref=origin.referring_provider_ref,
        referring_patient_ref=origin.referring_patient_ref,
        detail=origin.detail,
    )
