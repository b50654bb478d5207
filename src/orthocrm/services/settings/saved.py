"""What a clinic saves by name among its settings: forms, and mappings of its tables."""

from collections.abc import Collection, Iterator

from attrs import evolve, fields_dict

from orthocrm.core import limits
from orthocrm.core.errors import InvalidInput, NotFound, Problem
from orthocrm.core.forms import MAPPING_TEXT, FormDefinition, SavedMapping, own_field
from orthocrm.core.settings import Clinic, Settings, checked_settings
from orthocrm.leads.mapping import LeadMapping, OutcomeMapping, parse
from orthocrm.services.settings import configuring
from orthocrm.services.work import Work


def form(work: Work, given: FormDefinition) -> Clinic:
    """Add a form, or replace the one with its slug in its place."""
    if not isinstance(given, FormDefinition):
        raise InvalidInput.at("form", "wrong_type", "give a FormDefinition")
    present = _settings(work)
    forms = {each.slug: each for each in present.forms}
    changed = evolve(present, forms=(*{**forms, given.slug: given}.values(),))
    _check_source(work, given)
    return _saved(work, "form", given.slug, changed)


def without_form(work: Work, slug: str) -> Clinic:
    """Forget a form."""
    present = _settings(work)
    rest = tuple(each for each in present.forms if each.slug != slug)
    if len(rest) == len(present.forms):
        raise NotFound("form")
    return _saved(work, "form", slug, evolve(present, forms=rest))


def mapping(work: Work, name: str, text: str) -> SavedMapping:
    """Keep a mapping that can be read, in the place of the one of this name."""
    known = SavedMapping(name=configuring.label(name, "name", limits.NAME), text=_readable(text))
    present = _settings(work)
    mappings = {each.name.casefold(): each for each in present.mappings}
    mappings[known.name.casefold()] = known
    ordered = tuple(mappings[key] for key in sorted(mappings))
    _saved(work, "mapping", known.name, evolve(present, mappings=ordered))
    return known


def without_mapping(work: Work, name: str) -> None:
    """Forget a saved mapping, whatever the case of its name."""
    present = _settings(work)
    folded = name.casefold() if isinstance(name, str) else None
    rest = tuple(each for each in present.mappings if each.name.casefold() != folded)
    if len(rest) == len(present.mappings):
        raise NotFound("mapping")
    _saved(work, "mapping", name, evolve(present, mappings=rest))


def mapping_problems(settings: Settings, stages: Collection[str]) -> list[Problem]:
    """Name the saved mappings that fill a stage, or a field of the clinic, that is not there.

    A text that cannot be read (a table could be read by an earlier release) is left as it is.
    """
    fields = {each.name for each in settings.custom_fields if each.is_active}
    return [
        problem
        for each in settings.mappings
        if isinstance(known := _parsed(each), LeadMapping)
        for problem in _unknown(known, each.name, fields, stages)
    ]


def mappings_naming(stage: str, settings: Settings) -> tuple[str, ...]:
    """Name the saved mappings whose leads begin in a stage."""
    known = ((each.name, _parsed(each)) for each in settings.mappings)
    return tuple(name for name, m in known if isinstance(m, LeadMapping) and m.stage == stage)


def _parsed(saved: SavedMapping) -> LeadMapping | OutcomeMapping | None:
    try:
        return parse(saved.text)
    except InvalidInput:
        return None


def _unknown(
    known: LeadMapping, name: str, fields: Collection[str], stages: Collection[str]
) -> Iterator[Problem]:
    if known.stage is not None and known.stage not in stages:
        message = f"the mapping {name} names a stage that the clinic does not have"
        yield Problem("mappings.stage", "unknown_stage", message)
    filled = [*(column.fills for column in known.fields.columns), *known.fields.constants]
    own = [asked for target in filled if (asked := own_field(target)) is not None]
    if any(asked not in fields for asked in own):
        message = f"the mapping {name} fills a field that the clinic does not have, or not any more"
        yield Problem("mappings.fills", "unknown_field", message)


def _settings(work: Work) -> Settings:
    return work.practice.clinic.settings


def _saved(work: Work, subject: str, object_id: str, settings: Settings) -> Clinic:
    known, present = checked_settings(settings), _settings(work)
    problems = mapping_problems(known, work.practice.stage_by_slug)
    if problems:
        raise InvalidInput(problems)
    fields = [n for n in fields_dict(Settings) if getattr(known, n) != getattr(present, n)]
    clinic = evolve(work.practice.clinic, settings=known)
    return configuring.changed(work, subject, object_id, clinic=clinic, fields=fields)


def _check_source(work: Work, given: FormDefinition) -> None:
    """Refuse a source that the clinic does not have: its enquiries would all be refused."""
    source, practice = given.source, work.practice
    if not isinstance(source, str):
        return
    if source not in practice.source_by_id and source.casefold() not in practice.source_by_name:
        raise InvalidInput.at("form.source", "unknown_source", "give one of the clinic's sources")


def _readable(text: object) -> str:
    if not isinstance(text, str):
        raise InvalidInput.at("text", "wrong_type", "give the text of a mapping file")
    if len(text) > MAPPING_TEXT:
        raise InvalidInput.at("text", "too_long", f"give at most {MAPPING_TEXT} characters")
    parse(text)
    return text
