"""Lists that people keep: saved, shared, used and forgotten, on every backend."""

from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from attrs import evolve

from orthocrm import (
    AllOf,
    AnyOf,
    Cond,
    CustomField,
    Desk,
    FieldKind,
    Forbidden,
    InvalidInput,
    LeadEdit,
    NotFound,
    Role,
    Sort,
)
from orthocrm.core.ids import ViewId
from tests.flows.practice import House
from tests.security.digest import digest

CONTACTED = Cond("stage", "eq", "contacted")
VIP = CustomField(name="vip", label="VIP", kind=FieldKind.FLAG)
SCHOOL = CustomField(name="school", label="School", kind=FieldKind.TEXT)
DEPOSIT = CustomField(name="deposit", label="Deposit", kind=FieldKind.NUMBER, decimals=2)


@pytest.fixture
def other(house: House) -> Desk:
    return house.desk(Role.TREATMENT_COORDINATOR, "tc-2")


def configure(house: House, *fields: CustomField) -> None:
    present = house.admin.settings.practice().clinic.settings
    house.admin.settings.change(evolve(present, custom_fields=fields))


@pytest.mark.parametrize(
    "name, where, sort",
    [
        ("", CONTACTED, ()),
        (None, CONTACTED, ()),
        ("a" * 101, CONTACTED, ()),
        ("a\nb", CONTACTED, ()),
        ("mine", None, ()),
        ("mine", "stage", ()),
        ("mine", Cond("patient", "eq", "Sofia"), ()),
        ("mine", Cond("stage", "has", "contacted"), ()),
        ("mine", Cond("created_at", "gt", "yesterday"), ()),
        ("mine", Cond("custom.shirt", "eq", "blue"), ()),
        ("mine", Cond("custom.school", "eq", "Lincoln"), ()),
        ("mine", CONTACTED, Sort("created_at")),
        ("mine", CONTACTED, "created_at"),
        ("mine", CONTACTED, (Sort("patient"),)),
        ("mine", CONTACTED, (Sort("custom.school"),)),
    ],
)
def test_what_could_not_be_listed_is_not_kept(
    house: House, name: Any, where: Any, sort: Any
) -> None:
    configure(house, SCHOOL)
    before = digest(house.crm)
    with pytest.raises(InvalidInput):
        house.coordinator.leads.save_view(name, where, sort=sort)
    assert digest(house.crm) == before
    assert house.coordinator.leads.views() == ()


def test_a_view_gives_its_leads_in_its_order(house: House) -> None:
    first, second, third = (house.lead(patient_first_name=name).id for name in ("A", "B", "C"))
    for lead_id in (first, third):
        house.coordinator.pipeline.move(lead_id, "contacted")
    view = house.coordinator.leads.save_view("In touch", CONTACTED, sort=[Sort("id")])

    listed = partial(house.coordinator.leads.find, view=view.id, mine=False)

    assert [lead.id for lead in listed().leads] == [first, third]
    newest = listed(sort=[Sort("id", descending=True)])
    assert [lead.id for lead in newest.leads] == [third, first]
    narrower = listed(Cond("id", "eq", third))
    assert [lead.id for lead in narrower.leads] == [third]
    page = listed(size=1)
    assert [lead.id for lead in listed(size=1, cursor=page.cursor).leads] == [third]
    assert second not in [lead.id for lead in listed().leads]


def test_the_same_name_again_replaces_the_view(house: House) -> None:
    first = house.coordinator.leads.save_view("In touch", CONTACTED)
    again = house.coordinator.leads.save_view(" in TOUCH ", Cond("stage", "eq", "lost"))
    assert (again.id, again.name, again.created_at) == (first.id, "in TOUCH", first.created_at)
    assert house.coordinator.leads.views() == (again,)
    assert house.coordinator.leads.view(first.id) == again


def test_a_view_is_its_owners_unless_it_is_shared(house: House, other: Desk) -> None:
    mine = house.coordinator.leads.save_view("Mine", CONTACTED)
    ours = house.coordinator.leads.save_view("Ours", CONTACTED, is_shared=True)
    theirs = other.leads.save_view("Mine", Cond("stage", "eq", "lost"))

    assert house.coordinator.leads.views() == (mine, ours)
    assert other.leads.views() == (theirs, ours)
    assert other.leads.view(ours.id) == ours
    for verb in (other.leads.view, other.leads.remove_view):
        with pytest.raises(NotFound):
            verb(mine.id)
    with pytest.raises(NotFound):
        other.leads.find(view=mine.id)
    with pytest.raises(NotFound):
        other.leads.find(view=ViewId("nothing"))


def test_a_shared_view_is_removed_by_its_owner_or_an_administrator(
    house: House, other: Desk
) -> None:
    first = house.coordinator.leads.save_view("First", CONTACTED, is_shared=True)
    second = house.coordinator.leads.save_view("Second", CONTACTED, is_shared=True)
    with pytest.raises(Forbidden):
        other.leads.remove_view(first.id)
    house.coordinator.leads.remove_view(first.id)
    house.admin.leads.remove_view(second.id)
    assert house.coordinator.leads.views() == ()


def test_a_shared_view_shows_each_only_what_is_in_reach(house: House) -> None:
    lead = house.lead(owner="tc-1")
    house.coordinator.pipeline.move(lead.id, "contacted")
    view = house.coordinator.leads.save_view("In touch", CONTACTED, is_shared=True)
    agent = house.desk(Role.AGENT, "tc-2")
    assert agent.leads.find(view=view.id, mine=False).leads == ()
    stranger = house.crm.create_clinic(name="Other", timezone="UTC")
    with pytest.raises(NotFound):
        house.desk(Role.OPERATOR, clinic=stranger).leads.view(view.id)


def test_a_view_keeps_public_names_and_says_when_a_field_is_gone(house: House) -> None:
    configure(house, VIP, DEPOSIT)
    rich = house.lead(custom={"vip": True, "deposit": "99.50"})
    where = AnyOf(
        (
            AllOf((Cond("custom.vip", "eq", True), CONTACTED)),  # noqa: FBT003 - the value compared
            Cond("custom.deposit", "ge", Decimal("99.50")),
        )
    )
    view = house.coordinator.leads.save_view("Rich", where, sort=[Sort("custom.deposit")])
    assert "custom.deposit" in repr(view.where)
    found = house.coordinator.leads.find(view=view.id, mine=False).leads
    assert [lead.id for lead in found] == [rich.id]
    house.coordinator.leads.edit(rich.id, LeadEdit(custom={"vip": None, "deposit": None}))
    configure(house)
    with pytest.raises(InvalidInput, match="no such field"):
        house.coordinator.leads.find(view=view.id)
