"""Every metric that comes with the library, each declared once.

The definitions are those of the practice's own numbers (Gaidge's and OrthoFi's ratios) and of
HubSpot's funnel reports. Plug-ins add theirs by `register_metrics`, as these are.
"""

from collections.abc import Mapping
from typing import Final

from orthocrm.analytics.catalogue.consultations import OF_CONSULTATIONS
from orthocrm.analytics.catalogue.leads import OF_LEADS
from orthocrm.analytics.catalogue.money import OF_MONEY
from orthocrm.analytics.catalogue.work import OF_WORK
from orthocrm.analytics.declaring import Declared

__all__ = ["METRICS"]

METRICS: Final[Mapping[str, Declared]] = {
    declared.name: declared for declared in (*OF_LEADS, *OF_CONSULTATIONS, *OF_WORK, *OF_MONEY)
}
"""The metrics by name."""
