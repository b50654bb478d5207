"""Who signs checkpoints: keys that follow from others, and a file of their own."""

import stat
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from orthocrm.core.errors import AlreadyExists, InvalidInput, MissingKey
from orthocrm.core.ports import Signer
from orthocrm.privacy.keys import StaticKeys
from orthocrm.privacy.signing import DerivedSigner, SigningKeyFile, public_pem, read_public_pem

OLD, NEW = bytes(32), bytes(range(32))


def verify(signer: Signer, key_id: int) -> None:
    key = Ed25519PublicKey.from_public_bytes(signer.public(key_id))
    key.verify(signer.sign(b"message"), b"message")


def test_derived_keys_follow_from_the_provider_under_its_ids() -> None:
    both = DerivedSigner(StaticKeys({1: OLD, 2: NEW}))
    assert both.active() == 2
    verify(both, 2)
    assert both.public(2) == DerivedSigner(StaticKeys({7: NEW})).public(7)
    assert both.public(1) == DerivedSigner(StaticKeys({1: OLD})).public(1)
    assert both.public(1) != both.public(2)
    with pytest.raises(MissingKey):
        both.public(3)


def test_a_derived_key_is_none_of_the_keys_of_the_encryption() -> None:
    plain = Ed25519PrivateKey.from_private_bytes(NEW).public_key()
    raw = plain.public_bytes(Encoding.Raw, PublicFormat.Raw)
    assert DerivedSigner(StaticKeys({1: NEW})).public(1) != raw


def test_a_key_file_signs_and_is_private(tmp_path: Path) -> None:
    path = tmp_path / "signing.pem"
    made = SigningKeyFile.create(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    again = SigningKeyFile(str(path))
    assert (again.active(), again.public(0)) == (0, made.public(0))
    verify(again, 0)
    with pytest.raises(AlreadyExists):
        SigningKeyFile.create(path)
    with pytest.raises(MissingKey, match="key 1"):
        made.public(1)


def test_a_key_file_that_others_may_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "signing.pem"
    SigningKeyFile.create(path)
    path.chmod(0o640)
    with pytest.raises(MissingKey, match="others may read"):
        SigningKeyFile(path)


def pems() -> dict[str, bytes]:
    key = Ed25519PrivateKey.generate()
    curve = generate_private_key(SECP256R1())
    locked = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"pw"))
    other = curve.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return {"nothing": b"", "no key": b"-----BEGIN", "a password": locked, "another kind": other}


@pytest.mark.parametrize("kind", pems())
def test_what_is_no_signing_key_is_refused(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "signing.pem"
    path.write_bytes(pems()[kind])
    path.chmod(0o600)
    with pytest.raises(MissingKey, match="Ed25519"):
        SigningKeyFile(path)


def test_a_key_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(MissingKey, match="gone"):
        SigningKeyFile(tmp_path / "gone")


def test_public_keys_are_exported_in_pem() -> None:
    signer = DerivedSigner(StaticKeys({1: OLD, 2: NEW}))
    pem = public_pem(signer)
    assert pem.startswith("-----BEGIN PUBLIC KEY-----\n")
    assert read_public_pem(pem.encode()) == signer.public(2)
    assert read_public_pem(public_pem(signer, 1).encode()) == signer.public(1)


@pytest.mark.parametrize("kind", ["nothing", "no key", "another kind"])
def test_what_is_no_public_key_is_refused(kind: str) -> None:
    curve = generate_private_key(SECP256R1()).public_key()
    other = curve.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    text = {"nothing": b"", "no key": b"-----BEGIN", "another kind": other}[kind]
    with pytest.raises(InvalidInput) as caught:
        read_public_pem(text)
    assert [problem.path for problem in caught.value.problems] == ["public_key"]
