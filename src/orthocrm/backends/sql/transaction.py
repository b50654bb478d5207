"""What repositories of one unit of work share: keys, nouns that were read, collected writes."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeVar

import attrs
from attrs import define, field

from orthocrm.backends.sql.flush import Save, steps_of
from orthocrm.backends.sql.keys import Keys
from orthocrm.backends.sql.rows import LEAD, SHAPES
from orthocrm.backends.sql.rows.codec import Row
from orthocrm.backends.sql.rows.shape import Shape
from orthocrm.backends.sql.session import Session, Step
from orthocrm.core.errors import AlreadyExists, InvalidInput, StaleVersion

T = TypeVar("T")


@define
class Collected:
    """Writes of one kind of noun that wait for the next flush, and nouns as they are stored."""

    adds: dict[str, Any] = field(factory=dict)
    saves: dict[str, Save] = field(factory=dict)
    stored: dict[str, Any] = field(factory=dict)

    @property
    def waits(self) -> bool:
        """Whether there is anything to flush."""
        return bool(self.adds or self.saves)

    def settle(self) -> None:
        """Note that everything is stored now."""
        self.stored.update(self.adds)
        self.stored.update((row, save.after) for row, save in self.saves.items())
        self.adds.clear()
        self.saves.clear()


@define
class Transaction:
    """Collects writes and flushes them together: before a read that could see them, at the end."""

    session: Session
    keys: Keys
    leads_added: int = 0
    _collected: defaultdict[str, Collected] = field(factory=lambda: defaultdict(Collected))
    _last: list[Step] = field(factory=list)

    def add(self, shape: Shape[T], nouns: Iterable[T]) -> None:
        """Collect new nouns."""
        waiting = self._collected[shape.name].adds
        for noun in nouns:
            row = self._row(shape, noun)
            if row in waiting:
                raise self.session.doom(AlreadyExists(shape.kind))
            waiting[row] = noun

    def _row(self, shape: Shape[Any], noun: Any) -> str:  # noqa: ANN401 - the shape's noun
        clinic = getattr(noun, "clinic_id", noun.id)
        if clinic != self.session.clinic:
            raise InvalidInput.at("clinic_id", "other_clinic", f"the {shape.kind} is not of here")
        row: str = noun.id
        return row

    def save(self, shape: Shape[T], nouns: Iterable[T]) -> tuple[T, ...]:
        """Collect changed nouns, and give them back with their version grown by one."""
        return tuple(self._saved(shape, noun) for noun in nouns)

    def _saved(self, shape: Shape[Any], noun: Any) -> Any:  # noqa: ANN401 - the shape's noun
        collected = self._collected[shape.name]
        grown = attrs.evolve(noun, version=noun.version + 1)
        row = noun.id
        if row in collected.adds:
            self._check_version(shape, collected.adds[row], noun)
            collected.adds[row] = grown
        elif row in collected.saves:
            self._check_version(shape, collected.saves[row].after, noun)
            collected.saves[row] = attrs.evolve(collected.saves[row], after=grown)
        else:
            before = collected.stored.get(row)
            if before is not None:
                self._check_version(shape, before, noun)
            collected.saves[row] = Save(noun.version, before, grown)
        return grown

    def last(self, step: Step) -> None:
        """Collect a statement that nothing reads any more in this unit of work."""
        self._last.append(step)

    def flush_for(self, shape: Shape[Any]) -> None:
        """Write everything when a read of this kind could see it."""
        if self._collected[shape.name].waits:
            self.flush()

    def flush(self, *, last: bool = False) -> None:
        """Write everything that was collected; the `last` time, a commit may come along."""
        steps: list[Step] = []
        names = {name for name, collected in self._collected.items() if collected.waits}
        waiting = [shape for shape in SHAPES if names and shape.name in names]
        self.keys.fetch(self._sealing(waiting))
        for shape in waiting:
            collected = self._collected[shape.name]
            adds, saves = list(collected.adds.values()), list(collected.saves.values())
            steps += steps_of(shape, adds, saves, self.keys)
        steps += self._last
        if steps:
            self.session.write(steps, last=last)
        self.leads_added += len(self._collected[LEAD.name].adds)
        self._last.clear()
        for shape in waiting:
            self._collected[shape.name].settle()

    def _sealing(self, waiting: Sequence[Shape[Any]]) -> set[str | None]:
        """Find the leads whose keys the collected writes need, but for those that are new."""
        needed = {
            shape.sealed_for(noun)
            for shape in waiting
            if shape.personal is not None
            for noun in self._written(shape)
        }
        return needed - self._collected[LEAD.name].adds.keys()

    def _written(self, shape: Shape[Any]) -> list[Any]:
        collected = self._collected[shape.name]
        return [*collected.adds.values(), *(save.after for save in collected.saves.values())]

    def read(self, shape: Shape[T], rows: Sequence[Row]) -> list[T]:
        """Make nouns of rows, open what is sealed, and remember them as they are stored."""
        nouns = self._nouns(shape, rows)
        self._collected[shape.name].stored.update((noun.id, noun) for noun in nouns)
        return nouns

    def _nouns(self, shape: Shape[Any], rows: Sequence[Row]) -> list[Any]:
        take = self.session.language.take
        if shape.personal is None:
            return [shape.read(row, {}, take) for row in rows]
        owners = self._owners(shape, rows)
        name, opened, read, end = shape.name, self.keys.open, shape.read, shape.clear_width
        return [
            read(row[:end], opened(name, owner, row[1], row[-1]), take)
            for row, owner in zip(rows, owners, strict=True)
        ]

    def _owners(self, shape: Shape[Any], rows: Sequence[Row]) -> list[str | None]:
        """Find the lead whose key opens each row, and get the keys that are missing."""
        if shape is LEAD:
            for row in rows:
                self.keys.learn(row[1], row[-2])
            return [row[1] for row in rows]
        place = shape.lead_place
        if place is None:
            return [None] * len(rows)
        self.keys.fetch(row[place] for row in rows if row[-1] is not None)
        return [row[place] for row in rows]

    def remember(self, shape: Shape[T], nouns: Iterable[Any]) -> None:
        """Note how nouns are stored after a statement that went past the collected writes."""
        self._collected[shape.name].stored.update((noun.id, noun) for noun in nouns)

    def forget(self, shape: Shape[Any], ids: Iterable[str]) -> None:
        """Stop remembering nouns that were removed."""
        for row in ids:
            self._collected[shape.name].stored.pop(row, None)

    def stored(self, shape: Shape[T]) -> Mapping[str, T]:
        """Give the nouns that this unit of work has read or written."""
        return self._collected[shape.name].stored

    def _check_version(self, shape: Shape[Any], have: Any, given: Any) -> None:  # noqa: ANN401 - the shape's nouns
        if have.version != given.version:
            raise self.session.doom(StaleVersion(shape.kind))
