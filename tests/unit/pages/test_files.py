"""What holds for the files of the pages as they stand, whatever a browser makes of them."""

import re
from pathlib import Path

import pytest

import orthocrm.pages
from orthocrm.pages import LANGUAGES, assets, catalogue

HOME = Path(orthocrm.pages.__file__).parent
SCRIPTS = sorted(HOME.rglob("*.js"))
ELEMENTS = sorted((HOME / "elements").glob("*.js"))
SUBJECT = re.compile(r'static texts = "([\w-]+)"')
SAID = re.compile(r'\bt\(\s*"([\w.-]+)"|\bsay\(\s*"([\w.-]+)"')
MARKUP = re.compile(r"(?:inner|outer)HTML|AdjacentHTML|document\.write|\beval\(|new Function")
SIDED = re.compile(r"(?:margin|padding|border|align: ?)-?(?:left|right)|(?<![\w-])(?:left|right): ")


def name(path: Path) -> str:
    return str(path.relative_to(HOME))


def test_both_languages_say_the_same_with_the_same_values() -> None:
    first, *others = ({k: holes(v) for k, v in catalogue(each).items()} for each in LANGUAGES)
    assert first
    for other in others:
        assert other == first


def holes(text: str) -> list[str]:
    return sorted(set(re.findall(r"{(\w+)}", text)))


@pytest.mark.parametrize("path", SCRIPTS, ids=name)
def test_what_a_script_says_stands_in_the_catalogue(path: Path) -> None:
    script, known = path.read_text(encoding="utf-8"), set(catalogue(LANGUAGES[0]))
    subjects = [*SUBJECT.findall(script), "common"]
    if len(subjects) == 1:
        return  # it speaks for others, which are looked at
    own, whole = ({one[part] for one in SAID.findall(script)} - {""} for part in (0, 1))
    wanted = [{f"{subject}.{key}" for subject in subjects} for key in own] + [{k} for k in whole]
    assert [keys for keys in wanted if not keys & with_plurals(known)] == []


def with_plurals(keys: set[str]) -> set[str]:
    return keys | {key.removesuffix("_other") for key in keys}


@pytest.mark.parametrize("path", SCRIPTS, ids=name)
def test_no_script_makes_markup_of_data_or_takes_sides(path: Path) -> None:
    script = path.read_text(encoding="utf-8")
    assert MARKUP.findall(script) == []
    assert SIDED.findall(script) == []


@pytest.mark.parametrize("path", ELEMENTS, ids=name)
def test_an_element_has_its_name_and_says_what_it_takes(path: Path) -> None:
    script = path.read_text(encoding="utf-8")
    tag = f"ortho-{path.stem}"
    assert f'define("{tag}"' in script
    assert script.startswith(f"/**\n * <{tag}>")


def test_the_base_is_small() -> None:
    lines = [len(path.read_text(encoding="utf-8").splitlines()) for path in HOME.glob("base/*.js")]
    assert sum(lines) < 400


def test_what_is_given_away_changes_its_name_with_any_file() -> None:
    known = assets()
    assert {"app/shell.html", "base/tree.js", "base/tokens.css", "texts/en.json"} <= set(
        known.found
    )
    assert not any(path.endswith(".py") for path in known.found)
    assert re.fullmatch("[0-9a-f]{16}", known.digest)
