"""Marks on a lead that is worked on: its objection, and its tags."""

import re
from collections.abc import Iterable
from datetime import datetime

from attrs import evolve

from orthocrm.core.errors import InvalidInput
from orthocrm.core.ids import UserId
from orthocrm.core.lead import Lead, Objection, ensure_open, ensure_unlocked
from orthocrm.core.reading import Reading

MOST_TAGS = 20
LONGEST_TAG = 40
_TAG = re.compile(f"[a-z0-9][a-z0-9_-]{{0,{LONGEST_TAG - 1}}}")


def objecting(lead: Lead, objection: Objection | str | None, *, now: datetime, by: UserId) -> Lead:
    """Note what keeps an open lead's family from deciding; None: nothing any more.

    Raises:
        LeadLocked: the lead was converted.
        LeadClosed: the lead is lost or archived.
        InvalidInput: it is none of `Objection`.
    """
    ensure_open(lead)
    reading = Reading()
    known = reading.choice("objection", objection, Objection)
    reading.finish()
    return lead if known is lead.objection else _stamped(evolve(lead, objection=known), now, by)


def checked_tags(tags: object) -> tuple[str, ...]:
    """Take tags: codes of small letters, digits, `-` and `_`, of at most 40 characters.

    Raises:
        InvalidInput: it is no list of such codes, or an empty or too long one.
    """
    if isinstance(tags, str | bytes) or not isinstance(tags, Iterable):
        raise InvalidInput.at("tags", "not_a_list", "give several tags")
    codes = tuple(tags)
    if not 0 < len(codes) <= MOST_TAGS:
        raise InvalidInput.at("tags", "out_of_range", f"give 1 to {MOST_TAGS} tags")
    if not all(isinstance(code, str) and _TAG.fullmatch(code) for code in codes):
        message = f"give small letters, digits, - and _, at most {LONGEST_TAG} characters"
        raise InvalidInput.at("tags", "not_a_tag", message)
    return tuple(dict.fromkeys(codes))


def tagged(lead: Lead, tags: Iterable[str], *, now: datetime, by: UserId) -> Lead:
    """Add tags that `checked_tags` gave; a lead keeps them sorted.

    Raises:
        LeadLocked: the lead was converted.
        InvalidInput: the lead would have more than 20.
    """
    every = tuple(sorted({*lead.tags, *tags}))
    if len(every) > MOST_TAGS:
        raise InvalidInput.at("tags", "too_many", f"a lead has at most {MOST_TAGS} tags")
    return _with_tags(lead, every, now, by)


def untagged(lead: Lead, tags: Iterable[str], *, now: datetime, by: UserId) -> Lead:
    """Take tags away; those that the lead does not have are no matter.

    Raises:
        LeadLocked: the lead was converted.
    """
    gone = set(tags)
    return _with_tags(lead, tuple(tag for tag in lead.tags if tag not in gone), now, by)


def _with_tags(lead: Lead, tags: tuple[str, ...], now: datetime, by: UserId) -> Lead:
    ensure_unlocked(lead)
    return lead if tags == lead.tags else _stamped(evolve(lead, tags=tags), now, by)


def _stamped(lead: Lead, now: datetime, by: UserId) -> Lead:
    return evolve(lead, stamps=evolve(lead.stamps, updated_at=now, updated_by=by))
