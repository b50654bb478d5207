"""Retention carried out, a batch at a time: first the archive, then the end."""

from collections.abc import Sequence
from typing import Final

from attrs import evolve, frozen

from orthocrm.core.errors import RuleViolated
from orthocrm.core.events import LeadArchived
from orthocrm.core.ids import LeadId
from orthocrm.core.lead import Lead, LeadStatus
from orthocrm.core.query import Cond, Page, Sort, Where, both
from orthocrm.privacy import retention
from orthocrm.services.privacy import erasing
from orthocrm.services.work import Work

BATCH: Final = 50
"""So many leads are archived, and so many erased, by one unit of work."""


@frozen(kw_only=True)
class Retained:
    """What retention did, or would do next: leads that are archived, and leads that are erased.

    `passed_over` would be erased but for appointments that are ahead. `after` opens the next batch,
    None at the end. Nothing was done unless `done`.
    """

    archived: tuple[LeadId, ...] = ()
    erased: tuple[LeadId, ...] = ()
    passed_over: tuple[LeadId, ...] = ()
    after: LeadId | None = None
    done: bool = False


def retain(work: Work, *, really: bool, after: LeadId | None = None) -> Retained:
    """Archive and erase what the rules say, or tell what would be."""
    rules = work.practice.clinic.settings.retention
    erased = _leads(work, retention.to_erase(rules, work.now), after)
    free = set(retention.free([lead.id for lead in erased], rules))
    gone = [lead for lead in erased if lead.id in free]
    archived = _leads(work, retention.to_archive(rules, work.now), after)
    kept = [lead for lead in archived if lead.id not in free]
    following = _following(erased, archived)
    if not really:
        return Retained(archived=_ids(kept), erased=_ids(gone), after=following)
    passed = _erased(work, gone)
    done = [lead for lead in gone if lead.id not in passed]
    _archive(work, kept)
    return Retained(
        archived=_ids(kept),
        erased=_ids(done),
        passed_over=passed,
        after=following,
        done=True,
    )


def _following(*batches: Sequence[Lead]) -> LeadId | None:
    """Give the lead after which the next batch begins: some may be met twice, and none missed."""
    return min((batch[-1].id for batch in batches if len(batch) == BATCH), default=None)


def _leads(work: Work, where: Where | None, after: LeadId | None) -> Sequence[Lead]:
    if where is None:
        return ()
    if after is not None:
        where = both(where, Cond("id", "gt", after))
    return work.store.leads.find(where, [Sort("id")], Page(BATCH)).items


def _erased(work: Work, leads: Sequence[Lead]) -> tuple[LeadId, ...]:
    """Erase leads; give those that must stay, since they are expected."""
    passed = []
    for lead in leads:
        try:
            erasing.erase(work, lead, with_export=False)
        except RuleViolated:
            passed.append(lead.id)
    return tuple(passed)


def _archive(work: Work, leads: Sequence[Lead]) -> None:
    work.store.leads.save([_archived(work, lead) for lead in leads])
    work.touch(_ids(leads))
    work.record(
        *(
            LeadArchived(clinic_id=work.clinic_id, at=work.now, by=work.actor.user, lead_id=lead.id)
            for lead in leads
        )
    )


def _archived(work: Work, lead: Lead) -> Lead:
    stamps = evolve(
        lead.stamps, updated_at=work.now, updated_by=work.actor.user, archived_at=work.now
    )
    return evolve(lead, status=LeadStatus.ARCHIVED, stamps=stamps)


def _ids(leads: Sequence[Lead]) -> tuple[LeadId, ...]:
    return tuple(lead.id for lead in leads)
