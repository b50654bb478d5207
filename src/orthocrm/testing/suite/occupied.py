"""What decides about free times is read at once, and holds nothing personal."""

from datetime import timedelta

from attrs import evolve

from orthocrm.core.appointment import AppointmentStatus
from orthocrm.core.ids import AppointmentId, UserId
from orthocrm.core.limits import PAGE
from orthocrm.core.occupied import GAVE_BACK, Occupied, Whose
from orthocrm.core.ports import Backend
from orthocrm.testing.clock import MONDAY_MORNING
from orthocrm.testing.factories import a_lead, an_appointment
from orthocrm.testing.suite.arranged import Rules, a_practice, exact, store

NOW = MONDAY_MORNING
LEE, KIM, OTHER = UserId("dr-lee"), UserId("dr-kim"), UserId('a"b')
_HELD = AppointmentStatus.HELD
HOUR = timedelta(hours=1)


class OccupiedRules(Rules):
    """The port's `occupying`."""

    def test_all_states_of_a_period_come_by_start_and_id(self, backend: Backend) -> None:
        """Cancelled ones too: who asks decides what counts."""
        clinic = a_practice(backend)
        lead = a_lead(clinic)
        made = [
            evolve(an_appointment(lead), status=status, starts_at=NOW + at % 3 * HOUR)
            for at, status in enumerate(AppointmentStatus)
        ]
        store(backend, clinic, "leads", [lead])
        store(backend, clinic, "appointments", made)
        with backend.begin(clinic.id) as unit:
            found = list(unit.appointments.occupying(NOW, NOW + 2 * HOUR))
        inside = [one for one in made if one.starts_at < NOW + 2 * HOUR]
        inside.sort(key=lambda one: (one.starts_at, one.id))
        assert exact(found) == exact([Occupied.of(one) for one in inside])

    def test_the_period_is_half_open(self, backend: Backend) -> None:
        """A start at the end of the period is outside."""
        clinic = a_practice(backend)
        lead = a_lead(clinic)
        one = evolve(an_appointment(lead), starts_at=NOW)
        store(backend, clinic, "leads", [lead])
        store(backend, clinic, "appointments", [one])
        with backend.begin(clinic.id) as unit:
            assert [item.id for item in unit.appointments.occupying(NOW, NOW + HOUR)] == [one.id]
            assert list(unit.appointments.occupying(NOW - HOUR, NOW)) == []

    def test_somebodys_time_is_theirs_the_things_and_the_patients(self, backend: Backend) -> None:
        """Of teams each is asked for; what gave its time back is nobody's."""
        clinic = a_practice(backend)
        lead, other = a_lead(clinic), a_lead(clinic)
        freed = [evolve(an_appointment(lead), status=status) for status in sorted(GAVE_BACK)]
        made = [
            *freed,
            evolve(an_appointment(lead), provider=LEE, providers=(LEE,)),
            evolve(an_appointment(other), provider=KIM, providers=(KIM, LEE)),
            evolve(an_appointment(other), provider=KIM, providers=(KIM,), resources=("chair-1",)),
            evolve(an_appointment(other), provider=OTHER, providers=(OTHER,), status=_HELD),
            evolve(
                an_appointment(other),
                provider=OTHER,
                providers=(OTHER, KIM),
                lead_id=None,
                patient_ref="p-1",
            ),
        ]
        store(backend, clinic, "leads", [lead, other])
        store(backend, clinic, "appointments", made)
        low, high = min(o.starts_at for o in made), max(o.ends_at for o in made)
        for whose in (
            Whose(),
            Whose(people=frozenset()),
            Whose(people=frozenset({LEE})),
            Whose(people=frozenset({KIM, "dr-nobody"}), things=True),
            Whose(people=frozenset(), things=True),
            Whose(people=frozenset({OTHER}), lead_id=lead.id),
            Whose(people=frozenset({"dr-nobody"}), patient_ref="p-1"),
            Whose(people=frozenset({'a"b', "c,d"})),
        ):
            with backend.begin(clinic.id) as unit:
                found = list(unit.appointments.occupying(low, high, whose))
            wanted = [one for each in made if whose.has(one := Occupied.of(each))]
            assert exact(found) == exact(sorted(wanted, key=lambda one: (one.starts_at, one.id)))

    def test_more_than_a_page_comes_at_once(self, backend: Backend) -> None:
        """There are no pages: one read for all."""
        clinic = a_practice(backend)
        lead = a_lead(clinic)
        many = [
            evolve(an_appointment(lead), id=AppointmentId(f"a-{at:04}"), starts_at=NOW)
            for at in range(PAGE + 1)
        ]
        store(backend, clinic, "leads", [lead])
        store(backend, clinic, "appointments", many)
        with backend.begin(clinic.id) as unit:
            found = unit.appointments.occupying(NOW, NOW + HOUR)
        assert [item.id for item in found] == [one.id for one in many]

    def test_a_unit_sees_what_it_wrote_itself(self, backend: Backend) -> None:
        """Collected writes come first."""
        clinic = a_practice(backend)
        lead = a_lead(clinic)
        one = evolve(an_appointment(lead), starts_at=NOW)
        with backend.begin(clinic.id) as unit:
            unit.leads.add([lead])
            unit.appointments.add([one])
            assert [item.id for item in unit.appointments.occupying(NOW, NOW + HOUR)] == [one.id]

    def test_another_clinics_time_is_not_seen(self, backend: Backend) -> None:
        """Each clinic has a diary of its own."""
        clinic, other = a_practice(backend), a_practice(backend)
        lead = a_lead(other)
        store(backend, other, "leads", [lead])
        store(backend, other, "appointments", [evolve(an_appointment(lead), starts_at=NOW)])
        with backend.begin(clinic.id) as unit:
            assert list(unit.appointments.occupying(NOW - HOUR, NOW + HOUR)) == []
