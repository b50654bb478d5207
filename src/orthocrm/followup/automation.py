"""Stage automation: what entering a stage makes, once for each visit."""

from datetime import datetime

from orthocrm.core.errors import Problem
from orthocrm.core.ids import TaskId, UserId
from orthocrm.core.lead import Lead
from orthocrm.core.ports import IdSource
from orthocrm.core.settings import Practice, Settings
from orthocrm.core.stage import Stage
from orthocrm.core.task import Task
from orthocrm.core.templates import TaskTemplate
from orthocrm.followup import naming
from orthocrm.followup.due import Calendar, add_business
from orthocrm.followup.templates import task_words

ORIGIN = "stage:"
"""What tasks and messages of a stage name before its slug."""


def stage_task(
    lead: Lead, practice: Practice, *, now: datetime, by: UserId, ids: IdSource
) -> Task | None:
    """Make the task of the stage that a lead has entered; closed leads need none."""
    stage = practice.stage_by_slug[lead.position.stage]
    template = task_template(stage.auto_task, practice.clinic.settings)
    if template is None or not lead.is_open:
        return None
    title, description = task_words(template, lead, practice)
    return Task(
        id=TaskId(ids()),
        clinic_id=lead.clinic_id,
        lead_id=lead.id,
        type=template.type,
        title=title,
        description=description,
        assigned_to=lead.ownership.owner or practice.clinic.settings.fallback or by,
        due_at=_due_at(template, practice, now),
        created_at=now,
        created_by=by,
        priority=template.priority,
        updated_at=now,
        rule=f"{ORIGIN}{stage.slug}",
    )


def task_template(name: str | None, settings: Settings) -> TaskTemplate | None:
    """Find a task template by name."""
    return next((t for t in settings.task_templates if t.name == name), None)


def stage_problems(stage: Stage, settings: Settings) -> list[Problem]:
    """Name the templates of a stage that do not exist."""
    problems = []
    if stage.auto_task is not None and task_template(stage.auto_task, settings) is None:
        message = "name one of the task templates"
        problems.append(Problem("auto_task", "unknown_template", message))
    messages = {template.name for template in settings.message_templates}
    if stage.auto_email is not None and stage.auto_email not in messages:
        message = "name one of the message templates"
        problems.append(Problem("auto_email", "unknown_template", message))
    return problems


def settings_problems(practice: Practice, settings: Settings) -> list[Problem]:
    """Name the settings by which a stage or a rule would speak of what does not exist."""
    paths = {"auto_task": "task_templates", "auto_email": "message_templates"}
    problems = [
        Problem(paths[problem.path], "in_use", f"the stage {stage.slug} names a template of these")
        for stage in practice.stages
        for problem in stage_problems(stage, settings)
    ]
    return [*dict.fromkeys(problems), *naming.rule_problems(settings, practice.stage_by_slug)]


def _due_at(template: TaskTemplate, practice: Practice, now: datetime) -> datetime:
    if not template.business:
        return now + template.after
    return add_business(Calendar.of_clinic(practice.clinic), now, template.after)
