"""Encryption at rest: a key provider's key wraps clinic keys, which wrap one data key per lead.

Every sealed value is an envelope of AES-256-GCM: version, key id, nonce, ciphertext and tag. What
it belongs to is authenticated with it, so that a value moved elsewhere does not open. Whoever
destroys the wrapped data key of a lead has erased the lead. `PlainVault` has the same face and does
nothing: it is for whoever asks for `allow_plaintext`.
"""

import hashlib
import hmac
import struct
from collections.abc import Mapping, Sequence
from os import urandom
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from orthocrm.core.errors import InvalidInput, MissingKey, NotFound
from orthocrm.core.keyring import ClinicKey, KeyPurpose
from orthocrm.core.ports import Box, ClinicVault, KeyProvider

KEY_BYTES: Final = 32
OVERHEAD: Final = 33
"""How many bytes longer a sealed value is than the clear one."""

_VERSION: Final = 1
_HEAD: Final = struct.Struct(">BI")
_NONCE_BYTES: Final = 12
_CLEAR_AT: Final = _HEAD.size + _NONCE_BYTES
_INDEX_DIGITS: Final = 32
_BLOCK: Final = 64
_INNER: Final = bytes(byte ^ 0x36 for byte in range(256))
_OUTER: Final = bytes(byte ^ 0x5C for byte in range(256))
_MARK: Final = b"plain"
"""Stands where a wrapped key would, so that neither vault opens the other's rows."""


def _context(*parts: str) -> bytes:
    """Join texts so that no two different sequences of them look alike."""
    return _encoded("".join(map(_prefixed, parts)))


def _prefixed(part: str) -> str:
    return f"{len(part)}:{part}"


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def derived(key: bytes, *purpose: str) -> bytes:
    """Derive a key for one purpose (HKDF-SHA256, RFC 5869)."""
    return HKDF(SHA256(), KEY_BYTES, salt=None, info=_context("orthocrm", *purpose)).derive(key)


def _fingerprint(key: bytes) -> int:
    """Name a random key by 32 bits, from which nothing of it can be learnt."""
    return int.from_bytes(hashlib.sha256(b"orthocrm key id" + key).digest()[:4])


def _key_id(sealed: bytes) -> int:
    if len(sealed) < OVERHEAD:
        raise MissingKey("what should be a sealed key is none")
    version, key_id = _HEAD.unpack_from(sealed)
    if version != _VERSION:
        raise MissingKey("a key was sealed by another version of the envelope")
    return int(key_id)


class _Seal:
    """AES-256-GCM under one key: makes and opens envelopes."""

    __slots__ = ("_cipher", "head")

    def __init__(self, key: bytes, key_id: int) -> None:
        self._cipher = AESGCM(key)
        self.head = _HEAD.pack(_VERSION, key_id)

    def put(self, clear: bytes, context: bytes) -> bytes:
        nonce = urandom(_NONCE_BYTES)
        return self.head + nonce + self._cipher.encrypt(nonce, clear, self.head + context)

    def take(self, sealed: bytes, context: bytes) -> bytes:
        head, nonce = sealed[: _HEAD.size], sealed[_HEAD.size : _CLEAR_AT]
        if head != self.head:
            raise MissingKey("a value was sealed with another key")
        try:
            return self._cipher.decrypt(nonce, sealed[_CLEAR_AT:], head + context)
        except (InvalidTag, ValueError):
            raise MissingKey(
                "a sealed value does not open: another key or place, or it was changed"
            ) from None


class EnvelopeBox:
    """A `Box` over data keys, the newest first; `column` is the prefixed column and clinic."""

    __slots__ = ("_column", "_older", "_seal")

    def __init__(self, column: str, key: bytes, *older: bytes) -> None:
        self._column = column
        self._seal = _Seal(key, _fingerprint(key))
        self._older = {seal.head: seal for seal in (_Seal(one, _fingerprint(one)) for one in older)}

    @property
    def heads(self) -> Sequence[bytes]:
        """What sealed values begin with, by key, the newest first."""
        return (self._seal.head, *self._older)

    def seal(self, table: str, row: str, clear: bytes) -> bytes:
        """Encrypt a row's personal data."""
        return self._seal.put(clear, self._place(table, row))

    def open(self, table: str, row: str, sealed: bytes) -> bytes:
        """Decrypt a row's personal data; raises `MissingKey` unless it was sealed here."""
        seal = self._seal
        if self._older:
            seal = self._older.get(sealed[: _HEAD.size], seal)
        return seal.take(sealed, self._place(table, row))

    def _place(self, table: str, row: str) -> bytes:
        return _encoded(f"{len(table)}:{table}{self._column}{len(row)}:{row}")


class _Mac:
    """HMAC-SHA256 under one key, with its two key blocks hashed once."""

    __slots__ = ("_inner", "_outer")

    def __init__(self, key: bytes) -> None:
        block = key.ljust(_BLOCK, b"\0")
        self._inner = hashlib.sha256(block.translate(_INNER))
        self._outer = hashlib.sha256(block.translate(_OUTER))

    def of(self, message: bytes) -> bytes:
        inner, outer = self._inner.copy(), self._outer.copy()
        inner.update(message)
        outer.update(inner.digest())
        return outer.digest()


class _Index:
    """Blind indexes of one kind of match key under one key."""

    __slots__ = ("_mac", "_prefix", "_suffix")

    def __init__(self, kind: str, key: bytes, number: int) -> None:
        self._mac = _Mac(key)
        self._prefix, self._suffix = f"{kind}:", _ending(number)

    def of(self, key: str) -> str:
        return f"{self._prefix}{self._mac.of(_encoded(key)).hex()[:_INDEX_DIGITS]}{self._suffix}"


def _ending(number: int) -> str:
    return f"@{number}"


class EnvelopeClinicVault:
    """A `ClinicVault` over the keys of a clinic by purpose, the newest first of each.

    Keys for single uses are derived from them once and kept.
    """

    def __init__(self, clinic: str, keys: Mapping[KeyPurpose, Mapping[int, bytes]]) -> None:
        seals = tuple(keys[KeyPurpose.SEAL].values())
        (trail, *_) = keys[KeyPurpose.TRAIL].values()
        self._clinic = clinic
        wraps = [derived(key, "wrap", clinic) for key in seals]
        self._wrap, *older = (_Seal(key, _fingerprint(key)) for key in wraps)
        self._older = {seal.head: seal for seal in older}
        self._lead_of = _prefixed("lead key") + _prefixed(clinic)
        self._column = _prefixed("sealed") + _prefixed(clinic)
        self._own = EnvelopeBox(self._column, *(derived(key, "own", clinic) for key in seals))
        self._mac = _Mac(derived(trail, "audit", clinic))
        self._secrets = _Mac(derived(trail, "secrets", clinic))
        self._indexing = dict(keys[KeyPurpose.INDEX])
        self._indexes: dict[str, tuple[_Index, ...]] = {}

    @property
    def own(self) -> Box:
        """The box for rows that belong to no lead."""
        return self._own

    @property
    def heads(self) -> Sequence[bytes]:
        """What data keys begin with, by the key that wraps them, the newest first."""
        return (self._wrap.head, *self._older)

    def new_lead(self, lead: str) -> tuple[bytes, Box]:
        """Draw a data key for a lead, wrapped for storage beside it, and the box over it."""
        key = urandom(KEY_BYTES)
        return self._wrap.put(key, self._lead(lead)), EnvelopeBox(self._column, key)

    def new_lead_key(self, lead: str) -> bytes:
        """Draw a data key for a lead, wrapped for storage beside it."""
        return self.new_lead(lead)[0]

    def lead_box(self, lead: str, wrapped: bytes) -> Box:
        """Unwrap a lead's data key; raises `MissingKey` when it is not this lead's."""
        return EnvelopeBox(self._column, self._unwrapped(lead, wrapped))

    def rewrapped(self, lead: str, wrapped: bytes) -> bytes:
        """Wrap a lead's data key as new ones are wrapped now."""
        return self._wrap.put(self._unwrapped(lead, wrapped), self._lead(lead))

    def index(self, key: str) -> str:
        """Give the 128-bit blind index of a match key, its kind in front: `phone:3fa…@2`.

        The same key has another index in every clinic. Behind the sign stands the number of the
        key that made it. Raises `InvalidInput` for a key without a kind, which would otherwise
        stand in the index in clear.
        """
        return self._of_kind(key)[0].of(key)

    def indexes(self, key: str) -> Sequence[str]:
        """Give the indexes of a match key under every live key, the newest first."""
        return [index.of(key) for index in self._of_kind(key)]

    @property
    def endings(self) -> Sequence[str]:
        """What indexes end with, by key, the newest first."""
        return [_ending(number) for number in self._indexing]

    def mac(self, message: bytes) -> bytes:
        """Give the HMAC-SHA256 of a message under the clinic's own key for its audit trail."""
        return self._mac.of(message)

    def secret(self, purpose: str) -> bytes:
        """Give 32 bytes for one purpose, which outlive every rotation as proofs have to."""
        return self._secrets.of(_encoded(purpose))

    def _of_kind(self, key: str) -> tuple[_Index, ...]:
        kind, colon, _ = key.partition(":")
        if not colon:
            raise InvalidInput.at("key", "no_kind", "put the kind of key before a colon")
        found = self._indexes.get(kind)
        if found is None:
            found = self._indexes[kind] = tuple(
                _Index(kind, derived(one, "index", self._clinic, kind), number)
                for number, one in self._indexing.items()
            )
        return found

    def _unwrapped(self, lead: str, wrapped: bytes) -> bytes:
        seal = self._older.get(wrapped[: _HEAD.size], self._wrap)
        return seal.take(wrapped, self._lead(lead))

    def _lead(self, lead: str) -> bytes:
        return _encoded(f"{self._lead_of}{len(lead)}:{lead}")


class EnvelopeVault:
    """A `Vault` whose clinic keys are wrapped by the keys of a provider."""

    def __init__(self, provider: KeyProvider) -> None:
        self._provider = provider

    def new_clinic_key(self, clinic: str, purpose: KeyPurpose, number: int) -> bytes:
        """Draw a key for a clinic, wrapped with the provider's active key."""
        return self._put(clinic, purpose, number, urandom(KEY_BYTES))

    def clinic(self, clinic: str, keys: Sequence[ClinicKey]) -> ClinicVault:
        """Unwrap a clinic's keys; raises `MissingKey` when the provider lacks the outer one."""
        opened: dict[KeyPurpose, dict[int, bytes]] = {purpose: {} for purpose in KeyPurpose}
        for key in sorted(keys, key=lambda key: -key.number):
            opened[key.purpose][key.number] = self._taken(clinic, key)
        if not all(opened.values()):
            raise MissingKey("a key of the clinic is gone")
        return EnvelopeClinicVault(clinic, opened)

    def active(self) -> int | None:
        """Give the id of the outermost key that wraps now."""
        return self._provider.active()

    def outer_id(self, key: ClinicKey) -> int | None:
        """Give the id of the outermost key that wraps a key of a clinic."""
        return _key_id(key.wrapped)

    def rewrapped(self, clinic: str, key: ClinicKey) -> bytes:
        """Wrap a clinic's key with the provider's active key."""
        return self._put(clinic, key.purpose, key.number, self._taken(clinic, key))

    def _put(self, clinic: str, purpose: KeyPurpose, number: int, clear: bytes) -> bytes:
        return self._outer(self._provider.active()).put(clear, _of(clinic, purpose, number))

    def _taken(self, clinic: str, key: ClinicKey) -> bytes:
        outer = self._outer(_key_id(key.wrapped))
        return outer.take(key.wrapped, _of(clinic, key.purpose, key.number))

    def _outer(self, key_id: int) -> _Seal:
        key = self._provider.key(key_id)
        if len(key) != KEY_BYTES:
            raise MissingKey(f"key {key_id} is not of {KEY_BYTES} bytes")
        return _Seal(key, key_id)


def _of(clinic: str, purpose: KeyPurpose, number: int) -> bytes:
    return _context("clinic key", clinic, purpose, str(number))


class PlainBox:
    """A `Box` that is open."""

    @property
    def heads(self) -> Sequence[bytes]:
        """Give none."""
        return ()

    def seal(self, table: str, row: str, clear: bytes) -> bytes:  # noqa: ARG002 - as `Box` asks
        """Give the clear bytes."""
        return clear

    def open(self, table: str, row: str, sealed: bytes) -> bytes:  # noqa: ARG002 - as `Box` asks
        """Give the stored bytes, which are clear."""
        return sealed


class PlainClinicVault:
    """A `ClinicVault` without keys; `seed` lies in clear beside the data, and makes secrets."""

    def __init__(self, seed: bytes = b"") -> None:
        self._seed = seed

    @property
    def own(self) -> Box:
        """The box for rows that belong to no lead."""
        return PlainBox()

    @property
    def heads(self) -> Sequence[bytes]:
        """Give none."""
        return ()

    def new_lead(self, lead: str) -> tuple[bytes, Box]:  # noqa: ARG002 - as `ClinicVault` asks
        """Give the mark of a lead without a key, and the open box."""
        return _MARK, PlainBox()

    def new_lead_key(self, lead: str) -> bytes:  # noqa: ARG002 - as `ClinicVault` asks
        """Give the mark of a lead without a key."""
        return _MARK

    def lead_box(self, lead: str, wrapped: bytes) -> Box:  # noqa: ARG002 - as `ClinicVault` asks
        """Give the open box; raises `MissingKey` when the lead has a key."""
        _check(wrapped)
        return PlainBox()

    def rewrapped(self, lead: str, wrapped: bytes) -> bytes:  # noqa: ARG002 - as `ClinicVault` asks
        """Give the mark back; raises `MissingKey` when the lead has a key."""
        _check(wrapped)
        return wrapped

    def index(self, key: str) -> str:
        """Give the key itself."""
        return key

    def indexes(self, key: str) -> Sequence[str]:
        """Give the key itself."""
        return [key]

    @property
    def endings(self) -> Sequence[str]:
        """Give none."""
        return ()

    def mac(self, message: bytes) -> bytes:
        """Give the SHA-256 of a message, which anybody can compute: it shows accidents only."""
        return hashlib.sha256(message).digest()

    def secret(self, purpose: str) -> bytes:
        """Give 32 bytes that whoever reads the database can tell, and nobody else."""
        if not self._seed:
            raise NotFound("clinic")
        return hmac.digest(self._seed, _encoded(purpose), hashlib.sha256)


class PlainVault:
    """A `Vault` that keeps everything in clear: no encryption at all."""

    def new_clinic_key(self, clinic: str, purpose: KeyPurpose, number: int) -> bytes:  # noqa: ARG002 - as `Vault` asks
        """Give the mark of a clinic without a key, and random bytes of which secrets are made."""
        return _MARK + urandom(KEY_BYTES)

    def clinic(self, clinic: str, keys: Sequence[ClinicKey]) -> ClinicVault:  # noqa: ARG002 - as `Vault` asks
        """Give the open vault; raises `MissingKey` when the clinic has a key."""
        for key in keys:
            _check(key.wrapped[: len(_MARK)])
        seeds = [key.wrapped for key in keys if key.purpose is KeyPurpose.TRAIL]
        return PlainClinicVault(*seeds[:1])

    def active(self) -> int | None:
        """Give None."""
        return None

    def outer_id(self, key: ClinicKey) -> int | None:  # noqa: ARG002 - as `Vault` asks
        """Give None."""
        return None

    def rewrapped(self, clinic: str, key: ClinicKey) -> bytes:  # noqa: ARG002 - as `Vault` asks
        """Give the mark back; raises `MissingKey` when the clinic has a key."""
        _check(key.wrapped[: len(_MARK)])
        return key.wrapped


def _check(wrapped: bytes) -> None:
    if wrapped != _MARK:
        raise MissingKey("these data are encrypted: open them with their key")
