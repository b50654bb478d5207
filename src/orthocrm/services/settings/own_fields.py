"""The clinic's own fields: what leads hold keeps its meaning when definitions change."""

from attrs import evolve

from orthocrm.core.custom_field_checks import changed_kinds
from orthocrm.core.custom_fields import CustomField
from orthocrm.core.errors import InvalidInput, Problem
from orthocrm.core.query import AllOf, AnyOf, Cond
from orthocrm.core.rules import FollowUpRule
from orthocrm.core.settings import Practice, Settings
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


def in_rules(practice: Practice, settings: Settings) -> Settings:
    """Say the conditions of rules in typed names, of which `custom.NAME` is the public one.

    What is wrong otherwise with the settings is left for their check.

    Raises:
        InvalidInput: at `rules.N.where`, the clinic has no such field, its values are encrypted,
            or a value does not fit it.
    """
    if not isinstance(settings, Settings) or not _is_sound(settings):
        return settings
    told = evolve(practice, clinic=evolve(practice.clinic, settings=settings))
    rules = tuple(_typed(rule, told, f"rules.{i}.where") for i, rule in enumerate(settings.rules))
    return settings if rules == settings.rules else evolve(settings, rules=rules)


def _is_sound(settings: Settings) -> bool:
    fields, rules = settings.custom_fields, settings.rules
    return (
        isinstance(fields, tuple)
        and isinstance(rules, tuple)
        and all(isinstance(one, CustomField) and isinstance(one.name, str) for one in fields)
        and all(isinstance(one, FollowUpRule) for one in rules)
    )


def _typed(rule: FollowUpRule, practice: Practice, path: str) -> FollowUpRule:
    if not isinstance(rule.where, Cond | AllOf | AnyOf):
        return rule
    try:
        return evolve(rule, where=custom.in_query(rule.where, practice))
    except InvalidInput as error:
        problems = [Problem(path, p.code, f"{p.path}: {p.message}") for p in error.problems]
        raise InvalidInput(problems) from None
    except (AttributeError, TypeError, RecursionError):
        return rule


def _is_held(work: Work, each: CustomField) -> bool:
    if each.is_encrypted:
        return True
    return work.store.leads.count(Cond(custom.query_name(each), "present")) > 0
