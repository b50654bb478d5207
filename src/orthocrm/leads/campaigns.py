"""Campaigns: their name is what links, forms and people call them, so it lasts."""

from attrs import evolve

from orthocrm.core.errors import InvalidInput
from orthocrm.core.marketing import Campaign
from orthocrm.core.reading import Reading
from orthocrm.core.settings import Practice
from orthocrm.leads.spending import named_source


def checked(draft: Campaign, practice: Practice) -> Campaign:
    """Take a campaign, or raise one `InvalidInput` with everything that is wrong.

    Its source may be given by name; dates are local ones of the clinic, the last day included.
    """
    reading = Reading()
    name = reading.text("name", draft.name)
    reading.required("name", name)
    source = named_source(reading, "source_id", draft.source_id, practice)
    starts_on = reading.day("starts_on", draft.starts_on)
    ends_on = reading.day("ends_on", draft.ends_on)
    if starts_on is not None and ends_on is not None and ends_on < starts_on:
        reading.refuse("ends_on", "ends_before_start", "give the start, or a later date")
    reading.required("is_active", reading.flag("is_active", draft.is_active))
    reading.finish()
    return evolve(draft, name=name or "", source_id=source.id if source else None)


def changed(before: Campaign, given: Campaign, practice: Practice) -> Campaign:
    """Take an evolved copy of a campaign; only the case of its name may change.

    Raises:
        InvalidInput: leads, touches and costs know the campaign by its name.
    """
    kept = checked(given, practice)
    if kept.name.casefold() != before.name.casefold():
        message = "leads know the campaign by its name; end it and add another one"
        raise InvalidInput.at("name", "fixed", message)
    return evolve(kept, clinic_id=before.clinic_id, created_at=before.created_at)
