"""What the practice does to be found: touches, what was spent, campaigns, and who refers."""

from datetime import date, datetime
from enum import StrEnum

from attrs import field, frozen

from orthocrm.core.ids import (
    CampaignId,
    ClinicId,
    LeadId,
    ReferrerId,
    SourceId,
    SpendId,
    TouchId,
)
from orthocrm.core.lead import Channel
from orthocrm.core.masking import PERSONAL, mask
from orthocrm.core.money import Money


@frozen(kw_only=True)
class Touch:
    """One contact of a family with the practice's marketing, at an instant.

    The first one is the enquiry itself; later enquiries, merges and what is added by hand bring
    more. `source_id` None is an unknown or direct touch.
    """

    id: TouchId
    clinic_id: ClinicId
    lead_id: LeadId
    at: datetime
    channel: Channel
    created_at: datetime
    source_id: SourceId | None = None
    campaign: str | None = None
    referring_provider_ref: str | None = None
    referring_patient_ref: str | None = None
    detail: str | None = field(default=None, repr=mask, metadata=PERSONAL)
    version: int = 1


class SpendKind(StrEnum):
    """How a cost accrues: every month while it lasts, or once."""

    MONTHLY = "MONTHLY"
    ONE_OFF = "ONE_OFF"


@frozen(kw_only=True)
class Spend:
    """A cost of a source, as an effective-dated row that is never rewritten.

    MONTHLY: `amount` a month from `starts_on` to `ends_on` inclusive (None: until it is ended),
    accruing by the day. ONE_OFF: `amount` once, on `starts_on`.
    """

    id: SpendId
    clinic_id: ClinicId
    source_id: SourceId
    kind: SpendKind
    amount: Money
    starts_on: date
    created_at: datetime
    ends_on: date | None = None
    campaign: str | None = None
    note: str | None = None
    version: int = 1


@frozen(kw_only=True)
class Campaign:
    """A campaign of a source; leads and touches name it by `name`, unique whatever the case."""

    id: CampaignId
    clinic_id: ClinicId
    name: str
    created_at: datetime
    source_id: SourceId | None = None
    starts_on: date | None = None
    ends_on: date | None = None
    is_active: bool = True
    version: int = 1


class ReferrerKind(StrEnum):
    """Who refers families."""

    PROVIDER = "PROVIDER"
    PATIENT = "PATIENT"


@frozen(kw_only=True)
class ReferrerRecord:
    """A dentist or patient who refers families; `ref` is what leads and touches name them by.

    `ref` is unique by kind: the identity in the host application, or our own id.
    """

    id: ReferrerId
    clinic_id: ClinicId
    kind: ReferrerKind
    ref: str
    created_at: datetime
    updated_at: datetime
    name: str = field(repr=mask, metadata=PERSONAL)
    organisation: str | None = field(default=None, repr=mask, metadata=PERSONAL)
    phone: str | None = field(default=None, repr=mask, metadata=PERSONAL)
    email: str | None = field(default=None, repr=mask, metadata=PERSONAL)
    notes: str | None = field(default=None, repr=mask, metadata=PERSONAL)
    is_active: bool = True
    version: int = 1
