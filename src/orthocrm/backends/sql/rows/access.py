"""Users, what they prove themselves by, sessions, and API keys."""

from orthocrm.backends.sql import tables
from orthocrm.backends.sql.rows.codec import (
    Personal,
    Put,
    Row,
    Take,
    put_at,
    put_codes,
    taking_codes,
)
from orthocrm.backends.sql.rows.shape import Shape
from orthocrm.core.access import ApiKey, Attempts, Session, User, UserSecrets
from orthocrm.core.actor import Permission, Role
from orthocrm.core.facts import API_KEYS, ATTEMPTS, SESSIONS, USER_SECRETS, USERS

_take_roles = taking_codes(Role)
_take_permissions = taking_codes(Permission)


def _write_user(user: User, put: Put) -> Row:
    return (
        user.clinic_id,
        user.id,
        put.number(user.version),
        put_codes(user.roles),
        put_at(user.created_at),
        user.created_by,
        put_at(user.deactivated_at) if user.deactivated_at else None,
    )


def _read_user(row: Row, personal: Personal, take: Take) -> User:
    return User(
        clinic_id=row[0],
        id=row[1],
        version=row[2],
        roles=_take_roles(row[3]),
        created_at=take.at(row[4]),
        created_by=row[5],
        deactivated_at=take.at(row[6]) if row[6] else None,
        name=personal["name"],
        email=personal.get("email"),
    )


def _personal_of_user(user: User) -> Personal:
    return {"name": user.name} if user.email is None else {"name": user.name, "email": user.email}


USER = Shape(
    kind="user",
    table=tables.users,
    schema=USERS,
    write=_write_user,
    read=_read_user,
    personal=_personal_of_user,
    blind=lambda user: user.login,
)


def _write_secrets(secrets: UserSecrets, put: Put) -> Row:
    return (
        secrets.clinic_id,
        secrets.id,
        put.number(secrets.version),
        put_at(secrets.password_set_at) if secrets.password_set_at else None,
        put.number(secrets.totp_step),
        put_at(secrets.reset_until) if secrets.reset_until else None,
        put_at(secrets.enrolling_since) if secrets.enrolling_since else None,
    )


def _read_secrets(row: Row, personal: Personal, take: Take) -> UserSecrets:
    return UserSecrets(
        clinic_id=row[0],
        id=row[1],
        version=row[2],
        password_set_at=take.at(row[3]) if row[3] else None,
        totp_step=row[4],
        reset_until=take.at(row[5]) if row[5] else None,
        enrolling_since=take.at(row[6]) if row[6] else None,
        password=personal.get("password"),
        totp=personal.get("totp"),
        pending_totp=personal.get("pending_totp"),
        recovery=tuple(personal.get("recovery", ())),
        reset=personal.get("reset"),
    )


def _personal_of_secrets(secrets: UserSecrets) -> Personal:
    fields = {
        "password": secrets.password,
        "totp": secrets.totp,
        "pending_totp": secrets.pending_totp,
        "recovery": list(secrets.recovery) or None,
        "reset": secrets.reset,
    }
    return {path: value for path, value in fields.items() if value is not None}


SECRETS = Shape(
    kind="user",
    table=tables.user_secrets,
    schema=USER_SECRETS,
    write=_write_secrets,
    read=_read_secrets,
    personal=_personal_of_secrets,
)


def _write_attempts(attempts: Attempts, put: Put) -> Row:
    return (
        attempts.clinic_id,
        attempts.id,
        put.number(attempts.version),
        put.number(attempts.failures),
        put_at(attempts.last_at),
    )


def _read_attempts(row: Row, personal: Personal, take: Take) -> Attempts:
    return Attempts(
        clinic_id=row[0],
        id=row[1],
        version=row[2],
        failures=row[3],
        last_at=take.at(row[4]),
        login=personal["login"],
    )


ATTEMPT = Shape(
    kind="attempt",
    table=tables.attempts,
    schema=ATTEMPTS,
    write=_write_attempts,
    read=_read_attempts,
    personal=lambda attempts: {"login": attempts.login},
    blind=lambda attempts: attempts.login,
)


def _write_session(session: Session, put: Put) -> Row:
    return (
        session.clinic_id,
        session.id,
        put.number(session.version),
        session.user,
        session.digest,
        put_at(session.created_at),
        put_at(session.seen_at),
        put_at(session.expires_at),
        put_at(session.ended_at) if session.ended_at else None,
    )


def _read_session(row: Row, personal: Personal, take: Take) -> Session:
    return Session(
        clinic_id=row[0],
        id=row[1],
        version=row[2],
        user=row[3],
        digest=row[4],
        created_at=take.at(row[5]),
        seen_at=take.at(row[6]),
        expires_at=take.at(row[7]),
        ended_at=take.at(row[8]) if row[8] else None,
        device=personal.get("device"),
    )


SESSION = Shape(
    kind="session",
    table=tables.sessions,
    schema=SESSIONS,
    write=_write_session,
    read=_read_session,
    personal=lambda session: {} if session.device is None else {"device": session.device},
)


def _write_key(key: ApiKey, put: Put) -> Row:
    return (
        key.clinic_id,
        key.id,
        put.number(key.version),
        key.name,
        key.user,
        put_codes(key.scopes),
        key.digest,
        put_at(key.created_at),
        key.created_by,
        put_at(key.expires_at),
        key.previous,
        put_at(key.previous_until) if key.previous_until else None,
        put_at(key.last_used_at) if key.last_used_at else None,
        put_at(key.revoked_at) if key.revoked_at else None,
    )


def _read_key(row: Row, _: Personal, take: Take) -> ApiKey:
    return ApiKey(
        clinic_id=row[0],
        id=row[1],
        version=row[2],
        name=row[3],
        user=row[4],
        scopes=_take_permissions(row[5]),
        digest=row[6],
        created_at=take.at(row[7]),
        created_by=row[8],
        expires_at=take.at(row[9]),
        previous=row[10],
        previous_until=take.at(row[11]) if row[11] else None,
        last_used_at=take.at(row[12]) if row[12] else None,
        revoked_at=take.at(row[13]) if row[13] else None,
    )


API_KEY = Shape(
    kind="API key", table=tables.api_keys, schema=API_KEYS, write=_write_key, read=_read_key
)
