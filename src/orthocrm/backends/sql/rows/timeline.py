"""What happens to a lead: stage visits, activities and tasks."""

from orthocrm.backends.sql import tables
from orthocrm.backends.sql.rows.codec import (
    Personal,
    Put,
    Row,
    Take,
    by_value,
    put_at,
    put_json,
    take_json,
)
from orthocrm.backends.sql.rows.shape import Shape
from orthocrm.core.activity import (
    Activity,
    ActivityDirection,
    CallOutcome,
    Decision,
    Document,
    LeadActivityType,
    PassedOver,
)
from orthocrm.core.facts import ACTIVITIES, TASKS, VISITS
from orthocrm.core.lead import StageVisit
from orthocrm.core.task import LeadTaskType, Task, TaskPriority, TaskStatus

_ACTIVITY_TYPE = by_value(LeadActivityType)
_DIRECTION = by_value(ActivityDirection)
_OUTCOME = by_value(CallOutcome)
_TASK_TYPE = by_value(LeadTaskType)
_PRIORITY = by_value(TaskPriority)
_STATUS = by_value(TaskStatus)


def _write_visit(visit: StageVisit, put: Put) -> Row:
    return (
        visit.clinic_id,
        visit.id,
        put.number(visit.version),
        visit.lead_id,
        str(visit.stage),
        put.number(visit.order),
        put_at(visit.entered_at),
        put_at(visit.left_at) if visit.left_at else None,
        visit.owner,
        put.flag(visit.observed),
        None if visit.ms is None else put.number(visit.ms),
        None if visit.business_ms is None else put.number(visit.business_ms),
    )


def _read_visit(row: Row, _: Personal, take: Take) -> StageVisit:
    return StageVisit(
        clinic_id=row[0],
        id=row[1],
        version=row[2],
        lead_id=row[3],
        stage=row[4],
        order=row[5],
        entered_at=take.at(row[6]),
        left_at=take.at(row[7]) if row[7] else None,
        owner=row[8],
        observed=bool(row[9]),
        ms=row[10],
        business_ms=row[11],
    )


VISIT = Shape(
    kind="stage visit",
    table=tables.stage_visits,
    schema=VISITS,
    write=_write_visit,
    read=_read_visit,
)


def _write_activity(activity: Activity, put: Put) -> Row:
    occurred = put_at(activity.occurred_at)
    at_once = activity.created_at is activity.occurred_at
    minutes = activity.duration_minutes
    return (
        activity.clinic_id,
        activity.id,
        put.number(activity.version),
        activity.lead_id,
        activity.type.value,
        occurred,
        occurred if at_once else put_at(activity.created_at),
        activity.created_by,
        activity.direction.value if activity.direction else None,
        activity.call_outcome.value if activity.call_outcome else None,
        None if minutes is None else put.number(minutes),
        None if activity.previous_stage is None else str(activity.previous_stage),
        None if activity.new_stage is None else str(activity.new_stage),
        _write_decision(activity.decision) if activity.decision else None,
        activity.corrects,
        put.flag(activity.after_conversion),
        put.flag(activity.virtual),
        activity.message_id,
    )


def _write_decision(decision: Decision) -> str:
    return put_json(
        {
            "chosen": decision.chosen,
            "rule": decision.rule,
            "previous": decision.previous,
            "passed_over": [[one.user, one.reason] for one in decision.passed_over],
            "needs_assignment": decision.needs_assignment,
            "fallback_away": decision.fallback_away,
        }
    )


def _read_activity(row: Row, personal: Personal, take: Take) -> Activity:
    return Activity(
        clinic_id=row[0],
        id=row[1],
        version=row[2],
        lead_id=row[3],
        type=_ACTIVITY_TYPE[row[4]],
        occurred_at=take.at(row[5]),
        created_at=take.at(row[6]),
        created_by=row[7],
        direction=_DIRECTION[row[8]] if row[8] else None,
        call_outcome=_OUTCOME[row[9]] if row[9] else None,
        duration_minutes=row[10],
        previous_stage=row[11],
        new_stage=row[12],
        decision=_read_decision(row[13]) if row[13] else None,
        corrects=row[14],
        after_conversion=bool(row[15]),
        virtual=bool(row[16]),
        message_id=row[17],
        outcome=personal.get("outcome"),
        notes=personal.get("notes"),
        document=Document(**personal["document"]) if "document" in personal else None,
    )


def _read_decision(stored: object) -> Decision:
    values = take_json(stored)
    passed_over = tuple(PassedOver(user=user, reason=why) for user, why in values["passed_over"])
    return Decision(**{**values, "passed_over": passed_over})


def _personal_of_activity(activity: Activity) -> Personal:
    document = activity.document
    fields = {
        "outcome": activity.outcome,
        "notes": activity.notes,
        "document": _write_document(document) if document else None,
    }
    return {path: value for path, value in fields.items() if value is not None}


def _write_document(document: Document) -> Personal:
    return {
        "name": document.name,
        "reference": document.reference,
        "media_type": document.media_type,
    }


ACTIVITY = Shape(
    kind="activity",
    table=tables.activities,
    schema=ACTIVITIES,
    write=_write_activity,
    read=_read_activity,
    personal=_personal_of_activity,
    sealed_for=lambda activity: activity.lead_id,
)


def _write_task(task: Task, put: Put) -> Row:
    created = put_at(task.created_at)
    return (
        task.clinic_id,
        task.id,
        put.number(task.version),
        task.lead_id,
        task.type.value,
        task.assigned_to,
        put_at(task.due_at),
        created,
        task.created_by,
        task.priority.value,
        put_at(task.reminder_at) if task.reminder_at else None,
        task.status.value,
        put_at(task.completed_at) if task.completed_at else None,
        task.completed_by,
        created if task.updated_at is task.created_at else put_at(task.updated_at),
        task.rule,
        put_at(task.escalated_at) if task.escalated_at else None,
    )


def _read_task(row: Row, personal: Personal, take: Take) -> Task:
    return Task(
        clinic_id=row[0],
        id=row[1],
        version=row[2],
        lead_id=row[3],
        type=_TASK_TYPE[row[4]],
        assigned_to=row[5],
        due_at=take.at(row[6]),
        created_at=take.at(row[7]),
        created_by=row[8],
        priority=_PRIORITY[row[9]],
        reminder_at=take.at(row[10]) if row[10] else None,
        status=_STATUS[row[11]],
        completed_at=take.at(row[12]) if row[12] else None,
        completed_by=row[13],
        updated_at=take.at(row[14]),
        rule=row[15],
        escalated_at=take.at(row[16]) if row[16] else None,
        title=personal["title"],
        description=personal.get("description"),
    )


def _personal_of_task(task: Task) -> Personal:
    if task.description is None:
        return {"title": task.title}
    return {"title": task.title, "description": task.description}


TASK = Shape(
    kind="task",
    table=tables.tasks,
    schema=TASKS,
    write=_write_task,
    read=_read_task,
    personal=_personal_of_task,
    sealed_for=lambda task: task.lead_id,
)
