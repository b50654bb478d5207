"""The campaigns of a clinic: few, and read whole."""

from orthocrm.core.marketing import Campaign
from orthocrm.services.work import Work, everything


def every(work: Work) -> tuple[Campaign, ...]:
    """Read all campaigns, those that have ended included."""
    return everything(work.store.campaigns)


def named(work: Work, name: str) -> Campaign | None:
    """Find a campaign by its name, whatever the case."""
    folded = name.casefold()
    return next((one for one in every(work) if one.name.casefold() == folded), None)
