"""The columns of a row: which are clear, which are sealed, and in what order."""

import pytest
import sqlalchemy as sa

from orthocrm.backends.sql.rows import OF, SHAPES
from orthocrm.backends.sql.rows.codec import NATIVE_PUT, NEUTRAL_PUT, NEUTRAL_TAKE, put_codes
from orthocrm.backends.sql.rows.settings import put_settings, take_settings
from orthocrm.backends.sql.rows.shape import Shape
from orthocrm.core.lead import TreatmentInterest
from orthocrm.core.masking import personal_paths
from orthocrm.core.settings import Settings
from orthocrm.testing.suite.samples import TABLES, samples


@pytest.mark.parametrize("table", TABLES)
def test_exactly_the_personal_fields_are_sealed(table: str) -> None:
    shape, nouns = OF[table], samples()[table]
    sealed = {path for noun in nouns for path in (shape.personal(noun) if shape.personal else ())}
    assert sealed == set(personal_paths(type(nouns[0])))


@pytest.mark.parametrize("table", TABLES)
def test_a_row_has_a_value_for_every_clear_column(table: str) -> None:
    shape = OF[table]
    for noun in samples()[table]:
        row = dict(zip(shape.clear_columns, shape.write(noun, NEUTRAL_PUT), strict=True))
        assert (row.get("id", row["clinic_id"]), row["version"]) == (noun.id, noun.version)


@pytest.mark.parametrize("table", TABLES)
def test_what_was_written_is_read(table: str) -> None:
    shape = OF[table]
    for noun in samples()[table]:
        personal = shape.personal(noun) if shape.personal else {}
        assert shape.read(shape.write(noun, NEUTRAL_PUT), personal, NEUTRAL_TAKE) == noun


@pytest.mark.parametrize("table", TABLES)
def test_every_queryable_field_is_a_column_of_its_name(table: str) -> None:
    shape = OF[table]
    names = {shape.column(name).name for name in shape.schema.fields}
    assert names == (set(shape.schema.fields) - {"id"}) | {shape.identity.name}


@pytest.mark.parametrize("table", TABLES)
def test_rows_for_psycopg_have_one_type_per_column(table: str) -> None:
    """Numbers travel as text, so that a statement is prepared once and not per width."""
    for noun in samples()[table]:
        values = OF[table].write(noun, NATIVE_PUT)
        assert {type(value) for value in values} <= {str, bool, type(None)}


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.name)
def test_every_key_begins_with_the_clinic(shape: Shape) -> None:
    unique = (sa.UniqueConstraint, sa.ForeignKeyConstraint)
    keys = [key for key in shape.table.constraints if isinstance(key, unique)]
    columns = [next(iter(key.columns)) for key in (*keys, *shape.table.indexes)]
    columns.append(next(iter(shape.table.primary_key.columns)))
    assert {column.name for column in columns} == {"clinic_id"}


def test_codes_can_be_looked_into() -> None:
    both = (TreatmentInterest.RETAINER, TreatmentInterest.BRACES_METAL)
    assert [put_codes(both), put_codes(())] == ["|RETAINER|BRACES_METAL|", ""]


def test_settings_of_a_later_release_can_be_read() -> None:
    written = put_settings(Settings())
    assert take_settings('{"unknown":1,' + written[1:]) == Settings()
