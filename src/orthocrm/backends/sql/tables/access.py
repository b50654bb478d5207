"""Users, what they prove themselves by, sessions, and API keys."""

from orthocrm.backends.sql.tables.columns import (
    at,
    code,
    codes,
    index,
    maybe,
    maybe_at,
    noun,
    number,
    of,
    sealed,
    unique,
)

users = noun(
    "users",
    code("roles"),
    at("created_at"),
    code("created_by"),
    at("deactivated_at", nullable=True),
    code("blind"),
    sealed(),
    unique("users", "blind"),
    of("clinics"),
)

user_secrets = noun(
    "user_secrets",
    at("password_set_at", nullable=True),
    number("totp_step"),
    at("reset_until", nullable=True),
    at("enrolling_since", nullable=True),
    sealed(),
    of("clinics"),
)

attempts = noun(
    "attempts",
    number("failures"),
    at("last_at"),
    code("blind"),
    sealed(),
    unique("attempts", "blind"),
    of("clinics"),
)
index("attempts_last", attempts, "last_at")

sessions = noun(
    "sessions",
    *codes("user", "digest"),
    *[at("created_at"), at("seen_at"), at("expires_at")],
    at("ended_at", nullable=True),
    sealed(),
    of("clinics"),
)
index("sessions_user", sessions, "user")
index("sessions_expiry", sessions, "expires_at")

api_keys = noun(
    "api_keys",
    *codes("name", "user", "scopes", "digest"),
    at("created_at"),
    code("created_by"),
    at("expires_at"),
    *maybe("previous"),
    *maybe_at("previous_until", "last_used_at", "revoked_at"),
    of("clinics"),
)
index("api_keys_user", api_keys, "user")
