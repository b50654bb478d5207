"""Which revision of the schema this release needs, told without loading alembic."""

from typing import Any

from orthocrm.backends.sql.session import Driver

HEAD = "0001"
"""The newest revision."""

TABLE = "orthocrm_version"
"""Where alembic notes the revision: a host application may have its own notes."""


def is_current(connection: Any, driver: Driver) -> bool:  # noqa: ANN401 - the driver's connection
    """Whether the schema is the newest; a database without one is not."""
    cursor = driver.cursor(connection)
    try:
        cursor.execute(f"SELECT version_num FROM {TABLE}")  # noqa: S608 - a constant of ours
    except driver.failure:
        return False
    found: list[tuple[str]] = cursor.fetchall()
    return found == [(HEAD,)]
