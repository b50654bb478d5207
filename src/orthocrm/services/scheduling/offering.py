"""What can be booked: the clinic's types of visits, its chairs, rooms and devices."""

from collections.abc import Sequence

from attrs import evolve, fields_dict

from orthocrm.core.errors import InvalidInput, NotFound
from orthocrm.core.settings import Clinic, Settings, checked_settings
from orthocrm.core.visit_type import BookableResource, ReminderRule, VisitType
from orthocrm.services.settings import configuring
from orthocrm.services.work import Work


def visit_type(work: Work, given: VisitType) -> Clinic:
    """Add a type, or replace the one with its slug in its place."""
    if not isinstance(given, VisitType):
        raise InvalidInput.at("visit_type", "wrong_type", "give a VisitType")
    present = work.practice.clinic.settings
    types = {one.slug: one for one in present.visit_types}
    changed = evolve(present, visit_types=(*{**types, given.slug: given}.values(),))
    return _saved(work, "visit_type", given.slug, changed)


def without_visit_type(work: Work, slug: str) -> Clinic:
    """Forget a type; its appointments stay."""
    present = work.practice.clinic.settings
    rest = tuple(one for one in present.visit_types if one.slug != slug)
    if len(rest) == len(present.visit_types):
        raise NotFound("appointment type")
    return _saved(work, "visit_type", slug, evolve(present, visit_types=rest))


def resources(work: Work, given: Sequence[BookableResource]) -> Clinic:
    """Replace the chairs, rooms and devices; types keep only pools that there are."""
    if isinstance(given, str) or not isinstance(given, Sequence):
        raise InvalidInput.at("resources", "wrong_type", "give a list of BookableResource")
    present = work.practice.clinic.settings
    return _saved(work, "resources", None, evolve(present, resources=tuple(given)))


def reminders(work: Work, given: Sequence[ReminderRule] | None, slug: str | None) -> Clinic:
    """Replace the rules of the clinic, or of one of its types; None gives a type the clinic's.

    What was made of the earlier rules stays: the new ones hold for what is booked or moved.
    """
    if isinstance(given, str) or not isinstance(given, Sequence | None):
        raise InvalidInput.at("rules", "wrong_type", "give a list of ReminderRule")
    rules, present = None if given is None else tuple(given), work.practice.clinic.settings
    if slug is None:
        if rules is None:
            raise InvalidInput.at("rules", "required", "give the rules, or none of them: []")
        return _saved(work, "reminders", None, evolve(present, reminders=rules))
    if slug not in [one.slug for one in present.visit_types]:
        raise NotFound("appointment type")
    types = tuple(
        evolve(one, reminders=rules) if one.slug == slug else one for one in present.visit_types
    )
    return _saved(work, "visit_type", slug, evolve(present, visit_types=types))


def _saved(work: Work, subject: str, object_id: str | None, settings: Settings) -> Clinic:
    known, present = checked_settings(settings), work.practice.clinic.settings
    fields = [n for n in fields_dict(Settings) if getattr(known, n) != getattr(present, n)]
    clinic = evolve(work.practice.clinic, settings=known)
    return configuring.changed(work, subject, object_id, clinic=clinic, fields=fields)
