"""The reference names everything that there is."""

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import attrs
import pytest

from orthocrm import Settings
from orthocrm.analytics.asking import By
from orthocrm.analytics.catalogue import METRICS
from orthocrm.analytics.reports import REPORTS
from orthocrm.cli import main
from orthocrm.core.events import KINDS
from orthocrm.hooks import Specs
from orthocrm.services.areas import OPERATIONS

DOCS = Path(__file__).parents[2] / "docs"
ROW = re.compile(r"^\| `([^`]+)`", re.MULTILINE)


@pytest.fixture(scope="module")
def reference() -> ModuleType:
    path = DOCS / "reference_tables.py"
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def page(reference: ModuleType, name: str) -> str:
    text: str = reference.on_page_markdown((DOCS / "reference" / name).read_text())
    return text


def test_every_table_that_a_page_asks_for_exists_and_is_asked_for(reference: ModuleType) -> None:
    asked = {
        name for path in DOCS.rglob("*.md") for name in reference.MARK.findall(path.read_text())
    }
    assert asked == set(reference.TABLES)


def test_every_operation_and_role_is_in_the_reference(reference: ModuleType) -> None:
    rows = ROW.findall(page(reference, "operations.md"))
    assert rows[: len(OPERATIONS)] == sorted(OPERATIONS)


def test_every_event_and_hook_is_in_the_reference(reference: ModuleType) -> None:
    rows = ROW.findall(page(reference, "events-and-hooks.md"))
    assert sorted(rows) == sorted(name for name in vars(Specs) if not name.startswith("_"))
    assert rows[-len(KINDS) :] == list(KINDS)


def test_every_error_of_the_package_is_in_the_reference(reference: ModuleType) -> None:
    rows = ROW.findall(page(reference, "errors.md"))
    assert {"InvalidInput", "StaleVersion", "DeliveryMisused", "UnknownBackend"} <= set(rows)


def test_every_command_and_option_is_in_the_reference(reference: ModuleType) -> None:
    text = page(reference, "command-line.md")
    for name, command in main.commands.items():
        assert f"## orthocrm {name}" in text
        for parameter in command.params:
            assert parameter.opts[-1] in text or parameter.name.upper() in text


def test_every_setting_is_in_the_reference() -> None:
    rows = ROW.findall((DOCS / "reference" / "settings.md").read_text())
    assert {attribute.name for attribute in attrs.fields(Settings)} <= set(rows)


def test_every_metric_and_report_is_in_the_reference(reference: ModuleType) -> None:
    text = page(reference, "metrics.md")
    assert {*METRICS, *REPORTS} <= set(ROW.findall(text))
    assert [cut.value for cut in By if f"`{cut.value}`" not in text] == []
