"""Every area of the desk, and so every operation.

A desk loads an area when it is first asked for; from here `OPERATIONS` is complete.
"""

from orthocrm.services.access.desk import Access
from orthocrm.services.analytics.desk import Analytics
from orthocrm.services.assignment.desk import Assignment
from orthocrm.services.followups.desk import FollowUps
from orthocrm.services.gate import OPERATIONS
from orthocrm.services.imports.desk import Imports
from orthocrm.services.inbox.desk import Inbox
from orthocrm.services.intelligence.desk import Intelligence
from orthocrm.services.leads.desk import Leads
from orthocrm.services.live.desk import Live
from orthocrm.services.notifications.desk import Notifications
from orthocrm.services.pipeline.desk import Pipeline
from orthocrm.services.privacy.desk import Privacy
from orthocrm.services.privacy.keyrings import Keys
from orthocrm.services.scheduling.desk import Scheduling
from orthocrm.services.settings.desk import ClinicSettings
from orthocrm.services.sources.desk import Sources

__all__ = [
    "OPERATIONS",
    "Access",
    "Analytics",
    "Assignment",
    "ClinicSettings",
    "FollowUps",
    "Imports",
    "Inbox",
    "Intelligence",
    "Keys",
    "Leads",
    "Live",
    "Notifications",
    "Pipeline",
    "Privacy",
    "Scheduling",
    "Sources",
]
