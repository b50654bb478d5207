"""Row-level security of PostgreSQL: a second wall between clinics, behind the statements' own.

Every table of ours has a policy that shows and takes rows of one clinic only: the one that the
transaction names by a setting, which ends with it. A statement that forgot its clinic meets
nothing. Superusers and roles with BYPASSRLS see past the wall, so an application connects as a
role that `admit` has let in.
"""

import re
from typing import Any

import psycopg
from psycopg import sql

from orthocrm.backends.sql import turns
from orthocrm.backends.sql.sight import Sight
from orthocrm.backends.sql.tables import metadata
from orthocrm.backends.sql.version import TABLE
from orthocrm.core.errors import BackendError, ConfigurationError

Connection = psycopg.Connection[Any]

_VISIBLE = "SELECT current_setting(%(setting)s, true), set_config(%(setting)s, %(value)s, true)"
_RESTORED = "SELECT set_config(%(setting)s, %(value)s, true)"

_TOLD_OF = """
SELECT rolsuper OR rolbypassrls,
    EXISTS (
        SELECT FROM pg_class
        WHERE relname = ANY(%(tables)s) AND relnamespace = current_schema()::regnamespace
          AND pg_has_role(pg_roles.oid, relowner, 'MEMBER')
    )
FROM pg_roles WHERE rolname = %(role)s
"""
_MAKE_ROLE = "CREATE ROLE {role} LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE"
_GRANTS = (
    "GRANT USAGE ON SCHEMA {schema} TO {role}",
    "GRANT SELECT, INSERT, UPDATE, DELETE ON {tables} TO {role}",
    "GRANT SELECT ON {version} TO {role}",
)
_MEASURE = "GRANT MAINTAIN ON {tables} TO {role}"
_KNOWS_MAINTAIN = 170_000
"""From this version on a role that owns no table may be let measure it."""

_UNFIT = re.compile("[\0\ud800-\udfff]")

_LONGEST_NAME = 63
"""PostgreSQL cuts longer names off, in bytes."""


def beginning(connection: Connection, sight: Sight | None) -> bytes:
    """Give what begins a transaction and tells what it may see, in one round trip."""
    if sight is None:
        return b"BEGIN"
    value = _fit(sight).encode()
    quoted = psycopg.pq.Escaping(connection.pgconn).escape_literal(value)
    told = b"BEGIN; SET LOCAL %s = %s" % (sight.setting.encode(), bytes(quoted))
    return told + turns.joining(sight)


def _fit(sight: Sight) -> str:
    """Give a value that is sent as it is: a driver would end it at a NUL."""
    if _UNFIT.search(sight.value):
        raise BackendError("a value does not fit its column")
    return sight.value


def enter(connection: Connection, sight: Sight) -> str:
    """Tell within a transaction of the host's what is seen now; give what was before."""
    given = {"setting": sight.setting, "value": _fit(sight)}
    row = connection.execute(_VISIBLE, given).fetchone()
    turns.join(connection, sight)
    return (row and row[0]) or ""


def leave(connection: Connection, sight: Sight, before: str) -> None:
    """Let the host's transaction see what it saw before."""
    connection.execute(_RESTORED, {"setting": sight.setting, "value": before})


def sees_past_the_wall(connection: Connection) -> bool:
    """Whether the policies do not hold for the role of a connection."""
    row = connection.execute(
        "SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user"
    ).fetchone()
    return bool(row and row[0])


def admit(connection: Connection, role: str) -> None:
    """Let a role work with the tables, and nothing else; make it when it is not there.

    A role made here may log in once the server's own rules (a password, `pg_hba.conf`) let it.

    Raises:
        ConfigurationError: the role would see past the wall: a superuser, one that bypasses
            row-level security, or one that owns the tables and could take their policies away.
    """
    if not 0 < len(role.encode()) <= _LONGEST_NAME or "\0" in role:
        raise ConfigurationError(f"role: give a name of up to {_LONGEST_NAME} bytes")
    told = {"role": role, "tables": sorted(metadata.tables)}
    found = connection.execute(_TOLD_OF, told).fetchone()
    names = _names(connection, role)
    if found is None:
        connection.execute(sql.SQL(_MAKE_ROLE).format(**names))
    elif any(found):
        raise ConfigurationError(
            "role: a superuser, one that bypasses row-level security, or the owner of the tables "
            "sees every clinic; name another one"
        )
    is_new = connection.info.server_version >= _KNOWS_MAINTAIN
    for grant in (*_GRANTS, _MEASURE) if is_new else _GRANTS:
        connection.execute(sql.SQL(grant).format(**names))


def _names(connection: Connection, role: str) -> dict[str, sql.Composable]:
    row = connection.execute("SELECT current_schema()").fetchone()
    return {
        "role": sql.Identifier(role),
        "schema": sql.Identifier(row[0] if row else "public"),
        "tables": sql.SQL(", ").join(map(sql.Identifier, sorted(metadata.tables))),
        "version": sql.Identifier(TABLE),
    }
