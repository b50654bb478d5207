"""Web push payloads encrypted for one browser (RFC 8291 over RFC 8188), and VAPID (RFC 8292)."""

import base64
import binascii
import json
import os
import struct
from datetime import datetime, timedelta

from attrs import field, frozen
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDH,
    ECDSA,
    SECP256R1,
    EllipticCurvePrivateKey,
    EllipticCurvePublicKey,
    derive_private_key,
    generate_private_key,
)
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
)

from orthocrm.core.errors import MissingKey

__all__ = ["vapid_public_key"]

MOST_PLAIN_BYTES = 3_993
"""What fits into the 4,096 bytes that every push service takes (RFC 8291, section 4)."""

_RECORD = 4_096
_SALT = 16
_AUTH = 16
_POINT = 65
_SCALAR = 32
_LAST_RECORD = b"\x02"
_LIFE = timedelta(hours=12)


@frozen(kw_only=True)
class Subscriber:
    """The keys of one browser."""

    key: EllipticCurvePublicKey = field(repr=False)
    auth: bytes = field(repr=False)

    @classmethod
    def of(cls, p256dh: str, auth: str) -> "Subscriber":
        """Read the keys as browsers write them; raises `ValueError`."""
        point, secret = unpadded(p256dh), unpadded(auth)
        if len(point) != _POINT or len(secret) != _AUTH:
            raise ValueError("a key of another length")
        return cls(key=EllipticCurvePublicKey.from_encoded_point(SECP256R1(), point), auth=secret)


def encrypted(
    plain: bytes,
    subscriber: Subscriber,
    *,
    ours: EllipticCurvePrivateKey | None = None,
    salt: bytes | None = None,
) -> bytes:
    """Encrypt a payload; the key pair and the salt are fresh unless a test gives them."""
    own = ours or generate_private_key(SECP256R1())
    grain = salt or os.urandom(_SALT)
    own_point, other_point = point_of(own.public_key()), point_of(subscriber.key)
    shared = own.exchange(ECDH(), subscriber.key)
    info = b"WebPush: info\x00" + other_point + own_point
    secret = _derived(shared, subscriber.auth, info, 32)
    key = _derived(secret, grain, b"Content-Encoding: aes128gcm\x00", 16)
    nonce = _derived(secret, grain, b"Content-Encoding: nonce\x00", 12)
    head = grain + struct.pack("!IB", _RECORD, len(own_point)) + own_point
    return head + AESGCM(key).encrypt(nonce, plain + _LAST_RECORD, None)


def _derived(material: bytes, salt: bytes, info: bytes, length: int) -> bytes:
    return HKDF(algorithm=SHA256(), length=length, salt=salt, info=info).derive(material)


def vapid_key(secret: bytes) -> EllipticCurvePrivateKey:
    """Read a private key: 32 bytes in base64url, as tools for web push make them, or PEM."""
    try:
        if secret.startswith(b"-----"):
            key = load_pem_private_key(secret, None)
        else:
            scalar = unpadded(secret.decode())
            key = _key_of(scalar)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise MissingKey("the secret vapid is no private key") from None
    if not isinstance(key, EllipticCurvePrivateKey) or not isinstance(key.curve, SECP256R1):
        raise MissingKey("the secret vapid is no private key on the curve P-256")
    return key


def _key_of(scalar: bytes) -> EllipticCurvePrivateKey:
    if len(scalar) != _SCALAR:
        raise ValueError("a key of another length")
    return derive_private_key(int.from_bytes(scalar), SECP256R1())


def vapid_public_key(secret: bytes) -> str:
    """Give what a page passes to `pushManager.subscribe` as `applicationServerKey`."""
    return padless(point_of(vapid_key(secret).public_key()))


def vapid_header(key: EllipticCurvePrivateKey, *, origin: str, contact: str, now: datetime) -> str:
    """Make the `Authorization` of a request to a push service; it holds for twelve hours."""
    head = _json({"typ": "JWT", "alg": "ES256"})
    claims = _json({"aud": origin, "exp": int((now + _LIFE).timestamp()), "sub": contact})
    signed = f"{head}.{claims}"
    r, s = decode_dss_signature(key.sign(signed.encode(), ECDSA(SHA256())))
    signature = padless(r.to_bytes(_SCALAR) + s.to_bytes(_SCALAR))
    return f"vapid t={signed}.{signature}, k={padless(point_of(key.public_key()))}"


def point_of(key: EllipticCurvePublicKey) -> bytes:
    """Write a public key as 65 bytes."""
    return key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def _json(value: object) -> str:
    return padless(json.dumps(value, separators=(",", ":")).encode())


def padless(data: bytes) -> str:
    """Write base64url without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def unpadded(text: str) -> bytes:
    """Read base64url, padded or not; raises `ValueError`."""
    try:
        encoded = text.rstrip("=").encode("ascii")
        return base64.b64decode(encoded + b"=" * (-len(encoded) % 4), b"-_", validate=True)
    except (binascii.Error, UnicodeError):
        raise ValueError("no base64url") from None
