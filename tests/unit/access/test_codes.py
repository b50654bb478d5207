"""The second factor: the vectors of RFC 6238, one use of each code, recovery codes."""

import base64
from datetime import UTC, datetime, timedelta

import pytest

from orthocrm.access import codes

SECRET = base64.b32encode(b"12345678901234567890").decode()
NOW = datetime(2026, 11, 2, 15, 0, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    "seconds, code",
    [
        (59, "287082"),
        (1111111109, "081804"),
        (1111111111, "050471"),
        (1234567890, "005924"),
        (2000000000, "279037"),
        (20000000000, "353130"),
    ],
)
def test_the_codes_are_those_of_rfc_6238(seconds: int, code: str) -> None:
    """Appendix B, SHA-1; the last six of its eight digits."""
    at = datetime.fromtimestamp(seconds, UTC)
    assert codes.code_at(SECRET, at) == code
    assert codes.step_of(SECRET, code, at, 0) == seconds // 30


@pytest.mark.parametrize(
    "raw",
    [
        None,
        123456,
        b"123456",
        "",
        "12345",
        "1234567",
        "12345a",
        "１２３４５６",  # noqa: RUF001 - digits that are none
        "-" * 50,
        "ABCD-EFGH-2345",
        "ABCD-EFGH-2345-JKL1",
        "1" * 10_000,
    ],
)
def test_what_can_be_no_code_is_none(raw: object) -> None:
    assert codes.read_code(raw) is None


@pytest.mark.parametrize(
    "raw, code",
    [
        ("123456", "123456"),
        (" 123 456 ", "123456"),
        ("123-456", "123456"),
        ("abcd-efgh-2345-jklm", "ABCDEFGH2345JKLM"),
        ("ABCD EFGH 2345 JKLM", "ABCDEFGH2345JKLM"),
    ],
)
def test_codes_are_read_as_people_type_them(raw: str, code: str) -> None:
    assert codes.read_code(raw) == code
    assert codes.is_recovery(code) is (len(code) == 16)


@pytest.mark.parametrize("late, opens", [(-61, False), (-30, True), (30, True), (61, False)])
def test_a_code_opens_one_step_early_or_late(late: int, *, opens: bool) -> None:
    code = codes.code_at(SECRET, NOW + timedelta(seconds=late))
    assert (codes.step_of(SECRET, code, NOW, 0) is not None) is opens


def test_a_code_opens_once_and_none_before_it_after_it() -> None:
    code, earlier = (codes.code_at(SECRET, NOW - timedelta(seconds=s)) for s in (0, 30))
    step = codes.step_of(SECRET, code, NOW, 0)
    assert step is not None
    assert codes.step_of(SECRET, code, NOW, step) is None
    assert codes.step_of(SECRET, earlier, NOW, step) is None
    following = codes.code_at(SECRET, NOW + timedelta(seconds=30))
    assert codes.step_of(SECRET, following, NOW, step) == step + 1


def test_a_code_of_another_secret_does_not_open() -> None:
    ours, theirs = codes.new_secret(), SECRET
    assert len(base64.b32decode(ours)) == 20
    mine = {codes.code_at(ours, NOW + timedelta(seconds=s)) for s in (-30, 0, 30)}
    foreign = next(
        code
        for minute in range(20)
        if (code := codes.code_at(theirs, NOW + timedelta(minutes=minute))) not in mine
    )
    assert codes.step_of(ours, foreign, NOW, 0) is None


def test_an_authenticator_is_set_up_by_an_address() -> None:
    uri = codes.setup_uri(SECRET, "ana@bright.example", "Bright Smiles")
    assert uri.startswith("otpauth://totp/Bright%20Smiles:ana%40bright.example?")
    assert f"secret={SECRET}" in uri
    assert "digits=6" in uri
    assert "issuer=Bright%20Smiles" in uri


def test_each_recovery_code_opens_once() -> None:
    drawn = codes.new_recovery()
    assert len(set(drawn.codes)) == len(set(drawn.digests)) == 10
    left: tuple[str, ...] = drawn.digests
    for number, shown in enumerate(drawn.codes, 1):
        code = codes.read_code(shown.lower())
        assert code is not None
        found = codes.without(left, code)
        assert found is not None
        left = found
        assert len(left) == 10 - number
        assert codes.without(left, code) is None
    assert codes.without((), "ABCDEFGH2345JKLM") is None


def test_no_repr_shows_recovery_codes() -> None:
    drawn = codes.new_recovery()
    assert not any(code in repr(drawn) for code in (*drawn.codes, *drawn.digests))
