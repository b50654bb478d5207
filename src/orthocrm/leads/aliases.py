"""The words of the appointment-scheduling document for what the library calls otherwise.

That document knows five statuses, four types of activity and three sources, all in lower case
(S2-01, S2-04, C-32). Routes and imports that speak its language read and write them here; nothing
else in the library knows the words. The library's own codes are understood as well.
"""

from collections.abc import Mapping

from attrs import field, frozen

from orthocrm.core.activity import LeadActivityType
from orthocrm.core.errors import InvalidInput
from orthocrm.core.lead import Lead, LeadStatus, LostReason
from orthocrm.core.masking import PERSONAL, mask
from orthocrm.core.settings import Practice
from orthocrm.core.source import LeadSourceCategory, Source
from orthocrm.core.stage import Step

NO_REASON = "imported: no reason recorded"
"""The note of a lead that is `closed`, as that document records no reason."""


@frozen(kw_only=True)
class Meaning:
    """What a word for a status asks for: the status, and the door by which a lead gets there.

    `stage` is the slug of the open stage to move to, None for the doors of their own: CONVERTED is
    reached by `convert`, LOST by `lose` with `reason` and `notes`, ARCHIVED by none of them.
    """

    status: LeadStatus
    stage: str | None = None
    reason: LostReason | None = None
    notes: str | None = None


_CLOSED = Meaning(status=LeadStatus.LOST, reason=LostReason.OTHER, notes=NO_REASON)

_STATUSES: Mapping[str, Meaning] = {
    "new": Meaning(status=LeadStatus.NEW, stage=Step.NEW_LEAD.value),
    "contacted": Meaning(status=LeadStatus.ACTIVE, stage=Step.CONTACTED.value),
    "qualified": Meaning(status=LeadStatus.ACTIVE, stage=Step.CONSULTATION_SCHEDULED.value),
    "enrolled": Meaning(status=LeadStatus.CONVERTED),
    "closed": _CLOSED,
}
_CANONICAL: Mapping[str, Meaning] = {
    LeadStatus.NEW.value: _STATUSES["new"],
    LeadStatus.ACTIVE.value: Meaning(status=LeadStatus.ACTIVE),
    LeadStatus.CONVERTED.value: _STATUSES["enrolled"],
    LeadStatus.LOST.value: _CLOSED,
    LeadStatus.ARCHIVED.value: Meaning(status=LeadStatus.ARCHIVED),
}


def status_of(word: object, path: str = "status") -> Meaning:
    """Read a status: one of the five words, or a status of the library in capitals.

    >>> status_of("qualified").stage
    'consultation_scheduled'
    """
    found = {**_STATUSES, **_CANONICAL}.get(word) if isinstance(word, str) else None
    if found is None:
        known = ", ".join(_STATUSES)
        raise InvalidInput.at(path, "unknown_status", f"give one of {known}")
    return found


def word_of(lead: Lead, practice: Practice) -> str:
    """Give the word for where a lead stands; an archived lead is `closed`.

    Stages of the clinic's own lie between the three that have words: what stands before the
    consultation is scheduled is `contacted`, from there on `qualified`.
    """
    if lead.status is LeadStatus.CONVERTED:
        return "enrolled"
    if lead.status in (LeadStatus.LOST, LeadStatus.ARCHIVED):
        return "closed"
    if lead.status is LeadStatus.NEW:
        return "new"
    scheduled = practice.stage_by_slug.get(Step.CONSULTATION_SCHEDULED.value)
    if scheduled is None or lead.position.order < scheduled.order:
        return "contacted"
    return "qualified"


_ACTIVITIES: Mapping[str, LeadActivityType] = {
    "call": LeadActivityType.PHONE_CALL,
    "email": LeadActivityType.EMAIL,
    "meeting": LeadActivityType.IN_PERSON,
    "note": LeadActivityType.NOTE,
}
_WORDS = {type_: word for word, type_ in _ACTIVITIES.items()}


def activity_of(word: object, path: str = "activityType") -> LeadActivityType:
    """Read a type of activity: one of the four words, or a type of the library in capitals."""
    if isinstance(word, str):
        if word in _ACTIVITIES:
            return _ACTIVITIES[word]
        if word in LeadActivityType.__members__:
            return LeadActivityType(word)
    known = ", ".join(_ACTIVITIES)
    raise InvalidInput.at(path, "unknown_activity", f"give one of {known}")


def activity_word(type_: LeadActivityType) -> str:
    """Give the word for a type of activity; one without a word keeps its own code."""
    return _WORDS.get(type_, type_.value)


_SOURCES: Mapping[str, LeadSourceCategory] = {
    "contact_form": LeadSourceCategory.WEB_ORGANIC,
    "website": LeadSourceCategory.WEB_ORGANIC,
    "referral": LeadSourceCategory.PATIENT_REFERRAL,
}
"""That document's sources; its `referral` says no more than that somebody sent the family."""


@frozen(kw_only=True)
class NamedSource:
    """A source of the clinic, with what a word said that fits none of them."""

    source: Source | None
    detail: str | None = field(default=None, repr=mask, metadata=PERSONAL)


def source_named(word: str | None, practice: Practice) -> NamedSource:
    """Find the source that a word means: the clinic's own name first, then the document's words.

    A word that fits nothing goes with the clinic's default source, and is kept as its description.
    """
    said = (word or "").strip()
    own = practice.source_by_name.get(said.casefold())
    if own is not None:
        return NamedSource(source=own)
    category = _SOURCES.get(said.casefold())
    of_kind = [s for s in practice.sources if s.category is category and s.is_active]
    if of_kind:
        return NamedSource(source=min(of_kind, key=lambda source: source.id))
    return NamedSource(source=practice.default_source, detail=said or None)
