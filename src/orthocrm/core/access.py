"""Who may come in: users with their roles, what they prove themselves by, sessions and API keys.

Nothing here can be used to come in: of secrets that are random only a SHA-256 is kept, of
passwords an Argon2id hash.
"""

from datetime import datetime

from attrs import field, frozen

from orthocrm.core.actor import Permission, Role
from orthocrm.core.ids import ClinicId, KeyId, SessionId, UserId
from orthocrm.core.masking import PERSONAL, mask


@frozen(kw_only=True)
class User:
    """Somebody of one clinic, and in which roles: the membership.

    Whoever works in two clinics has one in each, with the same `id` if the practice likes. The
    `id` is the user that leads, tasks and appointments name. `email` is normalised, unique in
    the clinic, and what its owner logs in with; a program that comes by an API key has none.
    """

    id: UserId
    clinic_id: ClinicId
    name: str = field(repr=mask, metadata=PERSONAL)
    email: str | None = field(default=None, repr=mask, metadata=PERSONAL)
    roles: tuple[Role, ...] = ()
    created_at: datetime
    created_by: UserId
    deactivated_at: datetime | None = None
    version: int = 1

    @property
    def is_active(self) -> bool:
        """Whether they may come in."""
        return self.deactivated_at is None

    @property
    def login(self) -> str:
        """The match key by which a user is looked up at log-in; no two of a clinic share one."""
        return f"user:{self.id}" if self.email is None else login_of(self.email)


def login_of(email: str) -> str:
    """Give the match key of whoever logs in with a (normalised) address.

    It has a kind of its own, so that its blind index tells nothing about leads.
    """
    return f"login:{email}"


@frozen(kw_only=True)
class UserSecrets:
    """What a user proves themselves by; `id` is the user.

    `password` is an Argon2id hash in PHC form, `totp` the secret of the second factor in Base32,
    `pending_totp` one that is not confirmed yet. `totp_step` is the time step of the last code
    that was used. `recovery` and `reset` are SHA-256 digests: of the recovery codes that are
    left, and of the token that sets a password until `reset_until`. `enrolling_since` is the first
    log-in without the second factor that the practice asks for.
    """

    id: UserId
    clinic_id: ClinicId
    password: str | None = field(default=None, repr=mask, metadata=PERSONAL)
    password_set_at: datetime | None = None
    totp: str | None = field(default=None, repr=mask, metadata=PERSONAL)
    totp_step: int = 0
    pending_totp: str | None = field(default=None, repr=mask, metadata=PERSONAL)
    recovery: tuple[str, ...] = field(default=(), repr=mask, metadata=PERSONAL)
    reset: str | None = field(default=None, repr=mask, metadata=PERSONAL)
    reset_until: datetime | None = None
    enrolling_since: datetime | None = None
    version: int = 1


@frozen(kw_only=True)
class Attempts:
    """How often somebody failed to log in with an address in a row, whether or not it is known.

    `login` is the match key of the address.
    """

    id: str
    clinic_id: ClinicId
    login: str = field(repr=mask, metadata=PERSONAL)
    failures: int
    last_at: datetime
    version: int = 1


@frozen(kw_only=True)
class Session:
    """Somebody who is logged in: until `expires_at`, and not after a long pause since `seen_at`.

    `digest` is the SHA-256 of the secret in the token. `device` is what the browser says of
    itself.
    """

    id: SessionId
    clinic_id: ClinicId
    user: UserId
    digest: str = field(repr=mask)
    created_at: datetime
    seen_at: datetime
    expires_at: datetime
    ended_at: datetime | None = None
    device: str | None = field(default=None, repr=mask, metadata=PERSONAL)
    version: int = 1


@frozen(kw_only=True)
class ApiKey:
    """What a program comes by: it acts as `user`, with no more than the permissions in `scopes`.

    `digest` is the SHA-256 of the secret in the token. After a rotation the one before opens the
    door too, until `previous_until`. `last_used_at` lags behind by a minute at the most.
    """

    id: KeyId
    clinic_id: ClinicId
    name: str
    user: UserId
    scopes: tuple[Permission, ...]
    digest: str = field(repr=mask)
    created_at: datetime
    created_by: UserId
    expires_at: datetime
    previous: str | None = field(default=None, repr=mask)
    previous_until: datetime | None = None
    last_used_at: datetime | None = None
    revoked_at: datetime | None = None
    version: int = 1


@frozen(kw_only=True)
class Credentials:
    """What a request brings to say who it is; authenticators look at the part that they know.

    Attributes:
        bearer: What stands behind `Authorization: Bearer`.
        session: The token in the session's cookie.
        host: What the host application knows of the request: its user, or the request itself.
        clinic: The clinic that a request is about, where users of several clinics come.
    """

    bearer: str | None = field(default=None, repr=mask)
    session: str | None = field(default=None, repr=mask)
    host: object = field(default=None, repr=False)
    clinic: ClinicId | None = None
