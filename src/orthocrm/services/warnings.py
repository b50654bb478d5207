"""Warning of duplicates (rule 6): by shared phone and e-mail, in the store and within the batch."""

from collections.abc import Mapping, Sequence

from attrs import frozen

from orthocrm.core.actor import Permission
from orthocrm.core.facts import LEADS
from orthocrm.core.ids import LeadId
from orthocrm.core.lead import Lead
from orthocrm.core.query import predicate
from orthocrm.leads import dedupe
from orthocrm.services.work import Work


@frozen(kw_only=True)
class Warned:
    """The duplicates of one lead: those that the actor may see, and how many there are beside."""

    duplicates: tuple[dedupe.Duplicate, ...] = ()
    hidden: int = 0


NOTHING = Warned()


def of(work: Work, leads: Sequence[Lead], *, judge: bool = True) -> list[Warned]:
    """Find the duplicates of every lead; without `judge`, by key alone and reading no lead.

    A key that more than `dedupe.CROWD` leads carry tells nothing and is dropped.
    """
    wanted = {key for lead in leads for key in dedupe.shareable(lead.keys)}
    hits = work.sharing(wanted)
    sharing = _with_batch(hits, leads)
    if not sharing:
        return [NOTHING] * len(leads)
    others = _candidates(work, sharing, leads) if judge else {}
    return [_warned(lead, sharing, others, judge=judge) for lead in leads]


def _with_batch(
    hits: Mapping[str, Sequence[LeadId]], leads: Sequence[Lead]
) -> dict[str, list[LeadId]]:
    """Add the batch's own leads to those found, and drop crowds and keys of one lead."""
    sharing: dict[str, list[LeadId]] = {key: list(ids) for key, ids in hits.items()}
    for lead in leads:
        for key in dedupe.shareable(lead.keys):
            ids = sharing.setdefault(key, [])
            if lead.id not in ids:
                ids.append(lead.id)
    return {key: ids for key, ids in sharing.items() if 1 < len(ids) <= dedupe.CROWD + 1}


def _candidates(
    work: Work, sharing: Mapping[str, Sequence[LeadId]], leads: Sequence[Lead]
) -> dict[LeadId, Lead | None]:
    """Read the leads concerned; None stands for one that the actor may not see."""
    batch: dict[LeadId, Lead | None] = {lead.id: lead for lead in leads}
    stored = {i for ids in sharing.values() for i in ids} - batch.keys()
    if not work.may(Permission.LEAD_READ):
        return {i: batch.get(i) for i in (*stored, *batch)}
    visible = predicate(work.reach(Permission.LEAD_READ), LEADS)
    found = work.store.leads.get(sorted(stored))
    work.touch(sorted(found))
    seen = {lead.id: lead if visible(lead) else None for lead in found.values()}
    return {**seen, **batch}


def _warned(
    lead: Lead,
    sharing: Mapping[str, Sequence[LeadId]],
    others: Mapping[LeadId, Lead | None],
    *,
    judge: bool,
) -> Warned:
    keys = [key for key in dedupe.shareable(lead.keys) if key in sharing]
    ids = dict.fromkeys(i for key in keys for i in sharing[key] if i < lead.id)
    if not judge:
        return Warned(duplicates=tuple(dedupe.unjudged(i) for i in ids))
    known = [others[i] for i in ids if i in others]
    return Warned(
        duplicates=dedupe.judged(lead, [other for other in known if other is not None]),
        hidden=known.count(None),
    )
