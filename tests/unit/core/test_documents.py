from typing import Any

import pytest

from orthocrm.core.activity import Document
from orthocrm.core.documents import checked_document, document_scheme_problems
from orthocrm.core.errors import InvalidInput

SCHEMES = ("chart",)


def paths(document: Any) -> list[str]:
    with pytest.raises(InvalidInput) as refusal:
        checked_document(document, SCHEMES)
    return [problem.path for problem in refusal.value.problems]


@pytest.mark.parametrize(
    "reference",
    [
        None,
        "",
        7,
        "plan.pdf",
        "http://files.example/plan.pdf",
        "javascript:alert(1)",
        "JavaScript:alert(1)",
        " javascript:alert(1)",
        "java\nscript:alert(1)",
        "data:text/html,hello",
        "file:///etc/passwd",
        "vbscript:x",
        "https://",
        "https:plan.pdf",
        "https:///plan.pdf",
        "https://user:secret@files.example/plan.pdf",
        "https://files.example@evil.example/plan.pdf",
        "https://files.example/a b",
        "https://files.example/<script>",
        'https://files.example/"onclick=',
        "https://files.example\\@evil.example",
        "https://[::1/plan.pdf",
        "https://files.example:99999/plan.pdf",
        "https://bücher.example/plan.pdf",
        "other://plan/7",
        "https://files.example/" + "a" * 2000,
    ],
)
def test_a_reference_that_is_not_safe_to_open_is_refused(reference: Any) -> None:
    document = Document(name="Plan", reference=reference)
    assert paths(document) == ["document.reference"]
    with pytest.raises(InvalidInput) as refusal:
        checked_document(document, SCHEMES)
    assert "example" not in str(refusal.value)


def test_names_and_types_are_checked_too() -> None:
    odd = Document(name=" ", reference="x", media_type="<b>")
    assert paths(odd) == ["document.name", "document.reference", "document.media_type"]
    assert paths("https://files.example/plan.pdf") == ["document"]
    assert paths(Document(name="a" * 256, reference="chart:7")) == ["document.name"]


@pytest.mark.parametrize(
    "reference",
    [
        "https://files.example/plan.pdf",
        "HTTPS://files.example/plan.pdf?v=2&signed=a%20b#page=3",
        "https://[::1]:8443/plan",
        "chart://patients/7/plan",
        "chart:7",
    ],
)
def test_an_https_address_or_one_of_the_hosts_own_is_taken(reference: str) -> None:
    document = Document(name=" Plan ", reference=reference, media_type="application/pdf")
    taken = checked_document(document, SCHEMES)
    assert (taken.name, taken.reference) == ("Plan", reference)


@pytest.mark.parametrize(
    "schemes",
    [
        None,
        "chart",
        ["chart"],
        ("javascript",),
        ("http",),
        ("data",),
        ("Chart",),
        ("",),
        (7,),
        tuple(f"s{n}" for n in range(11)),
    ],
)
def test_a_scheme_that_runs_something_is_never_allowed(schemes: Any) -> None:
    assert [p.path for p in document_scheme_problems(schemes)] == ["document_schemes"]
    assert list(document_scheme_problems(("chart", "x-files"))) == []


def test_a_document_hides_where_it_lies() -> None:
    document = Document(name="Plan of Mia", reference="https://files.example/mia")
    assert "Mia" not in repr(document)
    assert "files" not in repr(document)
