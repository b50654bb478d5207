"""Names as they sound and as they are written: folding, short forms, a phonetic key, agreement."""

import re
import unicodedata
from functools import lru_cache

from attrs import field, frozen
from rapidfuzz.distance import OSA, JaroWinkler

from orthocrm.core.masking import PERSONAL, mask
from orthocrm.leads.matching.agreement import Agreement
from orthocrm.leads.matching.short_forms import FILLERS, PLACEHOLDERS, SHORT_FORMS

_WORDS = re.compile(r"[^\W_]+")
_APOSTROPHES = str.maketrans("", "", "'\u2019\u02bc`")

ALIKE = 0.92
"""Jaro-Winkler similarity from which a difference counts as a slip of the pen."""

SIMILAR = 0.78
"""Similarity that supports other evidence, and says nothing by itself."""

SHORTEST_BEGINNING = 3
"""Letters of a name that may stand for the whole of it (`Jen`, `Sam`)."""

SHORTEST_SLIP = 4
"""Letters of a name in which one may be wrong: `Mia` and `Pia` are two names."""

TELLING_SOUND = 3
"""Signs that a phonetic key needs, since `Mia` and `May` have the same one."""


@frozen
class Name:
    """One name, folded: `text` without spaces, its words, and its full forms.

    Two usual names (`Mark`, `Mary`) are two names, however little they differ.
    """

    text: str = field(default="", repr=mask, metadata=PERSONAL)
    words: frozenset[str] = field(default=frozenset(), repr=mask, metadata=PERSONAL)
    forms: frozenset[str] = field(default=frozenset(), repr=mask, metadata=PERSONAL)
    is_usual: bool = False


NAMELESS = Name()


def folded(name: str) -> str:
    """Fold case, accents, punctuation and spaces away; the spelling itself is kept elsewhere."""
    if name.isascii() and name.isalpha():
        return name.lower()
    return "".join(sign for sign in _plain(name) if sign.isalnum())


def _plain(name: str) -> str:
    return unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", name).casefold())


def words_of(name: str) -> list[str]:
    """Split a name into its folded words; an apostrophe splits nothing."""
    marks = "".join(sign for sign in _plain(name) if not unicodedata.combining(sign))
    return _WORDS.findall(marks.translate(_APOSTROPHES))


def common_name(name: str) -> str:
    """Fold a first name, and give the one that stands for all that share short forms with it.

    `Alex` is short for several names, so that `Alexander` and `Alexandra` have one as well: good
    for finding, not for telling apart.
    """
    key = folded(name)
    return _groups().get(key, key)


@lru_cache(maxsize=1)
def _groups() -> dict[str, str]:
    """Map every full and short form to the first full form of its group."""
    first_of: dict[str, str] = {}
    members: dict[str, set[str]] = {}
    for full, shorts in SHORT_FORMS.items():
        forms = {full, *shorts.split()}
        groups = {first_of[form] for form in forms if form in first_of}
        first = min(groups, default=full)
        together = forms.union(*(members.pop(group) for group in groups))
        members[first] = together
        first_of.update(dict.fromkeys(together, first))
    return first_of


@lru_cache(maxsize=1)
def _full_forms() -> dict[str, list[str]]:
    forms: dict[str, list[str]] = {}
    for full, shorts in SHORT_FORMS.items():
        for short in shorts.split():
            forms.setdefault(short, []).append(full)
    return forms


@lru_cache(maxsize=65536)
def name_of(name: str) -> Name:
    """Read a name; one that stands for nobody (`unknown`, `baby`) is as good as none."""
    text = folded(name)
    if not text or text in PLACEHOLDERS:
        return NAMELESS
    words = words_of(name)
    if not PLACEHOLDERS.isdisjoint(words):
        words = [word for word in words if word not in PLACEHOLDERS]
        text = "".join(words)
    forms = {text, *_full_forms().get(text, ())}
    said = frozenset(word for word in words if word not in FILLERS)
    is_usual = text in SHORT_FORMS or text in _full_forms()
    return Name(text, said or frozenset(words), frozenset(forms), is_usual)


def agreement(one: Name, two: Name) -> Agreement:
    """Compare two names of the same kind."""
    if not one.text or not two.text:
        return Agreement.UNKNOWN
    if one.text == two.text:
        return Agreement.SAME
    if len(one.text) == 1 or len(two.text) == 1:
        return Agreement.INITIAL if _same_initial(one, two) else Agreement.DIFFERENT
    if not one.forms.isdisjoint(two.forms):
        return Agreement.NICKNAME
    return _written_alike(one, two)


def _same_initial(one: Name, two: Name) -> bool:
    return not {form[0] for form in one.forms}.isdisjoint(form[0] for form in two.forms)


def _written_alike(one: Name, two: Name) -> Agreement:
    likeness = alike(one.text, two.text)
    if not (one.is_usual and two.is_usual):
        if one.words == two.words or _one_slip(one.text, two.text):
            return Agreement.SLIP
        if _part(one, two):
            return Agreement.PART
        if likeness >= ALIKE or _sound_alike(one.text, two.text):
            return Agreement.SLIP
    near = likeness >= SIMILAR or _same_letters(one.text, two.text)
    return Agreement.NEAR if near else Agreement.DIFFERENT


def alike(one: str, two: str) -> float:
    """Give the Jaro-Winkler similarity, which depends on the order of the two but for this."""
    return JaroWinkler.similarity(min(one, two), max(one, two))


def _part(one: Name, two: Name) -> bool:
    """Whether one name is a word, some words or the beginning of the other."""
    if one.words <= two.words or two.words <= one.words:
        return True
    short, long = sorted((one.text, two.text), key=len)
    return len(short) >= SHORTEST_BEGINNING and long.startswith(short)


def _same_letters(one: str, two: str) -> bool:
    """Whether fast fingers only mixed up the order."""
    return len(one) == len(two) and sorted(one) == sorted(two)


def _sound_alike(one: str, two: str) -> bool:
    key = sound(one)
    return len(key) >= TELLING_SOUND and key == sound(two)


def _one_slip(one: str, two: str) -> bool:
    """Whether one letter was added, lost, mistaken or exchanged with its neighbour."""
    return min(len(one), len(two)) >= SHORTEST_SLIP and OSA.distance(one, two, score_cutoff=1) <= 1


_SOUNDS = (
    (re.compile(r"^(?:kn|gn|pn)"), "n"),
    (re.compile(r"^wr"), "r"),
    (re.compile(r"^wh"), "w"),
    (re.compile(r"^x"), "s"),
    (re.compile(r"^ps"), "s"),
    (re.compile(r"ph|pf|v"), "f"),
    (re.compile(r"tsch|tch|sch|sh|ch"), "x"),
    (re.compile(r"dg(?=[eiy])"), "j"),
    (re.compile(r"gh(?=[aeiou])"), "g"),
    (re.compile(r"gh|(?<=m)b$"), ""),
    (re.compile(r"c(?=[eiy])|z"), "s"),
    (re.compile(r"ck|c|q"), "k"),
    (re.compile(r"th|d"), "t"),
    (re.compile(r"(?<=.)[aeiouyhw]+"), ""),
    (re.compile(r"^[aeiou]"), "a"),
    (re.compile(r"(.)\1+"), r"\1"),
)
"""Spellings that sound alike in the names of the United States, replaced one after another."""


@lru_cache(maxsize=65536)
def sound(text: str) -> str:
    """Give the phonetic key of a folded name: at most six signs, vowels only at the start.

    >>> sound("schneider"), sound("shnyder"), sound("philips"), sound("fillips")
    ('xntr', 'xntr', 'flps', 'flps')
    """
    for spelling, sign in _SOUNDS:
        text = spelling.sub(sign, text)
    return text[:6]
