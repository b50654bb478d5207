"""Types of visits, resources and reminders that cannot be, each refused by its place."""

from datetime import timedelta
from typing import Any

import pytest
from attrs import evolve

from orthocrm.core.errors import InvalidInput
from orthocrm.core.ids import UserId
from orthocrm.core.money import Money
from orthocrm.core.notifying import MessageChannel
from orthocrm.core.settings import Settings, checked_settings
from orthocrm.core.visit_type import BookableResource, Question, ReminderRule, VisitType

TYPE = VisitType(slug="braces", name="Braces")
CHAIR = BookableResource(id="chair-1", label="Chair 1")
REMINDER = ReminderRule(name="day", channel=MessageChannel.EMAIL, before=timedelta(days=1))
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
DR, TC = UserId("dr-1"), UserId("tc-1")


def paths(**settings: Any) -> list[str]:
    try:
        checked_settings(Settings(**settings))
    except InvalidInput as refusal:
        return [problem.path for problem in refusal.problems]
    return []


def of_type(**fields: Any) -> list[str]:
    return paths(visit_types=(evolve(TYPE, **fields),), resources=(CHAIR,))


def test_the_defaults_and_a_practice_that_books_nothing_are_sound() -> None:
    assert paths() == []
    assert paths(visit_types=(), resources=(), reminders=()) == []


@pytest.mark.parametrize("minutes", [5, 480])
def test_a_visit_may_be_as_short_and_as_long_as_the_source_says(minutes: int) -> None:
    assert of_type(duration=minutes * MINUTE) == []


@pytest.mark.parametrize(
    "field,value",
    [
        ("slug", ""),
        ("slug", "Braces"),
        ("slug", "a" * 65),
        ("slug", ["braces"]),
        ("name", " "),
        ("name", "x" * 256),
        ("duration", timedelta()),
        ("duration", 4 * MINUTE),
        ("duration", 481 * MINUTE),
        ("duration", timedelta(days=3650)),
        ("duration", timedelta(minutes=30, seconds=1)),
        ("duration", 30),
        ("step", timedelta()),
        ("step", -MINUTE),
        ("offset", -MINUTE),
        ("align", "window"),
        ("buffer_before", -MINUTE),
        ("buffer_after", DAY + MINUTE),
        ("notice", 366 * DAY),
        ("cancel_notice", -MINUTE),
        ("hold", timedelta()),
        ("horizon", -1),
        ("horizon", True),
        ("capacity", 0),
        ("capacity", 2.0),
        ("max_per_day", -1),
        ("moves", -1),
        ("providers", ["dr-1"]),
        ("providers", (DR, DR)),
        ("providers", ("",)),
        ("providers", ([],)),
        ("groups", "dr-1"),
        ("pools", ("rooms",)),
        ("pools", ([],)),
        ("questions", None),
        ("price", Money(-1, "USD")),
        ("price", Money(minor=True, currency="USD")),
        ("price", Money(100, "dollars")),
        ("price", 100),
        ("reminders", []),
    ],
)
def test_a_type_that_cannot_be_is_refused_by_its_field(field: str, value: Any) -> None:
    assert of_type(**{field: value}) == [f"visit_types.0.{field}"]


def test_groups_are_of_the_providers_of_the_type() -> None:
    assert of_type(groups=((DR,), (TC, DR))) == []
    assert of_type(providers=(DR, TC), groups=((DR,), (TC,))) == []
    assert of_type(providers=(DR,), groups=((DR,), (TC,))) == ["visit_types.0.groups"]
    assert of_type(groups=((DR,), ())) == ["visit_types.0.groups.1"]
    assert of_type(groups=((DR,), ([],)), providers=(DR,)) == ["visit_types.0.groups.1"]
    assert of_type(groups=((DR,),), all_providers=True) == ["visit_types.0.all_providers"]


def test_pools_are_those_of_the_resources() -> None:
    assert of_type(pools=("chairs",)) == []
    room = evolve(CHAIR, id="room-1", pool="rooms")
    assert paths(visit_types=(evolve(TYPE, pools=("rooms",)),), resources=(CHAIR, room)) == []


@pytest.mark.parametrize(
    "question,field",
    [
        (Question(name="", label="Afraid?"), ".name"),
        (Question(name="fears", label=""), ".label"),
        ("fears", ""),
    ],
)
def test_a_question_that_cannot_be_is_refused(question: Any, field: str) -> None:
    assert of_type(questions=(question,)) == [f"visit_types.0.questions.0{field}"]


@pytest.mark.parametrize(
    "field,value",
    [
        ("id", ""),
        ("id", "x" * 256),
        ("id", "chair\n1"),
        ("label", ""),
        ("pool", ""),
        ("places", 0),
        ("kind", "chair"),
    ],
)
def test_a_resource_that_cannot_be_is_refused_by_its_field(field: str, value: Any) -> None:
    assert paths(resources=(CHAIR, evolve(CHAIR, **{"id": "2", field: value}))) == [
        f"resources.1.{field}"
    ]


@pytest.mark.parametrize(
    "fields,where",
    [
        ({"name": "A day before"}, "name"),
        ({"channel": MessageChannel.WEBHOOK}, "channel"),
        ({"template": "No such name"}, "template"),
        ({"before": None}, "before"),
        ({"before": timedelta()}, "before"),
        ({"before": -MINUTE}, "before"),
        ({"days_before": 1}, "before"),
        ({"before": None, "days_before": 1}, "wall_time"),
        ({"before": None, "wall_time": 60}, "days_before"),
        ({"before": None, "days_before": 1, "wall_time": 1440}, "wall_time"),
        ({"before": None, "days_before": -1, "wall_time": 0}, "days_before"),
    ],
)
def test_a_reminder_that_cannot_be_is_refused_by_its_field(
    fields: dict[str, Any], where: str
) -> None:
    wrong = evolve(REMINDER, **fields)
    assert paths(reminders=(wrong,)) == [f"reminders.0.{where}"]
    assert of_type(reminders=(wrong,)) == [f"visit_types.0.reminders.0.{where}"]


def test_a_reminder_by_date_needs_day_and_hour() -> None:
    by_date = evolve(REMINDER, before=None, days_before=1, wall_time=18 * 60)
    assert paths(reminders=(by_date,)) == []


def test_names_are_given_once() -> None:
    assert paths(visit_types=(TYPE, TYPE)) == ["visit_types.0.slug", "visit_types.1.slug"]
    assert paths(resources=(CHAIR, CHAIR)) == ["resources.0.id", "resources.1.id"]
    assert paths(reminders=(REMINDER, REMINDER)) == ["reminders.0.name", "reminders.1.name"]


@pytest.mark.parametrize("setting", ["visit_types", "resources", "reminders"])
def test_what_is_no_tuple_of_the_right_things_is_refused(setting: str) -> None:
    assert paths(**{setting: None}) == [setting]
    assert paths(**{setting: (None,)}) == [f"{setting}.0"]
    assert paths(**{setting: (None,) * 501}) == [setting]


def test_no_refusal_shows_a_value() -> None:
    with pytest.raises(InvalidInput) as refusal:
        checked_settings(Settings(visit_types=(evolve(TYPE, slug="Secret Word"),)))
    assert "Secret" not in str(refusal.value)
