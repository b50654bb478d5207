"""The pages: custom elements, the application around them, and their texts, as static files.

`base` holds what every element stands on, `elements` one file for each of them, `app` the shell
with its pages, `texts` the catalogues. Nothing is built: browsers load the files as they are.
"""

import hashlib
import json
import posixpath
import re
from collections.abc import Iterator, Mapping
from functools import cache, cached_property
from importlib.resources import files
from importlib.resources.abc import Traversable
from types import MappingProxyType
from typing import Final

from attrs import frozen

LANGUAGES: Final = ("en", "es")
"""The languages of the catalogues, the usual one first."""

FIRST: Final = "app/app.js"
"""The script that starts the application."""

_IMPORT: Final = re.compile(r'^(?:import|export)\b[^"\n]*"(\.[^"]+)"', re.MULTILINE)
_CATALOGUES: Final = {("texts/", language) for language in LANGUAGES}

MEDIA: Final[Mapping[str, str]] = MappingProxyType(
    {
        "css": "text/css; charset=utf-8",
        "html": "text/html; charset=utf-8",
        "js": "text/javascript; charset=utf-8",
        "json": "application/json",
        "svg": "image/svg+xml",
    }
)
"""The types of what is kept here, by the ends of the names; nothing else is given away."""


@frozen(kw_only=True)
class Asset:
    """One file: its bytes, their type and their digest."""

    content: bytes
    media: str
    digest: str

    @classmethod
    def of(cls, content: bytes, media: str) -> "Asset":
        """Make one, with the digest of its bytes."""
        digest = hashlib.sha256(content).hexdigest()[:32]
        return cls(content=content, media=media, digest=digest)


@frozen(kw_only=True, slots=False)
class Assets:
    """Everything that browsers load, by its path; `digest` changes with any of them."""

    found: Mapping[str, Asset]
    digest: str

    @cached_property
    def at_first(self) -> tuple[str, ...]:
        """The scripts without which the application does not start; asked for all at once."""
        wanted, waiting = [], [FIRST]
        while waiting:
            path = waiting.pop()
            if path not in wanted:
                wanted.append(path)
                waiting += _imported(path, self.found[path].content.decode())
        return tuple(wanted)


@cache
def assets() -> Assets:
    """Read all files once, and join the catalogues of each language into one."""
    found = dict(_read(files(__name__), ""))
    for language in LANGUAGES:
        told = json.dumps(catalogue(language), ensure_ascii=False, separators=(",", ":"))
        found[f"texts/{language}.json"] = Asset.of(told.encode(), MEDIA["json"])
    whole = hashlib.sha256()
    for path in sorted(found):
        whole.update(f"{path} {found[path].digest}\n".encode())
    return Assets(found=MappingProxyType(found), digest=whole.hexdigest()[:16])


def catalogue(language: str) -> dict[str, str]:
    """Give the texts of a language: `subject.key` for each key of the file of each subject."""
    told: dict[str, str] = {}
    folder = files(__name__) / "texts" / language
    for file in sorted(folder.iterdir(), key=lambda file: file.name):
        subject = file.name.removesuffix(".json")
        texts = json.loads(file.read_text(encoding="utf-8"))
        told |= {f"{subject}.{key}": text for key, text in texts.items()}
    return told


def _imported(path: str, script: str) -> list[str]:
    """Give the paths of what a script imports wherever it is loaded."""
    folder = posixpath.dirname(path)
    return [posixpath.normpath(f"{folder}/{told}") for told in _IMPORT.findall(script)]


def _read(folder: Traversable, path: str) -> Iterator[tuple[str, Asset]]:
    for entry in folder.iterdir():
        end = entry.name.rpartition(".")[2]
        if entry.is_dir():
            if (path, entry.name) not in _CATALOGUES:
                yield from _read(entry, f"{path}{entry.name}/")
        elif end in MEDIA:
            yield f"{path}{entry.name}", Asset.of(entry.read_bytes(), MEDIA[end])
