"""What makes an installation sound, rule by rule."""

from datetime import UTC, date, datetime, timedelta

import pytest
from attrs import evolve

from orthocrm import MessageChannel
from orthocrm.checking import rules
from orthocrm.checking.rules import LEAST_SPACE, LITTLE_SPACE, Queues
from orthocrm.core.finding import Health
from orthocrm.core.ids import UserId
from orthocrm.core.messaging import Messaging, WebhookTarget
from orthocrm.core.settings import Clinic, Settings
from orthocrm.testing.factories import a_clinic

OK, WARNING, FAILING = Health.OK, Health.WARNING, Health.FAILING
NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)
CLINIC = a_clinic()


def with_settings(**fields: object) -> Clinic:
    return evolve(CLINIC, settings=Settings(**fields))  # type: ignore[arg-type]  # any of its fields


@pytest.mark.parametrize(
    "seconds, health",
    [(0, OK), (5, OK), (-5, OK), (5.1, WARNING), (-300, WARNING), (300.1, FAILING)],
)
def test_clocks_may_be_a_little_apart(seconds: float, health: Health) -> None:
    assert rules.clock(NOON, NOON + timedelta(seconds=seconds)).health is health


def test_without_a_second_clock_there_is_nothing_to_compare() -> None:
    assert rules.clock(NOON, None).health is OK


@pytest.mark.parametrize(
    "found, told",
    [
        (Queues(), [OK]),
        (Queues(late_events=True), [FAILING]),
        (Queues(late_messages=1), [FAILING]),
        (Queues(parked_events=1), [WARNING]),
        (Queues(parked_messages=2), [WARNING]),
        (Queues(late_messages=1, parked_events=1, parked_messages=1), [FAILING, WARNING, WARNING]),
    ],
)
def test_what_waits_too_long_or_is_parked_is_told(found: Queues, told: list[Health]) -> None:
    assert [one.health for one in rules.queues(CLINIC.id, found)] == told


@pytest.mark.parametrize(
    "free, size, health",
    [
        (LEAST_SPACE - 1, 0, FAILING),
        (LEAST_SPACE, 0, WARNING),
        (LITTLE_SPACE - 1, 0, WARNING),
        (LITTLE_SPACE, LITTLE_SPACE, OK),
        (LITTLE_SPACE, LITTLE_SPACE + 1, WARNING),
    ],
)
def test_there_is_room_for_what_is_written_and_for_a_copy(
    free: int, size: int, health: Health
) -> None:
    assert rules.space(free, size).health is health


@pytest.mark.parametrize(
    "mode, health",
    [(0o600, OK), (0o700, OK), (0o640, WARNING), (0o604, WARNING), (0o100601, WARNING)],
)
def test_files_are_their_owners_only(mode: int, health: Health) -> None:
    (told,) = rules.modes({"a.db": 0o600, "a.db.keys": mode})
    assert told.health is health
    assert ("a.db.keys" in told.says) is (health is WARNING)
    assert rules.modes({}) == []


@pytest.mark.parametrize(
    "version, told",
    [
        ("2025.2", date(2025, 6, 1)),
        ("2026.12", date(2026, 12, 1)),
        ("", None),
        (None, None),
        ("abc", None),
        ("2025", None),
        ("9.9", None),
    ],
)
def test_the_version_of_the_zones_tells_their_age(version: str | None, told: date | None) -> None:
    assert rules.released_on(version) == told


def test_zones_are_known_and_not_old() -> None:
    today = NOON.date()
    known = {CLINIC.timezone}
    assert [f.health for f in rules.zones([CLINIC], known, today, today)] == [OK]
    assert [f.health for f in rules.zones([CLINIC], known, None, today)] == [OK]
    assert [f.health for f in rules.zones([CLINIC], (), today, today)] == [FAILING]
    assert [f.health for f in rules.zones([CLINIC], known, date(2024, 1, 1), today)] == [WARNING]
    assert (rules.known_zone("UTC"), rules.known_zone("Mars/Base"), rules.known_zone("../x")) == (
        True,
        False,
        False,
    )


def test_a_clinic_names_who_gets_what_nobody_takes() -> None:
    set_up = with_settings(fallback=UserId("boss"))
    assert [f.health for f in rules.configuration([])] == [WARNING]
    assert [f.health for f in rules.configuration([set_up])] == [OK]
    found = rules.configuration([set_up, with_settings()])
    assert [(f.health, f.clinic) for f in found] == [(WARNING, CLINIC.id)]


def test_carriers_are_there_and_have_their_secrets() -> None:
    hook = WebhookTarget(name="slack", url="https://a.example", carrier="special")
    clinic = with_settings(
        messaging=Messaging(carriers=((MessageChannel.SMS, "twilio"),), webhooks=(hook,))
    )
    known = ("twilio", "special", "unused")
    assert [f.health for f in rules.carriers(clinic, known, {})] == [OK]
    unused = {"unused": ["x"], "twilio": []}
    assert [f.health for f in rules.carriers(clinic, known, unused)] == [OK]
    assert [f.says for f in rules.carriers(clinic, ["twilio"], {})] == [
        "there is no carrier special"
    ]
    lacking = {"special": ["webhook/slack"]}
    assert [(f.health, f.says) for f in rules.carriers(clinic, known, lacking)] == [
        (FAILING, "special has no secret webhook/slack")
    ]


def test_an_inactive_webhook_needs_no_carrier() -> None:
    hook = WebhookTarget(name="a", url="https://a.example", carrier="gone", is_active=False)
    clinic = with_settings(messaging=Messaging(webhooks=(hook,)))
    assert [f.health for f in rules.carriers(clinic, (), {})] == [OK]
