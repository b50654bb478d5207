"""What the verbs about access answer; no digest and no hash is in it.

A token or a code stands in one answer only: whoever loses it, asks for another.
"""

from datetime import datetime
from enum import StrEnum

from attrs import field, frozen

from orthocrm.core.access import ApiKey, Session, User
from orthocrm.core.actor import Actor, Permission
from orthocrm.core.ids import ClinicId, KeyId, SessionId, UserId
from orthocrm.core.masking import PERSONAL, mask


class LogInOutcome(StrEnum):
    """How a log-in ended.

    REFUSED says nothing of why: the address may be unknown, the password or the code wrong, the
    user deactivated. LOCKED tells to wait, and does so for unknown addresses as well.
    SECOND_FACTOR_DUE: the password was right, but the practice asks for a second factor, and the
    time to set one up is over; an administrator begins it anew by a token for a new password.
    """

    IN = "IN"
    CODE_NEEDED = "CODE_NEEDED"
    REFUSED = "REFUSED"
    LOCKED = "LOCKED"
    SECOND_FACTOR_DUE = "SECOND_FACTOR_DUE"


@frozen(kw_only=True)
class SessionDetails:
    """A session as it is shown; `is_current` is the one that asks."""

    id: SessionId
    clinic_id: ClinicId
    user: UserId
    created_at: datetime
    seen_at: datetime
    expires_at: datetime
    ended_at: datetime | None = None
    device: str | None = field(default=None, repr=mask, metadata=PERSONAL)
    is_current: bool = False


@frozen(kw_only=True)
class LogIn:
    """What came of a log-in: with IN an actor and the token of the session, told once.

    With LOCKED, `locked_until` is the instant from which another try counts. `enrol_by` is given
    where a second factor is missing that the practice asks for: until then one comes in without.
    """

    outcome: LogInOutcome
    actor: Actor | None = None
    session: SessionDetails | None = None
    token: str | None = field(default=None, repr=mask)
    locked_until: datetime | None = None
    enrol_by: datetime | None = None


@frozen(kw_only=True)
class OneTimeToken:
    """What sets a user's password, once and until `expires_at`."""

    user: UserId
    token: str = field(repr=mask)
    expires_at: datetime


@frozen(kw_only=True)
class Invited:
    """A new user, and what they set their password with; None for one without an address."""

    user: User
    invitation: OneTimeToken | None = None


@frozen(kw_only=True)
class KeyDetails:
    """An API key as it is shown."""

    id: KeyId
    clinic_id: ClinicId
    name: str
    user: UserId
    scopes: tuple[Permission, ...]
    created_at: datetime
    created_by: UserId
    expires_at: datetime
    previous_until: datetime | None = None
    last_used_at: datetime | None = None
    revoked_at: datetime | None = None
    version: int = 1


@frozen(kw_only=True)
class IssuedKey:
    """An API key that was made or rotated, and its token."""

    key: KeyDetails
    token: str = field(repr=mask)


@frozen(kw_only=True)
class Account:
    """One's own account; `enrol_by` is until when a missing second factor has to be set up."""

    user: User
    password_set_at: datetime | None = None
    has_second_factor: bool = False
    recovery_codes_left: int = 0
    enrol_by: datetime | None = None


@frozen(kw_only=True)
class SecondFactorSetup:
    """What an authenticator is set up with: the `secret` to type, or `uri` as a QR code.

    It counts from the first code on that is confirmed with it.
    """

    secret: str = field(repr=mask)
    uri: str = field(repr=mask)


@frozen(kw_only=True)
class RecoveryCodes:
    """Codes for the day on which the authenticator is lost; each opens once."""

    codes: tuple[str, ...] = field(repr=mask)


@frozen(kw_only=True)
class Proof:
    """That somebody gave their own password a moment ago: verbs about the account ask for it."""

    user: UserId
    at: datetime
    seal: str = field(repr=mask)


def key_details(key: ApiKey) -> KeyDetails:
    """Show an API key."""
    return KeyDetails(
        id=key.id,
        clinic_id=key.clinic_id,
        name=key.name,
        user=key.user,
        scopes=key.scopes,
        created_at=key.created_at,
        created_by=key.created_by,
        expires_at=key.expires_at,
        previous_until=key.previous_until,
        last_used_at=key.last_used_at,
        revoked_at=key.revoked_at,
        version=key.version,
    )


def session_details(session: Session, current: SessionId | None = None) -> SessionDetails:
    """Show a session."""
    return SessionDetails(
        id=session.id,
        clinic_id=session.clinic_id,
        user=session.user,
        created_at=session.created_at,
        seen_at=session.seen_at,
        expires_at=session.expires_at,
        ended_at=session.ended_at,
        device=session.device,
        is_current=session.id == current,
    )
