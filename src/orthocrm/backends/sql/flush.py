"""Turns collected nouns into the statements of a flush."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from itertools import chain
from typing import Any

import sqlalchemy as sa
from attrs import frozen

from orthocrm.backends.sql import texts
from orthocrm.backends.sql.keys import Keys
from orthocrm.backends.sql.language import Language
from orthocrm.backends.sql.rows import CLINIC, LEAD
from orthocrm.backends.sql.rows.codec import Row, put_at
from orthocrm.backends.sql.rows.shape import Shape
from orthocrm.backends.sql.session import Step
from orthocrm.backends.sql.tables import clinic_keys, lead_keys
from orthocrm.core.errors import StaleVersion
from orthocrm.core.keyring import ClinicKey
from orthocrm.core.masking import personal_paths

TOGETHER = 5_000
"""At most so many rows are updated by one statement."""


@frozen
class Save:
    """A noun that replaces the stored one of a version; `before` is None when it is unknown."""

    version: int
    before: Any
    after: Any


def steps_of(
    shape: Shape[Any], adds: Sequence[Any], saves: Sequence[Save], keys: Keys
) -> list[Step]:
    """Write changed nouns first, so that new ones may take unique names that they gave up."""
    steps = [*_vacated(shape, saves, keys), *_updates(shape, saves, keys)]
    if adds:
        steps.append(_insert(shape, adds, keys))
    if shape is LEAD:
        steps += _lead_keys(adds, saves, keys)
    if shape is CLINIC and adds:
        steps.append(_clinic_keys(keys, adds))
    return steps


class Made(Sequence[Row]):
    """Rows that are made of nouns as they are sent, each once.

    So a server works on the first ones while the next are sealed, and few are held at a time.
    """

    __slots__ = ("_make", "_nouns")

    def __init__(self, nouns: Sequence[Any], make: Callable[[Any], Row]) -> None:
        self._nouns = nouns
        self._make = make

    def __len__(self) -> int:
        return len(self._nouns)

    def __iter__(self) -> Iterator[Row]:
        return map(self._make, self._nouns)

    def __getitem__(self, at: Any) -> Any:  # noqa: ANN401 - a row, or several for a slice
        found = self._nouns[at]
        return [*map(self._make, found)] if isinstance(at, slice) else self._make(found)


def _insert(shape: Shape[Any], nouns: Sequence[Any], keys: Keys) -> Step:
    if shape is LEAD:
        for lead in nouns:  # others may be sealed for it before its row is made
            keys.new_lead(lead.id)
    return _inserted(
        shape.kind, shape.table, Made(nouns, _maker(shape, keys)), keys.session.language
    )


def _maker(shape: Shape[Any], keys: Keys) -> Callable[[Any], Row]:
    """Give what makes a row of a new noun."""
    write, put, seal = shape.write, keys.session.language.put, keys.seal
    if shape is LEAD:
        return lambda noun: (*write(noun, put), keys.wrapped(noun.id), seal(shape, noun))
    if shape.blind is not None:
        of = shape.blind
        return lambda noun: (*write(noun, put), keys.index(of(noun)), seal(shape, noun))
    if shape.personal is not None:
        return lambda noun: (*write(noun, put), seal(shape, noun))
    return lambda noun: write(noun, put)


def _inserted(kind: str, table: sa.Table, rows: Sequence[Row], language: Language) -> Step:
    return Step(
        kind=kind,
        sql=texts.insert(table, language),
        rows=rows,
        at_once=texts.insert_at_once(table, language),
        free=not texts.has_names(table),
    )


def _vacated(shape: Shape[Any], saves: Sequence[Save], keys: Keys) -> list[Step]:
    """Free the unique numbers of nouns that may exchange them."""
    if shape.vacated is None or not saves:
        return []
    session = keys.session
    rows = [(session.clinic, save.after.id) for save in saves]
    return [Step(kind=shape.kind, sql=texts.vacate(shape, session.language), rows=rows)]


def _updates(shape: Shape[Any], saves: Sequence[Save], keys: Keys) -> list[Step]:
    """Set what changed, one statement for all nouns in which the same columns did."""
    grouped: dict[tuple[str, ...], list[Row]] = {}
    for save in saves:
        columns, values = _changed(shape, save, keys)
        where = (keys.session.clinic, save.after.id, keys.session.language.put.number(save.version))
        grouped.setdefault(columns, []).append((*values, *where))
    return [
        Step(
            kind=shape.kind,
            sql=texts.update(shape, columns, keys.session.language),
            rows=rows[start : start + TOGETHER],
            at_once=texts.update_at_once(shape, columns, keys.session.language),
            all_there=True,
            free=not texts.has_names(shape.table),
        )
        for columns, rows in grouped.items()
        for start in range(0, len(rows), TOGETHER)
    ]


def _changed(shape: Shape[Any], save: Save, keys: Keys) -> tuple[tuple[str, ...], Row]:
    put = keys.session.language.put
    names, after = shape.clear_columns, shape.write(save.after, put)
    if save.before is None or shape.vacated is not None:
        columns, values = names[shape.first_value :], after[shape.first_value :]
    else:
        before = shape.write(save.before, put)
        places = [place for place, value in enumerate(after) if value != before[place]]
        columns = tuple([names[place] for place in places])
        values = tuple([after[place] for place in places])
    if shape.personal is None or not _is_to_seal(shape, save):
        return columns, values
    if shape is LEAD and not keys.knows(save.after.id):
        raise keys.session.doom(StaleVersion(shape.kind))
    if shape.blind is not None:
        columns, values = (*columns, "blind"), (*values, keys.index(shape.blind(save.after)))
    return (*columns, "sealed"), (*values, keys.seal(shape, save.after))


def _is_to_seal(shape: Shape[Any], save: Save) -> bool:
    assert shape.personal is not None  # noqa: S101 - for the type checker: callers have looked
    if save.before is None or shape.sealed_for(save.before) != shape.sealed_for(save.after):
        return True
    parts = _personal_parts(type(save.after))  # type: ignore[arg-type]  # mypy takes no class for hashable
    if all(getattr(save.before, name) is getattr(save.after, name) for name in parts):
        return False
    return shape.personal(save.before) != shape.personal(save.after)


@cache
def _personal_parts(noun: type) -> tuple[str, ...]:
    """List the fields of a noun that hold personal data, themselves or in their parts."""
    return tuple(dict.fromkeys(path.partition(".")[0] for path in personal_paths(noun)))


def _lead_keys(adds: Sequence[Any], saves: Sequence[Save], keys: Keys) -> list[Step]:
    """Index the match keys of new leads, and again those of leads whose keys changed."""
    language, clinic = keys.session.language, keys.session.clinic
    changed = [s.after for s in saves if s.before is None or s.before.keys != s.after.keys]
    steps = []
    if changed:
        gone = [(clinic, lead.id) for lead in changed]
        steps.append(Step(kind="lead", sql=texts.remove_lead_keys(language), rows=gone))
    rows = list(_indexed(chain(adds, changed), keys))
    if rows:
        steps.append(_inserted("lead", lead_keys, rows, language))
    return steps


def _indexed(leads: Iterable[Any], keys: Keys) -> Iterable[Row]:
    clinic, index = keys.session.clinic, keys.index
    for lead in leads:
        for key in {index(key) for key in lead.keys}:
            yield clinic, key, lead.id


def _clinic_keys(keys: Keys, clinics: Sequence[Any]) -> Step:
    [clinic] = clinics
    rows = [ring_row(keys, key) for key in keys.new_clinic(clinic.created_at)]
    return Step(kind="clinic", sql=texts.insert(clinic_keys, keys.session.language), rows=rows)


def ring_row(keys: Keys, key: ClinicKey) -> Row:
    """Write a key of the clinic."""
    put = keys.session.language.put
    return (
        keys.session.clinic,
        put.number(key.number),
        key.purpose.value,
        key.wrapped,
        put_at(key.made_at),
        put.flag(key.renews),
        put.flag(key.kept),
    )
