"""Thirteen ways to tamper with a signed request, for every scheme of signatures."""

from collections.abc import Callable
from datetime import timedelta

from attrs import evolve

from orthocrm import Callback

Tampering = Callable[[Callback], Callback]


def with_header(name: str, change: Callable[[str], str]) -> Tampering:
    """Change one header."""
    return lambda call: evolve(call, headers={**call.headers, name: change(call.headers[name])})


def without_header(name: str) -> Tampering:
    """Take one header away."""
    return lambda call: evolve(
        call, headers={key: value for key, value in call.headers.items() if key != name}
    )


def with_body(change: Callable[[bytes], bytes]) -> Tampering:
    """Change the body."""
    return lambda call: evolve(call, body=change(call.body))


def with_url(change: Callable[[str], str]) -> Tampering:
    """Change the address."""
    return lambda call: evolve(call, url=change(call.url))


def later(by: timedelta) -> Tampering:
    """Let it arrive at another time."""
    return lambda call: evolve(call, received_at=call.received_at + by)


def flipped(text: str) -> str:
    """Exchange the first letter of base64."""
    return ("B" if text.startswith("A") else "A") + text[1:]
