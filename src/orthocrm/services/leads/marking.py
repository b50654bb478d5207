"""Objections and tags: marks that change nothing else of a lead."""

from collections.abc import Callable, Sequence

from orthocrm.core.events import LeadUpdated
from orthocrm.core.ids import LeadId
from orthocrm.core.lead import Lead, Objection
from orthocrm.pipeline import marks
from orthocrm.services.batch import Refused, attempt, done
from orthocrm.services.work import Work


def set_objection(work: Work, lead_id: LeadId, objection: Objection | str | None) -> Lead:
    """Note, or forget, what keeps a family from deciding."""
    (lead,) = work.leads([lead_id])
    after = marks.objecting(lead, objection, now=work.now, by=work.actor.user)
    return lead if after == lead else _saved(work, [after], "objection")[0]


def tag(work: Work, lead_ids: Sequence[LeadId], tags: Sequence[str]) -> list[Lead | Refused]:
    """Add tags to leads."""
    known, now, by = marks.checked_tags(tags), work.now, work.actor.user
    return _each(work, lead_ids, lambda lead: marks.tagged(lead, known, now=now, by=by))


def untag(work: Work, lead_ids: Sequence[LeadId], tags: Sequence[str]) -> list[Lead | Refused]:
    """Take tags from leads."""
    known, now, by = marks.checked_tags(tags), work.now, work.actor.user
    return _each(work, lead_ids, lambda lead: marks.untagged(lead, known, now=now, by=by))


def _each(
    work: Work, lead_ids: Sequence[LeadId], rule: Callable[[Lead], Lead]
) -> list[Lead | Refused]:
    found = work.reachable(lead_ids)

    def decide(lead_id: LeadId) -> Lead:
        if lead_id not in found:
            raise work.absence(lead_id)
        return rule(found[lead_id])

    results = attempt(lead_ids, decide)
    changed = {lead.id: lead for lead in done(results) if lead != found[lead.id]}
    saved = {lead.id: lead for lead in _saved(work, [*changed.values()], "tags")}
    return [item if isinstance(item, Refused) else saved.get(item.id, item) for item in results]


def _saved(work: Work, leads: Sequence[Lead], name: str) -> tuple[Lead, ...]:
    for lead in leads:
        work.changed(lead.id, [name], {}, {})
    work.record(
        *(
            LeadUpdated(
                clinic_id=work.clinic_id,
                at=work.now,
                by=work.actor.user,
                lead_id=lead.id,
                fields=(name,),
            )
            for lead in leads
        )
    )
    return work.store.leads.save(leads)
