"""Only public addresses are connected to, beside the networks that the installation names."""

from threading import Event

import pytest

from orthocrm import ConfigurationError
from orthocrm.notifiers.reach import Barred, Reach, Unresolved, resolved
from tests.notifiers.arranged import names

PUBLIC = [
    "93.184.216.34",
    "8.8.8.8",
    "172.32.0.1",
    "100.128.0.1",
    "2606:4700:4700::1111",
    "::ffff:8.8.8.8",
    "64:ff9b::808:808",
]
PRIVATE = [
    "0.0.0.0",  # noqa: S104 - refused
    "10.0.0.1",
    "100.64.0.1",
    "127.0.0.1",
    "127.8.9.10",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.192",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.1.1",
    "198.18.0.1",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "::ffff:10.0.0.1",
    "::ffff:127.0.0.1",
    "::ffff:169.254.169.254",
    "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::1",
    "100::1",
    "2001::1",
    "2001:db8::1",
    "2002:7f00:1::",
    "3fff::1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "ff02::1",
]


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_are_allowed(address: str) -> None:
    assert Reach().allows(address)


@pytest.mark.parametrize("address", PRIVATE)
def test_other_addresses_are_not(address: str) -> None:
    assert not Reach().allows(address)


def test_a_network_of_ones_own_is_allowed_in_every_spelling() -> None:
    reach = Reach(networks=["10.1.0.0/16", "fd00::/8"])
    assert [reach.allows(a) for a in ("10.1.2.3", "::ffff:10.1.2.3", "fd12::1")] == [True] * 3
    assert [reach.allows(a) for a in ("10.2.0.1", "127.0.0.1", "fe80::1")] == [False] * 3


@pytest.mark.parametrize("network", ["somewhere", "10.0.0.1/8", "10.0.0.0/99"])
def test_a_network_that_is_none_is_refused(network: str) -> None:
    with pytest.raises(ConfigurationError, match="networks"):
        Reach(networks=[network])


@pytest.mark.parametrize("host", ["127.0.0.1", "2130706433", "0x7f.1", "127.1", "::1", "0"])
def test_a_number_is_judged_by_what_it_stands_for(host: str) -> None:
    with pytest.raises(Barred):
        Reach().addresses(host, 443, 5)


def test_one_bad_address_among_good_ones_bars_the_name(monkeypatch: pytest.MonkeyPatch) -> None:
    with names(monkeypatch, {"hooks.example": ["8.8.8.8 10.0.0.1"]}), pytest.raises(Barred):
        Reach().addresses("hooks.example", 443, 5)


def test_a_name_without_addresses_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    with names(monkeypatch, {"gone.example": []}), pytest.raises(Unresolved):
        Reach().addresses("gone.example", 443, 5)


@pytest.mark.parametrize("host", ["a" * 64 + ".example", "..", "\ud800.example"])
def test_a_name_that_cannot_be_one_is_told(host: str) -> None:
    with pytest.raises(Unresolved):
        resolved(host, 443, 5)


def test_a_name_server_that_does_not_answer_holds_nobody_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    over, ended = Event(), Event()

    def silent(*_: object, **__: object) -> list[object]:
        over.wait()
        ended.set()
        return []

    monkeypatch.setattr("socket.getaddrinfo", silent)
    with pytest.raises(Unresolved):
        resolved("slow.example", 443, 0.05)
    over.set()
    assert ended.wait(10)
