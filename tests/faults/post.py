"""A carrier in the process of the test, which remembers what it was given."""

import attrs

from orthocrm import Letter, Sent, hook
from orthocrm.core.notifying import MessageChannel, Notifier


@attrs.define
class Post:
    """A plug-in with one carrier, `post`."""

    channel = MessageChannel.EMAIL
    seconds = 5.0
    letters: list[Letter] = attrs.field(factory=list)

    @property
    def keys(self) -> list[str]:
        """By what the letters are known again."""
        return [letter.key for letter in self.letters]

    @hook
    def register_notifiers(self) -> dict[str, Notifier]:
        return {"post": self}

    def send(self, letter: Letter) -> Sent:
        self.letters.append(letter)
        return Sent(ref=letter.key)
