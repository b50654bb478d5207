"""Samples of users, what they prove themselves by, sessions, and API keys."""

from typing import Any

from orthocrm.core.access import ApiKey, Session, User, UserSecrets
from orthocrm.core.actor import Permission, Role
from orthocrm.core.settings import Clinic
from orthocrm.testing.factories import (
    a_session,
    a_user,
    an_api_key,
    some_attempts,
    some_secrets,
)
from orthocrm.testing.suite.sample_values import ADA, BOB, Rows, at, the_clinic


def access(rows: Rows) -> dict[str, tuple[Any, ...]]:
    """Make users with their secrets, failures to log in, sessions and API keys."""
    clinic = the_clinic(rows)
    return {
        "users": (_a_full_user(clinic), a_user(clinic)),
        "user_secrets": (_full_secrets(clinic), some_secrets(clinic)),
        "attempts": (
            some_attempts(clinic, "nobody@bright.example", failures=99, last_at=at(days=1)),
            some_attempts(clinic),
        ),
        "sessions": (_a_full_session(clinic), a_session(clinic)),
        "api_keys": (_a_full_key(clinic), an_api_key(clinic)),
    }


def _a_full_user(clinic: Clinic) -> User:
    return a_user(
        clinic,
        "łucja@exämple.com",
        id=BOB,
        name="Łucja 牙",
        roles=(Role.CLINIC_ADMIN, Role.DOCTOR),
        created_at=at(),
        created_by=ADA,
        deactivated_at=at(days=1),
    )


def _full_secrets(clinic: Clinic) -> UserSecrets:
    return some_secrets(
        clinic,
        id=BOB,
        password="$argon2id$v=19$m=8,t=1,p=1$c2FsdA$aGFzaA",  # noqa: S106 - a hash of nothing
        password_set_at=at(),
        totp="JBSWY3DPEHPK3PXP",
        totp_step=59_000_000,
        pending_totp="KRUGKIDROVUWG2ZA",
        recovery=("ab" * 32, "cd" * 32),
        reset="ef" * 32,
        reset_until=at(days=7),
        enrolling_since=at(days=1),
    )


def _a_full_session(clinic: Clinic) -> Session:
    return a_session(
        clinic,
        BOB,
        digest="12" * 32,
        created_at=at(),
        seen_at=at(minutes=5),
        expires_at=at(hours=12),
        ended_at=at(hours=1),
        device="Mozilla/5.0 (Łinux)",
    )


def _a_full_key(clinic: Clinic) -> ApiKey:
    return an_api_key(
        clinic,
        BOB,
        name="Łeads of the website",
        scopes=(Permission.LEAD_CREATE, Permission.AVAILABILITY_READ),
        digest="34" * 32,
        created_at=at(),
        created_by=ADA,
        expires_at=at(days=30),
        previous="56" * 32,
        previous_until=at(days=1),
        last_used_at=at(minutes=1),
        revoked_at=at(days=2),
    )
