"""Encryption at rest: a key provider's key wraps clinic keys, which wrap one data key per lead.

Every sealed value is an envelope of AES-256-GCM: version, key id, nonce, ciphertext and tag. What
it belongs to is authenticated with it, so that a value moved elsewhere does not open. Whoever
destroys the wrapped data key of a lead has erased the lead. `PlainVault` has the same face and does
nothing: it is for whoever asks for `allow_plaintext`.
"""

import hashlib
import struct
from os import urandom
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from orthocrm.core.errors import InvalidInput, MissingKey
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


def _derived(key: bytes, *purpose: str) -> bytes:
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

    __slots__ = ("_cipher", "_head")

    def __init__(self, key: bytes, key_id: int) -> None:
        self._cipher = AESGCM(key)
        self._head = _HEAD.pack(_VERSION, key_id)

    def put(self, clear: bytes, context: bytes) -> bytes:
        nonce = urandom(_NONCE_BYTES)
        return self._head + nonce + self._cipher.encrypt(nonce, clear, self._head + context)

    def take(self, sealed: bytes, context: bytes) -> bytes:
        head, nonce = sealed[: _HEAD.size], sealed[_HEAD.size : _CLEAR_AT]
        if head != self._head:
            raise MissingKey("a value was sealed with another key")
        try:
            return self._cipher.decrypt(nonce, sealed[_CLEAR_AT:], head + context)
        except (InvalidTag, ValueError):
            raise MissingKey(
                "a sealed value does not open: another key or place, or it was changed"
            ) from None


class EnvelopeBox:
    """A `Box` over one data key; `column` is the prefixed column and clinic of what it seals."""

    __slots__ = ("_column", "_seal")

    def __init__(self, column: str, key: bytes) -> None:
        self._column = column
        self._seal = _Seal(key, _fingerprint(key))

    def seal(self, table: str, row: str, clear: bytes) -> bytes:
        """Encrypt a row's personal data."""
        return self._seal.put(clear, self._place(table, row))

    def open(self, table: str, row: str, sealed: bytes) -> bytes:
        """Decrypt a row's personal data; raises `MissingKey` unless it was sealed here."""
        return self._seal.take(sealed, self._place(table, row))

    def _place(self, table: str, row: str) -> bytes:
        return _encoded(f"{len(table)}:{table}{self._column}{len(row)}:{row}")


class _Index:
    """HMAC-SHA256 under one key, with its two key blocks hashed once."""

    __slots__ = ("_inner", "_outer", "_prefix")

    def __init__(self, kind: str, key: bytes) -> None:
        block = key.ljust(_BLOCK, b"\0")
        self._inner = hashlib.sha256(block.translate(_INNER))
        self._outer = hashlib.sha256(block.translate(_OUTER))
        self._prefix = f"{kind}:"

    def of(self, key: str) -> str:
        inner, outer = self._inner.copy(), self._outer.copy()
        inner.update(_encoded(key))
        outer.update(inner.digest())
        return self._prefix + outer.hexdigest()[:_INDEX_DIGITS]


class EnvelopeClinicVault:
    """A `ClinicVault` over one clinic key; keys are derived from it once and kept."""

    def __init__(self, clinic: str, key: bytes) -> None:
        wrapping = _derived(key, "wrap", clinic)
        self._clinic = clinic
        self._key = key
        self._wrap = _Seal(wrapping, _fingerprint(wrapping))
        self._lead_of = _prefixed("lead key") + _prefixed(clinic)
        self._column = _prefixed("sealed") + _prefixed(clinic)
        self._own = EnvelopeBox(self._column, _derived(key, "own", clinic))
        self._indexes: dict[str, _Index] = {}

    @property
    def own(self) -> Box:
        """The box for rows that belong to no lead."""
        return self._own

    def new_lead_key(self, lead: str) -> bytes:
        """Draw a data key for a lead, wrapped for storage beside it."""
        return self._wrap.put(urandom(KEY_BYTES), self._lead(lead))

    def lead_box(self, lead: str, wrapped: bytes) -> Box:
        """Unwrap a lead's data key; raises `MissingKey` when it is not this lead's."""
        return EnvelopeBox(self._column, self._wrap.take(wrapped, self._lead(lead)))

    def index(self, key: str) -> str:
        """Give the 128-bit blind index of a match key, its kind in front: `phone:3fa…`.

        The same key has another index in every clinic. Raises `InvalidInput` for a key without a
        kind, which would otherwise stand in the index in clear.
        """
        kind, colon, _ = key.partition(":")
        if not colon:
            raise InvalidInput.at("key", "no_kind", "put the kind of key before a colon")
        index = self._indexes.get(kind)
        if index is None:
            index = _Index(kind, _derived(self._key, "index", self._clinic, kind))
            self._indexes[kind] = index
        return index.of(key)

    def _lead(self, lead: str) -> bytes:
        return _encoded(f"{self._lead_of}{len(lead)}:{lead}")


class EnvelopeVault:
    """A `Vault` whose clinic keys are wrapped by the keys of a provider."""

    def __init__(self, provider: KeyProvider) -> None:
        self._provider = provider

    def new_clinic_key(self, clinic: str) -> bytes:
        """Draw a clinic's key, wrapped with the provider's active key."""
        return self._outer(self._provider.active()).put(urandom(KEY_BYTES), self._of(clinic))

    def clinic(self, clinic: str, wrapped: bytes) -> ClinicVault:
        """Unwrap a clinic's key; raises `MissingKey` when the provider lacks the outer one."""
        key = self._outer(_key_id(wrapped)).take(wrapped, self._of(clinic))
        return EnvelopeClinicVault(clinic, key)

    def _outer(self, key_id: int) -> _Seal:
        key = self._provider.key(key_id)
        if len(key) != KEY_BYTES:
            raise MissingKey(f"key {key_id} is not of {KEY_BYTES} bytes")
        return _Seal(key, key_id)

    @staticmethod
    def _of(clinic: str) -> bytes:
        return _context("clinic key", clinic)


class PlainBox:
    """A `Box` that is open."""

    def seal(self, table: str, row: str, clear: bytes) -> bytes:  # noqa: ARG002 - as `Box` asks
        """Give the clear bytes."""
        return clear

    def open(self, table: str, row: str, sealed: bytes) -> bytes:  # noqa: ARG002 - as `Box` asks
        """Give the stored bytes, which are clear."""
        return sealed


class PlainClinicVault:
    """A `ClinicVault` without keys."""

    @property
    def own(self) -> Box:
        """The box for rows that belong to no lead."""
        return PlainBox()

    def new_lead_key(self, lead: str) -> bytes:  # noqa: ARG002 - as `ClinicVault` asks
        """Give the mark of a lead without a key."""
        return _MARK

    def lead_box(self, lead: str, wrapped: bytes) -> Box:  # noqa: ARG002 - as `ClinicVault` asks
        """Give the open box; raises `MissingKey` when the lead has a key."""
        _check(wrapped)
        return PlainBox()

    def index(self, key: str) -> str:
        """Give the key itself."""
        return key


class PlainVault:
    """A `Vault` that keeps everything in clear: no encryption at all."""

    def new_clinic_key(self, clinic: str) -> bytes:  # noqa: ARG002 - as `Vault` asks
        """Give the mark of a clinic without a key."""
        return _MARK

    def clinic(self, clinic: str, wrapped: bytes) -> ClinicVault:  # noqa: ARG002 - as `Vault` asks
        """Give the open vault; raises `MissingKey` when the clinic has a key."""
        _check(wrapped)
        return PlainClinicVault()


def _check(wrapped: bytes) -> None:
    if wrapped != _MARK:
        raise MissingKey("these data are encrypted: open them with their key")
