"""What every revision does with the tables that it makes: row-level security on PostgreSQL.

The policies hold for the owner of the tables too. A revision that moves rows of all clinics lifts
that for the time of its transaction: `ALTER TABLE … NO FORCE ROW LEVEL SECURITY`, and FORCE again.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa
from alembic import op

_POLICY = """
CREATE POLICY one_clinic ON {table}
USING (clinic_id = current_setting('orthocrm.clinic', true))
WITH CHECK (clinic_id = current_setting('orthocrm.clinic', true))
"""
"""PostgreSQL asks once for a statement that names its clinic, and not for every row."""

_LIST = """
CREATE POLICY list_of_clinics ON clinics FOR SELECT
USING (current_setting('orthocrm.every_clinic', true) = 'on')
"""


@contextmanager
def between_clinics() -> Iterator[None]:
    """Keep the clinics apart in each table with a clinic that is made within the block."""
    if op.get_bind().dialect.name != "postgresql":
        yield
        return
    before = _tables()
    yield
    for table in sorted(_tables() - before):
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(_POLICY.format(table=table))
        if table == "clinics":
            op.execute(_LIST)


def _tables() -> set[str]:
    """Name the tables of the schema whose rows belong to a clinic."""
    found = op.get_bind().execute(
        sa.text(
            "SELECT table_name FROM information_schema.columns"
            " WHERE table_schema = current_schema() AND column_name = 'clinic_id'"
        )
    )
    return {name for (name,) in found}
