"""Rows of an import about leads that are there already: their fields, coordinator and stage.

What a row leaves blank stays. A coordinator needs the right to assign the lead, and a stage has
to lie ahead (C-03, C-49). A row of which one of these is refused changes nothing at all.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import attrs
from attrs import evolve, frozen

from orthocrm.core.errors import Forbidden, InvalidInput, RuleViolated, Vetoed
from orthocrm.core.lead import Lead
from orthocrm.core.rules import Trigger
from orthocrm.core.task import Task
from orthocrm.leads import editing
from orthocrm.leads.editing import Edited, LeadEdit
from orthocrm.leads.intake import Intake
from orthocrm.leads.mapping import LeadMapping, LeadRow
from orthocrm.pipeline import progression
from orthocrm.pipeline.progression import Transition
from orthocrm.services.assignment import assigning, handing
from orthocrm.services.assignment.assigning import Adoptions, Owned
from orthocrm.services.batch import attempt, done
from orthocrm.services.followups import agenda, reacting
from orthocrm.services.imports import arrivals, ledger
from orthocrm.services.imports.ledger import Plan, Tally
from orthocrm.services.pipeline import transitions
from orthocrm.services.scheduling import visiting
from orthocrm.services.sources import touches
from orthocrm.services.work import Work

RULE = "import"
"""By which rule the owner of a file's row comes to a lead."""

_EDITABLE = tuple(a.name for a in attrs.fields(LeadEdit))
_USUAL = {a.name: a.default for a in attrs.fields(Intake)}


@frozen(kw_only=True)
class _Update:
    """A lead before and after what a row says of it, and the records of what changed."""

    row: LeadRow
    before: Lead
    lead: Lead
    edited: Edited
    owned: Owned | None = None
    moved: Transition | None = None

    @property
    def is_one(self) -> bool:
        return bool(self.edited.fields or self.owned or self.moved)


def update(
    work: Work, plan: Plan, mapping: LeadMapping, known: Sequence[tuple[LeadRow, Lead]]
) -> Tally:
    """Bring stored leads up to date with what rows say of them."""
    moving = [
        lead for row, lead in known if row.intake.owner is None and _wants_to_move(work, row, lead)
    ]
    adoptions = Adoptions(work, moving)
    results = attempt(known, lambda pair: _updated(work, adoptions, *pair))
    decided = done(results)
    changed = [item for item in decided if item.is_one]
    adoptions.record(item.before.id for item in changed if item.moved)
    _save(work, plan, mapping, changed)
    for item in decided:
        arrivals.keep(work, item.row, item.before.id)
    return Tally(updated=len(changed), unchanged=len(decided) - len(changed)) + ledger.not_kept(
        plan, ledger.refused_of(known, results)
    )


def _wants_to_move(work: Work, row: LeadRow, lead: Lead) -> bool:
    return row.stage is not None and work.practice.stage(row.stage).slug != lead.position.stage


def _updated(work: Work, adoptions: Adoptions, row: LeadRow, stored: Lead) -> _Update:
    edited = _edited(work, row, stored)
    owned = _owned(work, row, edited.lead)
    lead = owned.lead if owned else edited.lead
    moved = _moved(work, adoptions, row, lead) if _wants_to_move(work, row, lead) else None
    return _Update(
        row=row,
        before=stored,
        lead=moved.lead if moved else lead,
        edited=edited,
        owned=owned,
        moved=moved,
    )


def _edited(work: Work, row: LeadRow, stored: Lead) -> Edited:
    told = {
        name: getattr(row.intake, name)
        for name in _EDITABLE
        if getattr(row.intake, name) != _USUAL[name]
    }
    if told.get("external_ref") in stored.former_refs:
        del told["external_ref"]
    edit = LeadEdit(**told)
    return editing.edited(stored, edit, work.practice, now=work.now, by=work.actor.user)


def _owned(work: Work, row: LeadRow, lead: Lead) -> Owned | None:
    owner = row.intake.owner
    if owner is None or owner == lead.ownership.owner:
        return None
    with _about("owner"):
        return assigning.handed(work, lead, owner, "owner", RULE)


def _moved(work: Work, adoptions: Adoptions, row: LeadRow, lead: Lead) -> Transition:
    slug = str(row.stage)
    with _about("stage"):
        in_care = lead if lead.ownership.owner else adoptions.adopt(lead)
        transitions.ask(work, in_care, work.practice.stage(slug))
        return progression.moved(
            in_care, slug, work.practice, now=work.now, by=work.actor.user, ids=work.ids
        )


@contextmanager
def _about(path: str) -> Iterator[None]:
    """Say of which column of the file a rule speaks."""
    try:
        yield
    except (RuleViolated, Forbidden, Vetoed) as error:
        raise InvalidInput.at(path, error.code, str(error)) from None


def _save(work: Work, plan: Plan, mapping: LeadMapping, changed: Sequence[_Update]) -> None:
    leads = _settled(work, mapping, changed)
    saved = work.store.leads.save(leads)
    touches.follow(work, [(item.before, item.lead) for item in changed])
    ledger.remember(
        work, plan, [(item.before, lead) for item, lead in zip(changed, saved, strict=True)]
    )
    handovers = [item.owned for item in changed if item.owned]
    moves = [item.moved for item in changed if item.moved]
    visiting.close(work, [moved.closed for moved in moves])
    work.store.visits.add([moved.opened for moved in moves])
    notes = [*(owned.activity for owned in handovers), *(moved.activity for moved in moves)]
    work.store.activities.add([note for note in notes if note])
    work.record(*(moved.event for moved in moves))
    given = [(owned.lead.id, owned.decision) for owned in handovers if owned.decision]
    handing.tell_of_all(work, given, RULE)
    for item in changed:
        work.changed(item.before.id, item.edited.fields, item.edited.before, item.edited.after)


def _settled(work: Work, mapping: LeadMapping, changed: Sequence[_Update]) -> list[Lead]:
    """Bring the tasks in line with the new stages and coordinators; date the next of them."""
    made = {
        item.lead.id: _tasks(work, item.lead)
        for item in changed
        if item.moved and mapping.follow_up
    }
    _hand_over_tasks(work, [item for item in changed if item.owned])
    moved = [item.lead for item in changed if item.moved]
    in_line = agenda.in_line(work, moved, [made.get(lead.id, ()) for lead in moved])
    settled = {lead.id: lead for lead in in_line}
    return [settled.get(item.lead.id, item.lead) for item in changed]


def _tasks(work: Work, lead: Lead) -> tuple[Task, ...]:
    """Make the tasks of the stage that was entered; a file sends no messages."""
    held = lead.position
    return reacting.react(work, lead, Trigger.STAGE_ENTERED, held.visit_id, stage=held.stage).tasks


def _hand_over_tasks(work: Work, changed: Sequence[_Update]) -> tuple[Task, ...]:
    """Let the open tasks of a lead go along from its old owner to the new one (C-26)."""
    present = agenda.open_tasks(work, [item.before.id for item in changed])
    return work.store.tasks.save(
        [
            evolve(task, assigned_to=item.owned.decision.chosen, updated_at=work.now)
            for item in changed
            for task in present.get(item.before.id, ())
            if item.owned
            and item.owned.decision
            and task.assigned_to == item.before.ownership.owner
        ]
    )
