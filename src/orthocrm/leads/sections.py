"""Tables of a TOML file, read key by key, so that everything that is wrong is told at once."""

import re
import tomllib
from collections.abc import Callable, Iterator
from typing import TypeVar

from orthocrm.core.errors import InvalidInput
from orthocrm.core.reading import Reading

T = TypeVar("T")

_NOUNS = {str: "a text", bool: "true or false", dict: "a table"}


class Section:
    """One table: keys are taken from it, and those left over in the end are refused."""

    def __init__(self, path: str, entries: dict[str, object], reading: Reading) -> None:
        self.path = path
        self._entries = dict(entries)
        self._reading = reading

    @classmethod
    def document(cls, text: str, reading: Reading) -> "Section":
        """Read a whole file.

        Raises:
            InvalidInput: at `mapping`, when the text is no TOML.
        """
        try:
            return cls("", tomllib.loads(text), reading)
        except (tomllib.TOMLDecodeError, RecursionError) as error:
            place = re.search(r"\(at [a-z0-9, ]+\)", str(error))
            where = f" {place.group()}" if place else ""
            raise InvalidInput.at("mapping", "not_toml", f"the file is not TOML{where}") from None

    def __contains__(self, name: str) -> bool:
        return name in self._entries

    def at(self, name: str) -> str:
        """Give the path of a key."""
        return f"{self.path}.{name}" if self.path else name

    def refuse(self, name: str, code: str, message: str) -> None:
        """Note what is wrong with a key."""
        self._reading.refuse(self.at(name), code, message)

    def take(self, name: str, kind: type[T]) -> T | None:
        """Take a value of one type, None when it is missing or refused."""
        value = self._entries.pop(name, None)
        if value is None or type(value) is kind:
            return value
        self.refuse(name, "wrong_type", f"give {_NOUNS[kind]}")
        return None

    def text(self, name: str, *, needed: bool = False) -> str | None:
        """Take a text that is not empty."""
        if needed and name not in self:
            self.refuse(name, "required", "this is needed")
        text = self.take(name, str)
        if text == "":
            self.refuse(name, "wrong_type", "give a text that is not empty")
        return text or None

    def word(self, name: str, *known: str) -> str | None:
        """Take one of several words."""
        word = self.take(name, str)
        if word is None or word in known:
            return word
        self.refuse(name, "unknown_value", f"give one of {', '.join(known)}")
        return None

    def table(self, name: str) -> "Section":
        """Take a table, an empty one when it is missing."""
        return Section(self.at(name), self.take(name, dict) or {}, self._reading)

    def nested(self, name: str, given: object) -> "Section | None":
        """Read a value that was taken as a table, None when it is none."""
        if isinstance(given, dict):
            return Section(self.at(name), given, self._reading)
        self.refuse(name, "wrong_type", f"give {_NOUNS[dict]}")
        return None

    def check(self, name: str, read: Callable[[str], object]) -> bool:
        """Read the value of a key by a parser that refuses by path; tell whether it accepts."""
        try:
            read(self.at(name))
        except InvalidInput as error:
            self._reading.adopt(error)
            return False
        return True

    def entries(self) -> Iterator[tuple[str, object]]:
        """Take everything that is left."""
        while self._entries:
            name = next(iter(self._entries))
            yield name, self._entries.pop(name)

    def finish(self) -> None:
        """Refuse the keys that nobody took."""
        for name, _ in self.entries():
            self.refuse(name, "unknown_key", "there is no such key here")
