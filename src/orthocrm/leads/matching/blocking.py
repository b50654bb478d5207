"""Which leads are worth comparing: keys that leads of one person or family share."""

from array import array
from collections.abc import Iterable, Iterator
from datetime import date
from itertools import combinations, groupby

from attrs import define, field

from orthocrm.leads.matching.names import Name, common_name, folded, name_of, sound
from orthocrm.leads.matching.places import Street, street_of
from orthocrm.leads.matching.profile import POSTAL_SIGNS, Profile, profile_of
from orthocrm.leads.matching.reach import mailbox
from orthocrm.leads.matching.record import Record

CROWD = 20
"""A key that more leads than this carry is noise (the practice's own number, a test address)."""


def blocking_keys(record: Record) -> tuple[str, ...]:
    """Give the keys by which a record is found, sorted; each begins with its kind and a colon.

    A birth date never stands alone, and first and last name may be exchanged.
    """
    return keys_of(profile_of(record))


def keys_of(profile: Profile) -> tuple[str, ...]:
    """Give the keys of a record that is folded already."""
    keys = {f"phone:+{phone}" for phone in profile.phones}
    keys.update(f"email:{email}" for email in profile.emails)
    keys.update(f"box:{box}" for box in map(mailbox, profile.emails) if box)
    if profile.ref is not None:
        keys.add(f"ref:{profile.ref}")
    keys.update(_name_keys(profile))
    keys.update(_birth_keys(profile))
    keys.update(_place_keys(profile))
    return tuple(sorted(keys))


def _name_keys(profile: Profile) -> Iterator[str]:
    """Name keys: the sound of the last name with an initial, and both sounds in any order."""
    first, last = _common(profile.first), _common(profile.last)
    if first and last:
        yield f"name:{sound(last)}-{first[0]}"
        yield "names:" + "-".join(sorted((sound(first), sound(last))))


def _birth_keys(profile: Profile) -> Iterator[str]:
    """Birth date with each initial; day and month in one order, since they are often exchanged."""
    if profile.born_on is None:
        return
    day = _unordered(profile.born_on)
    for name in (_common(profile.first), _common(profile.last)):
        if name:
            yield f"born:{day}-{name[0]}"


def _unordered(born_on: date) -> str:
    low, high = sorted((born_on.month, born_on.day))
    return f"{born_on.year}{low:02}{high:02}"


def _place_keys(profile: Profile) -> Iterator[str]:
    code, street = profile.postal_code, profile.street
    if code and profile.last.text:
        yield f"home:{code}-{sound(profile.last.text)}"
    if code and profile.first.text:
        yield f"post:{code}-{sound(_common(profile.first))}"
    if street.number and street.name:
        yield f"door:{street.number}-{sound(street.name.split()[0])}"


def _common(name: Name) -> str:
    """Give the common form; of last names too, since the two may be exchanged."""
    return common_name(name.text)


def fuzzy_keys(record: Record) -> Iterator[str]:
    """Give the few keys by which a lead is found though phone and e-mail are others.

    They are stored with every lead, so each combines all that the rules want beside a name: a name
    alone is carried by a crowd, and never makes two leads one person.
    `born` is the birth date with the initials as they are spelt; `area` both names and the postal
    code, and `kin` both names and who answers for the patient, where all short forms of a name are
    one; `door` the address. Names stand by their sound, and in either order.
    """
    first, last = name_of(record.first), name_of(record.last)
    code = folded(record.postal_code)[:POSTAL_SIGNS]
    if first.text and last.text:
        if record.born_on is not None:
            initials = sorted((sound(first.text)[:1], sound(last.text)[:1]))
            yield f"born:{_unordered(record.born_on)}-{''.join(initials)}"
        yield from _named_keys(_common(first), _common(last), code, record)
    street = street_of(record.line1) if code and record.line1 else NOWHERE
    if street.number and street.name:
        yield f"door:{code}-{street.number}-{sound(street.name.split()[0])}"


NOWHERE = Street()


def _named_keys(first: str, last: str, code: str, record: Record) -> Iterator[str]:
    kin = [contact.first for contact in record.contacts if contact.first != record.first]
    others = [other for other in (_common(name_of(one)) for one in kin) if other not in ("", first)]
    if not (code or others):
        return
    names = "-".join(sorted((sound(first), sound(last))))
    if code:
        yield f"area:{code}-{names}"
    for other in others:
        yield f"kin:{names}-{sound(other)}"


@define
class Index:
    """The keys of many records: twelve bytes for each key of each record."""

    size: int = 0
    _keys: "array[int]" = field(factory=lambda: array("q"), repr=False)
    _places: "array[int]" = field(factory=lambda: array("L"), repr=False)

    def add(self, keys: Iterable[str]) -> None:
        """Take the keys of the next record; of each, a number is held that stands for it.

        Two keys with one number make no more than a comparison that was not needed.
        """
        for key in keys:
            self._keys.append(hash(key))
            self._places.append(self.size)
        self.size += 1

    def candidates(self, crowd: int = CROWD) -> Iterator[tuple[int, int]]:
        """Give every pair of positions that share a key, once, the lower position first.

        Keys of more than `crowd` are dropped.
        """
        pairs = array("Q")
        for places in self._shared(crowd):
            pairs.extend(one * self.size + two for one, two in combinations(places, 2))
        last = -1
        for pair in sorted(pairs):
            if pair != last:
                yield divmod(pair, self.size)
            last = pair

    def _shared(self, crowd: int) -> Iterator[list[int]]:
        order = sorted(range(len(self._keys)), key=self._keys.__getitem__)
        for _, group in groupby(order, self._keys.__getitem__):
            places = [self._places[at] for at in group]
            if 1 < len(places) <= crowd:
                yield places


def candidates(keys: Iterable[Iterable[str]], crowd: int = CROWD) -> Iterator[tuple[int, int]]:
    """Give every pair of positions that share a key, as `Index.candidates` does."""
    index = Index()
    for own in keys:
        index.add(own)
    return index.candidates(crowd)
