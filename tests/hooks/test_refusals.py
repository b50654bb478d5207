"""What a plug-in refuses inside the transaction: nothing changed, and the refusal is on record."""

import pytest

from orthocrm import LeadStatus, Move, PluginError, Refused, Vetoed, hook
from orthocrm.core.actor import Actor
from orthocrm.core.appointment import Appointment
from orthocrm.core.lead import Lead
from orthocrm.core.stage import Stage
from tests.flows.practice import House
from tests.flows.scheduling import HOUR, KIM, LEE, TUESDAY, open_the_diary, wish
from tests.hooks.plugins import a_house, an_ear
from tests.security.digest import digest, refusals


class Guard:
    """Keeps leads out of a stage."""

    def __init__(self, slug: str, error: BaseException) -> None:
        self.slug, self.error = slug, error
        self.asked: list[tuple[LeadStatus, str, str]] = []

    @hook
    def before_stage_change(self, lead: Lead, stage: Stage, actor: Actor) -> None:
        self.asked.append((lead.status, stage.slug, actor.user))
        if stage.slug == self.slug:
            raise self.error


NO = Vetoed("guard", "the contract is missing")


def outcome(house: House) -> list[tuple[str, str]]:
    return [(entry.operation, entry.outcome) for entry in refusals(house)]


def test_before_stage_change_may_veto_a_move() -> None:
    guard, ear = Guard("treatment_accepted", NO), an_ear("stage_changed")
    with a_house(guard, ear) as house:
        lead = house.lead()
        before = digest(house.crm)
        with pytest.raises(Vetoed) as veto:
            house.coordinator.pipeline.move(lead.id, "treatment_accepted")

        assert (veto.value.plugin, veto.value.reason) == ("guard", "the contract is missing")
        assert digest(house.crm) == before
        assert outcome(house) == [("pipeline.move", "vetoed")]
        assert refusals(house)[0].objects == (lead.id,)
        house.crm.work()
        assert ear.heard == []
        assert guard.asked == [(LeadStatus.NEW, "treatment_accepted", "tc-1")]


@pytest.mark.parametrize("slug, verb", [("treatment_started", "convert"), ("lost", "lose")])
def test_before_stage_change_guards_won_and_lost_too(slug: str, verb: str) -> None:
    with a_house(Guard(slug, NO)) as house:
        lead = house.lead()
        before = digest(house.crm)
        arguments = ["RELOCATED"] if verb == "lose" else []
        with pytest.raises(Vetoed):
            getattr(house.coordinator.pipeline, verb)(lead.id, *arguments)
        assert digest(house.crm) == before
        assert outcome(house) == [(f"pipeline.{verb}", "vetoed")]


def test_before_stage_change_refuses_one_item_of_a_batch() -> None:
    with a_house(Guard("contacted", NO)) as house:
        first, second = house.lead(), house.lead(patient_first_name="Diego")
        kept, refused = house.coordinator.pipeline.move_many(
            [
                Move(lead_id=first.id, stage="pending_decision"),
                Move(lead_id=second.id, stage="contacted"),
            ]
        )
        assert not isinstance(kept, Refused)
        assert isinstance(refused, Refused)
        assert refused.error is NO
        assert house.coordinator.leads.get(second.id) == second


@pytest.mark.parametrize("error", [RuntimeError("Maria Lopez"), SystemExit("Maria Lopez")])
def test_before_stage_change_that_fails_changes_nothing(error: BaseException) -> None:
    with a_house(Guard("contacted", error)) as house:
        lead = house.lead()
        before = digest(house.crm)
        with pytest.raises(PluginError) as refusal:
            house.coordinator.pipeline.move(lead.id, "contacted")

        assert refusal.value.plugin == "Guard"
        assert "Maria" not in str(refusal.value)
        assert digest(house.crm) == before
        assert outcome(house) == [("pipeline.move", "plugin")]


class Receptionist:
    """Refuses appointments with somebody."""

    def __init__(self, provider: str) -> None:
        self.provider = provider

    @hook
    def before_booking(self, appointment: Appointment) -> None:
        if appointment.provider == self.provider:
            raise Vetoed("receptionist", "the doctor moves house")


@pytest.mark.parametrize("verb", ["book", "hold", "request"])
def test_before_booking_may_veto_what_is_made(verb: str) -> None:
    with a_house(Receptionist(LEE)) as house:
        open_the_diary(house)
        lead = house.lead()
        before = digest(house.crm)
        with pytest.raises(Vetoed):
            getattr(house.front.scheduling, verb)(wish(lead))
        assert digest(house.crm) == before
        assert outcome(house) == [(f"scheduling.{verb}", "vetoed")]


def test_before_booking_may_veto_a_move_and_then_nothing_changed() -> None:
    with a_house(Receptionist(LEE)) as house:
        open_the_diary(house)
        booked = house.front.scheduling.book(wish(house.lead(), provider=KIM)).appointment
        before = digest(house.crm)
        with pytest.raises(Vetoed):
            house.front.scheduling.reschedule(booked.id, TUESDAY, LEE)
        assert digest(house.crm) == before
        again = house.front.scheduling.reschedule(booked.id, TUESDAY + HOUR)
        assert again.appointment.provider == KIM
