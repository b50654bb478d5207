"""Leads of the same person or household, for the coordinator who knows the family.

The practice itself looks here, not the actor: whoever captures a lead need not be able to read the
family's other leads, and learns nothing of them but the coordinator. A shared phone number or
e-mail address leads to the family; likeness of names alone is a suggestion that somebody has to
confirm, and decides nothing about coordinators.
"""

from collections.abc import Mapping, Sequence

from orthocrm.core.ids import LeadId
from orthocrm.core.lead import Lead
from orthocrm.leads import dedupe
from orthocrm.leads.dedupe import Relation
from orthocrm.services.work import Work

_FAMILY = (Relation.SAME_INQUIRY, Relation.SAME_PERSON, Relation.SAME_HOUSEHOLD)


def of(work: Work, leads: Sequence[Lead]) -> Mapping[LeadId, tuple[Lead, ...]]:
    """Find the family of each lead, in the store and within the batch; loners are left out."""
    sharing = _sharing(work, leads)
    if not sharing:
        return {}
    others = _read(work, sharing, leads)
    sharers = set().union(*sharing.values())
    found = {lead.id: _family(lead, sharing, others) for lead in leads if lead.id in sharers}
    return {lead_id: family for lead_id, family in found.items() if family}


def _sharing(work: Work, leads: Sequence[Lead]) -> Mapping[str, set[LeadId]]:
    """Tell who shares each key; crowds, and keys of one lead alone, say nothing."""
    batch: dict[str, set[LeadId]] = {}
    for lead in leads:
        for key in dedupe.reaching(lead.keys):
            batch.setdefault(key, set()).add(lead.id)
    hits = work.sharing(batch)
    joined = {key: ids.union(hits.get(key, ())) for key, ids in batch.items()}
    return {key: ids for key, ids in joined.items() if 1 < len(ids) <= dedupe.CROWD}


def _read(
    work: Work, sharing: Mapping[str, set[LeadId]], leads: Sequence[Lead]
) -> Mapping[LeadId, Lead]:
    batch = {lead.id: lead for lead in leads}
    wanted = {lead_id for ids in sharing.values() for lead_id in ids} - batch.keys()
    return {**work.sharing_leads(wanted), **batch}


def _family(
    lead: Lead, sharing: Mapping[str, set[LeadId]], others: Mapping[LeadId, Lead]
) -> tuple[Lead, ...]:
    ids = {i for key in dedupe.reaching(lead.keys) for i in sharing.get(key, ())} - {lead.id}
    known = [others[i] for i in sorted(ids) if i in others]
    judged = dedupe.judged(lead, known) if known else ()
    return tuple(others[one.lead_id] for one in judged if one.relation in _FAMILY)
