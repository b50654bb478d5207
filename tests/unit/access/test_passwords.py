"""Passwords: what is refused, what is not, and how they are kept."""

import pytest

from orthocrm.access import passwords
from orthocrm.access.passwords import OWASP, HashCost, checked_cost, read_password
from orthocrm.core.errors import InvalidInput

CHEAP = HashCost(memory=8, passes=1, lanes=1)
CLINIC = "Bright Smiles Orthodontics"
ABOUT = ("Anastasia Kim", "anastasia.kim@bright.example", CLINIC)


@pytest.mark.parametrize(
    "raw, code",
    [
        (None, "wrong_type"),
        (123456789012, "wrong_type"),
        (b"three green horses", "wrong_type"),
        ("", "bad_length"),
        ("eleven sign", "bad_length"),
        ("x y" * 43, "bad_length"),
        ("three green\0horses", "bad_character"),
        ("three green \ud800 horses", "bad_character"),
        ("three green\nhorses", "bad_character"),
        ("aaaaaaaaaaaaaaaa", "too_common"),
        ("abababababab", "too_common"),
        ("1234567890123", "too_common"),
        ("Password1234", "too_common"),
        ("P-a-s-s-w-o-r-d 2026!", "too_common"),
        ("qwertyuiop123", "too_common"),
        ("123qwertyuiop", "too_common"),
        ("letmeinletmein", "too_common"),
        ("correct horse battery staple", "too_common"),
        ("anastasia.kim@bright.example", "too_common"),
        ("Anastasia Kim", "too_common"),
        ("anastasiakim1", "too_common"),
        ("BrightSmilesOrthodontics7", "too_common"),
    ],
)
def test_bad_passwords_are_refused_without_being_shown(raw: object, code: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        read_password(raw, about=ABOUT)
    assert [(p.path, p.code) for p in refusal.value.problems] == [("password", code)]
    if isinstance(raw, str) and raw:
        assert raw not in str(refusal.value)


@pytest.mark.parametrize(
    "raw",
    [
        "three green horses",
        "TWELVE-SIGNS",
        "            leading",
        "牙齿矫正医生的漂亮密码你好",
        "🦷🐴🌲🎹🦷🐴🌲🎹 🏔🎺🪁🧊",
        "my dentist Anastasia rides a yellow bicycle",
        "g7$Kq!zP0w@x",
        "v x" * 8 + "abcdefghij" * 10,
    ],
)
def test_whatever_is_long_enough_and_not_known_is_taken(raw: str) -> None:
    assert read_password(raw, about=ABOUT)


def test_the_length_is_counted_in_characters() -> None:
    with pytest.raises(InvalidInput):
        read_password("łąśćźżęóńŁĄ")
    assert read_password("łąśćźżęóńŁĄŚ")
    assert read_password("łąśćźżęó" * 16)


def test_every_keyboard_types_the_same_password() -> None:
    composed, decomposed = "caf\u00e9 au lait noir", "cafe\u0301 au lait noir"
    kept = passwords.hashed(read_password(composed), CHEAP)
    assert passwords.matches(passwords.tried_password(decomposed), kept)


def test_a_password_that_is_tried_may_be_any_text_up_to_a_length() -> None:
    assert passwords.tried_password("short") == "short"
    for raw in ("x" * 129, None, 7, "a\0b"):
        with pytest.raises(InvalidInput):
            passwords.tried_password(raw)


def test_a_hash_matches_its_password_only() -> None:
    kept = passwords.hashed("three green horses", CHEAP)
    assert passwords.matches("three green horses", kept)
    assert not passwords.matches("three green horse", kept)
    assert not passwords.matches("", kept)
    assert "three" not in kept


def test_the_same_password_has_another_hash_each_time() -> None:
    assert passwords.hashed("three green horses", CHEAP) != passwords.hashed(
        "three green horses", CHEAP
    )


def test_a_hash_says_what_it_cost() -> None:
    kept = passwords.hashed("three green horses", CHEAP)
    assert kept.startswith("$argon2id$v=19$m=8,t=1,p=1$")
    assert (passwords.is_dated(kept, CHEAP), passwords.is_dated(kept, OWASP)) == (False, True)


def test_the_usual_cost_is_what_owasp_says() -> None:
    assert HashCost(memory=19_456, passes=2, lanes=1) == OWASP


def test_the_decoy_costs_the_same_and_matches_nothing() -> None:
    decoy = passwords.decoy(CHEAP)
    assert not passwords.is_dated(decoy, CHEAP)
    assert passwords.decoy(CHEAP) == decoy
    assert not passwords.matches("", decoy)


@pytest.mark.parametrize(
    "cost",
    [
        None,
        (8, 1, 1),
        HashCost(memory=7, passes=1, lanes=1),
        HashCost(memory=8, passes=0, lanes=1),
        HashCost(memory=8, passes=1, lanes=0),
        HashCost(memory=8, passes=1, lanes=2),
    ],
)
def test_a_cost_that_argon2_does_not_know_is_refused(cost: object) -> None:
    with pytest.raises(InvalidInput):
        checked_cost(cost)
