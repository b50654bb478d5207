"""What a dry run remembers: leads as they would be stored, packed, and only so many of them."""

from datetime import timedelta

from attrs import evolve

from orthocrm.core.audit import Delivery
from orthocrm.core.lead import Lead
from orthocrm.core.people import Email, Phone
from orthocrm.leads.editing import derived
from orthocrm.services.imports.rehearsal import Rehearsal
from orthocrm.testing.clock import MONDAY_MORNING
from tests.support.practices import a_lead_of, a_practice

PRACTICE = a_practice()


def family(number: int) -> Lead:
    """Make a lead that has nothing in common with the others but its shape."""
    lead = a_lead_of(PRACTICE, created_at=MONDAY_MORNING + timedelta(minutes=number))
    address = f"{number * 7_919:x}@{number:x}.example"
    contact = evolve(
        lead.contact,
        first_name=f"{number * 104_729:x}",
        email=Email(address, address),
        phone=Phone(f"+1312{5_550_000 + number}"),
    )
    return derived(evolve(lead, contact=contact), PRACTICE)


def test_a_lead_is_given_as_it_was_put_and_as_it_was_changed() -> None:
    rehearsal = Rehearsal()
    one, other = family(1), family(2)
    for lead in (one, other):
        rehearsal.keep(lead)
    moved = derived(evolve(one, contact=evolve(one.contact, phone=None)), PRACTICE)
    rehearsal.keep(moved)
    assert [rehearsal.leads.give(lead.id) for lead in (one, other)] == [moved, other]
    assert one.contact.phone is not None
    assert f"phone:{one.contact.phone.number}" not in rehearsal.carriers


def test_a_lead_takes_a_few_hundred_bytes() -> None:
    rehearsal = Rehearsal()
    for number in range(200):
        rehearsal.keep(family(number))
    assert sum(map(len, rehearsal.leads._packed.values())) < 200 * 500


def test_only_the_latest_leads_and_deliveries_are_remembered() -> None:
    rehearsal = Rehearsal(most=3)
    leads = [family(number) for number in range(5)]
    for lead in leads:
        rehearsal.made.add(lead.id)
        rehearsal.keep(lead)
        rehearsal.claim(
            Delivery(
                clinic_id=lead.clinic_id,
                operation="imports.row",
                user=lead.stamps.created_by,
                key=lead.id,
                fingerprint="x",
                created_at=MONDAY_MORNING,
            )
        )
    held = [lead.id for lead in leads[2:]]
    assert [*rehearsal.keys] == [*rehearsal.deliveries] == held
    assert rehearsal.made == {*held}
    assert [lead.id in rehearsal.leads for lead in leads] == [False, False, True, True, True]
    assert {i for ids in rehearsal.carriers.values() for i in ids} == {*held}


def test_without_a_key_no_lead_is_held() -> None:
    rehearsal = Rehearsal(by_key=False)
    lead = family(1)
    rehearsal.keep(lead)
    assert lead.id not in rehearsal.leads
    assert rehearsal.keys[lead.id]
