"""The clinic's own fields, from the form or the file to the list, on every backend."""

from datetime import date
from decimal import Decimal
from functools import partial
from io import BytesIO
from typing import Any

import pytest
from attrs import evolve

from orthocrm import (
    Captured,
    Channel,
    CustomField,
    FieldKind,
    FollowUpRule,
    FormDefinition,
    FormField,
    Intake,
    InvalidInput,
    Lead,
    LeadEdit,
    LeadLocked,
    LeadTaskType,
    Role,
    Settings,
    Trigger,
)
from orthocrm.core.query import AllOf, Cond, Sort
from orthocrm.leads.channels.delivery import Delivered
from orthocrm.leads.channels.phone import PhoneCall
from orthocrm.leads.mapping import parse
from tests.flows.practice import House, enquiry
from tests.security.digest import digest

COLOUR = CustomField(
    name="brace_colour", label="Colour", kind=FieldKind.CHOICE, choices=("blue", "red")
)
DEPOSIT = CustomField(name="deposit", label="Deposit", kind=FieldKind.NUMBER, decimals=2)
SINCE = CustomField(name="member_since", label="Member since", kind=FieldKind.DATE)
VIP = CustomField(name="vip", label="VIP", kind=FieldKind.FLAG)
SCHOOL = CustomField(name="school", label="School", kind=FieldKind.TEXT)
FIELDS = (COLOUR, DEPOSIT, SINCE, VIP, SCHOOL)
FULL = {
    "brace_colour": "blue",
    "deposit": Decimal("99.50"),
    "member_since": date(2020, 2, 29),
    "vip": True,
    "school": "St. Mary's",
}


def configure(house: House, *fields: CustomField, **choices: Any) -> None:
    present = house.admin.settings.practice().clinic.settings
    house.admin.settings.change(evolve(present, custom_fields=fields, **choices))


@pytest.fixture
def own(house: House) -> House:
    configure(house, *FIELDS)
    return house


def refused(house: House, verb: partial[Any]) -> list[str]:
    before = digest(house.crm)
    with pytest.raises(InvalidInput) as refusal:
        verb()
    assert digest(house.crm) == before
    return [problem.path for problem in refusal.value.problems]


def values(lead: Lead) -> tuple[dict[str, Any], dict[str, Any]]:
    return dict(lead.custom.shown), dict(lead.custom.personal)


# --- definitions


def test_definitions_that_are_not_sound_are_refused(house: House) -> None:
    odd = evolve(COLOUR, choices=())
    assert refused(house, partial(configure, house, odd)) == ["custom_fields[0].choices"]


def test_a_field_that_leads_hold_keeps_its_kind_and_stays(own: House) -> None:
    own.lead(custom={"vip": True})
    change = partial(configure, own)
    assert refused(own, partial(change, COLOUR, DEPOSIT, SINCE, SCHOOL)) == ["custom_fields.vip"]
    number = CustomField(name="vip", label="VIP", kind=FieldKind.NUMBER)
    rest = (COLOUR, DEPOSIT, SINCE, SCHOOL)
    assert refused(own, partial(change, *rest, number)) == ["custom_fields.vip"]
    configure(own, *rest, evolve(VIP, is_active=False, label="Very important"))
    assert refused(own, partial(own.lead, custom={"vip": False})) == ["custom.vip"]


def test_a_field_that_nobody_holds_may_go_unless_it_is_encrypted(own: House) -> None:
    assert refused(own, partial(configure, own)) == ["custom_fields.school"]
    configure(own, SCHOOL)
    configure(own, SCHOOL, CustomField(name="vip", label="VIP", kind=FieldKind.NUMBER))
    assert values(own.lead(custom={"vip": 3}))[0] == {"vip": 3}


def test_a_form_fills_only_fields_that_are_there(own: House) -> None:
    form = FormDefinition(
        slug="colours", title="Colours", fields=(FormField(name="c", fills="custom.shirt"),)
    )
    present = own.admin.settings.practice().clinic.settings
    change = partial(own.admin.settings.change, evolve(present, forms=(form,)))
    assert refused(own, change) == ["forms.fields.fills"]


# --- capture and edit


def test_values_are_kept_as_they_are_meant(own: House) -> None:
    lead = own.lead(custom=FULL)
    shown = {"brace_colour": "blue", "deposit": 9950, "member_since": date(2020, 2, 29)}
    assert values(own.coordinator.leads.get(lead.id)) == (
        {**shown, "vip": True},
        {"school": "St. Mary's"},
    )
    assert "St. Mary" not in repr(lead)
    assert "St. Mary" not in repr(enquiry(custom=FULL))


def test_what_does_not_fit_is_refused_with_everything_else(own: House) -> None:
    given = {"brace_colour": "green", "shirt": 1, "vip": "perhaps"}
    capture = partial(own.lead, custom=given, email="nothing")
    assert sorted(refused(own, capture)) == [
        "custom.brace_colour",
        "custom.shirt",
        "custom.vip",
        "email",
    ]


def test_an_edit_changes_what_it_names_and_tells_of_it(own: House) -> None:
    lead = own.lead(custom=FULL)
    edit = LeadEdit(custom={"vip": None, "deposit": 20, "school": "Lincoln"})
    edited = own.coordinator.leads.edit(lead.id, edit)
    assert values(edited) == (
        {"brace_colour": "blue", "deposit": 2000, "member_since": date(2020, 2, 29)},
        {"school": "Lincoln"},
    )
    trail = own.admin.privacy.trail().entries
    (entry,) = [one for one in trail if one.operation == "leads.edit"]
    assert tuple(sorted(entry.fields)) == ("custom.deposit", "custom.school", "custom.vip")
    assert "Lincoln" not in repr(entry)
    same = own.coordinator.leads.edit(lead.id, LeadEdit(custom={"deposit": "20.00"}))
    assert same.version == edited.version


def test_a_converted_lead_keeps_its_values(own: House) -> None:
    lead = own.lead(custom=FULL)
    own.coordinator.pipeline.convert(lead.id)
    with pytest.raises(LeadLocked):
        own.coordinator.leads.edit(lead.id, LeadEdit(custom={"vip": False}))


def test_staff_give_what_is_required_and_others_are_flagged(own: House) -> None:
    configure(own, *FIELDS[:-1], evolve(SCHOOL, is_required=True))
    assert refused(own, partial(own.lead)) == ["custom.school"]
    call = PhoneCall(name="Ann Lee", phone="3125550199")
    assert refused(own, partial(own.front.leads.enter, call)) == ["custom.school"]
    entered = own.front.leads.enter(evolve(call, custom={"school": "Lincoln"})).lead
    assert values(entered)[1] == {"school": "Lincoln"}

    web = own.desk(Role.WEB_FORM).leads.capture(enquiry(channel=Channel.WEB_FORM)).lead
    assert "CUSTOM_FIELD" in web.enquiry.incomplete
    told = own.coordinator.leads.edit(web.id, LeadEdit(custom={"school": "Lincoln"}))
    assert "CUSTOM_FIELD" not in told.enquiry.incomplete
    clear = partial(own.coordinator.leads.edit, web.id, LeadEdit(custom={"school": None}))
    assert refused(own, clear) == ["custom.school"]


# --- forms and files


def test_a_form_fills_the_fields_that_it_is_allowed_to(own: House) -> None:
    fields = (
        *(FormField(name=name) for name in ("first_name", "last_name", "email")),
        FormField(name="shade", fills="custom.brace_colour"),
        FormField(name="school", label="Which school?", fills="custom.school"),
    )
    form = FormDefinition(slug="colours", title="Colours", fields=fields, signed=False)
    own.admin.settings.save_form(form)
    post = {
        "first_name": "Ann",
        "last_name": "Lee",
        "email": "ann@example.com",
        "shade": "Red",
        "school": "Lincoln",
    }
    (received,) = own.desk(Role.OPERATOR).leads.receive(
        "web_form", Delivered(body=post, form="colours")
    )
    assert isinstance(received, Captured)
    assert values(received.lead) == ({"brace_colour": "red"}, {"school": "Lincoln"})

    smuggled = Delivered(body={**post, "custom.vip": "yes", "vip": "yes"}, form="colours")
    (refusal,) = own.desk(Role.OPERATOR).leads.receive("web_form", smuggled)
    assert sorted(p.path for p in refusal.error.problems) == ["(a field)", "vip"]  # type: ignore[union-attr] # a refusal


MAPPING = """
kind = "leads"
key = "email"
[columns]
first_name = "first"
last_name = "last"
email = "email"
"custom.brace_colour" = "shade"
"custom.deposit" = { column = "deposit", prefix = "$" }
"custom.member_since" = { column = "since", format = "%m/%d/%Y" }
"custom.vip" = "vip"
"""
HEAD = "first,last,email,shade,deposit,since,vip\n"


def run(house: House, text: str) -> Any:
    data = BytesIO((HEAD + text).encode())
    return house.desk(Role.IMPORTER).imports.run(data, parse(MAPPING))


def test_a_file_brings_values_and_updates_them(own: House) -> None:
    run(own, "Ann,Lee,ann@example.com,Blue,$99.50,02/29/2020,yes\n")
    (lead,) = own.coordinator.leads.find(mine=False).leads
    assert values(lead)[0] == {
        "brace_colour": "blue",
        "deposit": 9950,
        "member_since": date(2020, 2, 29),
        "vip": True,
    }
    run(own, "Ann,Lee,ann@example.com,,100,,no\n")
    (lead,) = own.coordinator.leads.find(mine=False).leads
    assert values(lead)[0] == {
        "brace_colour": "blue",
        "deposit": 10000,
        "member_since": date(2020, 2, 29),
        "vip": False,
    }


# --- finding


def found(house: House, where: Any = None, **how: Any) -> list[str]:
    page = house.coordinator.leads.find(where, mine=False, **how)
    return [lead.contact.first_name for lead in page.leads]


def people(house: House) -> None:
    for name, given in {
        "Ann": {"brace_colour": "blue", "deposit": "5"},
        "Ben": {"brace_colour": "red", "deposit": "99.50", "member_since": "2020-02-29"},
        "Cy": {"vip": True, "school": "Lincoln"},
    }.items():
        house.lead(first_name=name, email=f"{name}@example.com".lower(), custom=given)


def test_leads_are_found_and_sorted_by_the_clinics_own_fields(own: House) -> None:
    people(own)
    assert found(own, Cond("custom.brace_colour", "eq", "BLUE")) == ["Ann"]
    assert found(own, Cond("custom.deposit", "ge", Decimal("5.01"))) == ["Ben"]
    assert found(own, Cond("custom.deposit", "in", [5, "99.5"]), sort=[Sort("custom.deposit")]) == [
        "Ann",
        "Ben",
    ]
    assert found(own, Cond("custom.member_since", "lt", date(2021, 1, 1))) == ["Ben"]
    assert found(own, Cond("custom.vip", "eq", True)) == ["Cy"]  # noqa: FBT003 - the value compared
    both = AllOf((Cond("custom.vip", "absent"), Cond("stage", "eq", "new_lead")))
    assert sorted(found(own, both)) == ["Ann", "Ben"]
    assert found(own, sort=[Sort("custom.deposit", descending=True)], size=2) == ["Ben", "Ann"]


def asking(where: Any, trigger: Trigger = Trigger.LEAD_CAPTURED) -> FollowUpRule:
    task = LeadTaskType.CUSTOM
    name = f"own_{trigger.value.lower()}"
    return FollowUpRule(name=name, trigger=trigger, where=where, task=task, title="Ours")


def test_rules_ask_for_the_clinics_own_fields(own: House) -> None:
    """At once and over time, by the public names; settings that are given back stay as they are."""
    big = AllOf((Cond("custom.deposit", "ge", "50.00"), Cond("custom.vip", "eq", value=True)))
    configure(own, *FIELDS, rules=(asking(big),))
    configure(own, *FIELDS)
    asked = {"vip": "yes", "deposit": "99.50"}
    made = [
        own.coordinator.leads.capture(enquiry(patient_first_name=name, custom=given))
        for name, given in (("Ada", asked), ("Bea", {**asked, "deposit": "49.99"}), ("Cleo", {}))
    ]
    assert [[task.title for task in one.tasks] for one in made] == [["Ours"], [], []]

    configure(own, *FIELDS, rules=(asking(big, Trigger.NO_CONTACT),))
    raised = own.crm.work().tasks
    assert [(task.lead_id, task.title) for task in raised] == [(made[0].lead.id, "Ours")]


def test_a_clinic_may_begin_with_rules_about_its_own_fields(own: House) -> None:
    rule = asking(Cond("custom.vip", "eq", value=True))
    settings = Settings(custom_fields=FIELDS, rules=(rule,))
    clinic = own.crm.create_clinic(name="Other", timezone="UTC", settings=settings)
    assert [one.name for one in clinic.settings.rules] == ["own_lead_captured"]
    with pytest.raises(InvalidInput):
        own.crm.create_clinic(name="Third", timezone="UTC", settings=Settings(rules=(rule,)))


@pytest.mark.parametrize(
    "where",
    [
        Cond("custom.school", "eq", "Lincoln"),
        Cond("custom.shirt", "eq", "M"),
        Cond("custom.vip", "eq", 7),
        AllOf(("deposit",)),  # type: ignore[arg-type]  # the point
    ],
)
def test_rules_about_what_cannot_be_asked_for_are_refused(own: House, where: Any) -> None:
    change = partial(configure, own, *FIELDS, rules=(asking(where),))
    assert refused(own, change) == ["rules.0.where"]


@pytest.mark.parametrize("name", ["custom.school", "custom.shirt"])
def test_encrypted_and_unknown_fields_are_no_way_to_find_leads(own: House, name: str) -> None:
    for how in ({"where": Cond(name, "present")}, {"sort": [Sort(name)]}):
        with pytest.raises(InvalidInput) as refusal:
            own.coordinator.leads.find(**how)
        assert [problem.path for problem in refusal.value.problems] == [name]


def test_another_clinic_has_fields_of_its_own(own: House) -> None:
    other = own.crm.create_clinic(name="Other", timezone="UTC")
    desk = own.desk(Role.OPERATOR, clinic=other)
    with pytest.raises(InvalidInput):
        desk.leads.capture(Intake(first_name="Al", email="a@example.com", custom={"vip": True}))
