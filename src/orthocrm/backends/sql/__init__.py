"""SQLite and PostgreSQL through one code base."""

from orthocrm.backends.sql.backend import JoinedBackend, SqlBackend

__all__ = ["JoinedBackend", "SqlBackend"]
