"""Plug-ins for tests: ears that record events, and voices that object."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import attrs

import orthocrm
from orthocrm import Settings, hook
from orthocrm.core.events import KINDS, Event
from orthocrm.core.ids import UserId
from orthocrm.testing.clock import FrozenClock
from tests.flows.conftest import KEYS
from tests.flows.practice import House

Answer = Callable[[Event], object]


@attrs.define(slots=False)
class Ear:
    """Hears events of every kind, and may do something about each."""

    answer: Answer = lambda _: None
    heard: list[Event] = attrs.field(factory=list)

    @property
    def kinds(self) -> list[str]:
        return [event.kind for event in self.heard]

    def hear(self, event: Event) -> None:
        self.heard.append(event)
        self.answer(event)


def _listening(kind: str) -> Callable[[Ear, Event], None]:
    def listen(self: Ear, event: Event) -> None:
        self.hear(event)

    listen.__name__ = kind
    return hook(listen)


def an_ear(*kinds: str, name: str = "Ear", answer: Answer = lambda _: None) -> Ear:
    """Make a plug-in of a class of its own that implements these notify hooks, else all."""
    methods = {kind: _listening(kind) for kind in kinds or KINDS}
    ear: Ear = type(name, (Ear,), methods)(answer)
    return ear


def a_deaf_ear(*kinds: str, name: str = "Deaf") -> Ear:
    """Make a plug-in that raises at every event, with a text that nobody may log."""

    def fail(_: Event) -> None:
        raise RuntimeError("Maria Lopez, +13125550142")

    return an_ear(*kinds, name=name, answer=fail)


@contextmanager
def a_house(
    *plugins: object, url: str = "memory://", clock: FrozenClock | None = None
) -> Iterator[House]:
    """Open an installation with these plug-ins, one clinic and two coordinators."""
    clock = FrozenClock()
    with orthocrm.connect(
        url, keys=KEYS, clock=clock, plugins=plugins, discover_plugins=False
    ) as crm:
        crm.migrate()
        clinic = crm.create_clinic(
            name="Bright Smiles",
            timezone="America/Chicago",
            settings=Settings(fallback=UserId("manager")),
        )
        house = House(crm, clinic, clock)
        house.admin.settings.add_coordinator("tc-1", "Ana")
        house.admin.settings.add_coordinator("tc-2", "Ben")
        yield house
