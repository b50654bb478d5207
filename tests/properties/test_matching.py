"""What holds for any two records, whatever was typed."""

from datetime import date, timedelta

from attrs import evolve
from hypothesis import assume, given
from hypothesis import strategies as st

from orthocrm.core.lead_link import Relation
from orthocrm.leads.matching import born, names
from orthocrm.leads.matching.agreement import Agreement
from orthocrm.leads.matching.blocking import blocking_keys
from orthocrm.leads.matching.comparison import compare
from orthocrm.leads.matching.names import name_of
from orthocrm.leads.matching.pairs import find_pairs
from orthocrm.leads.matching.record import PersonName, Record
from orthocrm.leads.matching.scoring import relation, score

PERSON = (Relation.SAME_INQUIRY, Relation.SAME_PERSON)
FIRSTS = st.sampled_from(
    ["Mia", "Ben", "William", "Bill", "José", "Zoë", "Mary Ann", "Kayla", "Kaylee", "Daniel", "D"]
)
LASTS = st.sampled_from(["Keller", "Kellr", "Mendez Lopez", "Lopez", "O'Neill", "Haddad", "Núñez"])
DATES = st.dates(date(1950, 1, 1), date(2025, 12, 31))
NAMES = st.builds(PersonName, FIRSTS, LASTS)
PHONES = st.sampled_from(["+13125550100", "+13125550101", "+17735550999"])
EMAILS = st.sampled_from(["anna.keller@example.com", "anna.keller@mail.test", "info@x.test"])


def maybe(values: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.just("") | values


RECORDS = st.builds(
    Record,
    id=st.uuids().map(str),
    first=maybe(FIRSTS) | st.text(max_size=8),
    last=maybe(LASTS) | st.text(max_size=8),
    born_on=st.none() | DATES,
    phones=st.lists(PHONES, max_size=2, unique=True).map(tuple),
    emails=st.lists(EMAILS, max_size=2, unique=True).map(tuple),
    line1=maybe(st.sampled_from(["12 Oak St", "12 Oak Street", "14 Oak St", "Oak St"])),
    city=maybe(st.sampled_from(["Chicago", "Chicag", "West Chicago", "Evanston"])),
    postal_code=maybe(st.sampled_from(["60601", "60610", "60655-1234"])),
    contacts=st.lists(NAMES, max_size=2).map(tuple),
)


@given(one=RECORDS, two=RECORDS)
def test_the_order_of_two_records_does_not_matter(one: Record, two: Record) -> None:
    assert compare(one, two) == compare(two, one)


@given(one=RECORDS, two=RECORDS)
def test_nothing_is_more_like_a_record_than_itself(one: Record, two: Record) -> None:
    assert score(compare(one, evolve(one, id="copy"))) >= score(compare(one, two)) - 1e-9


@given(one=RECORDS, two=RECORDS)
def test_case_and_the_order_of_lists_do_not_matter(one: Record, two: Record) -> None:
    assume((one.first + one.last).isascii())
    loud = evolve(
        one,
        first=one.first.upper(),
        last=one.last.upper(),
        phones=one.phones[::-1],
        emails=tuple(email.upper() for email in one.emails[::-1]),
        line1=one.line1.upper(),
        city=one.city.upper(),
        contacts=one.contacts[::-1],
    )

    assert compare(loud, two) == compare(one, two)
    assert blocking_keys(loud) == blocking_keys(one)


@given(other=RECORDS, born_on=DATES)
def test_accents_do_not_matter(other: Record, born_on: date) -> None:
    accented = Record(id="1", first="José", last="Núñez", born_on=born_on, city="Peñasco")
    plain = evolve(accented, first="Jose", last="Nunez", city="Penasco")

    assert compare(accented, other) == compare(plain, other)
    assert blocking_keys(accented) == blocking_keys(plain)


@given(one=DATES, two=DATES)
def test_birth_dates_that_are_close_are_never_clearly_different(one: date, two: date) -> None:
    assert born.agreement(one, two) is born.agreement(two, one)
    if abs(one - two) <= timedelta(days=31):
        assert born.agreement(one, two) is not Agreement.DIFFERENT


@given(
    names_given=st.tuples(FIRSTS, FIRSTS),
    dates=st.tuples(st.none() | DATES, st.none() | DATES),
    last=LASTS,
    child=RECORDS,
)
def test_siblings_are_never_the_same_person(
    names_given: tuple[str, str], dates: tuple[date | None, date | None], last: str, child: Record
) -> None:
    parent = PersonName("Gudrun", last)
    shared = evolve(child, last=last, phones=("+13125550100",), contacts=(parent,), ref=None)
    one = evolve(shared, id="1", first=names_given[0], born_on=dates[0])
    two = evolve(shared, id="2", first=names_given[1], born_on=dates[1])
    agreement = names.agreement(name_of(one.first), name_of(two.first))
    assume(agreement is Agreement.DIFFERENT or born.agreement(*dates) is Agreement.DIFFERENT)

    assert relation(compare(one, two)) not in PERSON


@given(records=st.lists(RECORDS, max_size=8, unique_by=lambda record: record.id))
def test_persons_are_transitive(records: list[Record]) -> None:
    pairs = list(find_pairs(records))
    known = {frozenset((pair.one, pair.two)) for pair in pairs}
    same = {frozenset((pair.one, pair.two)) for pair in pairs if pair.relation in PERSON}

    assert len(known) == len(pairs)
    for one in same:
        for two in same:
            if len(one & two) == 1:
                assert one ^ two in same


@given(records=st.lists(RECORDS, max_size=8, unique_by=lambda record: record.id))
def test_the_order_of_the_records_changes_no_household(records: list[Record]) -> None:
    def linked(given_records: list[Record]) -> set[frozenset[str]]:
        return {frozenset((pair.one, pair.two)) for pair in find_pairs(given_records)}

    assert linked(records) == linked(records[::-1])
