"""A whole lead within the sealed fields of another noun, as it stood at some time."""

from typing import Any

from orthocrm.backends.sql.rows.codec import NEUTRAL_PUT, NEUTRAL_TAKE, Personal
from orthocrm.backends.sql.rows.leads import LEAD, personal_of_lead, read_lead, write_lead
from orthocrm.core.lead import Lead


def put_whole(lead: Lead) -> Personal:
    """Write a lead with its clear columns by name, so that later releases may add some."""
    clear = zip(LEAD.clear_columns, write_lead(lead, NEUTRAL_PUT), strict=True)
    return {"clear": dict(clear), "personal": personal_of_lead(lead)}


def take_whole(stored: dict[str, Any]) -> Lead:
    """Read what `put_whole` wrote."""
    clear = tuple(stored["clear"].get(name) for name in LEAD.clear_columns)
    return read_lead(clear, stored["personal"], NEUTRAL_TAKE)
