"""A day of a practice with every logger at DEBUG: what is written down holds nothing personal.

A plug-in and a driver talk too much on purpose, and SQLAlchemy, psycopg and httpx tell all they do.
"""

import io
import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import httpx
import pytest

from orthocrm import InvalidInput, LeadEdit, LogEntry, MessageState, NotFound, Role, hook
from orthocrm.core import events
from orthocrm.core.activity import LeadActivityType
from orthocrm.core.ids import LeadId
from orthocrm.core.messaging import QuietHours
from orthocrm.core.notifying import MessageChannel
from orthocrm.notifiers.twilio import Twilio
from orthocrm.observing import log_to
from orthocrm.privacy.consent import NewConsent
from orthocrm.testing.plugin_suite import HttpCarrier, Reply
from tests.flows import files
from tests.flows.carrying import EMAIL, SMS, Bird, a_practice, put, states
from tests.flows.practice import House
from tests.notifiers.arranged import HERE, secrets

NAMED = ("sqlalchemy", "psycopg", "httpx", "httpcore", "alembic", "orthocrm", "talkative")
PERSONAL = {
    "first_name": "Zqmaria",
    "last_name": "Zqlopez",
    "patient_first_name": "Zqsofia",
    "patient_last_name": "Zqlopez",
    "email": "zqmaria@zqmail.example",
    "phone": "+1 312 555 0173",
    "notes": "Zqnotes about pain",
    "insurance_member_id": "Zqmember",
}
DIGITS = ("+13125550173", "555-0173", "555 0173")
NEVER = QuietHours(start=QuietHours().start, end=QuietHours().start)


class Talkative:
    """A plug-in that logs what it should not, in the ways in which people do."""

    @hook
    def lead_captured(self, event: events.LeadCaptured) -> None:
        log = logging.getLogger("talkative")
        log.info("new lead %s: email=%s", event.lead_id, PERSONAL["email"], extra=dict(PERSONAL))
        log.debug("first_name='%(first_name)s' last_name='%(last_name)s'", PERSONAL)
        log.warning("call %s or (312) 555-0173", PERSONAL["phone"])
        log.info("body %s", json.dumps(PERSONAL))
        log.info("params: %r", {"patientFirstName": "Zqsofia", "note": "Zqnotes"})
        try:
            int(PERSONAL["first_name"])
        except ValueError:
            log.exception("cannot count")
        raise RuntimeError(f"no room for {PERSONAL['first_name']}")


@contextmanager
def everything_logged() -> Iterator[tuple[io.StringIO, io.StringIO]]:
    """Give what is written with redaction, and what would be without."""
    loggers = [logging.getLogger(name) for name in NAMED]
    levels = [logger.level for logger in loggers]
    masked, raw = io.StringIO(), io.StringIO()
    plain = logging.StreamHandler(raw)
    plain.setFormatter(logging.Formatter("%(name)s %(message)s"))
    logging.getLogger().addHandler(plain)
    try:
        with log_to(masked, level=logging.DEBUG):
            for logger in loggers:
                logger.setLevel(logging.DEBUG)
            yield masked, raw
    finally:
        logging.getLogger().removeHandler(plain)
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)


def a_day(house: House, server: HttpCarrier) -> None:
    """Capture, book in, write, answer, import, and do what is refused."""
    desk = house.coordinator
    lead = house.lead(**PERSONAL)
    desk.leads.edit(lead.id, LeadEdit(notes="Zqnotes again"))
    call = LogEntry(type=LeadActivityType.NOTE, notes="Zqnotes of a call", outcome="Zqnotes")
    desk.followups.log(lead.id, call)
    yes = NewConsent(channel=MessageChannel.SMS, granted=True, evidence="Zqnotes signed")
    desk.notifications.record_consent(lead.id, yes)
    text = put(house, lead, channel=SMS, to="+13125550173", body="Zqsofia, see you")
    mail = put(house, lead, to=PERSONAL["email"], body="Zqsofia, see you")
    house.crm.work()
    assert states(house, text, mail) == [(MessageState.SENT, None)] * 2
    files.run(house.desk(Role.IMPORTER), [files.a_row(1, first="Zqmaria", notes="Zqnotes")])
    for refused in (
        lambda: desk.leads.edit(lead.id, LeadEdit(email="zqmaria@@", phone="Zqlopez")),
        lambda: desk.leads.get(LeadId("Zqmaria")),
    ):
        with pytest.raises((InvalidInput, NotFound)):
            refused()
    with httpx.Client() as client:
        client.get(server.url, params={"q": "Zqlopez", "to": "+13125550173"})


@pytest.mark.parametrize("engine", ["sqlite", "postgres"])
def test_a_whole_day_is_logged_without_anybodys_data(
    request: pytest.FixtureRequest, engine: str
) -> None:
    url = request.getfixturevalue(f"migrated_{engine}_url")
    took = Reply(status=201, body=b'{"sid": "SM00000000000000000000000000000001"}')
    with everything_logged() as (masked, raw), HttpCarrier(accepted=took) as server:
        twilio = Twilio(
            account="AC00000000000000000000000000000001",
            sender="+13125550100",
            secrets=secrets(twilio="12345"),
            base_url=server.url,
            wire=HERE,
            seconds=5,
        )
        carriers = ((EMAIL, "pigeon"), (SMS, "twilio"))
        plugins = (Bird(), twilio, Talkative())
        with a_practice(*plugins, url=url, carriers=carriers, quiet=NEVER) as house:
            house.clock.advance(timedelta(hours=1))
            a_day(house, server)
    assert {"sqlalchemy", "httpx", "httpcore", "talkative", "orthocrm"} <= {
        json.loads(line)["logger"].partition(".")[0] for line in masked.getvalue().splitlines()
    }
    assert found(raw.getvalue()) == ["zq", "555-0173", "555 0173"]
    assert found(masked.getvalue()) == []


def found(text: str) -> list[str]:
    low = text.lower()
    return [canary for canary in ("zq", *DIGITS) if canary in low]
