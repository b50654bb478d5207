"""Templates filled in for a family."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from attrs import evolve

from orthocrm.core.default_templates import DEFAULT_MESSAGES
from orthocrm.core.errors import InvalidInput
from orthocrm.core.lead import Enquiry, Incomplete, Insurance, Lead, TreatmentInterest
from orthocrm.core.merge_fields import carried_by
from orthocrm.core.messaging import Messaging
from orthocrm.core.notifying import MessageChannel
from orthocrm.core.people import (
    Address,
    Contact,
    Email,
    Patient,
    Phone,
    PreferredContact,
)
from orthocrm.core.segments import Segments
from orthocrm.core.settings import Practice, Settings
from orthocrm.core.task import LeadTaskType
from orthocrm.core.templates import Language, MessageTemplate, TaskTemplate
from orthocrm.followup.templates import (
    chosen,
    date_words,
    preview,
    rendered,
    task_words,
    time_words,
    values_of,
)
from orthocrm.testing.factories import an_appointment
from tests.support.practices import a_lead_of, a_practice

SMS, EMAIL, PUSH = MessageChannel.SMS, MessageChannel.EMAIL, MessageChannel.PUSH
BOTH = ((EMAIL, "smtp"), (SMS, "twilio"))
HELLO = MessageTemplate(name="hello", channel=SMS, body="Hi {contact_first_name}!")
LETTER = MessageTemplate(
    name="hello",
    channel=EMAIL,
    subject="About {patient_first_name}",
    body="Dear {contact_name}, yours, {owner_name}, {practice}",
)
TEMPLATES = (HELLO, LETTER)


def practice_with(*templates: MessageTemplate, **messaging: Any) -> Practice:
    usual: dict[str, Any] = {"carriers": BOTH, "phone": "(312) 555-0100"}
    return a_practice(
        settings=Settings(
            message_templates=templates, messaging=Messaging(**{**usual, **messaging})
        )
    )


PRACTICE = practice_with(*TEMPLATES)


def family(first: str = "Anna", last: str = "Keller", **fields: Any) -> Lead:
    usual: dict[str, Any] = {
        "phone": Phone("+13125550100"),
        "email": Email("anna@example.com", "Anna@example.com"),
    }
    contact = Contact(first_name=first, last_name=last, **{**usual, **fields})
    return evolve(a_lead_of(PRACTICE), contact=contact)


def test_a_text_message_is_filled_in() -> None:
    done = rendered(HELLO, family(), PRACTICE)

    assert (done.to, done.subject, done.body, done.missing) == (
        "+13125550100",
        None,
        "Hi Anna!",
        (),
    )


def test_a_letter_is_filled_in() -> None:
    done = rendered(LETTER, family(), PRACTICE)

    assert (done.to, done.subject, done.body) == (
        "anna@example.com",
        "About Mia",
        "Dear Anna Keller, yours, TC-1, Bright Smiles",
    )


def test_nothing_personal_shows_when_a_message_is_printed() -> None:
    shown = repr(rendered(LETTER, family(), PRACTICE))

    assert not any(word in shown for word in ("Anna", "anna", "Mia"))


def test_what_has_no_value_is_named_and_the_message_is_not_complete() -> None:
    visit = evolve(HELLO, body="{appointment_date}, {appointment_time}, {practice_website}")

    done = rendered(visit, family(), PRACTICE)

    assert done.missing == ("appointment_date", "appointment_time", "practice_website")


@pytest.mark.parametrize(
    "language, body",
    [
        (Language.ENGLISH, "Tuesday, November 3 9:00 AM"),
        (Language.SPANISH, "martes 3 de noviembre 9:00 a. m."),
    ],
)
def test_an_appointment_is_told_in_its_own_zone(language: Language, body: str) -> None:
    lead = family()
    visit = evolve(HELLO, body="{appointment_date} {appointment_time}", language=language)

    done = rendered(visit, lead, PRACTICE, an_appointment(lead))

    assert done.body == body


@pytest.mark.parametrize(
    "hour, english, spanish",
    [
        (0, "12:05 AM", "12:05 a. m."),
        (11, "11:05 AM", "11:05 a. m."),
        (12, "12:05 PM", "12:05 p. m."),
        (23, "11:05 PM", "11:05 p. m."),
    ],
)
def test_times_follow_the_twelve_hour_clock(hour: int, english: str, spanish: str) -> None:
    at = datetime(2026, 11, 2, hour, 5, tzinfo=UTC)

    assert (time_words(at, Language.ENGLISH), time_words(at, Language.SPANISH)) == (
        english,
        spanish,
    )
    assert date_words(at, Language.ENGLISH) == "Monday, November 2"


@pytest.mark.parametrize(
    "typed",
    [
        "http://evil.example",
        "evil.com",
        "t.co",
        "J.R.example",
        "Call 900 555 0000 now",
        "You won a free cruise to the islands",
        "x" * 41,
        "<b>Anna</b>",
        "{practice}",
        "",
        "Anna\nBcc: all",
        "$5",
    ],
)
def test_what_is_no_name_is_not_sent_on(typed: str) -> None:
    assert rendered(HELLO, family(typed), PRACTICE).body == "Hi there!"
    hola = evolve(HELLO, language=Language.SPANISH, body="Hola {contact_first_name}")
    assert rendered(hola, family(typed), PRACTICE).body == "Hola familia"


@pytest.mark.parametrize(
    "typed",
    [
        *("José", "Mary-Kate", "O'Brien", "J. R.", "J.R.", "María del Carmen"),
        *("प्रिया", "محمد", "Jose\u0301"),
    ],
)
def test_names_of_all_peoples_are_names(typed: str) -> None:
    assert rendered(HELLO, family(typed), PRACTICE).body == f"Hi {typed}!"


def test_a_placeholder_for_a_name_is_never_sent() -> None:
    gaps = Enquiry(incomplete=(Incomplete.CONTACT_NAME, Incomplete.PATIENT_NAME))
    lead = evolve(family("Unknown"), enquiry=gaps)

    values = values_of(lead, PRACTICE, None, Language.ENGLISH)

    assert (values["contact_first_name"], values["contact_name"]) == ("there", None)
    assert values["patient_first_name"] is None


def test_braces_that_a_family_typed_are_never_filled_in() -> None:
    lead = evolve(family(), patient=evolve(family().patient, first_name="{practice_phone}"))

    assert rendered(LETTER, lead, PRACTICE).missing == ("patient_first_name",)


def test_a_template_is_checked_before_it_is_filled_in() -> None:
    with pytest.raises(InvalidInput) as caught:
        rendered(evolve(HELLO, body="{patient_born_on}"), family(), PRACTICE)
    assert [p.code for p in caught.value.problems] == ["personal_data"]


def test_who_has_no_address_cannot_be_written_to() -> None:
    with pytest.raises(InvalidInput) as caught:
        rendered(LETTER, family(email=None), PRACTICE)
    assert [(p.path, p.code) for p in caught.value.problems] == [("contact", "no_address")]


@pytest.mark.parametrize(
    "fields, channel",
    [
        ({"preferred": PreferredContact.TEXT}, SMS),
        ({"preferred": PreferredContact.EMAIL}, EMAIL),
        ({"preferred": PreferredContact.PHONE}, EMAIL),
        ({"preferred": PreferredContact.ANY}, EMAIL),
        ({"preferred": PreferredContact.TEXT, "phone": None}, EMAIL),
        ({"preferred": PreferredContact.EMAIL, "email": None}, SMS),
    ],
)
def test_the_preference_orders_the_channels(
    fields: dict[str, Any], channel: MessageChannel
) -> None:
    found = chosen("hello", family(**fields), PRACTICE)

    assert found is not None
    assert found.channel is channel


def test_there_is_no_message_without_a_carrier_a_template_and_an_address() -> None:
    lead = family()

    assert chosen("hello", lead, practice_with(*TEMPLATES, carriers=())) is None
    assert chosen("other", lead, PRACTICE) is None
    assert chosen("hello", family(phone=None, email=None), PRACTICE) is None
    only_text = practice_with(*TEMPLATES, carriers=((SMS, "twilio"),))
    assert chosen("hello", lead, only_text) == HELLO
    push = practice_with(evolve(HELLO, channel=PUSH), carriers=((PUSH, "web"),))
    assert chosen("hello", lead, push) is None


def test_the_language_is_that_of_the_family_s_tag_else_the_first() -> None:
    hola = evolve(HELLO, language=Language.SPANISH, body="Hola")
    spanish_first = practice_with(hola, HELLO)
    lead = family()

    assert chosen("hello", lead, practice_with(HELLO, hola)) == HELLO
    assert chosen("hello", lead, spanish_first) == hola
    assert chosen("hello", evolve(lead, tags=("es",)), practice_with(HELLO, hola)) == hola
    assert chosen("hello", evolve(lead, tags=("en",)), spanish_first) == HELLO
    assert chosen("hello", evolve(lead, tags=("es",)), practice_with(HELLO)) == HELLO


def test_a_preview_shows_an_invented_family_of_this_practice() -> None:
    shown = preview(HELLO, PRACTICE)

    assert (shown.body, shown.segments) == (
        "Hi Guadalupe!",
        Segments(encoding="GSM-7", units=13, count=1),
    )
    assert preview(LETTER, PRACTICE).body.endswith("yours, Dana Okafor, Bright Smiles")
    assert preview(LETTER, PRACTICE).segments is None


@pytest.mark.parametrize("template", DEFAULT_MESSAGES, ids=lambda t: f"{t.name}-{t.language}")
def test_every_default_template_has_a_preview(template: MessageTemplate) -> None:
    shown = preview(template, PRACTICE)

    assert "{" not in shown.body + (shown.subject or "")


def test_a_preview_of_a_bad_template_says_what_is_wrong() -> None:
    with pytest.raises(InvalidInput):
        preview(evolve(HELLO, body="{"), PRACTICE)


def test_the_words_of_a_task_carry_names_and_mark_what_is_missing() -> None:
    template = TaskTemplate(
        name="papers",
        type=LeadTaskType.PAPERWORK_REMINDER,
        title="Papers for {patient_name}",
        description="Visit: {appointment_date}",
        after=timedelta(days=1),
    )

    assert task_words(template, family(), PRACTICE) == ("Papers for Mia Keller", "Visit: ?")


CANARIES = {
    "first_name": "Quirina",
    "last_name": "Zwetschge",
    "patient.first_name": "Wendelin",
    "patient.last_name": "Xylander",
    "email": "canary@example.com",
    "phone": "+13125550111",
    "phone_alt": "+13125550122",
    "preferred_time": "after-vespers",
    "line1": "7 Foxglove Lane",
    "city": "Zanesville",
    "state": "OH",
    "postal_code": "43701",
    "born_on": "1999-07-23",
    "carrier": "Umbrella Dental",
    "member_id": "MEM-8811",
    "notes": "grinds teeth",
    "detail": "saw the billboard",
    "interest": "INVISALIGN",
    "tag": "vip",
}


def canary() -> Lead:
    """A lead whose every personal field can be recognised."""
    known = CANARIES
    lead = family(
        known["first_name"],
        known["last_name"],
        email=Email(known["email"], known["email"]),
        phone=Phone(known["phone"]),
        phone_alt=Phone(known["phone_alt"]),
        preferred_time=known["preferred_time"],
        address=Address(
            line1=known["line1"],
            city=known["city"],
            state=known["state"],
            postal_code=known["postal_code"],
        ),
    )
    insurance = Insurance(carrier=known["carrier"], member_id=known["member_id"])
    return evolve(
        lead,
        patient=Patient(
            first_name=known["patient.first_name"],
            last_name=known["patient.last_name"],
            born_on=date.fromisoformat(known["born_on"]),
        ),
        enquiry=Enquiry(
            interests=(TreatmentInterest.INVISALIGN,), insurance=insurance, notes=known["notes"]
        ),
        origin=evolve(lead.origin, detail=known["detail"]),
        tags=(known["tag"],),
    )


@pytest.mark.parametrize(
    "channel, shown",
    [
        (SMS, {"first_name"}),
        (EMAIL, {"first_name", "last_name", "patient.first_name", "patient.last_name"}),
    ],
)
def test_nothing_else_leaves_by_a_channel_whatever_a_template_names(
    channel: MessageChannel, shown: set[str]
) -> None:
    body = " ".join(f"{{{name}}}" for name in carried_by(channel))
    subject = body[:100].rpartition(" ")[0] if channel is EMAIL else None
    everything = MessageTemplate(name="all", channel=channel, subject=subject, body=body)
    lead = canary()

    done = rendered(everything, lead, practice_with(everything), an_appointment(lead))

    text = f"{done.subject} {done.body}"
    assert {name for name, value in CANARIES.items() if value in text} == shown
