"""Users, what they prove themselves by, sessions, and API keys; none of the digests opens."""

from datetime import timedelta
from typing import Any

from orthocrm.core.access import ApiKey, Attempts, Session, User, UserSecrets, login_of
from orthocrm.core.actor import Permission, Role
from orthocrm.core.settings import Clinic
from orthocrm.testing.clock import MONDAY_MORNING
from orthocrm.testing.factories.making import COORDINATOR, made, new_id

_DIGEST = "0" * 64


def a_user(clinic: Clinic, email: str | None = None, **fields: Any) -> User:  # noqa: ANN401
    """Make somebody of the front desk; without an address, a program."""
    usual = {
        "id": new_id(),
        "clinic_id": clinic.id,
        "name": "Ana",
        "email": email,
        "roles": (Role.FRONT_DESK,),
        "created_at": MONDAY_MORNING,
        "created_by": COORDINATOR,
    }
    return made(User, usual, fields)


def some_secrets(clinic: Clinic, **fields: Any) -> UserSecrets:  # noqa: ANN401
    """Make the secrets of somebody who has none yet."""
    return made(UserSecrets, {"id": new_id(), "clinic_id": clinic.id}, fields)


def some_attempts(
    clinic: Clinic,
    email: str = "ana@bright.example",
    **fields: Any,  # noqa: ANN401
) -> Attempts:
    """Make a first failure to log in."""
    usual = {
        "id": new_id(),
        "clinic_id": clinic.id,
        "login": login_of(email),
        "failures": 1,
        "last_at": MONDAY_MORNING,
    }
    return made(Attempts, usual, fields)


def a_session(clinic: Clinic, user: str = COORDINATOR, **fields: Any) -> Session:  # noqa: ANN401
    """Make a session that has just begun."""
    usual = {
        "id": new_id(),
        "clinic_id": clinic.id,
        "user": user,
        "digest": _DIGEST,
        "created_at": MONDAY_MORNING,
        "seen_at": MONDAY_MORNING,
        "expires_at": MONDAY_MORNING + timedelta(hours=12),
    }
    return made(Session, usual, fields)


def an_api_key(clinic: Clinic, user: str = COORDINATOR, **fields: Any) -> ApiKey:  # noqa: ANN401
    """Make an API key that reads leads."""
    usual = {
        "id": new_id(),
        "clinic_id": clinic.id,
        "name": "website",
        "user": user,
        "scopes": (Permission.LEAD_READ,),
        "digest": _DIGEST,
        "created_at": MONDAY_MORNING,
        "created_by": COORDINATOR,
        "expires_at": MONDAY_MORNING + timedelta(days=90),
    }
    return made(ApiKey, usual, fields)
