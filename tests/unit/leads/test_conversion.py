import pytest
from attrs import evolve

from orthocrm.core.errors import LeadClosed, LeadLocked
from orthocrm.core.lead import Conversion, LeadStatus
from orthocrm.leads.conversion import convertible
from orthocrm.testing.clock import MONDAY_MORNING
from tests.support.practices import a_lead_of, a_practice

PRACTICE = a_practice()


@pytest.mark.parametrize("stage", ["new_lead", "contacted", "treatment_accepted"])
def test_a_lead_converts_from_any_open_stage(stage: str) -> None:
    convertible(a_lead_of(PRACTICE, stage=stage))


def test_a_converted_lead_does_not_convert_again() -> None:
    lead = evolve(
        a_lead_of(PRACTICE),
        status=LeadStatus.CONVERTED,
        conversion=Conversion(at=MONDAY_MORNING, patient_ref="p-1"),
    )

    with pytest.raises(LeadLocked):
        convertible(lead)


@pytest.mark.parametrize("status", [LeadStatus.LOST, LeadStatus.ARCHIVED])
def test_a_closed_lead_does_not_convert(status: LeadStatus) -> None:
    with pytest.raises(LeadClosed) as caught:
        convertible(evolve(a_lead_of(PRACTICE), status=status))

    assert caught.value.status == status
