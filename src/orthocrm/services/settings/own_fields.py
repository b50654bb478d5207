"""The clinic's own fields: what leads hold keeps its meaning when definitions change."""

from orthocrm.core.custom_field_checks import changed_kinds
from orthocrm.core.custom_fields import CustomField
from orthocrm.core.errors import InvalidInput, Problem
from orthocrm.core.query import Cond
from orthocrm.core.settings import Settings
from orthocrm.leads import custom
from orthocrm.services.work import Work


def check(work: Work, known: Settings) -> None:
    """Refuse to remove a field that leads hold, or to make another kind of it.

    Nobody can tell whether a lead holds an encrypted field, so that it may only be switched off.
    """
    present = work.practice.clinic.settings
    problems = [
        Problem(f"custom_fields.{each.name}", "in_use", "switch it off, and add another field")
        for each in changed_kinds(present.custom_fields, known.custom_fields)
        if _is_held(work, each)
    ]
    if problems:
        raise InvalidInput(problems)


def _is_held(work: Work, each: CustomField) -> bool:
    if each.is_encrypted:
        return True
    return work.store.leads.count(Cond(custom.query_name(each), "present")) > 0
