"""Invented families and how their enquiries arrive through a year."""

from collections.abc import Iterator, Mapping
from datetime import date, datetime, time, timedelta
from itertools import accumulate, islice
from random import Random
from zoneinfo import ZoneInfo

from attrs import evolve, frozen

from orthocrm.core.lead import Channel
from orthocrm.demo import names
from orthocrm.demo.hours import CLOSES, OPENS, chance, is_open, next_open
from orthocrm.leads.intake import Intake


@frozen(kw_only=True)
class Stream:
    """A source: its channel, its share, how readily its families start, and its seasons."""

    source: str
    channel: Channel
    share: float
    warmth: float
    months: Mapping[int, float]


_EVENLY: Mapping[int, float] = {}

STREAMS = (
    Stream(
        source="Doctor referral",
        channel=Channel.DOCTOR_REFERRAL,
        share=22,
        warmth=1.2,
        months=_EVENLY,
    ),
    Stream(
        source="Patient referral",
        channel=Channel.PATIENT_REFERRAL,
        share=16,
        warmth=1.3,
        months=_EVENLY,
    ),
    Stream(
        source="Web - Organic search",
        channel=Channel.WEB_FORM,
        share=20,
        warmth=1.0,
        months={1: 1.3, 6: 1.3, 7: 1.3, 8: 1.2, 12: 0.6},
    ),
    Stream(
        source="Web - Paid advertising",
        channel=Channel.WEB_FORM,
        share=14,
        warmth=0.8,
        months={1: 1.6, 7: 1.3, 8: 1.6, 12: 0.5},
    ),
    Stream(
        source="Web - Social media",
        channel=Channel.WEB_FORM,
        share=9,
        warmth=0.65,
        months={5: 1.3, 6: 1.5, 12: 0.6},
    ),
    Stream(
        source="Print advertising",
        channel=Channel.PHONE,
        share=4,
        warmth=0.8,
        months={1: 1.5, 8: 1.5},
    ),
    Stream(
        source="Community event",
        channel=Channel.MANUAL,
        share=4,
        warmth=0.7,
        months={1: 0.2, 2: 0.2, 5: 2.5, 6: 2.5, 10: 2.0, 12: 0.4},
    ),
    Stream(
        source="School screening",
        channel=Channel.MANUAL,
        share=5,
        warmth=0.75,
        months={2: 3.0, 3: 1.5, 6: 0.1, 7: 0.1, 8: 0.1, 9: 3.5, 10: 1.5, 12: 0.2},
    ),
    Stream(source="Walk-in", channel=Channel.WALK_IN, share=6, warmth=1.05, months=_EVENLY),
)

_SEASON: Mapping[int, float] = {1: 1.1, 6: 1.25, 7: 1.2, 8: 1.15, 11: 0.9, 12: 0.65}
_WEEKEND_SHARE = 0.45
_ADULTS = 0.14
_COME_BACK = 0.3
_NOTED = 0.4
_SIBLINGS = (1, 1, 1, 2, 2, 3)
_NUMBERS_PER_AREA = 100


@frozen(kw_only=True)
class Arrival:
    """An enquiry on its way, and how readily the family starts."""

    at: datetime
    enquiry: Intake
    warmth: float

    @property
    def received(self) -> Intake:
        """The enquiry as of when it arrived."""
        return evolve(self.enquiry, received_at=self.at)


def arrivals(random: Random, now: datetime, zone: ZoneInfo, leads: int) -> list[Arrival]:
    """Invent the enquiries of the year that ends at `now`, oldest first."""
    invented = (
        arrival
        for number, day in enumerate(_days(random, now.astimezone(zone).date()))
        for arrival in _family(random, number, day, zone)
        if arrival.at <= now
    )
    fresh = _of_today(random, now, zone, max(3, leads // 250))
    year = [*islice(invented, leads - len(fresh)), *fresh]
    return sorted(year, key=lambda arrival: arrival.at)


def _days(random: Random, today: date) -> Iterator[date]:
    """Draw days of the year for ever, more of them in summer, fewer at weekends."""
    days = [today - timedelta(days=back) for back in range(365, -1, -1)]
    weights = list(accumulate(map(_weight, days)))
    while True:
        yield from random.choices(days, cum_weights=weights, k=100)


def _weight(day: date) -> float:
    return _SEASON.get(day.month, 1.0) * (1.0 if is_open(day) else _WEEKEND_SHARE)


def _of_today(random: Random, now: datetime, zone: ZoneInfo, most: int) -> list[Arrival]:
    """Invent the enquiries of the last hours, so that there is something new to look at."""
    local = now.astimezone(zone)
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
    since = max(local - timedelta(hours=8), midnight)
    web = [stream for stream in STREAMS if stream.channel is Channel.WEB_FORM]
    return [
        evolve(arrival, at=since + random.random() * (local - since))
        for number in range(most)
        for arrival in _of_stream(random, -number - 1, local.date(), zone, random.choice(web))[:1]
    ]


def _family(random: Random, number: int, day: date, zone: ZoneInfo) -> list[Arrival]:
    weights = [stream.share * stream.months.get(day.month, 1.0) for stream in STREAMS]
    return _of_stream(random, number, day, zone, random.choices(STREAMS, weights)[0])


def _of_stream(
    random: Random, number: int, day: date, zone: ZoneInfo, stream: Stream
) -> list[Arrival]:
    """Invent the enquiries of one family: most ask for all children at once, some come back."""
    at = _time_of(random, day, zone, stream.channel)
    contact = _contact(random, number, stream)
    if chance(random, _ADULTS):
        return [Arrival(at=at, enquiry=contact, warmth=stream.warmth)]
    found = []
    for child in random.sample(names.CHILDREN, random.choice(_SIBLINGS)):
        found.append(Arrival(at=at, enquiry=_child(random, contact, child), warmth=stream.warmth))
        comes_back = chance(random, _COME_BACK)
        at += timedelta(days=random.randint(20, 150)) if comes_back else timedelta(minutes=4)
        if stream.channel is not Channel.WEB_FORM:
            at = next_open(at, zone, random)
    return found


def _time_of(random: Random, day: date, zone: ZoneInfo, channel: Channel) -> datetime:
    if channel is Channel.WEB_FORM:
        hour = random.choices(
            range(24), [1] * 6 + [2, 3, 4, 5, 5, 5, 6, 5, 4, 5] + [7] * 6 + [4, 2]
        )
        return datetime.combine(day, time(hour[0], random.randrange(60)), zone)
    while not is_open(day):
        day -= timedelta(days=1)
    minutes = random.randrange(0, (CLOSES - OPENS) * 60)
    return datetime.combine(day, time(OPENS), zone) + timedelta(minutes=minutes)


def _contact(random: Random, number: int, stream: Stream) -> Intake:
    first, last = random.choice(names.PARENTS), random.choice(names.LAST_NAMES)
    town, postal_code = random.choice(names.TOWNS)
    contact = Intake(
        channel=stream.channel,
        first_name=first,
        last_name=last,
        email=f"{first}.{last}{number % 10_000}@{random.choice(names.MAIL_HOSTS)}".lower(),
        phone=_phone(number),
        preferred_contact=random.choice(("PHONE", "PHONE", "TEXT", "EMAIL")),
        city=town,
        state="IL",
        postal_code=postal_code,
        relationship="SELF",
        source=stream.source,
        interests=(random.choice(("INVISALIGN", "INVISALIGN", "RETAINER", "BRACES_CLEAR")),),
        notes=random.choice(names.CONCERNS) if chance(random, _NOTED) else None,
    )
    return _with_facts(random, contact, stream)


def _phone(number: int) -> str:
    """Give each family a number of its own, as far as the area codes go."""
    area, line = divmod(number % (len(names.AREA_CODES) * _NUMBERS_PER_AREA), _NUMBERS_PER_AREA)
    return f"({names.AREA_CODES[area]}) 555-01{line:02d}"


def _with_facts(random: Random, contact: Intake, stream: Stream) -> Intake:
    """Add what the channel tells beside the family."""
    if stream.channel is Channel.DOCTOR_REFERRAL:
        return evolve(contact, referring_provider=random.choice(names.DENTISTS))
    if stream.channel is Channel.PATIENT_REFERRAL:
        return evolve(contact, referring_patient=f"patient-{random.randrange(1000, 4000)}")
    if stream.source == "Web - Paid advertising":
        return evolve(contact, campaign=random.choice(names.LANDING_PAGES))
    return contact


def _child(random: Random, contact: Intake, name: str) -> Intake:
    interests = ("BRACES_METAL", "BRACES_METAL", "INVISALIGN", "BRACES_CLEAR", "GENERAL_INQUIRY")
    return evolve(
        contact,
        relationship="CHILD",
        patient_first_name=name,
        patient_last_name=contact.last_name,
        patient_age=random.randint(8, 16),
        interests=(random.choice(interests),),
    )
