"""A request goes to an address that was judged, within its time, and follows no redirect."""

import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from orthocrm import CarrierError
from orthocrm.notifiers.reach import Reach
from orthocrm.notifiers.wire import Answered, Wire, a_request, origin_of
from orthocrm.testing.plugin_suite import HttpCarrier, Mood, Reply
from tests.notifiers.arranged import HERE, certificate, names

LOOPBACK = Reach(networks=["127.0.0.0/8"])


def post(url: str, wire: Wire = HERE, *, seconds: float = 5, most: int = 0) -> Answered:
    return wire.post(a_request(url, content=b"{}"), seconds=seconds, most=most)


def refused(url: str, wire: Wire = HERE, *, seconds: float = 5) -> tuple[str, bool, bool]:
    with pytest.raises(CarrierError) as refusal:
        post(url, wire, seconds=seconds)
    return refusal.value.reason, refusal.value.permanent, refusal.value.uncertain


def test_an_answer_is_given_with_as_much_of_its_body_as_asked_for() -> None:
    with HttpCarrier(accepted=Reply(body=b"x" * 100_000)) as carrier:
        assert [len(post(carrier.url, most=n).body) for n in (0, 10, 100_000, 200_000)] == [
            0,
            10,
            100_000,
            100_000,
        ]


def test_addresses_inside_are_barred_unless_named() -> None:
    with HttpCarrier() as carrier:
        barred = ("address_not_allowed", True, False)
        assert refused(carrier.url, Wire()) == barred
        assert refused(f"https://localhost:{carrier.port}/", Wire()) == barred
        assert refused(f"https://[::ffff:127.0.0.1]:{carrier.port}/", Wire()) == barred
        assert refused(f"http://2130706433:{carrier.port}/", Wire()) == barred
        assert carrier.received == []


def test_http_is_for_networks_of_ones_own_only(monkeypatch: pytest.MonkeyPatch) -> None:
    with names(monkeypatch, {"hooks.example": ["8.8.8.8"]}):
        assert refused("http://hooks.example/") == ("address_not_allowed", True, False)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "hooks.example",
        "//hooks.example/",
        "ftp://127.0.0.1/",
        "file:///etc/passwd",
        "https://",
        "https://user:password@hooks.example/",
        "https://hooks.example:99999999/",
        "https://hooks.example/\r\nX-Planted: yes",
        "http://[::1",
    ],
)
def test_what_is_no_address_of_the_web_is_refused_for_good(url: str) -> None:
    reason, permanent, uncertain = refused(url)
    assert (reason, permanent, uncertain) == ("bad_url", True, False)


def test_a_name_is_asked_for_once_and_pinned(monkeypatch: pytest.MonkeyPatch) -> None:
    known = {"rebinding.example": ["127.0.0.1", "169.254.169.254", "10.0.0.1"]}
    with HttpCarrier() as carrier, names(monkeypatch, known) as asked:
        assert post(f"http://rebinding.example:{carrier.port}/").status == 200
        (received,) = carrier.received
    assert asked == ["rebinding.example"]
    assert received.headers["host"] == f"rebinding.example:{carrier.port}"


def test_a_name_that_means_something_inside_the_next_time_is_barred_then(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with HttpCarrier() as carrier, names(monkeypatch, {"a.example": ["127.0.0.1", "10.0.0.1"]}):
        assert post(f"http://a.example:{carrier.port}/").status == 200
        assert refused(f"http://a.example:{carrier.port}/")[0] == "address_not_allowed"
        assert len(carrier.received) == 1


def test_a_pinned_name_is_still_the_one_that_the_certificate_is_for(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    server, trusting = certificate(tmp_path, "hooks.example")
    wire = Wire(reach=LOOPBACK, tls=trusting)
    with HttpCarrier(tls=server) as carrier:
        known = {"hooks.example": ["127.0.0.1"], "other.example": ["127.0.0.1"]}
        with names(monkeypatch, known):
            assert post(f"https://hooks.example:{carrier.port}/", wire).status == 200
            assert refused(f"https://other.example:{carrier.port}/", wire)[0] == "unreachable"
        assert len(carrier.received) == 1


def test_a_certificate_of_nobody_is_not_trusted(tmp_path: Path) -> None:
    server, _ = certificate(tmp_path)
    with HttpCarrier(tls=server) as carrier:
        assert refused(carrier.url) == ("unreachable", False, False)
        assert carrier.received == []


def test_the_next_address_of_a_name_is_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    with HttpCarrier() as carrier, names(monkeypatch, {"two.example": ["127.0.0.2 127.0.0.1"]}):
        assert post(f"http://two.example:{carrier.port}/").status == 200


def test_a_proxy_of_the_environment_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    with HttpCarrier() as carrier, HttpCarrier() as proxy:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url)
        assert post(carrier.url).status == 200
        assert (len(carrier.received), proxy.received) == (1, [])


@pytest.mark.parametrize(
    "url, origin",
    [
        ("https://push.example.net/a?b", "https://push.example.net"),
        ("https://push.example.net:443/a", "https://push.example.net"),
        ("https://push.example.net:8443/a", "https://push.example.net:8443"),
        ("http://[::1]:80/", "http://[::1]"),
    ],
)
def test_the_origin_of_a_request_has_no_usual_port(url: str, origin: str) -> None:
    assert origin_of(a_request(url)) == origin


def test_without_the_extra_it_is_named() -> None:
    program = (
        "import sys; sys.modules['httpx'] = None\n"
        "import orthocrm\n"
        "try:\n    import orthocrm.notifiers.push\n"
        "except orthocrm.MissingExtra as error:\n    print(error.extra)\n"
        "import orthocrm.notifiers.email"
    )
    told = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert told.stdout.strip() == "carriers"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_are_not_followed(status: int) -> None:
    with HttpCarrier() as inside:
        away = Reply(status=status, headers={"Location": inside.url})
        with HttpCarrier(accepted=away) as carrier:
            answer = post(carrier.url)
        assert inside.received == []
    assert (answer.refusal().reason, answer.refusal().permanent) == (f"http_{status}", True)


@pytest.mark.parametrize("status", [401, 403, 408, 425, 429, 500, 502, 503, 504])
def test_trouble_that_is_not_the_letters_is_temporary(status: int) -> None:
    with HttpCarrier(accepted=Reply(status=status)) as carrier:
        assert not post(carrier.url).refusal().permanent


@pytest.mark.parametrize("status", [400, 404, 405, 410, 413, 415, 422])
def test_a_letter_that_is_refused_is_refused_for_good(status: int) -> None:
    with HttpCarrier(accepted=Reply(status=status)) as carrier:
        assert post(carrier.url).refusal().permanent


@pytest.mark.parametrize(
    "headers, seconds",
    [
        ({"Retry-After": "7"}, 7),
        ({"Retry-After": "999999999999"}, 86_400),
        (
            {
                "Date": "Mon, 02 Nov 2026 15:00:00 GMT",
                "Retry-After": "Mon, 02 Nov 2026 15:01:00 GMT",
            },
            60,
        ),
        (
            {
                "Date": "Mon, 02 Nov 2026 15:00:00 GMT",
                "Retry-After": "Mon, 02 Nov 2026 14:00:00 GMT",
            },
            0,
        ),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": "-5"}, None),
        ({"Retry-After": "\N{ARABIC-INDIC DIGIT SEVEN}"}, None),
        ({}, None),
    ],
)
def test_the_wait_that_a_carrier_asks_for_is_read(
    headers: dict[str, str], seconds: int | None
) -> None:
    answer = Answered(status=429, headers=httpx.Headers(headers, encoding="utf-8"), body=b"")
    assert answer.refusal().wait == (None if seconds is None else timedelta(seconds=seconds))


def test_a_connection_that_is_cut_leaves_it_uncertain() -> None:
    with HttpCarrier() as carrier:
        carrier.mood = Mood.HANG_UP
        assert refused(carrier.url) == ("connection_lost", False, True)


@pytest.mark.parametrize("mood", [Mood.STALL, Mood.DRIP])
def test_an_answer_that_comes_too_late_leaves_it_uncertain(mood: Mood) -> None:
    with HttpCarrier() as carrier:
        carrier.mood = mood
        assert refused(carrier.url, seconds=1.5) == ("time_out", False, True)


def test_no_time_at_all_is_too_little() -> None:
    with HttpCarrier() as carrier:
        assert refused(carrier.url, seconds=1e-9) == ("unreachable", False, False)
        assert carrier.received == []


def test_a_header_that_cannot_be_one_is_refused_for_good() -> None:
    with HttpCarrier() as carrier:
        request = a_request(carrier.url, headers={"X-Name": "a\r\nX-Planted: yes"})
        with pytest.raises(CarrierError) as refusal:
            HERE.post(request, seconds=5)
        assert (refusal.value.reason, refusal.value.permanent) == ("bad_request", True)
        assert carrier.received == []


def test_where_nobody_listens_nothing_was_sent() -> None:
    carrier = HttpCarrier()
    carrier.close()
    assert refused(carrier.url) == ("unreachable", False, False)
