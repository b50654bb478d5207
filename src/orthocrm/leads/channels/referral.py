"""Referrals by dentists and by patients."""

from collections.abc import Mapping
from typing import Any, ClassVar

from attrs import evolve, field, frozen

from orthocrm.core.errors import InvalidInput
from orthocrm.core.lead import Channel
from orthocrm.core.masking import PERSONAL, mask
from orthocrm.core.settings import Practice
from orthocrm.core.source import LeadSourceCategory
from orthocrm.leads.channels.manual import QuickEntry, known
from orthocrm.leads.intake import Intake


@frozen(kw_only=True)
class Referrer:
    """Who sent the family: `ref` is their identity in the host application.

    Reports count by `ref`. Whoever has none is found among the clinic's referrers by `name`, or
    becomes one of them. The name is kept with the description of the source too, encrypted.
    """

    ref: str | None = None
    name: str | None = field(default=None, repr=mask, metadata=PERSONAL)


def _referrer(given: Any) -> Referrer:  # noqa: ANN401 - a mapping comes from the host application
    if isinstance(given, Referrer):
        return given
    if not isinstance(given, Mapping):
        raise InvalidInput.at("referrer", "wrong_type", "give a Referrer")
    return Referrer(**known(Referrer, given))


@frozen(kw_only=True)
class DoctorReferral(QuickEntry):
    """A family that a dentist sent."""

    channel: ClassVar[Channel] = Channel.DOCTOR_REFERRAL
    category: ClassVar[LeadSourceCategory | None] = LeadSourceCategory.DOCTOR_REFERRAL

    referrer: Referrer = field(factory=Referrer, converter=_referrer)

    def intake(self, practice: Practice) -> Intake:
        """Give the enquiry, with the dentist."""
        return evolve(
            super().intake(practice),
            referring_provider=self.referrer.ref,
            referrer_name=self.referrer.name,
            source_detail=self.source_detail or self.referrer.name,
        )


@frozen(kw_only=True)
class PatientReferral(QuickEntry):
    """A family that a patient sent."""

    channel: ClassVar[Channel] = Channel.PATIENT_REFERRAL
    category: ClassVar[LeadSourceCategory | None] = LeadSourceCategory.PATIENT_REFERRAL

    referrer: Referrer = field(factory=Referrer, converter=_referrer)

    def intake(self, practice: Practice) -> Intake:
        """Give the enquiry, with the patient."""
        return evolve(
            super().intake(practice),
            referring_patient=self.referrer.ref,
            referrer_name=self.referrer.name,
            source_detail=self.source_detail or self.referrer.name,
        )
