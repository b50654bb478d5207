"""Passwords of twelve signs and more that are guessed first.

Longer passwords that people choose are mostly rows of keys, one word twice, or a word with a year.
The list holds their bare form: letters and digits only, in small letters.
"""

from functools import cache

_ROWS = (
    "1234567890",
    "0987654321",
    "qwertyuiop",
    "asdfghjkl",
    "zxcvbnm",
    "abcdefghijklmnopqrstuvwxyz",
    "qazwsxedcrfv",
    "1qaz2wsx3edc",
    "1q2w3e4r5t6y",
    "qwerty123456",
    "password",
    "passwort",
    "letmein",
    "welcome",
    "iloveyou",
    "administrator",
    "admin",
    "changeme",
    "changeit",
    "default",
    "secret",
    "orthodontics",
    "orthodontist",
    "orthocrm",
    "braces",
    "dental",
    "dentist",
    "smile",
    "smiles",
    "practice",
    "office",
    "frontdesk",
    "football",
    "baseball",
    "sunshine",
    "princess",
    "superman",
    "starwars",
    "whatever",
    "trustno1",
)
_ENDS = (
    "1",
    "12",
    "123",
    "1234",
    "12345",
    "123456",
    "1234567",
    "12345678",
    "123456789",
    "1234567890",
    *(str(year) for year in range(1950, 2051)),
)
_SHORTEST = 12


def _long_enough(text: str) -> bool:
    return len(text) >= _SHORTEST


@cache
def guessed() -> frozenset[str]:
    """Give the bare forms that are refused: thousands, made for the first password that is set."""
    bare = {*_ROWS, *(first + second for first in _ROWS for second in _ROWS)}
    ended = {row + end for row in _ROWS for end in _ENDS}
    begun = {end + row for row in _ROWS for end in _ENDS}
    known = {
        "correcthorsebatterystaple",
        "thisisapassword",
        "thisismypassword",
        "mypasswordismypassword",
        "passwordpasswordpassword",
        "abcdefghijkl",
        "123456789012",
        "1234567890123",
        "123123123123",
        "121212121212",
        "112233445566",
        "123456123456",
        "987654321012",
        "qwertyqwerty",
        "abcabcabcabc",
        "abc123abc123",
        "q1w2e3r4t5y6",
        "letmeinplease",
        "opensesame123",
        "monkeymonkey",
        "dragondragon",
    }
    return frozenset(filter(_long_enough, bare | ended | begun | known))
