"""Every Python example in a page or a docstring is executed."""

import re
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest
from sybil import Document
from sybil.document import PythonDocStringDocument
from sybil.parsers.markdown import PythonCodeBlockParser as FenceParser
from sybil.parsers.rest import DocTestParser as PromptParser

PROJECT = Path(__file__).parents[2]
PAGES = sorted([*PROJECT.glob("*.md"), *(PROJECT / "docs").rglob("*.md")])
UNTESTED_FENCE = re.compile(r"^\s*(?:```|~~~)\s*(?:\{.*)?(?:py|pycon|python3|py3)\b", re.MULTILINE)


def modules() -> Iterator[Path]:
    package = find_spec("orthocrm")
    assert package is not None
    for folder in package.submodule_search_locations or ():
        yield from sorted(Path(folder).rglob("*.py"))


def name(path: Path) -> str:
    return "/".join(path.parts[-2:])


def run(document: Document) -> None:
    for example in document.examples():
        example.evaluate()


@pytest.mark.parametrize(
    "page", [page for page in PAGES if "```python" in page.read_text()], ids=name
)
def test_examples_of_a_page_run(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    run(Document.parse(str(page), FenceParser()))


@pytest.mark.parametrize(
    "module",
    [path for path in modules() if re.search("```python|>>> ", path.read_text())],
    ids=name,
)
def test_examples_of_a_module_run(
    module: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    parser = FenceParser() if "```python" in module.read_text() else PromptParser()
    run(PythonDocStringDocument.parse(str(module), parser))


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_no_fence_hides_python_from_the_tests(page: Path) -> None:
    assert UNTESTED_FENCE.findall(page.read_text()) == []
