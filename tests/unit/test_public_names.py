"""What `orthocrm` offers by name."""

import subprocess
import sys

import pytest

import orthocrm


def _place(name: str) -> tuple[bool, bool, str]:
    """Order names as the linter wants them: constants, classes, functions."""
    return not name.isupper(), name[0].islower(), name


def test_public_names_are_sorted_and_each_is_there() -> None:
    assert list(orthocrm.__all__) == sorted(orthocrm.__all__, key=_place)
    for name in orthocrm.__all__:
        assert getattr(orthocrm, name) is not None
        assert name in dir(orthocrm)


def test_other_names_are_not_there() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        _ = orthocrm.nonsense


def test_importing_the_package_loads_no_storage_and_no_cryptography() -> None:
    heavy = ("sqlalchemy", "alembic", "psycopg", "cryptography", "phonenumbers", "rich", "click")
    program = f"import sys, orthocrm; print([m for m in {heavy} if m in sys.modules])"
    told = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert told.stdout.strip() == "[]"
