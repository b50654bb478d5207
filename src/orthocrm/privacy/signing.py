"""Who signs checkpoints: a key that follows from the keys of the encryption, or a file of its own.

A key of its own is worth having when it lies where the keys of the encryption do not.
"""

from pathlib import Path
from typing import Final, Self

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from orthocrm.core.errors import InvalidInput, MissingKey
from orthocrm.core.ports import KeyProvider, Signer
from orthocrm.privacy.cipher import derived
from orthocrm.privacy.keys import private_bytes, write_private

VARIABLE: Final = "ORTHOCRM_SIGNING_KEY"
_OWN_ID: Final = 0


class DerivedSigner:
    """A `Signer` whose keys follow from those of a provider (HKDF-SHA256), under the same ids."""

    def __init__(self, provider: KeyProvider) -> None:
        self._provider = provider

    def active(self) -> int:
        """Give the id of the key that signs from now on."""
        return self._provider.active()

    def sign(self, message: bytes) -> bytes:
        """Sign with the active key: 64 bytes."""
        return self._key(self.active()).sign(message)

    def public(self, key_id: int) -> bytes:
        """Give the 32 bytes of a public key; raises `MissingKey` when it is not there."""
        return _public(self._key(key_id))

    def _key(self, key_id: int) -> Ed25519PrivateKey:
        seed = derived(self._provider.key(key_id), "checkpoints")
        return Ed25519PrivateKey.from_private_bytes(seed)


class SigningKeyFile:
    """A `Signer` over one key in a PEM file (PKCS 8) that only its owner may read; its id is 0."""

    def __init__(self, path: str | Path) -> None:
        self._key = _loaded(Path(path))

    @classmethod
    def create(cls, path: str | Path) -> Self:
        """Write a file with a new key and mode 0600; raises `AlreadyExists` when there is one."""
        key = Ed25519PrivateKey.generate()
        pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        write_private(Path(path), pem)
        return cls(path)

    def active(self) -> int:
        """Give the id of the only key."""
        return _OWN_ID

    def sign(self, message: bytes) -> bytes:
        """Sign: 64 bytes."""
        return self._key.sign(message)

    def public(self, key_id: int) -> bytes:
        """Give the 32 bytes of the public key; raises `MissingKey` for another id."""
        if key_id != _OWN_ID:
            raise MissingKey(f"key {key_id} signs no checkpoints here")
        return _public(self._key)


def _loaded(path: Path) -> Ed25519PrivateKey:
    pem = private_bytes(path)
    try:
        key = load_pem_private_key(pem, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, Ed25519PrivateKey):
        raise MissingKey(f"{path}: give an Ed25519 key in PEM, without a password")
    return key


def _public(key: Ed25519PrivateKey) -> bytes:
    return key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)


def public_pem(signer: Signer, key_id: int | None = None) -> str:
    """Write a public key in PEM, the active one unless an id is given."""
    raw = signer.public(signer.active() if key_id is None else key_id)
    key = Ed25519PublicKey.from_public_bytes(raw)
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode("ascii")


def read_public_pem(text: bytes) -> bytes:
    """Read what `public_pem` wrote: 32 bytes; raises `InvalidInput` at `public_key`."""
    try:
        key = load_pem_public_key(text)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, Ed25519PublicKey):
        raise InvalidInput.at("public_key", "unreadable", "give an Ed25519 key in PEM")
    return key.public_bytes(Encoding.Raw, PublicFormat.Raw)
