"""What is wrong with how a clinic wants to write is named, one by one."""

from datetime import UTC, time, timedelta
from typing import Any

import pytest

from orthocrm import InvalidInput, MessageChannel, Settings
from orthocrm.core.messaging import CalendarTarget, Cap, Messaging, QuietHours, WebhookTarget
from orthocrm.core.settings import checked_settings

SMS, EMAIL = MessageChannel.SMS, MessageChannel.EMAIL
URL = "https://host.example/in"
ONE = Cap(channel=SMS, a_day=1, a_week=1)


def target(**fields: Any) -> WebhookTarget:
    return WebhookTarget(**{"name": "host", "url": URL, **fields})


def calendar(**fields: Any) -> CalendarTarget:
    return CalendarTarget(**{"name": "lee", "user": "dr-lee", "url": URL, **fields})


BAD: list[tuple[dict[str, Any], str]] = [
    ({"sender_name": "two\nlines"}, "sender_name"),
    ({"sender_name": ""}, "sender_name"),
    ({"sender_name": "x" * 101}, "sender_name"),
    ({"phone": 5}, "phone"),
    ({"email": "a\r\nBcc: b@example.com"}, "email"),
    ({"website": "x" * 256}, "website"),
    ({"carriers": "smtp"}, "carriers"),
    ({"carriers": ("smtp",)}, "carriers"),
    ({"carriers": (("EMAIL ", "smtp"),)}, "carriers"),
    ({"carriers": ((EMAIL, ""),)}, "carriers"),
    ({"carriers": ((EMAIL, "a"), (EMAIL, "b"))}, "carriers"),
    ({"quiet": None}, "quiet"),
    ({"quiet": QuietHours(start=time(21, tzinfo=UTC))}, "quiet"),
    ({"quiet": QuietHours(start="21:00")}, "quiet"),  # type: ignore[arg-type]  # as callers may err
    ({"caps": None}, "caps"),
    ({"caps": (ONE, ONE)}, "caps"),
    ({"caps": (Cap(channel=SMS, a_day=0, a_week=1),)}, "caps"),
    ({"caps": (Cap(channel=SMS, a_day=1, a_week=-1),)}, "caps"),
    ({"caps": (Cap(channel=SMS, a_day=True, a_week=1),)}, "caps"),
    ({"caps": (Cap(channel=SMS, a_day=1, a_week=10**6),)}, "caps"),
    ({"digest_after": timedelta()}, "digest_after"),
    ({"digest_after": timedelta(days=2)}, "digest_after"),
    ({"digest_after": timedelta(milliseconds=1500)}, "digest_after"),
    ({"digest_after": 300}, "digest_after"),
    ({"calendars": None}, "calendars"),
    ({"calendars": tuple(calendar(name=f"c{n}") for n in range(201))}, "calendars"),
    ({"calendars": (URL,)}, "calendars[0]"),
    ({"calendars": (calendar(name="Dr. Lee"),)}, "calendars[0].name"),
    ({"calendars": (calendar(), calendar())}, "calendars[1].name"),
    ({"calendars": (calendar(url="http://host.example"),)}, "calendars[0].url"),
    ({"calendars": (calendar(user=""),)}, "calendars[0].user"),
    ({"calendars": (calendar(carrier=5),)}, "calendars[0].carrier"),
    ({"webhooks": None}, "webhooks"),
    ({"webhooks": tuple(target(name=f"t{n}") for n in range(21))}, "webhooks"),
    ({"webhooks": (URL,)}, "webhooks[0]"),
    ({"webhooks": (target(name="Host!"),)}, "webhooks[0].name"),
    ({"webhooks": (target(), target())}, "webhooks[1].name"),
    ({"webhooks": (target(url="http://host.example"),)}, "webhooks[0].url"),
    ({"webhooks": (target(url="file:///etc/passwd"),)}, "webhooks[0].url"),
    ({"webhooks": (target(url="https://" + "x" * 3000),)}, "webhooks[0].url"),
    ({"webhooks": (target(kinds=("lead_exploded",)),)}, "webhooks[0].kinds"),
    ({"webhooks": (target(kinds="lead_captured"),)}, "webhooks[0].kinds"),
    ({"webhooks": (target(kinds=([],)),)}, "webhooks[0].kinds"),
    ({"webhooks": (target(carrier=""),)}, "webhooks[0].carrier"),
]


@pytest.mark.parametrize("fields, path", BAD)
def test_what_cannot_be_is_refused_by_name_and_never_shown(
    fields: dict[str, Any], path: str
) -> None:
    with pytest.raises(InvalidInput) as refusal:
        checked_settings(Settings(messaging=Messaging(**fields)))
    assert [problem.path for problem in refusal.value.problems] == [f"messaging.{path}"]
    assert "Bcc" not in str(refusal.value)


def test_something_else_than_messaging_is_refused() -> None:
    with pytest.raises(InvalidInput, match="give Messaging"):
        checked_settings(Settings(messaging={}))  # type: ignore[arg-type]  # as callers may err


def test_a_full_choice_is_taken() -> None:
    full = Messaging(
        sender_name="Bright Smiles",
        phone="(312) 555-0100",
        email="desk@practice.example",
        website="https://practice.example",
        carriers=((EMAIL, "smtp"), (SMS, "twilio")),
        quiet=QuietHours(start=time(20), end=time(9)),
        caps=(ONE,),
        digest_after=timedelta(hours=1),
        webhooks=(target(kinds=("lead_captured",), carrier="slack"),),
    )
    assert checked_settings(Settings(messaging=full)).messaging == full
