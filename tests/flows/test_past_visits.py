"""Visits that another system knew are written down, on every backend."""

from datetime import timedelta
from typing import Any

import pytest

from orthocrm import InvalidInput, PastVisit
from orthocrm.core.appointment import Appointment
from orthocrm.services.batch import Refused
from orthocrm.services.scheduling.recording import MOST
from tests.flows.carrying import Bird, a_practice, of_user
from tests.flows.scheduling import LEE, TUESDAY, open_the_diary, search, wish

MONTH = timedelta(days=28)


def past(**fields: Any) -> PastVisit:
    usual = {"type": "consultation", "starts_at": TUESDAY - MONTH, "provider": LEE}
    return PastVisit(**{**usual, **fields})


def test_visits_of_the_past_are_in_the_history_and_nobody_is_told(url: str) -> None:
    pigeon = Bird()
    with a_practice(pigeon, url=url) as house:
        open_the_diary(house)
        lead = house.lead()
        house.crm.work()
        results = house.front.scheduling.record_past(
            [
                past(lead_id=lead.id),
                past(lead_id="nobody"),
                past(lead_id=lead.id, status="NO_SHOW", starts_at=TUESDAY - 2 * MONTH),
                past(patient_ref="p-1", starts_at=TUESDAY + MONTH),
            ]
        )
        house.crm.work()

        assert [type(one) for one in results] == [Appointment, Refused, Appointment, Refused]
        assert [str(one.error) for one in results if isinstance(one, Refused)] == [
            "no such lead",
            "starts_at: book what is not over yet",
        ]
        history = house.front.scheduling.history(lead_id=lead.id)
        assert history == tuple(one for one in results if isinstance(one, Appointment))
        assert house.coordinator.leads.get(lead.id).position == lead.position
        assert (pigeon.letters, of_user(house, LEE)) == ([], ())
        assert house.front.scheduling.slots(search()) != ()
        house.front.scheduling.book(wish(lead))


@pytest.mark.parametrize("visits", [None, "visits", [{}], [past(patient_ref="p")] * (MOST + 1)])
def test_what_are_no_visits_is_refused_as_a_whole(visits: Any) -> None:
    with a_practice() as house:
        open_the_diary(house)
        with pytest.raises(InvalidInput, match="visits: "):
            house.front.scheduling.record_past(visits)
