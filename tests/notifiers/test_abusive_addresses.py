"""Addresses by which somebody could reach into the practice's own network: nobody gets there.

What they stand for is what this machine's own resolver says, or a name server of the attacker's.
No connection is ever begun, so that the tests need no network either.
"""

import ast
import socket
from pathlib import Path
from typing import Any

import httpcore
import pytest

import orthocrm
from orthocrm import CarrierError
from orthocrm.notifiers.reach import Reach
from orthocrm.notifiers.wire import Wire, a_request

ANYWHERE = Reach()

NUMBERS = [
    "127.0.0.1",
    "127.1",
    "127.0.1",
    "0",
    "0.0.0.0",  # noqa: S104 - refused
    "0x7f000001",
    "0x7f.0.0.1",
    "0x7F.1",
    "0177.0.0.1",
    "0177.1",
    "017700000001",
    "2130706433",
    "127.000.000.001",
    "10.0.0.1",
    "10.1",
    "0xa000001",
    "012.0.0.1",
    "172.16.0.1",
    "2886729729",
    "192.168.0.1",
    "192.168.1",
    "0300.0250.0.1",
    "3232235521",
    "169.254.169.254",
    "169.254.43518",
    "0xa9fea9fe",
    "0xA9.0xFE.0xA9.0xFE",
    "0251.0376.0251.0376",
    "025177524776",
    "2852039166",
    "100.100.100.200",
    "168.63.129.16",
    "192.0.0.192",
    "224.0.0.1",
    "255.255.255.255",
    "[::]",
    "[::1]",
    "[0:0:0:0:0:0:0:1]",
    "[0000:0000:0000:0000:0000:0000:0000:0001]",
    "[::127.0.0.1]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[::FFFF:169.254.169.254]",
    "[0:0:0:0:0:ffff:a9fe:a9fe]",
    "[::ffff:0:127.0.0.1]",
    "[::ffff:10.0.0.1]",
    "[64:ff9b::127.0.0.1]",
    "[64:ff9b::a9fe:a9fe]",
    "[64:ff9b::10.0.0.1]",
    "[64:ff9b:1::a9fe:a9fe]",
    "[2002:7f00:1::]",
    "[2002:a9fe:a9fe::1]",
    "[2001:0:7f00:1::]",
    "[2001:db8::1]",
    "[fc00::1]",
    "[fd00:ec2::254]",
    "[fd20:ce::254]",
    "[fe80::1]",
    "[fe80::a9fe:a9fe]",
    "[fec0::1]",
    "[ff02::1]",
    "[100::1]",
    "[5f00::1]",
    "[2606:4700::5efe:10.0.0.1]",
    "[2606:4700::200:5efe:a9fe:a9fe]",
]
"""Hosts that are addresses, in the spellings that C libraries, browsers and proxies take."""

ODD_HOSTS = [
    "\u2460\u2461\u2466.\u24ea.\u24ea.\u2460",  # 127.0.0.1 in circles
    "\uff11\uff12\uff17.\uff10.\uff10.\uff11",  # of full width
    "127\u30020\u30020\u30021",  # with the full stops of Japan
    "\u0661\u0662\u0667.\u0660.\u0660.\u0661",  # in the digits of Arabic
    "localhost",
    "LOCALHOST.",
    "loc%61lhost",
    "127.0.0.1%00.example.com",
    "127.0.0.1%2f.example.com",
    "[::1%25lo]",
    "[fe80::1%25eth0]",
    "[::1",
    "::1",
    "127.0.0.1\\@hooks.example",
    "hooks.example#@127.0.0.1",
    "hooks.example:80@127.0.0.1",
    "-",
    "..",
    "a" * 64 + ".example",
]
"""Hosts that one reader takes for something else than the other."""

PLANTED = {
    "127.0.0.1.nip.example": "127.0.0.1",
    "metadata.google.internal": "169.254.169.254",
    "instance-data.ec2.internal": "169.254.169.254",
    "first-good.example": "8.8.8.8 169.254.169.254",
    "last-good.example": "10.0.0.1 8.8.8.8",
    "mapped.example": "::ffff:192.168.0.1",
    "translated.example": "64:ff9b::c0a8:1",
    "scoped.example": "fe80::1%2",
    "shared.example": "100.64.0.1",
}
"""Names of which an attacker's name server gives the addresses."""

NO_WEB = [
    "http://127.0.0.1/",
    "gopher://127.0.0.1:25/_HELO",
    "file:///etc/passwd",
    "dict://127.0.0.1:11211/stats",
    "ftp://hooks.example/",
    "ldap://127.0.0.1/",
    "unix:///var/run/docker.sock",
    "data:text/plain,hi",
    "javascript:alert(1)",
    "https:127.0.0.1",
    "https:///127.0.0.1",
    "//127.0.0.1/",
    "https://user@127.0.0.1/",
    "https://hooks.example:0/",
    "https://hooks.example:65536/",
    "https://hooks.example:-1/",
    "https://hooks.example:443x/",
    "https://hooks.example/\r\nHost: 127.0.0.1",
    " https://127.0.0.1/",
    "https://\t127.0.0.1/",
]
"""Addresses of something else, or of nothing."""


ADDRESSES = {"localhost": "127.0.0.1", "localhost.": "127.0.0.1"}


@pytest.fixture
def begun(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Give the hosts to which a connection was begun; nothing is connected to or looked up."""
    hosts: list[str] = []
    real = socket.getaddrinfo

    def connect(_: object, host: str, *__: object, **___: object) -> None:
        hosts.append(host)
        raise httpcore.ConnectError

    def look_up(host: str, port: int, **options: Any) -> Any:
        meant = PLANTED.get(host.lower(), ADDRESSES.get(host.lower(), host)).split()
        flags = socket.AI_NUMERICHOST
        return [row for one in meant for row in real(one, port, flags=flags, **options)]

    monkeypatch.setattr(httpcore.SyncBackend, "connect_tcp", connect)
    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    return hosts


def reason(url: str, reach: Reach = ANYWHERE) -> str:
    with pytest.raises(CarrierError) as refusal:
        Wire(reach=reach).post(a_request(url), seconds=20)
    return refusal.value.reason


@pytest.mark.parametrize("host", NUMBERS)
def test_no_spelling_of_an_address_leads_inside(begun: list[str], host: str) -> None:
    told = {reason(f"https://{host}{rest}") for rest in ("/", ":8443/")}
    assert (told <= {"address_not_allowed", "bad_url", "unreachable"}, begun) == (True, [])


@pytest.mark.parametrize("host", [*ODD_HOSTS, *PLANTED])
def test_no_odd_name_leads_inside(begun: list[str], host: str) -> None:
    told = reason(f"https://{host}/")
    assert (told in ("address_not_allowed", "bad_url", "unreachable"), begun) == (True, [])


@pytest.mark.parametrize("name", PLANTED)
def test_a_name_is_worth_its_worst_address(begun: list[str], name: str) -> None:
    assert (reason(f"https://{name}/"), begun) == ("address_not_allowed", [])


@pytest.mark.parametrize("url", NO_WEB)
def test_what_is_no_address_of_the_web_is_not_tried(begun: list[str], url: str) -> None:
    assert reason(url) in ("bad_url", "address_not_allowed", "unreachable")
    assert begun == []


@pytest.mark.parametrize("host", ["169.254.169.254", "[::1]", "10.2.0.1", "localhost"])
def test_a_network_of_ones_own_opens_no_other(begun: list[str], host: str) -> None:
    own = Reach(networks=["10.1.0.0/16"])
    assert [reason(f"{scheme}://{host}/", own) for scheme in ("http", "https")] == [
        "address_not_allowed"
    ] * 2
    assert begun == []


def test_addresses_outside_are_tried(begun: list[str]) -> None:
    """That nothing is begun above says something only because this is."""
    assert reason("https://8.8.8.8/") == "unreachable"
    assert set(begun) == {"8.8.8.8"}


MAY_CONNECT = {"notifiers/reach.py", "notifiers/wire.py", "notifiers/email.py"}
"""Where the library speaks with the outside: names, HTTP, and the mail server of the practice."""

CONNECTING = {"socket", "http", "urllib.request", "smtplib", "ftplib", "httpcore", "requests"}


def test_nothing_else_opens_connections_by_itself() -> None:
    """Calendars come as texts, and what Meta announces is fetched by the host application."""
    root = Path(orthocrm.__file__).parent
    found = {
        path.relative_to(root).as_posix()
        for path in root.rglob("*.py")
        if "testing" not in path.parts and "web" not in path.parts and _connects(path)
    }
    assert found <= MAY_CONNECT


def _connects(path: Path) -> bool:
    named = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            named |= {alias.name for alias in node.names}
        if isinstance(node, ast.ImportFrom):
            named |= {f"{node.module}", *(f"{node.module}.{alias.name}" for alias in node.names)}
    opening = {f"httpx.{name}" for name in ("Client", "AsyncClient", "get", "post", "stream")}
    return any(name in CONNECTING or name.split(".")[0] == "socket" for name in named) or bool(
        named & opening
    )
