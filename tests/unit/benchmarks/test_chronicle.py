"""The made-up past has to be one that a practice could have had."""

from collections import Counter
from datetime import UTC, datetime

from benchmarks.chronicle import ACTIVITIES, Chapter, World, chapter
from orthocrm.core.ids import SourceId, UserId
from orthocrm.testing.factories import a_clinic, the_default_stages

NOW = datetime(2026, 11, 2, 12, tzinfo=UTC)
CLINIC = a_clinic()
WORLD = World(
    clinic=CLINIC,
    stages={stage.slug: stage.order for stage in the_default_stages(CLINIC)},
    sources=[SourceId(f"source-{number}") for number in range(10)],
    coordinators=[UserId("tc-1"), UserId("tc-2")],
    now=NOW,
)


def told() -> Chapter:
    return chapter(WORLD, range(100, 500), 1_000)


def test_there_are_five_activities_for_each_lead() -> None:
    made = told()

    assert len(made.leads) == 400
    assert len(made.activities) == ACTIVITIES * 400


def test_a_chapter_is_the_same_whenever_it_is_told() -> None:
    assert told() == told()


def test_nothing_lies_in_the_future_but_consultations_and_plans() -> None:
    made = told()

    happened = [
        *(lead.stamps.updated_at for lead in made.leads),
        *(visit.left_at or visit.entered_at for visit in made.visits),
        *(activity.occurred_at for activity in made.activities),
    ]
    assert max(happened) <= NOW


def test_every_lead_stands_in_its_one_open_visit() -> None:
    made = told()

    standing = {visit.lead_id: visit for visit in made.visits if visit.left_at is None}
    assert [standing[lead.id].id for lead in made.leads] == [
        lead.position.visit_id for lead in made.leads
    ]
    assert len(standing) == sum(visit.left_at is None for visit in made.visits)


def test_all_fates_occur() -> None:
    fates = Counter(lead.status.value for lead in told().leads)

    assert fates.keys() >= {"NEW", "ACTIVE", "CONVERTED", "LOST"}
