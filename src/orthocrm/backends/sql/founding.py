"""The schema of a new SQLite database, made of the tables: alembic alone takes 8 MB.

A test holds that the revisions come to the same schema. PostgreSQL has walls, and runs them.
"""

import sqlalchemy as sa

from orthocrm.backends.sql.tables import metadata
from orthocrm.backends.sql.version import HEAD, TABLE


def found(connection: sa.Connection) -> bool:
    """Make the schema of an SQLite database that holds nothing; whether it was such a one."""
    if connection.dialect.name != "sqlite":
        return False
    if connection.exec_driver_sql("SELECT count(*) FROM sqlite_schema").scalar_one():
        return False
    metadata.create_all(connection, checkfirst=False)
    key = sa.Column("version_num", sa.String(32))
    noted = sa.Table(TABLE, sa.MetaData(), key, sa.PrimaryKeyConstraint(key, name=f"{TABLE}_pkc"))
    noted.create(connection)
    connection.execute(sa.insert(noted).values(version_num=HEAD))
    return True
