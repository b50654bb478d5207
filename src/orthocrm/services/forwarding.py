"""Leads that were merged away: where they lead to."""

from orthocrm.core.ids import LeadId
from orthocrm.core.lead import Lead
from orthocrm.core.ports import UnitOfWork

FURTHEST = 20
"""Merges that are followed one after the other; beyond, something has gone wrong."""


def standing(store: UnitOfWork, lead_id: LeadId) -> Lead | None:
    """Give the lead that another one was merged into, over any merges of that one too.

    None for a lead that was not merged away, or whose way ends nowhere.
    """
    lead = store.leads.get([lead_id]).get(lead_id)
    into = None if lead is None else lead.merged_into
    for _ in range(FURTHEST):
        if into is None:
            return None
        lead = store.leads.get([into]).get(into)
        if lead is None or lead.merged_into is None:
            return lead
        into = lead.merged_into
    return None
