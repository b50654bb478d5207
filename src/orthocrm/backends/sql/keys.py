"""The keys of one unit of work: the clinic's, and those of the leads that it meets."""

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from attrs import define, field

from orthocrm.backends.sql import texts
from orthocrm.backends.sql.rows.codec import Personal, put_json
from orthocrm.backends.sql.rows.shape import Shape
from orthocrm.backends.sql.session import Session
from orthocrm.core.errors import NotFound
from orthocrm.core.ids import ClinicId
from orthocrm.core.keyring import ClinicKey, KeyPurpose
from orthocrm.core.ports import Box, ClinicVault, Vault


@define
class ClinicVaults:
    """The clinics' vaults that a backend has opened, shared by its units of work.

    Each is kept with the numbers of its keys: another ring of keys is opened anew.
    """

    vault: Vault
    opened: dict[ClinicId, tuple[str, ClinicVault]] = field(factory=dict)


@define
class Keys:
    """Seals and opens the personal data of one clinic; a lead's key is unwrapped once.

    `live` names the clinic's keys as this unit of work has read them. Keys that it has changed are
    its own affair until it is kept.
    """

    session: Session
    vaults: ClinicVaults
    live: str | None = None
    _opened: ClinicVault | None = None
    _is_changed: bool = False
    _wrapped: dict[str, bytes] = field(factory=dict)
    _boxes: dict[str, Box] = field(factory=dict)
    _indexes: dict[str, Sequence[str]] = field(factory=dict)

    @property
    def clinic(self) -> ClinicVault:
        """The clinic's own vault."""
        if self._opened is None:
            self._opened = self._shared() or self._read()
        return self._opened

    def _shared(self) -> ClinicVault | None:
        """Give the vault that is open already, when it has the keys of now."""
        if self.live is None:
            [[self.live]] = self.session.rows(texts.live(self.session.language), {})
        live, opened = self.vaults.opened.get(self.session.clinic, (None, None))
        same = live is not None and live == self.live and not self._is_changed
        return opened if same else None

    def _read(self) -> ClinicVault:
        ring = self.ring()
        if not ring:
            raise NotFound("clinic")
        clinic = self.session.clinic
        self.live = _named(ring)
        opened = self.vaults.vault.clinic(clinic, ring)
        if not self._is_changed:
            self.vaults.opened[clinic] = self.live, opened
        return opened

    def ring(self) -> list[ClinicKey]:
        """Read the clinic's keys, the oldest first."""
        take = self.session.language.take
        return [
            ClinicKey(
                number=number,
                purpose=KeyPurpose(purpose),
                wrapped=bytes(wrapped),
                made_at=take.at(made_at),
                renews=bool(renews),
                kept=bool(kept),
            )
            for _, number, purpose, wrapped, made_at, renews, kept in self.session.rows(
                texts.ring(self.session.language), {}
            )
        ]

    def new_clinic(self, at: datetime) -> list[ClinicKey]:
        """Draw the keys of a new clinic; others see them once the unit of work is kept."""
        ring = [self.new_key(number, each, at) for number, each in enumerate(KeyPurpose, 1)]
        self.live, self._is_changed = _named(ring), True
        self._opened = self.vaults.vault.clinic(self.session.clinic, ring)
        return ring

    def new_key(
        self, number: int, purpose: KeyPurpose, at: datetime, *, renews: bool = False
    ) -> ClinicKey:
        """Draw a key of the clinic."""
        wrapped = self.vaults.vault.new_clinic_key(self.session.clinic, purpose, number)
        return ClinicKey(number=number, purpose=purpose, wrapped=wrapped, made_at=at, renews=renews)

    def forget_clinic(self) -> None:
        """Drop the clinic's keys, which its row took along."""
        self._opened, self._is_changed = None, False
        self.vaults.opened.pop(self.session.clinic, None)

    def kept(self) -> None:
        """Share the keys that this unit of work has made, now that they are stored."""
        if self._is_changed and self._opened is not None and self.live is not None:
            self.vaults.opened[self.session.clinic] = self.live, self._opened

    def turned(self) -> None:
        """Open the clinic's keys anew: some were made or destroyed by this unit of work."""
        self._boxes.clear()
        self._indexes.clear()
        self._opened, self.live, self._is_changed = None, None, True

    def new_lead(self, lead: str) -> None:
        """Draw a data key for a lead."""
        self._wrapped[lead], self._boxes[lead] = self.clinic.new_lead(lead)

    def replace(self, lead: str, wrapped: bytes) -> None:
        """Use another data key for a lead from now on."""
        self._wrapped[lead] = wrapped
        self._boxes.pop(lead, None)

    def wrapped(self, lead: str) -> bytes:
        """Give the data key of a lead that is known."""
        return self._wrapped[lead]

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
        """Give the blind index under which a match key is stored now."""
        return self.indexes(key)[0]

    def indexes(self, key: str) -> Sequence[str]:
        """Give every index under which a match key may be stored, the newest first.

        What was looked for is often written soon after.
        """
        found = self._indexes.get(key)
        if found is None:
            found = self._indexes[key] = self.clinic.indexes(key)
        return found

    def seal(self, shape: Shape[Any], noun: Any) -> bytes | None:  # noqa: ANN401 - the shape's noun
        """Seal the personal fields of a noun; None when it has none."""
        assert shape.personal is not None  # noqa: S101 - for the type checker: callers have looked
        fields = shape.personal(noun)
        if not fields:
            return None
        box = self.box(shape.sealed_for(noun))
        return box.seal(shape.name, noun.id, put_json(fields).encode("ascii"))

    def open(self, table: str, lead: str | None, row: str, sealed: bytes | None) -> Personal:
        """Open the personal fields of a row."""
        if sealed is None:
            return {}
        fields: Personal = json.loads(self.box(lead).open(table, row, sealed))
        return fields

    def box(self, lead: str | None) -> Box:
        """Give what seals and opens the rows of a lead, or the clinic's own."""
        if lead is None:
            return self.clinic.own
        box = self._boxes.get(lead)
        if box is None:
            wrapped = self._wrapped.get(lead)
            if wrapped is None:
                raise NotFound("lead")
            box = self._boxes[lead] = self.clinic.lead_box(lead, wrapped)
        return box


def _named(ring: Sequence[ClinicKey]) -> str:
    return ",".join(str(key.number) for key in ring)
