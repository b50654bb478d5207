"""Nouns for tests: every field has a sensible value, and a test names only those it is about.

Ids count up over the life of the process, so that a noun made later sorts later. Keywords beyond
those that are named are fields of the noun itself.

>>> clinic = a_clinic()
>>> a_lead(clinic, stage="contacted", owner="tc-1").ownership.owner
'tc-1'
"""

from orthocrm.testing.factories.access import (
    a_session,
    a_user,
    an_api_key,
    some_attempts,
    some_secrets,
)
from orthocrm.testing.factories.calendar import (
    a_claim,
    a_schedule,
    a_time_off,
    a_waitlist_entry,
    an_appointment,
)
from orthocrm.testing.factories.leads import (
    a_lead,
    a_link,
    a_merge,
    a_position,
    a_task,
    a_visit,
    an_activity,
    an_enrollment,
    ids_of,
    match_keys,
    stamped,
)
from orthocrm.testing.factories.making import COORDINATOR
from orthocrm.testing.factories.marketing import a_campaign, a_referrer, a_spend, a_touch
from orthocrm.testing.factories.messages import (
    a_consent,
    a_kept_answer,
    a_message,
    a_notice,
    a_staff_contact,
    an_inbound,
)
from orthocrm.testing.factories.practices import (
    a_clinic,
    a_coordinator,
    a_rotation,
    a_saved_view,
    a_source,
    a_stage,
    a_trained_model,
    another_clinic_id,
    the_default_sources,
    the_default_stages,
)
from orthocrm.testing.factories.records import (
    a_delivery,
    a_personal_change,
    an_audit_entry,
    an_import,
    an_import_change,
    an_outbox_item,
)

__all__ = [
    "COORDINATOR",
    "a_campaign",
    "a_claim",
    "a_clinic",
    "a_consent",
    "a_coordinator",
    "a_delivery",
    "a_kept_answer",
    "a_lead",
    "a_link",
    "a_merge",
    "a_message",
    "a_notice",
    "a_personal_change",
    "a_position",
    "a_referrer",
    "a_rotation",
    "a_saved_view",
    "a_schedule",
    "a_session",
    "a_source",
    "a_spend",
    "a_staff_contact",
    "a_stage",
    "a_task",
    "a_time_off",
    "a_touch",
    "a_trained_model",
    "a_user",
    "a_visit",
    "a_waitlist_entry",
    "an_activity",
    "an_api_key",
    "an_appointment",
    "an_audit_entry",
    "an_enrollment",
    "an_import",
    "an_import_change",
    "an_inbound",
    "an_outbox_item",
    "another_clinic_id",
    "ids_of",
    "match_keys",
    "some_attempts",
    "some_secrets",
    "stamped",
    "the_default_sources",
    "the_default_stages",
]
