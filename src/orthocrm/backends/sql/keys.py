"""The keys of one unit of work: the clinic's, and those of the leads that it meets."""

import json
from collections.abc import Iterable
from typing import Any

from attrs import define, field

from orthocrm.backends.sql import texts
from orthocrm.backends.sql.rows.codec import Personal, put_json
from orthocrm.backends.sql.rows.shape import Shape
from orthocrm.backends.sql.session import Session
from orthocrm.core.errors import NotFound
from orthocrm.core.ids import ClinicId
from orthocrm.core.ports import Box, ClinicVault, Vault


@define
class ClinicVaults:
    """The clinics' vaults that a backend has opened, shared by its units of work."""

    vault: Vault
    opened: dict[ClinicId, ClinicVault] = field(factory=dict)


@define
class Keys:
    """Seals and opens the personal data of one clinic; a lead's key is unwrapped once."""

    session: Session
    vaults: ClinicVaults
    _new: tuple[bytes, ClinicVault] | None = None
    _wrapped: dict[str, bytes] = field(factory=dict)
    _boxes: dict[str, Box] = field(factory=dict)
    _indexes: dict[str, str] = field(factory=dict)

    @property
    def clinic(self) -> ClinicVault:
        """The clinic's own vault."""
        opened = self.vaults.opened.get(self.session.clinic)
        if opened is not None:
            return opened
        return self._new[1] if self._new else self._stored()

    def _stored(self) -> ClinicVault:
        rows = self.session.rows(texts.clinic_key(self.session.language), {})
        if not rows:
            raise NotFound("clinic")
        clinic = self.session.clinic
        opened = self.vaults.opened[clinic] = self.vaults.vault.clinic(clinic, rows[0][0])
        return opened

    def new_clinic(self) -> bytes:
        """Draw a key for a new clinic, wrapped; others see it once the unit of work is kept."""
        clinic = self.session.clinic
        wrapped = self.vaults.vault.new_clinic_key(clinic)
        self._new = wrapped, self.vaults.vault.clinic(clinic, wrapped)
        return wrapped

    def forget_clinic(self) -> None:
        """Drop the clinic's key, which its row took along."""
        self._new = None
        self.vaults.opened.pop(self.session.clinic, None)

    def kept(self) -> None:
        """Share the key of a new clinic, now that its row is there."""
        if self._new:
            self.vaults.opened[self.session.clinic] = self._new[1]

    def new_lead(self, lead: str) -> bytes:
        """Draw a data key for a lead, wrapped."""
        wrapped = self._wrapped[lead] = self.clinic.new_lead_key(lead)
        return wrapped

    def learn(self, lead: str, wrapped: bytes) -> None:
        """Remember a data key that was read with its lead."""
        self._wrapped.setdefault(lead, wrapped)

    def fetch(self, leads: Iterable[str | None]) -> None:
        """Read the data keys of leads that were not met yet, all at once."""
        unknown = sorted({lead for lead in leads if lead} - self._wrapped.keys())
        if unknown:
            language = self.session.language
            given = {"ids": language.several(unknown)}
            self._wrapped.update(self.session.rows(texts.data_keys(language), given))

    def knows(self, lead: str) -> bool:
        """Whether a lead's key is at hand: after `fetch`, whether there is such a lead."""
        return lead in self._wrapped

    def index(self, key: str) -> str:
        """Give the blind index of a match key: once looked for, often written soon after."""
        blind = self._indexes.get(key)
        if blind is None:
            blind = self._indexes[key] = self.clinic.index(key)
        return blind

    def seal(self, shape: Shape[Any], noun: Any) -> bytes | None:  # noqa: ANN401 - the shape's noun
        """Seal the personal fields of a noun; None when it has none."""
        assert shape.personal is not None  # noqa: S101 - for the type checker: callers have looked
        fields = shape.personal(noun)
        if not fields:
            return None
        box = self._box(shape.sealed_for(noun))
        return box.seal(shape.name, noun.id, put_json(fields).encode("ascii"))

    def open(self, table: str, lead: str | None, row: str, sealed: bytes | None) -> Personal:
        """Open the personal fields of a row."""
        if sealed is None:
            return {}
        fields: Personal = json.loads(self._box(lead).open(table, row, sealed))
        return fields

    def _box(self, lead: str | None) -> Box:
        if lead is None:
            return self.clinic.own
        box = self._boxes.get(lead)
        if box is None:
            wrapped = self._wrapped.get(lead)
            if wrapped is None:
                raise NotFound("lead")
            box = self._boxes[lead] = self.clinic.lead_box(lead, wrapped)
        return box
