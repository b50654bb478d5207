"""Encryption at rest and signatures."""

from collections.abc import Sequence
from typing import Protocol

from orthocrm.core.keyring import ClinicKey, KeyPurpose


class Box(Protocol):
    """Seals the personal data of one lead, or of the clinic's own rows."""

    @property
    def heads(self) -> Sequence[bytes]:
        """What sealed values begin with, by key, the newest first; none without encryption."""
        ...

    def seal(self, table: str, row: str, clear: bytes) -> bytes:
        """Encrypt; the result opens only for the same clinic, table and row."""
        ...

    def open(self, table: str, row: str, sealed: bytes) -> bytes:
        """Decrypt; raises `MissingKey` when key, table or row are not the ones that sealed."""
        ...


class ClinicVault(Protocol):
    """The keys of one clinic: those of the highest number write, all of them read."""

    @property
    def own(self) -> Box:
        """The box for rows that belong to no lead."""
        ...

    @property
    def heads(self) -> Sequence[bytes]:
        """What data keys begin with, by the key that wraps them, as `Box.heads`."""
        ...

    def new_lead(self, lead: str) -> tuple[bytes, Box]:
        """Draw a data key for a lead, wrapped for storage beside it, and the box over it."""
        ...

    def new_lead_key(self, lead: str) -> bytes:
        """Draw the data key alone."""
        ...

    def lead_box(self, lead: str, wrapped: bytes) -> Box:
        """Unwrap a lead's data key."""
        ...

    def rewrapped(self, lead: str, wrapped: bytes) -> bytes:
        """Wrap a lead's data key as new ones are wrapped now."""
        ...

    def index(self, key: str) -> str:
        """Give the blind index of a match key (its kind stands before the first colon)."""
        ...

    def indexes(self, key: str) -> Sequence[str]:
        """Give every index by which a match key may be stored, the newest first."""
        ...

    @property
    def endings(self) -> Sequence[str]:
        """What indexes end with, by key, the newest first; none without encryption."""
        ...

    def mac(self, message: bytes) -> bytes:
        """Give the HMAC-SHA256 of a message under the clinic's own key for its audit trail."""
        ...

    def secret(self, purpose: str) -> bytes:
        """Give 32 bytes for one purpose, made of the key that is never replaced."""
        ...


class Vault(Protocol):
    """Encryption at rest, as a backend uses it."""

    def new_clinic_key(self, clinic: str, purpose: KeyPurpose, number: int) -> bytes:
        """Draw a key for a clinic, wrapped for storage."""
        ...

    def clinic(self, clinic: str, keys: Sequence[ClinicKey]) -> ClinicVault:
        """Unwrap a clinic's keys; raises `MissingKey` when the provider lacks the outer one."""
        ...

    def active(self) -> int | None:
        """Give the id of the outermost key that wraps now; None without encryption."""
        ...

    def outer_id(self, key: ClinicKey) -> int | None:
        """Give the id of the outermost key that wraps a key of a clinic."""
        ...

    def rewrapped(self, clinic: str, key: ClinicKey) -> bytes:
        """Wrap a clinic's key with the outermost key that wraps now."""
        ...


class KeyProvider(Protocol):
    """Keeps the outermost keys: a file, the environment, a key-management service."""

    def active(self) -> int:
        """Give the id of the key that wraps from now on."""
        ...

    def key(self, key_id: int) -> bytes:
        """Give the 32 bytes of a live key; raises `MissingKey` when it is not there."""
        ...


class Signer(Protocol):
    """Signs checkpoints with Ed25519 (RFC 8032); several keys may be live while one is replaced."""

    def active(self) -> int:
        """Give the id of the key that signs from now on."""
        ...

    def sign(self, message: bytes) -> bytes:
        """Sign with the active key: 64 bytes."""
        ...

    def public(self, key_id: int) -> bytes:
        """Give the 32 bytes of a public key; raises `MissingKey` when it is not there."""
        ...
