"""The schema's revisions, run by alembic without a configuration file."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.script import ScriptDirectory

from orthocrm.backends.sql.tables import metadata
from orthocrm.backends.sql.version import TABLE


def scripts() -> ScriptDirectory:
    """The revisions of this release."""
    return ScriptDirectory(str(Path(__file__).parent))


def upgrade(connection: sa.Connection) -> None:
    """Run what is missing on a connection, within its transaction."""
    revisions = scripts()

    def missing(revision: Any, _: object) -> Iterable[Any]:  # noqa: ANN401 - alembic's own values
        return revisions._upgrade_revs("head", revision)  # noqa: SLF001 - what its commands call

    with EnvironmentContext(Config(), revisions, fn=missing) as environment:
        environment.configure(
            connection=connection,
            target_metadata=metadata,
            version_table=TABLE,
            transactional_ddl=True,
        )
        environment.run_migrations()
