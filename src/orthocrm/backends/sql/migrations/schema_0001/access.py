"""Users, what they prove themselves by, sessions, and API keys."""

import sqlalchemy as sa
from alembic import op

from orthocrm.backends.sql.types import CODE, UtcDateTime


def create() -> None:
    """Create the tables."""
    _users()
    _user_secrets()
    _attempts()
    _sessions()
    _api_keys()


def _users() -> None:
    op.create_table(
        "users",
        sa.Column("clinic_id", CODE, nullable=False),
        sa.Column("id", CODE, nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("roles", CODE, nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("created_by", CODE, nullable=False),
        sa.Column("deactivated_at", UtcDateTime(), nullable=True),
        sa.Column("blind", CODE, nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinics.clinic_id"], name="fk_users_clinics"),
        sa.PrimaryKeyConstraint("clinic_id", "id", name="pk_users"),
        sa.UniqueConstraint("clinic_id", "blind", name="uq_users_blind"),
    )


def _user_secrets() -> None:
    op.create_table(
        "user_secrets",
        sa.Column("clinic_id", CODE, nullable=False),
        sa.Column("id", CODE, nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("password_set_at", UtcDateTime(), nullable=True),
        sa.Column("totp_step", sa.BigInteger(), nullable=False),
        sa.Column("reset_until", UtcDateTime(), nullable=True),
        sa.Column("enrolling_since", UtcDateTime(), nullable=True),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(
            ["clinic_id"], ["clinics.clinic_id"], name="fk_user_secrets_clinics"
        ),
        sa.PrimaryKeyConstraint("clinic_id", "id", name="pk_user_secrets"),
    )


def _attempts() -> None:
    op.create_table(
        "attempts",
        sa.Column("clinic_id", CODE, nullable=False),
        sa.Column("id", CODE, nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("failures", sa.BigInteger(), nullable=False),
        sa.Column("last_at", UtcDateTime(), nullable=False),
        sa.Column("blind", CODE, nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinics.clinic_id"], name="fk_attempts_clinics"),
        sa.PrimaryKeyConstraint("clinic_id", "id", name="pk_attempts"),
        sa.UniqueConstraint("clinic_id", "blind", name="uq_attempts_blind"),
    )
    op.create_index("ix_attempts_last", "attempts", ["clinic_id", "last_at"], unique=False)


def _sessions() -> None:
    op.create_table(
        "sessions",
        sa.Column("clinic_id", CODE, nullable=False),
        sa.Column("id", CODE, nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("user", CODE, nullable=False),
        sa.Column("digest", CODE, nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("seen_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinics.clinic_id"], name="fk_sessions_clinics"),
        sa.PrimaryKeyConstraint("clinic_id", "id", name="pk_sessions"),
    )
    op.create_index("ix_sessions_expiry", "sessions", ["clinic_id", "expires_at"], unique=False)
    op.create_index("ix_sessions_user", "sessions", ["clinic_id", "user"], unique=False)


def _api_keys() -> None:
    op.create_table(
        "api_keys",
        sa.Column("clinic_id", CODE, nullable=False),
        sa.Column("id", CODE, nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("name", CODE, nullable=False),
        sa.Column("user", CODE, nullable=False),
        sa.Column("scopes", CODE, nullable=False),
        sa.Column("digest", CODE, nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("created_by", CODE, nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("previous", CODE, nullable=True),
        sa.Column("previous_until", UtcDateTime(), nullable=True),
        sa.Column("last_used_at", UtcDateTime(), nullable=True),
        sa.Column("revoked_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinics.clinic_id"], name="fk_api_keys_clinics"),
        sa.PrimaryKeyConstraint("clinic_id", "id", name="pk_api_keys"),
    )
    op.create_index("ix_api_keys_user", "api_keys", ["clinic_id", "user"], unique=False)
