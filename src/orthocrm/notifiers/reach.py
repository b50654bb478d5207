"""Which addresses may be connected to, and what a name stands for.

An address that families or staff gave us could point into the practice's own network, so only
public addresses are connected to, beside networks that the installation names. Every address that
a name stands for is judged, and the connection goes to one that was judged: a name that means
something else a moment later changes nothing.
"""

import socket
from collections.abc import Iterable
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)
from queue import Empty, SimpleQueue
from threading import Thread

from attrs import field, frozen

from orthocrm.core.errors import ConfigurationError

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_GLOBAL_V6 = IPv6Network("2000::/3")
_TRANSLATED = IPv6Network("64:ff9b::/96")
_NOT_PUBLIC: tuple[Network, ...] = (
    IPv4Network("0.0.0.0/8"),
    IPv4Network("100.64.0.0/10"),  # of providers
    IPv4Network("168.63.129.16/32"),  # the host of a machine at Azure
    IPv4Network("192.0.0.0/24"),
    IPv4Network("192.88.99.0/24"),  # relays of 6to4
    IPv4Network("198.18.0.0/15"),  # measurements
    IPv4Network("224.0.0.0/4"),
    IPv4Network("240.0.0.0/4"),
    IPv6Network("2001::/23"),  # Teredo among others
    IPv6Network("2002::/16"),  # 6to4
    IPv6Network("3fff::/20"),  # documentation
)
_ISATAP = frozenset({0x0000_5EFE, 0x0200_5EFE})
"""How the lower half of an address begins that carries one of IPv4 (RFC 5214)."""

_SCOPE = "%"


class Barred(Exception):
    """A name stands for an address that may not be connected to."""


class Unresolved(Exception):
    """A name stands for nothing, or nobody said so in time."""


def _networks(given: Iterable[str]) -> tuple[Network, ...]:
    try:
        return tuple(map(ip_network, given))
    except ValueError:
        raise ConfigurationError("networks: write them as 192.168.7.0/24") from None


@frozen(kw_only=True)
class Reach:
    """Public addresses, and the networks named here: only in those http may stand for https.

    >>> Reach().allows("169.254.169.254"), Reach(networks=["10.1.0.0/16"]).allows("10.1.2.3")
    (False, True)
    """

    networks: tuple[Network, ...] = field(default=(), converter=_networks)

    def allows(self, text: str) -> bool:
        """Tell whether an address may be connected to."""
        return _is_public(_meant(text)) or self.is_own(text)

    def is_own(self, text: str) -> bool:
        """Tell whether an address lies in one of the named networks."""
        address = _meant(text)
        return any(address in network for network in self.networks)

    def addresses(self, host: str, port: int, seconds: float) -> tuple[str, ...]:
        """Give what a name stands for, if all of it may be connected to."""
        found = resolved(host, port, seconds)
        if not all(map(self.allows, found)):
            raise Barred
        return found


def resolved(host: str, port: int, seconds: float) -> tuple[str, ...]:
    """Ask what a name stands for, and wait no longer than this."""
    answers: SimpleQueue[tuple[str, ...]] = SimpleQueue()

    def ask() -> None:
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError):
            found = []
        answers.put(tuple(dict.fromkeys(str(one[4][0]) for one in found)))

    Thread(target=ask, daemon=True).start()
    try:
        addresses = answers.get(timeout=max(seconds, 0))
    except Empty:
        raise Unresolved from None
    if not addresses:
        raise Unresolved
    return addresses


def _meant(text: str) -> Address:
    """Read an address; one of IPv4 may be written as one of IPv6."""
    address = ip_address(text.partition(_SCOPE)[0])
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return address.ipv4_mapped
        if address in _TRANSLATED:
            return IPv4Address(int(address) & 0xFFFF_FFFF)
    return address


def _is_public(address: Address) -> bool:
    if isinstance(address, IPv6Address):
        is_tunnel = int(address) >> 32 & 0xFFFF_FFFF in _ISATAP
        if is_tunnel or address not in _GLOBAL_V6:
            return False
    return address.is_global and not any(address in network for network in _NOT_PUBLIC)
