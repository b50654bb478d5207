"""JSON Web Tokens of an identity provider (RFC 7519, OpenID Connect), verified by PyJWT.

What is checked follows RFC 8725: the algorithms are pinned and all of them sign with a key pair,
issuer and audience have to be ours, and a token without an end is refused.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from math import isfinite
from typing import Any, Final, Protocol

from attrs import Factory, field, frozen

from orthocrm.access.granting import PEOPLE
from orthocrm.core import limits
from orthocrm.core.access import Credentials
from orthocrm.core.actor import Actor, Role
from orthocrm.core.errors import BackendError, ConfigurationError, MissingExtra
from orthocrm.core.ids import ClinicId, UserId
from orthocrm.core.ports import Clock
from orthocrm.services.access.entrance import Entrance

USUAL: Final = ("RS256", "ES256")
_PAIRS: Final = frozenset(
    {"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"}
)
"""Algorithms of which those who verify cannot sign."""
_SYSTEM: Final = "system:"
"""How the users of the system's own actors begin, whom nobody vouches for."""
_LONGEST: Final = 16_000
_DOTS: Final = 2
_TIMEOUT_SECONDS: Final = 5.0
_LONGEST_LEEWAY: Final = timedelta(minutes=5)


class SigningKeys(Protocol):
    """Where the keys of an identity provider come from; `jwt.PyJWKClient` is one."""

    def get_signing_key_from_jwt(self, token: str) -> Any:  # noqa: ANN401 - a `jwt.PyJWK`
        """Give the key that has signed a token, by the id in its head."""
        ...


def _now() -> datetime:
    return datetime.now(UTC)


@frozen(kw_only=True)
class Tokens:
    """People whom an identity provider vouches for by a token as bearer.

    The keys come from `jwks_url` and are kept for five minutes; a key that is not known yet has
    them fetched anew, at most every half minute.

    Attributes:
        issuer: Who issues the tokens: the claim `iss`.
        audience: For whom they are issued: the claim `aud`.
        jwks_url: The key set of the issuer, `https` but for `localhost`.
        roles: Which role each value of the claim stands for; values that are not here grant
            nothing.
        roles_claim: Where the roles stand; dots lead into objects, as in `realm_access.roles`.
        members: `crm.access`, where the users of the clinic decide about roles, and not the
            token: then only those come in whom somebody has added, and `roles` is not asked.
        clinic: The only clinic of the tokens; else a claim names it.
        clinic_claim: Where the id of the clinic stands, or a list of ids, of which the request
            chooses one.
        user_claim: Where the user stands.
        algorithms: The algorithms that are accepted, each of them with a key pair.
        leeway: By how much clocks may differ, at most five minutes.
        keys: Keys from elsewhere, in the place of `jwks_url`.
        clock: Tells the time.
    """

    issuer: str
    audience: str
    jwks_url: str | None = None
    roles: Mapping[str, Role] = field(factory=dict)
    roles_claim: str = "roles"
    members: Entrance | None = field(default=None, repr=False)
    clinic: ClinicId | None = None
    clinic_claim: str = "clinic"
    user_claim: str = "sub"
    algorithms: tuple[str, ...] = USUAL
    leeway: timedelta = timedelta(seconds=30)
    keys: SigningKeys = field(
        default=Factory(lambda self: _fetched(self.jwks_url), takes_self=True), repr=False
    )
    clock: Clock = field(default=_now, repr=False)

    def __attrs_post_init__(self) -> None:
        if not self.algorithms or not set(self.algorithms) <= _PAIRS:
            raise ConfigurationError(f"algorithms: give some of {', '.join(sorted(_PAIRS))}")
        if not self.issuer or not self.audience:
            raise ConfigurationError("issuer, audience: a token for anybody is for nobody")
        if not set(self.roles.values()) <= set(PEOPLE):
            raise ConfigurationError("roles: give roles that people have")
        if not timedelta() <= self.leeway <= _LONGEST_LEEWAY:
            raise ConfigurationError("leeway: give at most five minutes")

    def authenticate(self, credentials: Credentials) -> Actor | None:
        """Give the user of a token; None for one that is not good.

        Raises:
            BackendError: the keys of the issuer cannot be fetched.
        """
        bearer = credentials.bearer
        if bearer is None or len(bearer) > _LONGEST or bearer.count(".") != _DOTS:
            return None
        claims = self._verified(bearer)
        if claims is None or not self._is_timely(claims):
            return None
        user, clinic = _text(claims.get(self.user_claim)), self._clinic(claims, credentials)
        if user is None or user.startswith(_SYSTEM) or clinic is None:
            return None
        if self.members is not None:
            return self.members.member(clinic, UserId(user))
        named = _texts(_found(claims, self.roles_claim))
        roles = {self.roles[name] for name in named if name in self.roles}
        return Actor(user=UserId(user), clinic=clinic, roles=roles) if roles else None

    def _verified(self, token: str) -> Mapping[str, Any] | None:
        """Verify the signature, the issuer and the audience; times are told by our own clock."""
        jwt = _jwt()
        unchecked = dict.fromkeys(("verify_exp", "verify_nbf", "verify_iat"), False)
        try:
            key = self.keys.get_signing_key_from_jwt(token)
            claims: Mapping[str, Any] = jwt.decode(
                token,
                key.key,
                algorithms=list(self.algorithms),
                issuer=self.issuer,
                audience=self.audience,
                options={"require": ["exp", "iss", "aud", self.user_claim], **unchecked},
            )
        except jwt.PyJWKClientConnectionError:
            raise BackendError("the keys of the identity provider cannot be fetched") from None
        except (jwt.PyJWTError, ValueError, TypeError, KeyError):
            return None
        return claims

    def _is_timely(self, claims: Mapping[str, Any]) -> bool:
        now, leeway = self.clock().timestamp(), self.leeway.total_seconds()
        ends = claims.get("exp")
        begins = [claims[name] for name in ("nbf", "iat") if name in claims]
        if not all(map(_is_time, [ends, *begins])):
            return False
        return now < float(ends or 0) + leeway and all(now >= at - leeway for at in begins)

    def _clinic(self, claims: Mapping[str, Any], credentials: Credentials) -> ClinicId | None:
        """Find the clinic of a request: the only one, or one of those that the token names."""
        wanted = credentials.clinic
        if self.clinic is not None:
            return self.clinic if wanted in (None, self.clinic) else None
        named = _texts(_found(claims, self.clinic_claim))
        if wanted is None:
            return ClinicId(named[0]) if len(named) == 1 else None
        return wanted if wanted in named else None


def _found(claims: Mapping[str, Any], path: str) -> object:
    value: Any = claims
    for name in path.split("."):
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def _text(value: object) -> str | None:
    fits = isinstance(value, str) and 0 < len(value) <= limits.REFERENCE and value.isprintable()
    return str(value) if fits else None


def _texts(value: object) -> tuple[str, ...]:
    """Read one text or a list of texts; a single one may hold several, with spaces between."""
    several: Iterable[object] = value.split() if isinstance(value, str) else ()
    if isinstance(value, list):
        several = value
    return tuple(text for each in several if (text := _text(each)) is not None)


def _is_time(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value)


def _fetched(url: str | None) -> SigningKeys:
    if url is None:
        raise ConfigurationError("jwks_url: give the address of the issuer's keys")
    if not url.startswith(("https://", "http://localhost:", "http://127.0.0.1:")):
        raise ConfigurationError("jwks_url: keys are fetched by https")
    client: SigningKeys = _jwt().PyJWKClient(url, timeout=_TIMEOUT_SECONDS)
    return client


def _jwt() -> Any:  # noqa: ANN401 - a module
    try:
        import jwt  # noqa: PLC0415 - optional dependency
    except ImportError:
        raise MissingExtra("web", "a token of an identity provider") from None
    return jwt
