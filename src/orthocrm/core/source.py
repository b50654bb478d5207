"""Lead sources: how families heard of the practice."""

from datetime import datetime
from enum import StrEnum

from attrs import frozen

from orthocrm.core.ids import ClinicId, SourceId
from orthocrm.core.money import Money


class LeadSourceCategory(StrEnum):
    """The standard categories; every source belongs to one."""

    DOCTOR_REFERRAL = "DOCTOR_REFERRAL"
    PATIENT_REFERRAL = "PATIENT_REFERRAL"
    WEB_ORGANIC = "WEB_ORGANIC"
    WEB_PAID = "WEB_PAID"
    WEB_SOCIAL = "WEB_SOCIAL"
    PRINT_AD = "PRINT_AD"
    COMMUNITY_EVENT = "COMMUNITY_EVENT"
    SCHOOL_SCREENING = "SCHOOL_SCREENING"
    WALK_IN = "WALK_IN"
    OTHER = "OTHER"


@frozen(kw_only=True)
class Source:
    """A clinic's own source; its name is unique within the clinic, whatever the case.

    Enquiries that name no source go to the one that `is_default`. `monthly_cost` is what the open
    MONTHLY row of its costs says.
    """

    id: SourceId
    clinic_id: ClinicId
    name: str
    category: LeadSourceCategory
    description: str | None = None
    is_active: bool = True
    monthly_cost: Money | None = None
    is_default: bool = False
    created_at: datetime
    updated_at: datetime
    version: int = 1


DEFAULT_SOURCES: tuple[tuple[str, LeadSourceCategory], ...] = (
    ("Doctor referral", LeadSourceCategory.DOCTOR_REFERRAL),
    ("Patient referral", LeadSourceCategory.PATIENT_REFERRAL),
    ("Web - Organic search", LeadSourceCategory.WEB_ORGANIC),
    ("Web - Paid advertising", LeadSourceCategory.WEB_PAID),
    ("Web - Social media", LeadSourceCategory.WEB_SOCIAL),
    ("Print advertising", LeadSourceCategory.PRINT_AD),
    ("Community event", LeadSourceCategory.COMMUNITY_EVENT),
    ("School screening", LeadSourceCategory.SCHOOL_SCREENING),
    ("Walk-in", LeadSourceCategory.WALK_IN),
    ("Other", LeadSourceCategory.OTHER),
)
"""The standard categories of the source document, one source each; the last is the default."""
