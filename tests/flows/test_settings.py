"""What a practice decides for itself, and that everybody works by it at once."""

from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest
from attrs import evolve

import orthocrm
from orthocrm import (
    AlreadyExists,
    BackwardMove,
    ConfigurationError,
    Desk,
    InvalidInput,
    Money,
    NotFound,
    OrthoCRM,
    Role,
    Settings,
    Source,
    Stage,
    StaleVersion,
)
from orthocrm.core.coordinator import Coordinator
from orthocrm.core.errors import StageInUse
from orthocrm.core.events import ClinicConfigured
from orthocrm.core.forms import SavedMapping
from orthocrm.core.ids import SourceId, StageSlug, UserId
from orthocrm.core.rules import DEFAULT_RULES
from orthocrm.core.settings import Practice
from orthocrm.testing.clock import FrozenClock
from orthocrm.testing.suite.arranged import outcomes
from tests.flows.conftest import KEYS
from tests.flows.practice import House, enquiry
from tests.hooks.plugins import a_house, an_ear
from tests.security.digest import digest

SLUGS = [
    "new_lead",
    "contacted",
    "consultation_scheduled",
    "consultation_completed",
    "pending_decision",
    "treatment_accepted",
    "treatment_started",
    "lost",
]
TODAY = ["new_lead", "consultation_scheduled", "contacted", *SLUGS[3:]]


def practice(house: House) -> Practice:
    return house.admin.settings.practice()


def slugs(house: House) -> list[str]:
    return [stage.slug for stage in practice(house).stages]


def stage(house: House, slug: str) -> Stage:
    return practice(house).stage_by_slug[slug]


def source(house: House, name: str) -> Source:
    return practice(house).source_by_name[name.casefold()]


def coordinator(house: House, user: str) -> Coordinator:
    return practice(house).coordinator_by_id[UserId(user)]


def refused(house: House, error: type[Exception], verb: Any) -> None:
    """Make sure that a refusal changes nothing."""
    before = digest(house.crm)
    with pytest.raises(error):
        verb()
    assert digest(house.crm) == before


# --- a new clinic


def test_a_clinic_begins_with_the_stages_and_sources_of_the_field(house: House) -> None:
    known = practice(house)
    assert slugs(house) == SLUGS
    assert [s.order for s in known.stages] == [1, 2, 3, 4, 5, 6, 7, 8]
    assert [s.slug for s in known.stages if s.is_terminal] == ["treatment_started", "lost"]
    assert (known.default_stage.slug, stage(house, "pending_decision").max_days) == ("new_lead", 7)
    assert {s.name for s in known.sources} == {
        "Doctor referral",
        "Patient referral",
        "Web - Organic search",
        "Web - Paid advertising",
        "Web - Social media",
        "Print advertising",
        "Community event",
        "School screening",
        "Walk-in",
        "Other",
    }
    assert known.default_source == source(house, "other")


# --- stages


def test_a_stage_is_added_behind_another(house: House) -> None:
    added = house.admin.settings.add_stage(
        "records_taken", "Records Taken", after="consultation_scheduled", max_days=3
    )
    assert [s.slug for s in added] == [*SLUGS[:3], "records_taken", *SLUGS[3:]]
    assert [s.order for s in added] == list(range(1, 10))
    assert practice(house).stages == added
    lead = house.lead()
    house.coordinator.pipeline.move(lead.id, "records_taken")
    with pytest.raises(BackwardMove):
        house.coordinator.pipeline.move(lead.id, "consultation_scheduled")


def test_a_stage_that_does_not_fit_is_refused(house: House) -> None:
    for slug, name, after in (
        ("contacted", "Reached", "new_lead"),
        ("reached", "CONTACTED", "new_lead"),
        ("Reached", "Reached", "new_lead"),
        ("reorder", "Reorder", "new_lead"),
        ("reached", " ", "new_lead"),
        ("reached", "Reached", "nowhere"),
        ("reached", "Reached", "lost"),
    ):
        add = partial(house.admin.settings.add_stage, slug, name, after=after)
        refused(house, InvalidInput, add)


def test_a_stage_is_renamed_and_keeps_its_slug(house: House) -> None:
    present = stage(house, "contacted")
    renamed = house.admin.settings.change_stage(
        evolve(present, name=" In touch ", color="#123abc", order=7, is_default=True)
    )
    assert renamed == evolve(present, name="In touch", color="#123abc", version=renamed.version)
    assert stage(house, "contacted") == renamed
    assert house.coordinator.pipeline.move(house.lead().id, "contacted").lead.position.order == 2


def test_a_new_order_moves_no_lead_and_rewrites_no_history(house: House) -> None:
    lead = house.lead()
    moved = house.coordinator.pipeline.move(lead.id, "consultation_scheduled").lead
    house.admin.settings.reorder_stages(TODAY)

    assert slugs(house) == TODAY
    assert [s.order for s in practice(house).stages] == [1, 2, 3, 4, 5, 6, 7, 8]
    assert house.coordinator.leads.get(lead.id) == moved
    onward = house.coordinator.pipeline.move(lead.id, "contacted").lead.position
    assert (onward.order, onward.furthest, onward.furthest_order) == (
        3,
        "consultation_scheduled",
        3,
    )


def test_an_order_names_every_stage_once_and_ends_with_won_and_lost(house: House) -> None:
    orders: list[Any] = [
        SLUGS[1:],
        [*SLUGS, "contacted"],
        [*SLUGS[:-1], "nowhere"],
        ["lost", *SLUGS[:-1]],
        "new_lead",
    ]
    for order in orders:
        refused(house, InvalidInput, partial(house.admin.settings.reorder_stages, order))


def test_an_empty_stage_is_removed(house: House) -> None:
    house.admin.settings.remove_stage("contacted")
    assert slugs(house) == ["new_lead", *SLUGS[2:]]
    assert [s.order for s in practice(house).stages] == [1, 2, 3, 4, 5, 6, 7]
    with pytest.raises(InvalidInput):
        house.coordinator.pipeline.move(house.lead().id, "contacted")


def test_a_stage_that_holds_leads_stays(house: House) -> None:
    for name in ("Sofia", "Diego"):
        lead = house.lead(patient_first_name=name)
        house.coordinator.pipeline.move(lead.id, "contacted")
    before = digest(house.crm)
    with pytest.raises(StageInUse) as refusal:
        house.admin.settings.remove_stage("contacted")
    assert (refusal.value.stage, refusal.value.leads) == ("contacted", 2)
    assert digest(house.crm) == before


def test_a_stage_that_rules_and_mappings_name_goes_once_they_are_changed(house: House) -> None:
    text = 'kind = "leads"\n[columns]\nemail = "e"\n[defaults]\nstage = "pending_decision"\n'
    house.admin.settings.save_mapping("Weekly", text)
    before = digest(house.crm)
    with pytest.raises(StageInUse) as refusal:
        house.admin.settings.remove_stage("pending_decision", move_to="contacted")
    assert (refusal.value.leads, refusal.value.rules) == (0, ("pending_check_in",))
    assert refusal.value.mappings == ("Weekly",)
    assert digest(house.crm) == before

    rules = tuple(r for r in DEFAULT_RULES if r.name != "pending_check_in")
    house.admin.settings.change(evolve(practice(house).clinic.settings, rules=rules, mappings=()))
    house.admin.settings.remove_stage("pending_decision")
    assert "pending_decision" not in slugs(house)
    back = evolve(practice(house).clinic.settings, rules=DEFAULT_RULES)
    refused(house, InvalidInput, partial(house.admin.settings.change, back))


@pytest.mark.parametrize(
    "text",
    [
        'kind = "leads"\n[columns]\nemail = "e"\n[defaults]\nstage = "nowhere"\n',
        'kind = "leads"\n[columns]\nemail = "e"\n"custom.nothing" = "n"\n',
    ],
)
def test_a_mapping_that_names_what_there_is_not_is_not_saved(house: House, text: str) -> None:
    save = house.admin.settings.save_mapping
    refused(house, InvalidInput, partial(save, "Weekly", text))
    kept = evolve(
        practice(house).clinic.settings, mappings=(SavedMapping(name="Weekly", text=text),)
    )
    refused(house, InvalidInput, partial(house.admin.settings.change, kept))
    with pytest.raises(InvalidInput, match="the mapping Weekly"):
        house.crm.create_clinic(name="Other", timezone="UTC", settings=kept)


def test_fixed_and_unknown_stages_are_not_removed(house: House) -> None:
    for slug in ("new_lead", "treatment_started", "lost", "nowhere"):
        refused(house, InvalidInput, partial(house.admin.settings.remove_stage, slug))


def test_a_lead_comes_back_though_the_stage_in_which_it_died_is_gone(house: House) -> None:
    lead = house.lead()
    house.coordinator.pipeline.move(lead.id, "contacted")
    house.coordinator.pipeline.lose(lead.id, "RELOCATED")
    house.admin.settings.remove_stage("contacted")
    reopened = house.coordinator.pipeline.reopen(lead.id, "they called").lead
    assert reopened.position.stage == "consultation_scheduled"


# --- sources, coordinators, settings


def test_a_source_is_added_with_its_cost(house: House) -> None:
    cost = Money.of("3100.50", "USD")
    added = house.admin.sources.add("Radio", "OTHER", description="KBRT", monthly_cost=cost)
    assert source(house, "RADIO") == added
    assert added.monthly_cost == Money(310050, "USD")
    captured = house.front.leads.capture(enquiry(source="radio", source_detail="morning show"))
    assert captured.lead.origin.source_id == added.id


def test_the_name_of_a_source_is_unique_whatever_its_case(house: House) -> None:
    refused(house, AlreadyExists, lambda: house.admin.sources.add("walk-IN", "WALK_IN"))
    twin = evolve(source(house, "Other"), name="Walk-in")
    refused(house, AlreadyExists, lambda: house.admin.sources.change(twin))


def test_what_no_source_can_be_is_refused(house: House) -> None:
    admin, radio = house.admin.sources, source(house, "other")
    refused(house, InvalidInput, lambda: admin.add("Radio", "RADIO"))
    refused(house, InvalidInput, lambda: admin.add(" ", "OTHER"))
    refused(house, InvalidInput, lambda: admin.change(evolve(radio, monthly_cost=Money(-1, "USD"))))
    refused(house, NotFound, lambda: admin.change(evolve(radio, id=SourceId("nowhere"))))


def test_a_source_is_renamed_and_the_default_stays_the_default(house: House) -> None:
    present = source(house, "Other")
    changed = house.admin.sources.change(evolve(present, name="Unknown", is_default=False))
    assert (changed.name, changed.is_default, changed.version) == ("Unknown", True, 2)
    assert house.lead().origin.source_id == present.id


def test_what_no_coordinator_can_be_is_refused(house: House) -> None:
    present = coordinator(house, "tc-1")
    odd: list[dict[str, Any]] = [{"weight": w} for w in (0, None, True)]
    for changes in (*odd, {"capacity": 0}, {"name": ""}):
        change = partial(house.admin.settings.change_coordinator, evolve(present, **changes))
        refused(house, InvalidInput, change)


def test_a_coordinator_is_added_once(house: House) -> None:
    refused(house, AlreadyExists, lambda: house.admin.settings.add_coordinator("tc-1", "Ana"))
    unknown = evolve(coordinator(house, "tc-1"), id=UserId("tc-9"))
    refused(house, NotFound, lambda: house.admin.settings.change_coordinator(unknown))


def test_a_strategy_that_is_not_installed_is_refused_before_it_stops_captures(
    house: House,
) -> None:
    odd = Settings(assignment=("round_robbin",))
    refused(house, ConfigurationError, lambda: house.admin.settings.change(odd))
    assert house.lead().ownership.owner == "tc-1"


def test_the_settings_are_replaced_and_their_names_are_on_record() -> None:
    ear = an_ear("clinic_configured")
    with a_house(ear) as house:
        present = practice(house).clinic
        changed = house.admin.settings.change(
            evolve(present.settings, region="CA", fallback=UserId("tc-2"))
        )
        assert practice(house).clinic == changed
        assert (changed.settings.region, changed.revision) == ("CA", present.revision + 1)
        event = ear.heard[-1]
        assert isinstance(event, ClinicConfigured)
        assert (event.subject, event.fields) == ("settings", ("region", "fallback"))


def test_a_clinic_moves_to_another_zone(house: House) -> None:
    moved = house.admin.settings.rename("Braces by the Lake", "Europe/Zurich")
    assert (moved.name, moved.timezone) == ("Braces by the Lake", "Europe/Zurich")
    refused(house, InvalidInput, lambda: house.admin.settings.rename("Here", "Lake/Side"))


def test_only_those_who_configure_do(house: House) -> None:
    for role in (Role.TREATMENT_COORDINATOR, Role.FRONT_DESK, Role.MARKETING_MANAGER):
        desk = house.desk(role)
        refused(house, orthocrm.Forbidden, lambda desk=desk: desk.settings.rename("Mine"))


# --- several at once


def test_an_edit_of_what_has_changed_since_is_stale(house: House) -> None:
    old = stage(house, "contacted"), source(house, "Other"), coordinator(house, "tc-1")
    admin = house.admin
    admin.settings.change_stage(evolve(old[0], name="In touch"))
    admin.sources.change(evolve(old[1], description="new"))
    admin.settings.change_coordinator(evolve(old[2], weight=2))

    refused(house, StaleVersion, lambda: admin.settings.change_stage(evolve(old[0], max_days=2)))
    refused(house, StaleVersion, lambda: admin.sources.change(evolve(old[1], is_active=False)))
    refused(
        house, StaleVersion, lambda: admin.settings.change_coordinator(evolve(old[2], capacity=1))
    )


def test_changes_at_once_are_all_kept_or_refused(house: House) -> None:
    before = practice(house).clinic.revision
    ended = outcomes(
        *[
            lambda n=n: house.desk(Role.CLINIC_ADMIN, f"a-{n}").sources.add(f"Ad {n}", "PRINT_AD")
            for n in range(8)
        ]
    )
    errors = [outcome.error for outcome in ended if outcome.error is not None]
    kept = {outcome.result.name for outcome in ended if outcome.error is None}

    assert {type(error) for error in errors} <= {StaleVersion}
    known = practice(house)
    assert {s.name for s in known.sources if s.name.startswith("Ad ")} == kept
    assert kept
    assert known.clinic.revision == before + len(kept)


def test_two_orders_at_once_leave_one_of_them(house: House) -> None:
    orders = [TODAY, ["new_lead", *reversed(SLUGS[1:6]), *SLUGS[6:]]]
    ended = outcomes(
        *[
            lambda order=order: house.desk(Role.CLINIC_ADMIN).settings.reorder_stages(order)
            for order in orders * 3
        ]
    )
    assert {type(o.error) for o in ended if o.error is not None} <= {StaleVersion}
    assert slugs(house) in orders
    assert [s.order for s in practice(house).stages] == [1, 2, 3, 4, 5, 6, 7, 8]


@pytest.fixture(params=["sqlite", "postgres"])
def elsewhere(request: pytest.FixtureRequest, clock: FrozenClock) -> Iterator[tuple[House, Desk]]:
    """A practice, and the desk of its front in another process."""
    url = str(request.getfixturevalue(f"migrated_{request.param}_url"))

    def opened() -> OrthoCRM:
        return orthocrm.connect(url, keys=KEYS, clock=clock, discover_plugins=False)

    with opened() as here, opened() as there:
        here.migrate()
        house = House(here, here.create_clinic(name="Bright Smiles", timezone="UTC"), clock)
        house.admin.settings.add_coordinator("tc-1", "Ana")
        yield house, House(there, house.clinic, clock).front


def test_every_process_works_by_the_newest_settings(elsewhere: tuple[House, Desk]) -> None:
    house, desk = elsewhere
    assert desk.leads.capture(enquiry()).lead.ownership.owner == "tc-1"
    house.admin.settings.change_coordinator(evolve(coordinator(house, "tc-1"), is_active=False))
    house.admin.settings.add_coordinator("tc-2", "Ben")
    lead = desk.leads.capture(enquiry(phone="312-555-0199", email=None)).lead
    assert lead.ownership.owner == "tc-2"

    house.admin.settings.add_stage("recall", "Recall", after="contacted")
    moved = desk.pipeline.move(lead.id, "recall").lead
    assert (moved.position.stage, moved.position.order) == (StageSlug("recall"), 3)
    house.admin.settings.change(Settings(region="DE"))
    german = desk.leads.capture(enquiry(phone="030 901820", email=None)).lead
    assert german.contact.phone is not None
    assert german.contact.phone.number == "+4930901820"
