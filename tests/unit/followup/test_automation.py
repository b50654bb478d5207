"""Stage automation: the task of a stage, and the names that stages speak of."""

from datetime import timedelta
from typing import Any

from attrs import evolve

from orthocrm.core.ids import UserId
from orthocrm.core.lead import LeadStatus
from orthocrm.core.settings import Practice, Settings
from orthocrm.core.stage import Stage
from orthocrm.core.task import LeadTaskType, Task, TaskPriority
from orthocrm.core.templates import TaskTemplate
from orthocrm.followup import automation
from orthocrm.testing.clock import MONDAY_MORNING
from orthocrm.testing.factories import COORDINATOR
from tests.support.practices import a_lead_of, a_practice, new_ids

NOW = MONDAY_MORNING
PAPERS = TaskTemplate(
    name="papers",
    type=LeadTaskType.PAPERWORK_REMINDER,
    title="Papers for {patient_first_name}",
    after=timedelta(hours=8),
    business=True,
    priority=TaskPriority.HIGH,
)
SETTINGS = Settings(task_templates=(PAPERS,), fallback=UserId("boss"))


def automated(settings: Settings = SETTINGS, **names: Any) -> Practice:
    bare = a_practice(settings=settings)
    stages = tuple(
        evolve(stage, **names) if stage.slug == "contacted" else stage for stage in bare.stages
    )
    return evolve(bare, stages=stages)


def the_task(practice: Practice, **fields: Any) -> Task | None:
    lead = a_lead_of(practice, stage="contacted", **fields)
    return automation.stage_task(lead, practice, now=NOW, by=COORDINATOR, ids=new_ids())


def contacted(**names: Any) -> Stage:
    return automated(**names).stage_by_slug["contacted"]


def test_a_stage_makes_the_task_of_its_template() -> None:
    task = the_task(automated(auto_task="papers"))

    assert task is not None
    assert (task.type, task.title, task.priority, task.due_at, task.assigned_to, task.rule) == (
        LeadTaskType.PAPERWORK_REMINDER,
        "Papers for Mia",
        TaskPriority.HIGH,
        NOW + timedelta(hours=8),
        "tc-1",
        "stage:contacted",
    )


def test_a_stage_without_a_template_and_a_closed_lead_make_none() -> None:
    assert the_task(automated()) is None
    assert the_task(automated(auto_task="papers"), status=LeadStatus.LOST) is None


def test_the_task_of_a_lead_without_a_coordinator_goes_to_the_fallback_person() -> None:
    task = the_task(automated(auto_task="papers"), owner=None)

    assert task is not None
    assert task.assigned_to == "boss"


def test_a_stage_names_templates_that_exist() -> None:
    def problems(**names: Any) -> list[tuple[str, str]]:
        found = automation.stage_problems(contacted(**names), SETTINGS)
        return [(problem.path, problem.code) for problem in found]

    assert problems(auto_task="papers", auto_email="break_up") == []
    assert problems(auto_task="nothing", auto_email="papers") == [
        ("auto_task", "unknown_template"),
        ("auto_email", "unknown_template"),
    ]


def test_templates_that_stages_name_stay() -> None:
    practice = automated(auto_task="papers", auto_email="break_up")
    bare = Settings(message_templates=())

    found = automation.settings_problems(practice, bare)

    assert [(problem.path, problem.code) for problem in found] == [
        ("task_templates", "in_use"),
        ("message_templates", "in_use"),
    ]
    assert automation.settings_problems(practice, SETTINGS) == []
