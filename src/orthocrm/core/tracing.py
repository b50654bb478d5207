"""Spans: what is under way for how long, told to whoever asks for it; by default to nobody.

A span has a name and a few codes. Nothing personal is ever told: no user, no object, no text.
"""

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Final, Protocol

from orthocrm.core.values import NO_VALUES

About = Mapping[str, str | int]
"""What a span tells beside its name: codes, counts, and the id of the clinic."""


class Span(Protocol):
    """Something that is under way."""

    def tell(self, about: About) -> None:
        """Tell more of it."""
        ...


class Tracer(Protocol):
    """Is told what begins and ends. Several threads use it at once, and it never fails."""

    def span(self, name: str, about: About = NO_VALUES) -> AbstractContextManager[Span]:
        """Tell of something within whatever is under way; what it raises ends it."""
        ...

    def request(
        self, name: str, about: About, carrier: Mapping[str, str]
    ) -> AbstractContextManager[Span]:
        """Tell of a request; `carrier` are the headers in which a proxy tells of its own span."""
        ...


class _Untold:
    """A span of which nobody hears."""

    def tell(self, about: About) -> None:
        """Tell nobody."""


class NoTraces:
    """A `Tracer` that tells nobody."""

    _nothing = nullcontext(_Untold())

    def span(self, name: str, about: About = NO_VALUES) -> AbstractContextManager[Span]:  # noqa: ARG002 - as `Tracer` asks
        """Tell nobody."""
        return self._nothing

    def request(self, name: str, about: About, carrier: Mapping[str, str]) -> nullcontext[Span]:  # noqa: ARG002 - as `Tracer` asks
        """Tell nobody."""
        return self._nothing  # type: ignore[return-value]  # a span of which nobody hears is one


NO_TRACES: Final = NoTraces()
