"""The reference of refusals names every code that the rules of enquiries and imports know."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from orthocrm.core import limits
from orthocrm.leads import package, tabular
from orthocrm.leads.fields import OLDEST

PROJECT = Path(__file__).parents[2]
PAGE = PROJECT / "docs" / "reference" / "accepted-and-refused.md"
CODE = re.compile("[a-z]+(_[a-z]+)+|required|encrypted|undecodable")

ROW = re.compile(r"^\| `([a-z_]+)` \| [^|]+ \|$", re.MULTILINE)

RULES = (
    *("core/reading.py", "leads/fields.py", "leads/contact.py", "leads/intake.py"),
    *("leads/cells.py", "leads/columns.py", "leads/tabular.py", "leads/decoding.py"),
    *("leads/package.py", "leads/workbook.py"),
    *("services/imports/importing.py", "services/imports/arrivals.py"),
    *("services/imports/ledger.py", "services/imports/outcomes.py"),
    "assignment/owning.py",
)
PLACE = {"refuse": 1, "at": 1, "Problem": 1, "_Fault": 1, "_skipped": 0, "_fault": 0}
FIRST = {"Refusal": 0, "refused": 0, "_unreadable": 0, "Flaw": 3, "_short": 3}
OF_MAPPINGS = {"wrong_type", "bad_format", "contradiction", "unknown_field", "duplicate_value"}


def codes(path: Path) -> Iterator[str]:
    """Find the codes that a module raises: constants in their place of a call, and class codes."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            place = {**PLACE, **FIRST}.get(name)
            given = node.args[place : place + 1] if place is not None else []
            yield from _texts(given)
        elif isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "code":
            yield from _texts([node.value])


def _texts(nodes: list[ast.expr]) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def listed() -> set[str]:
    return set(ROW.findall(PAGE.read_text(encoding="utf-8")))


def test_every_code_of_the_rules_is_explained() -> None:
    known = {code for rule in RULES for code in codes(PROJECT / "src" / "orthocrm" / rule)}
    assert {"not_a_phone", "merged_cell", "too_large", "ambiguous_key", "not_text"} <= known
    assert {code for code in known if CODE.fullmatch(code)} - OF_MAPPINGS - listed() == set()


def test_the_limits_that_the_page_names_are_those_of_the_code() -> None:
    page = PAGE.read_text(encoding="utf-8")
    sizes = (package.PACKED_LIMIT >> 20, package.UNPACKED_LIMIT >> 20, package.RATIO_LIMIT)
    for promise in (
        f"a name over {limits.NAME} characters, another line over {limits.LABEL}",
        f"notes over {limits.NOTES:,}",
        f"a text of more than {limits.PHONE} characters",
        f"an age that is not 0 to {OLDEST}",
        f"a cell has more than {tabular.CELL_LIMIT:,} characters",
        f"the row has more than {tabular.ROW_LIMIT:,} characters",
        "more than {} MiB, unpacks to more than {} MiB, or to more than {} times".format(*sizes),
        f"a sheet has more than {package.ROWS_LIMIT:,} rows",
    ):
        assert promise in page
