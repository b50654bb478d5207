"""Tokens: what they say, and what is none."""

import pytest

from orthocrm.access.tokens import (
    ReadToken,
    TokenKind,
    digest_of,
    is_same,
    new_token,
    read_token,
)

CLINIC = "0190c0de-0000-7000-8000-00000000c11c"
OWNER = "0190c0de-0000-7000-8000-0000000000aa"
GOOD = new_token(TokenKind.SESSION, CLINIC, OWNER).token


@pytest.mark.parametrize(
    "token",
    [
        None,
        7,
        b"ocs_",
        "",
        "ocs_",
        GOOD.encode(),
        GOOD + "x",
        GOOD[:-1],
        " " + GOOD,
        GOOD + "\n",
        GOOD.upper(),
        GOOD.replace("ocs_", "ock_"),
        GOOD.replace("ocs_", "ocx_"),
        GOOD.replace("_", "-"),
        GOOD[:4] + "g" + GOOD[5:],
        GOOD[:-1] + "é",
        "ocs_" + "0" * 100_000,
    ],
)
def test_what_has_not_the_form_of_a_token_is_none(token: object) -> None:
    assert read_token(token, TokenKind.SESSION) is None


@pytest.mark.parametrize("kind", TokenKind)
@pytest.mark.parametrize("owner", [OWNER, "tc-1", "user:böb@example.com", "x", CLINIC.upper()])
def test_a_token_says_clinic_and_owner_and_its_digest(kind: TokenKind, owner: str) -> None:
    drawn = new_token(kind, CLINIC, owner)
    read = read_token(drawn.token, kind)
    assert read is not None
    assert (read.clinic, read.owner, read.digest) == (CLINIC, owner, drawn.digest)
    assert all(read_token(drawn.token, other) is None for other in TokenKind if other is not kind)


def test_the_digest_does_not_give_the_secret_away() -> None:
    drawn = new_token(TokenKind.KEY, CLINIC, OWNER)
    secret = drawn.token[-43:]
    assert drawn.digest == digest_of(secret)
    assert secret not in drawn.digest
    for shown in (repr(drawn), repr(read_token(drawn.token, TokenKind.KEY))):
        assert secret not in shown
        assert drawn.digest not in shown


def test_no_two_tokens_have_the_same_secret() -> None:
    drawn = {new_token(TokenKind.KEY, CLINIC, OWNER).digest for _ in range(200)}
    assert len(drawn) == 200


def test_another_secret_is_another_digest() -> None:
    read = read_token(GOOD, TokenKind.SESSION)
    forged = read_token(GOOD[:-43] + "A" * 43, TokenKind.SESSION)
    assert isinstance(read, ReadToken)
    assert isinstance(forged, ReadToken)
    assert (forged.clinic, forged.owner) == (read.clinic, read.owner)
    assert not is_same(read.digest, forged.digest)


@pytest.mark.parametrize(
    "one, other, same",
    [
        ("ab", "ab", True),
        ("ab", "ac", False),
        ("ab", None, False),
        ("", "", False),
        ("", None, False),
    ],
)
def test_nothing_is_like_a_missing_digest(one: str, other: str | None, *, same: bool) -> None:
    assert is_same(one, other) is same
