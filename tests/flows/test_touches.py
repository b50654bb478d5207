"""Touches of leads and what sources are credited with, on every backend."""

from collections.abc import Callable
from datetime import timedelta
from fractions import Fraction
from itertools import product
from typing import Any

import pytest

from orthocrm import (
    AttributionModel,
    Channel,
    CreditBy,
    Forbidden,
    InvalidInput,
    Lead,
    LeadEdit,
    LeadLocked,
    NewTouch,
    NotFound,
    Period,
    Refused,
    Role,
    Touch,
)
from orthocrm.analytics.attributed import Attributed
from orthocrm.analytics.results import Figures
from orthocrm.core.ids import LeadId, SourceId
from tests.flows import files
from tests.flows.practice import House, enquiry

DAY = timedelta(days=1)
THIS_YEAR = Period.year(2026)


def touches(house: House, lead: Lead) -> tuple[Touch, ...]:
    return house.coordinator.sources.touches(lead.id)


def source(house: House, name: str) -> SourceId:
    return house.admin.settings.practice().source_by_name[name.casefold()].id


def credited_leads(figures: Figures[Attributed]) -> dict[str | None, Fraction]:
    return {str(label) if label else None: one.leads for label, one in figures.groups if one.leads}


def numbers(one: Attributed) -> tuple[float, float]:
    return float(one.leads), float(one.conversions)


def problems(refused: Callable[[], object]) -> list[tuple[str, str]]:
    with pytest.raises(InvalidInput) as refusal:
        refused()
    return [(problem.path, problem.code) for problem in refusal.value.problems]


@pytest.mark.parametrize("given", [None, "Radio", enquiry()])
def test_only_touches_are_added(house: House, given: Any) -> None:
    lead = house.lead()
    assert problems(lambda: house.coordinator.sources.add_touch(lead.id, given)) == [
        ("touch", "wrong_type")
    ]
    assert problems(lambda: house.coordinator.sources.add_touches(given)) == [
        ("touches", "not_a_list")
    ]
    assert len(touches(house, lead)) == 1


def test_the_enquiry_itself_is_the_first_touch(house: House) -> None:
    lead = house.lead(
        channel=Channel.WEB_FORM,
        source="Web - Paid advertising",
        campaign="spring",
        source_detail="ad 7",
        referring_provider="dr-1",
    )
    (touch,) = touches(house, lead)
    assert (touch.at, touch.channel) == (lead.stamps.created_at, Channel.WEB_FORM)
    assert touch.source_id == lead.origin.source_id == source(house, "Web - Paid advertising")
    assert (touch.campaign, touch.detail) == ("spring", "ad 7")
    assert (touch.referring_provider_ref, touch.referring_patient_ref) == ("dr-1", None)


def test_a_replayed_enquiry_writes_no_touch(house: House) -> None:
    first = house.coordinator.leads.capture(enquiry(delivery_key="d-1"))
    again = house.coordinator.leads.capture(enquiry(delivery_key="d-1"))
    assert again.replayed
    assert len(touches(house, first.lead)) == 1


def test_every_lead_of_a_batch_and_of_an_import_has_its_touch(house: House) -> None:
    house.coordinator.leads.capture_many([enquiry(), enquiry(phone="x", email=None), enquiry()])
    files.run(house.desk(Role.IMPORTER), [files.a_row(1), files.a_row(2)])
    leads = house.admin.leads.find().leads
    assert [len(touches(house, lead)) for lead in leads] == [1, 1, 1, 1]


def test_a_further_enquiry_is_a_touch_of_the_same_lead(house: House) -> None:
    lead = house.lead(source="Walk-in")
    house.clock.advance(DAY)
    added = house.front.sources.add_touch(
        lead.id, NewTouch(channel="PHONE", source="print ADVERTISING", campaign="Spring")
    )
    assert (added.at, added.source_id) == (house.clock(), source(house, "Print advertising"))
    assert touches(house, lead)[1] == added
    assert house.coordinator.leads.get(lead.id) == lead


def test_the_same_touch_twice_at_once_is_one(house: House) -> None:
    lead = house.lead(source="Walk-in")
    new = NewTouch(source="Print advertising")
    first = house.front.sources.add_touch(lead.id, new)
    house.clock.advance(timedelta(seconds=300))
    assert house.front.sources.add_touch(lead.id, new) == first
    house.clock.advance(timedelta(seconds=1))
    assert house.front.sources.add_touch(lead.id, new) != first
    assert len(touches(house, lead)) == 3


def test_a_touch_before_the_first_one_becomes_the_leads_source(house: House) -> None:
    lead = house.lead(source="Walk-in")
    earlier = NewTouch(at=house.clock() - 30 * DAY, source="School screening", detail="Lincoln")
    touch = house.front.sources.add_touch(lead.id, earlier)
    stored = house.coordinator.leads.get(lead.id)
    assert touches(house, lead)[0] == touch
    assert stored.origin.source_id == source(house, "School screening")
    assert (stored.origin.detail, stored.origin.channel) == ("Lincoln", lead.origin.channel)
    assert stored.stamps.created_at == lead.stamps.created_at


def test_an_unknown_touch_does_not_take_the_source_from_a_lead(house: House) -> None:
    lead = house.lead(source="Walk-in")
    unknown = NewTouch(at=house.clock() - DAY)
    assert problems(lambda: house.front.sources.add_touch(lead.id, unknown)) == [
        ("source", "required")
    ]
    assert house.coordinator.leads.get(lead.id) == lead


def test_whoever_corrects_the_lead_corrects_its_first_touch(house: House) -> None:
    lead = house.lead(source="Walk-in")
    house.clock.advance(DAY)
    later = house.front.sources.add_touch(lead.id, NewTouch(source="Print advertising"))
    edit = LeadEdit(source="Community event", campaign="fair", source_detail="tent 3")
    house.coordinator.leads.edit(lead.id, edit)
    first, second = touches(house, lead)
    assert (first.source_id, first.campaign, first.detail) == (
        source(house, "Community event"),
        "fair",
        "tent 3",
    )
    assert second == later
    house.coordinator.leads.edit(lead.id, LeadEdit(notes="new"))
    assert touches(house, lead)[0] == first


def test_a_converted_lead_gets_no_further_touch(house: House) -> None:
    lead = house.lead()
    house.coordinator.pipeline.convert(lead.id)
    with pytest.raises(LeadLocked):
        house.front.sources.add_touch(lead.id, NewTouch(source="Walk-in"))


def test_touches_of_several_leads_have_a_result_each(house: House) -> None:
    one, other = house.lead(source="Walk-in"), house.lead(source="Walk-in")
    converted = house.lead()
    house.coordinator.pipeline.convert(converted.id)
    earlier, before_that = house.clock() - DAY, house.clock() - 2 * DAY
    results = house.front.sources.add_touches(
        [
            (one.id, NewTouch(source="Print advertising", at=earlier)),
            (LeadId("nobody"), NewTouch()),
            (other.id, NewTouch(source="nobody")),
            (converted.id, NewTouch()),
            (one.id, NewTouch(source="Community event", at=before_that)),
        ]
    )
    refused = [type(r.error) for r in results if isinstance(r, Refused)]
    assert refused == [NotFound, InvalidInput, LeadLocked]
    assert [len(touches(house, lead)) for lead in (one, other)] == [3, 1]
    origin = house.coordinator.leads.get(one.id).origin
    assert origin.source_id == source(house, "Community event")


def test_a_campaign_tells_the_source_of_a_touch(house: House) -> None:
    house.admin.sources.add_campaign("Spring", source="Print advertising")
    lead = house.lead(source="Walk-in")
    touch = house.front.sources.add_touch(lead.id, NewTouch(campaign="SPRING"))
    assert touch.source_id == source(house, "Print advertising")


@pytest.fixture
def journeys(house: House) -> dict[str, SourceId]:
    """Two leads of A, B, B, C and one of A alone; the first of them converts after its touches."""
    names = {"A": "Walk-in", "B": "Print advertising", "C": "Community event"}
    leads = [house.lead(source=names["A"], phone=f"312-555-010{n}") for n in range(3)]
    for name in "BBC":
        house.clock.advance(7 * DAY)
        new = NewTouch(source=names[name])
        house.front.sources.add_touches([(lead.id, new) for lead in leads[:2]])
    house.clock.advance(timedelta(hours=1))
    house.coordinator.pipeline.convert(leads[0].id)
    return {letter: source(house, name) for letter, name in names.items()}


SHARES = {
    "first": {"A": "1"},
    "last": {"C": "1"},
    "linear": {"A": "1/4", "B": "1/2", "C": "1/4"},
    "position": {"A": "2/5", "B": "1/5", "C": "2/5"},
}


def test_every_model_credits_leads_and_conversions(
    house: House, journeys: dict[str, SourceId]
) -> None:
    for model, expected in SHARES.items():
        figures = house.admin.sources.attribution(model, THIS_YEAR)
        shares = {journeys[name]: Fraction(share) for name, share in expected.items()}
        leads = {label: 2 * share for label, share in shares.items()}
        leads[journeys["A"]] = leads.get(journeys["A"], Fraction(0)) + 1
        won = {label: one.conversions for label, one in figures.groups if one.conversions}
        assert (credited_leads(figures), won) == (leads, shares), model
        assert numbers(figures.total) == (3, 1)


def test_time_decay_adds_up_for_many_leads(house: House, journeys: dict[str, SourceId]) -> None:
    figures = house.admin.sources.attribution("time_decay", THIS_YEAR, half_life=7 * DAY)
    shares = [figures[journeys[name]].conversions for name in "ABC"]
    assert [round(float(share), 4) for share in shares] == [0.0667, 0.4, 0.5333]
    assert sum(shares) == 1
    assert sum(one.leads for _, one in figures.groups) == 3


@pytest.mark.usefixtures("journeys")
def test_groups_add_up_to_the_total(house: House) -> None:
    house.lead(source="Doctor referral", referring_provider="dr-1", campaign="Spring")
    for model, by in product(AttributionModel, CreditBy):
        figures = house.admin.sources.attribution(model, by=by)
        assert sum(one.leads for _, one in figures.groups) == figures.total.leads == 4
        assert sum(one.conversions for _, one in figures.groups) == figures.total.conversions == 1


@pytest.mark.usefixtures("journeys")
def test_the_first_model_agrees_with_the_outcomes_by_source(house: House) -> None:
    house.lead(channel=Channel.WEB_FORM)
    figures = house.admin.sources.attribution("first", THIS_YEAR)
    outcomes = house.admin.analytics.outcomes(THIS_YEAR)
    assert {label: numbers(one) for label, one in figures.groups} == {
        label: (one.leads, one.won) for label, one in outcomes.groups
    }


def test_conversions_of_the_period_come_from_any_lead(house: House) -> None:
    lead = house.lead(source="Walk-in")
    house.clock.advance(70 * DAY)
    house.coordinator.pipeline.convert(lead.id)
    walk_in, january = source(house, "Walk-in"), Period.month(2027, 1)

    cohort = house.admin.sources.attribution(period=THIS_YEAR)
    assert numbers(cohort[walk_in]) == (1, 1)
    later = house.admin.sources.attribution(period=january, cohort=False)
    assert numbers(later[walk_in]) == (0, 1)
    assert house.admin.sources.attribution(period=january).total == Attributed(
        leads=Fraction(0), conversions=Fraction(0), cost=later.total.cost
    )


def test_campaigns_are_the_same_whatever_the_case_and_bear_their_records_name(
    house: House,
) -> None:
    house.admin.sources.add_campaign("Spring Smiles")
    for campaign in ("spring smiles", "SPRING SMILES", "Unlisted", None):
        house.lead(campaign=campaign)
    figures = house.admin.sources.attribution(by="campaign")
    assert credited_leads(figures) == {"Spring Smiles": 2, "unlisted": 1, None: 1}


def test_referrers_are_credited_by_their_identity(house: House) -> None:
    for ref in ("dr-1", "dr-1", "dr-2"):
        house.lead(source="Doctor referral", referring_provider=ref)
    house.lead(source="Patient referral", referring_patient="p-1")
    admin = house.admin.sources
    assert credited_leads(admin.attribution(by="referring_provider")) == {
        "dr-1": 2,
        "dr-2": 1,
        None: 1,
    }
    assert credited_leads(admin.attribution(by="referring_patient")) == {"p-1": 1, None: 3}


@pytest.mark.parametrize(
    "options, path",
    [
        ({"model": "markov"}, "model"),
        ({"by": "owner"}, "by"),
        ({"by": ["source"]}, "by"),
        ({"half_life": 30}, "half_life"),
        ({"period": 2026}, "period"),
    ],
)
def test_a_question_that_cannot_be_asked_names_its_field(
    house: House, options: dict[str, Any], path: str
) -> None:
    asked = problems(lambda: house.admin.sources.attribution(**options))
    assert [named for named, _ in asked] == [path]


def test_coordinators_are_credited_with_their_own_leads_and_no_cost(house: House) -> None:
    house.lead(owner="tc-1"), house.lead(owner="tc-2")
    own = house.coordinator.sources.attribution(period=THIS_YEAR)
    whole = house.admin.sources.attribution(period=THIS_YEAR)
    assert [one.total.leads for one in (own, whole)] == [1, 2]
    assert (own.total.cost is None, whole.total.cost is None) == (True, False)


def test_marketing_sees_sources_and_campaigns_but_nobody_who_referred(house: House) -> None:
    house.lead()
    marketing = house.desk(Role.MARKETING_MANAGER).sources
    assert marketing.attribution(by="campaign").total.leads == 1
    for by in ("referring_provider", "referring_patient"):
        with pytest.raises(Forbidden):
            marketing.attribution(by=by)


def test_deleted_leads_are_credited_to_nobody(house: House) -> None:
    report = files.run(house.desk(Role.IMPORTER), [files.a_row(1)])
    assert report.import_id is not None
    assert house.admin.sources.attribution().total.leads == 1
    house.desk(Role.IMPORTER).imports.revert(report.import_id)
    assert house.admin.sources.attribution().total.leads == 0


def test_an_import_that_corrects_a_source_and_its_revert_carry_the_touch_along(
    house: House,
) -> None:
    importer = house.desk(Role.IMPORTER)
    files.run(importer, [files.a_row(1, source="Walk-in")])
    (lead,) = house.admin.leads.find().leads
    house.clock.advance(DAY)
    report = files.run(importer, [files.a_row(1, source="Print advertising")])
    assert touches(house, lead)[0].source_id == source(house, "Print advertising")
    assert report.import_id is not None
    importer.imports.revert(report.import_id)
    assert [touch.source_id for touch in touches(house, lead)] == [source(house, "Walk-in")]
