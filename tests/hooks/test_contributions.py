"""What plug-ins contribute when an installation starts, and how they are found."""

import sys
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, time
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from attrs import evolve

import orthocrm
from orthocrm import (
    Captured,
    Cond,
    Declared,
    FollowUpRule,
    Intake,
    LeadTaskType,
    PluginError,
    QuietHours,
    Settings,
    Tally,
    Trigger,
    Unit,
    hook,
    of_count,
)
from orthocrm.assignment.strategies import Choice
from orthocrm.backends.memory import MemoryBackend
from orthocrm.core.ids import UserId
from orthocrm.core.notifying import Letter, MessageChannel, MessageState, Notifier, Sent
from orthocrm.core.routing import Pool, Routing, Territory
from orthocrm.hooks import Plugins
from orthocrm.intelligence.next_action import Means
from orthocrm.intelligence.sentiment import Sentiment
from orthocrm.leads.channels.delivery import Delivered, Reception
from tests.flows.carrying import SMS, a_practice, a_raven, agree, held, put, states
from tests.flows.practice import enquiry
from tests.hooks.plugins import a_house, an_ear


class Shelf:
    """Brings a backend."""

    @hook
    def register_backends(self) -> Mapping[str, Any]:
        return {"shelf": lambda url: MemoryBackend() if url == "shelf://top" else None}


class Alphabet:
    """Brings a strategy: leads go by the first letter of the family's name."""

    @hook
    def register_assignment_strategies(self) -> Mapping[str, Any]:
        return {"alphabet": self.by_letter, "nobody": lambda _: None}

    def by_letter(self, choice: Choice) -> UserId | None:
        return UserId("tc-2") if choice.lead.contact.last_name > "M" else None


def test_register_backends_opens_urls_of_its_scheme() -> None:
    with orthocrm.connect("shelf://top", plugins=[Shelf()], discover_plugins=False) as crm:
        clinic = crm.create_clinic(name="Bright Smiles", timezone="UTC")
        assert list(crm.clinics()) == [clinic]
    with pytest.raises(orthocrm.UnknownBackend):
        orthocrm.connect("shelf://top", discover_plugins=False)


def test_register_backends_of_one_scheme_twice_stops_the_start() -> None:
    class Other(Shelf):
        pass

    with pytest.raises(PluginError) as refusal:
        orthocrm.connect("memory://", plugins=[Shelf(), Other()], discover_plugins=False)
    assert refusal.value.plugin in {"Shelf", "Other"}


class Notes:
    """Brings a rule: families who prefer to write get a note, besides the call."""

    rule = FollowUpRule(
        name="written_note",
        trigger=Trigger.LEAD_CAPTURED,
        where=Cond("channel", "eq", "MANUAL"),
        task=LeadTaskType.EMAIL,
        title="Write a note",
    )

    @hook
    def register_followup_rules(self) -> Mapping[str, Any]:
        return {"written_note": self.rule}


def test_register_followup_rules_speak_beside_the_clinic_s_own() -> None:
    with a_house(Notes()) as house:
        captured = house.coordinator.leads.capture(enquiry())

        assert [task.rule for task in captured.tasks] == ["speed_to_lead", "written_note"]


def test_register_followup_rules_give_way_to_the_clinic_s_own_of_their_name() -> None:
    with a_house(Notes()) as house:
        settings = house.admin.settings.practice().clinic.settings
        silent = evolve(Notes.rule, is_active=False)
        house.admin.settings.change(evolve(settings, rules=(silent,)))

        assert house.coordinator.leads.capture(enquiry()).tasks == ()


@pytest.mark.parametrize(
    "rule",
    [
        "call",
        evolve(Notes.rule, title=None),
        evolve(Notes.rule, name="other"),
        evolve(Notes.rule, where=Cond("notes", "eq", "x")),
    ],
)
def test_register_followup_rules_that_make_no_sense_stop_the_start(rule: object) -> None:
    class Broken(Notes):
        @hook
        def register_followup_rules(self) -> Mapping[str, Any]:
            return {"written_note": rule}

    with pytest.raises(PluginError) as refusal:
        orthocrm.connect("memory://", plugins=[Broken()], discover_plugins=False)
    assert refusal.value.plugin == "written_note"


def test_register_assignment_strategies_stand_in_the_chain() -> None:
    with a_house(Alphabet()) as house:
        present = house.admin.settings.practice().clinic.settings
        chain = ("nobody", "alphabet", "round_robin")
        house.admin.settings.change(Settings(fallback=present.fallback, assignment=chain))
        captured = [
            house.front.leads.capture(enquiry(last_name=name, email=None, phone=phone))
            for name, phone in (("Weber", "312-555-0101"), ("Chen", "312-555-0102"))
        ]

    assert [c.decision and (c.decision.chosen, c.decision.rule) for c in captured] == [
        ("tc-2", "alphabet"),
        ("tc-1", "round_robin"),
    ]


class Atlas:
    """Knows where two postal codes lie."""

    @hook
    def register_places(self) -> Mapping[str, tuple[float, float]]:
        return {"60601": (41.8858, -87.6229), "60614": (41.9227, -87.6533)}


def test_register_places_lets_territories_go_by_distance() -> None:
    north = Routing(
        pools=(Pool(name="north", members=(UserId("tc-2"),)),),
        territories=(Territory(pool="north", centre="60614", within_km=3),),
    )
    with a_house(Atlas()) as house:
        chain = ("territory", "round_robin")
        house.admin.settings.change(Settings(assignment=chain, routing=north))
        near = house.lead(postal_code="60614", phone="312-555-0101", email=None)
        far = house.lead(postal_code="60601", phone="312-555-0102", email=None)
    assert (near.ownership.owner, far.ownership.owner) == ("tc-2", "tc-1")


class Statutes:
    """Knows a state in which texts end an hour earlier."""

    @hook
    def register_quiet_hours(self) -> Mapping[str, QuietHours]:
        return {"FL": QuietHours(start=time(20), end=time(8))}


def test_register_quiet_hours_holds_texts_back_where_the_family_may_be() -> None:
    raven = a_raven()
    with a_practice(raven, Statutes()) as house:
        far, near = house.lead(state="Florida"), house.lead()
        agree(house, far)
        half_past_eight = datetime(2026, 11, 2, 20, 30, tzinfo=ZoneInfo("America/Chicago"))
        house.clock.advance(half_past_eight - house.clock())
        held_back, sent = (put(house, lead, channel=SMS) for lead in (far, near))
        house.crm.work()
        assert states(house, held_back, sent) == [
            (MessageState.PENDING, "quiet_hours"),
            (MessageState.SENT, None),
        ]
        (waiting, _) = held(house, held_back, sent)
    assert waiting.due_at == datetime(2026, 11, 3, 8, tzinfo=ZoneInfo("America/Chicago"))


def test_register_quiet_hours_holds_for_the_advice_when_to_call_too() -> None:
    with a_practice(Statutes()) as house:
        far, near = house.lead(state="Florida", owner="tc-1"), house.lead(owner="tc-1")
        half_past_eight = datetime(2026, 11, 2, 20, 30, tzinfo=ZoneInfo("America/Chicago"))
        house.clock.advance(half_past_eight - house.clock())
        advised = house.coordinator.intelligence
        means = {one.lead_id: one.means for one in advised.next_actions()}
        times = advised.call_times(far.id, 2).times
    assert means == {far.id: Means.EMAIL, near.id: Means.CALL}
    hours = {one.starts_at.astimezone(ZoneInfo("America/Chicago")).hour for one in times}
    assert hours
    assert all(8 <= hour < 20 for hour in hours)


@pytest.mark.parametrize(
    "given",
    [{"Florida": QuietHours()}, {"FL": "20-8"}, {"FL": QuietHours(start=time(20, tzinfo=UTC))}],
)
def test_quiet_hours_of_anything_but_a_state_stop_the_start(given: Mapping[str, Any]) -> None:
    class Odd:
        @hook
        def register_quiet_hours(self) -> Mapping[str, Any]:
            return given

    with pytest.raises(PluginError, match="register_quiet_hours: give QuietHours by two letters"):
        orthocrm.connect("memory://", plugins=[Odd()], discover_plugins=False)


@pytest.mark.parametrize("given", [None, ["alphabet"], 7])
def test_a_contribution_that_is_no_mapping_stops_the_start(given: object) -> None:
    class Odd:
        @hook
        def register_assignment_strategies(self) -> object:
            return given

    with pytest.raises(PluginError, match="Odd: register_assignment_strategies gives no mapping"):
        orthocrm.connect("memory://", plugins=[Odd()], discover_plugins=False)


@pytest.mark.parametrize("error", [RuntimeError("secret"), SystemExit(3)])
def test_a_contribution_that_raises_stops_the_start(error: BaseException) -> None:
    class Broken:
        @hook
        def register_backends(self) -> Mapping[str, Any]:
            raise error

    with pytest.raises(PluginError) as refusal:
        orthocrm.connect("memory://", plugins=[Broken()], discover_plugins=False)
    assert refusal.value.plugin == "Broken"
    assert "secret" not in str(refusal.value)


def test_a_misspelt_hook_is_an_error() -> None:
    class Slip:
        @hook
        def lead_capturd(self, event: object) -> None:
            """Never called."""

    with pytest.raises(PluginError) as refusal:
        orthocrm.connect("memory://", plugins=[Slip()], discover_plugins=False)
    assert refusal.value.plugin == "Slip"


def test_a_parameter_that_no_hook_has_is_an_error() -> None:
    class Greedy:
        @hook
        def lead_captured(self, event: object, lead: object) -> None:
            """Never called."""

    with pytest.raises(PluginError) as refusal:
        orthocrm.connect("memory://", plugins=[Greedy()], discover_plugins=False)
    assert refusal.value.plugin == "Greedy"


def test_a_hook_may_take_fewer_parameters() -> None:
    class Counter:
        count = 0

        @hook
        def lead_captured(self) -> None:
            self.count += 1

    counter = Counter()
    with a_house(counter) as house:
        house.lead()
    assert counter.count == 1


def test_a_plug_in_registers_once() -> None:
    shelf = Shelf()
    with pytest.raises(PluginError, match="registered twice"):
        orthocrm.connect("memory://", plugins=[shelf, shelf], discover_plugins=False)


def test_several_plug_ins_of_one_class_are_told_apart() -> None:
    first, second = an_ear("lead_captured"), an_ear("lead_captured")
    with a_house(first, second) as house:
        house.lead()
    assert first.kinds == second.kinds == ["lead_captured"]


PACKAGE = """
from orthocrm import hook

HEARD = []

@hook
def lead_captured(event):
    HEARD.append(event.kind)
"""


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A directory of installed distributions."""
    monkeypatch.syspath_prepend(str(tmp_path))
    yield tmp_path
    sys.modules.pop("chimes_plugin", None)


def install(site: Path, entry_point: str, code: str = PACKAGE) -> None:
    info = site / "chimes-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: chimes\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[orthocrm.plugins]\nchimes = {entry_point}\n")
    (site / "chimes_plugin.py").write_text(code)


def test_installed_plug_ins_are_found(site: Path) -> None:
    install(site, "chimes_plugin")
    with orthocrm.connect("memory://") as crm:
        clinic = crm.create_clinic(name="Bright Smiles", timezone="UTC")
        actor = orthocrm.Actor(user="f", clinic=clinic.id, roles={orthocrm.Role.FRONT_DESK})
        crm.acting_as(actor).leads.capture(enquiry())
    assert sys.modules["chimes_plugin"].HEARD == ["lead_captured"]


def test_installed_plug_ins_stay_out_when_told_so(site: Path) -> None:
    install(site, "chimes_plugin")
    orthocrm.connect("memory://", discover_plugins=False).close()
    assert "chimes_plugin" not in sys.modules


@pytest.mark.parametrize("entry_point", ["chimes_plugin:missing", "no_such_module"])
def test_an_installed_plug_in_that_cannot_be_loaded_stops_the_start(
    site: Path, entry_point: str
) -> None:
    install(site, entry_point)
    with pytest.raises(PluginError) as refusal:
        orthocrm.connect("memory://")
    assert refusal.value.plugin == "chimes"


def test_an_installed_plug_in_with_a_misspelt_hook_stops_the_start(site: Path) -> None:
    install(site, "chimes_plugin", PACKAGE.replace("lead_captured", "lead_capturd"))
    with pytest.raises(PluginError) as refusal:
        orthocrm.connect("memory://")
    assert refusal.value.plugin == "chimes"


class Pigeon:
    """A carrier, and the plug-in that brings it."""

    channel = MessageChannel.SMS
    seconds = 5.0

    @hook
    def register_notifiers(self) -> Mapping[str, Notifier]:
        return {"pigeon": self}

    def send(self, letter: Letter) -> Sent:
        return Sent(ref=letter.identity)


def test_register_notifiers_brings_carriers_by_name() -> None:
    pigeon = Pigeon()
    assert Plugins([pigeon], discover=False).notifiers == {"pigeon": pigeon}


def test_register_notifiers_of_something_else_stops_the_start() -> None:
    class Stone:
        @hook
        def register_notifiers(self) -> Mapping[str, object]:
            return {"stone": object()}

    with pytest.raises(PluginError, match="stone: register_notifiers"):
        orthocrm.connect("memory://", plugins=[Stone()], discover_plugins=False)


class Fax:
    """Brings a channel: whoever faxes leaves a name."""

    @hook
    def register_channels(self) -> Mapping[str, Any]:
        return {"fax": self}

    def read(self, delivered: Delivered, reception: Reception) -> tuple[Intake, ...]:
        arrived = reception.arrived(delivered.received_at)
        name = delivered.raw(100).decode()
        return (Intake(first_name=name, no_contact=True, received_at=arrived),)


def test_register_channels_lets_enquiries_come_in() -> None:
    with a_house(Fax()) as house:
        (captured,) = house.front.leads.receive("fax", Delivered(body=b"Maria"))
        (lead,) = house.admin.leads.find().leads
    assert isinstance(captured, Captured)
    assert (captured.lead.id, lead.contact.first_name) == (lead.id, "Maria")


RETAINERS = Declared(
    name="retainers",
    title="Who asks for a retainer",
    unit=Unit.COUNT,
    formula="leads of the period that are interested in a retainer",
    metric=Tally(where=Cond("interest", "has", "RETAINER")),
    figure=of_count,
)


def changed(**given: Any) -> Declared:
    return evolve(RETAINERS, **given)


def test_register_metrics_can_be_asked_like_ours() -> None:
    class Retainers:
        @hook
        def register_metrics(self) -> Mapping[str, Any]:
            return {"retainers": RETAINERS}

    with a_house(Retainers()) as house:
        lead = house.front.leads.capture(enquiry(interests=("RETAINER",))).lead
        house.front.leads.capture(enquiry(phone="+1 312 555 0177", email=None))
        measured = house.admin.analytics.measure("retainers", by="source")
        assert (measured.total.value, measured[lead.origin.source_id].value) == (1, 1)
        assert house.admin.analytics.behind("retainers") == (lead.id,)
        assert RETAINERS in house.admin.analytics.metrics()


@pytest.mark.parametrize(
    "given",
    [
        {"retainers": object()},
        {"braces": RETAINERS},
        {"total_leads": RETAINERS},
        {"retainers": changed(metric=7)},
        {"retainers": changed(figure=7)},
        {"retainers": changed(unit="furlongs")},
    ],
    ids=["no metric", "another name", "a name of ours", "none to ask", "no figure", "no unit"],
)
def test_register_metrics_that_cannot_be_asked_stop_the_start(given: Mapping[str, Any]) -> None:
    class Odd:
        @hook
        def register_metrics(self) -> Mapping[str, Any]:
            return given

    with pytest.raises(PluginError, match="register_metrics"):
        orthocrm.connect("memory://", plugins=[Odd()], discover_plugins=False)


class Grumbler:
    """Brings a reader of tone that hears a complaint in everything."""

    @hook
    def register_sentiment(self) -> Mapping[str, Any]:
        return {"grumbler": lambda _: Sentiment(value=-1.0), "broken": lambda _: 1 / 0}


@pytest.mark.parametrize("reader, value", [("grumbler", -1.0), ("lexicon", 0.0), ("broken", 0.0)])
def test_register_sentiment_reads_where_the_clinic_names_it(reader: str, value: float) -> None:
    with a_house(Grumbler()) as house:
        settings = house.admin.settings.practice().clinic.settings
        house.admin.settings.change(evolve(settings, sentiment=reader))

        assert house.front.intelligence.tone("We come at ten.").value == value


def test_register_sentiment_that_is_not_there_cannot_be_named() -> None:
    with a_house() as house:
        settings = house.admin.settings.practice().clinic.settings
        with pytest.raises(orthocrm.InvalidInput, match="sentiment"):
            house.admin.settings.change(evolve(settings, sentiment="grumbler"))


def test_register_sentiment_of_something_else_stops_the_start() -> None:
    class Mute:
        @hook
        def register_sentiment(self) -> Mapping[str, Any]:
            return {"mute": "silence"}

    with pytest.raises(PluginError):
        orthocrm.connect("memory://", plugins=[Mute()], discover_plugins=False)
