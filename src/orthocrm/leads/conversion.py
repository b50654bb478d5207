"""Which leads may become patients."""

from orthocrm.core.lead import Lead, ensure_open


def convertible(lead: Lead) -> None:
    """Raise unless the lead can be converted, from whatever open stage it is in (C-18).

    Raises:
        LeadLocked: it was converted before.
        LeadClosed: it is lost or archived.
    """
    ensure_open(lead)
