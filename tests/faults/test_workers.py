"""Two workers are killed again and again: each effect comes once, and none is missed."""

import random
import time
from collections import Counter
from datetime import timedelta

import pytest
from attrs import evolve

from orthocrm import (
    Clinic,
    FollowUpRule,
    LeadTaskType,
    MessageChannel,
    MessageTemplate,
    OrthoCRM,
    Role,
    Sequence,
    Step,
    Trigger,
)
from orthocrm.core.messaging import Messaging
from orthocrm.services.work import everything
from tests.faults.processes import a_clinic, killed, opened, started
from tests.faults.victim import Rows, leads
from tests.flows.practice import House

AT_ONCE = timedelta()
HELLO = MessageTemplate(name="hello", channel=MessageChannel.EMAIL, subject="Hello", body="Hi")
TWICE = Sequence(
    name="twice",
    steps=(
        Step(after=AT_ONCE, message="hello"),
        Step(after=AT_ONCE, task=LeadTaskType.CALL, title="Call again"),
    ),
    suggest_lost=True,
)
RULE = FollowUpRule(
    name="silent",
    trigger=Trigger.NO_CONTACT,
    task=LeadTaskType.CALL,
    title="Call",
    message="hello",
    sequence="twice",
)


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest) -> str:
    return str(request.getfixturevalue(f"{request.param}_url"))


def waiting(crm: OrthoCRM, rows: int) -> Clinic:
    """Make a clinic in which everything is due at once for so many leads."""
    clinic = a_clinic(crm)
    house = House(crm, clinic, None)  # type: ignore[arg-type] # nobody asks for the time
    present = house.admin.settings.practice().clinic.settings
    house.admin.settings.change(
        evolve(
            present,
            rules=(RULE,),
            sequences=(TWICE,),
            message_templates=(HELLO,),
            messaging=Messaging(carriers=((MessageChannel.EMAIL, "smtp"),)),
            escalate_after=timedelta(microseconds=1),
        )
    )
    house.desk(Role.OPERATOR).imports.run(Rows(rows), leads())  # type: ignore[arg-type] # it is only read
    return clinic


LONG = pytest.param(10_000, 6, 200, marks=[pytest.mark.faults, pytest.mark.slow])


@pytest.mark.parametrize("rows, rounds, batch", [(60, 1, 10), LONG])
def test_every_effect_comes_once_however_often_workers_die(
    url: str, rows: int, rounds: int, batch: int
) -> None:
    chance = random.Random(rows)
    with opened(url) as crm:
        clinic = waiting(crm, rows)
    for _ in range(rounds):
        workers = [started("follow_up", url, str(batch)) for _ in range(2)]
        time.sleep(chance.uniform(0.2, 1.5))
        for worker in workers:
            killed(worker)
    with opened(url) as crm:
        for _ in range(3):
            crm.work()
        with crm._backend.begin(clinic.id) as store:
            ids = {lead.id for lead in everything(store.leads)}
            tasks, messages = everything(store.tasks), everything(store.messages)
            enrollments = everything(store.enrollments)
            entries = everything(store.audit)
    once = Counter(ids)
    assert len(ids) == rows
    assert Counter(t.lead_id for t in tasks if t.rule == "silent") == once
    assert Counter(t.lead_id for t in tasks if t.rule == "sequence:twice") == once
    assert len(tasks) == 2 * rows
    assert all(task.escalated_at for task in tasks)
    assert Counter(m.lead_id for m in messages if m.about == "rule:silent") == once
    assert Counter(m.lead_id for m in messages if m.about == "sequence:twice") == once
    assert Counter(e.lead_id for e in enrollments if e.state == "FINISHED") == once
    told = Counter(
        (change["kind"], change.get("task_id", change["lead_id"]))
        for entry in entries
        for change in entry.changes
        if change["kind"] in ("task_created", "task_escalated", "lost_suggested")
    )
    assert told == Counter(
        [
            *((kind, task.id) for task in tasks for kind in ("task_created", "task_escalated")),
            *(("lost_suggested", lead_id) for lead_id in ids),
        ]
    )
