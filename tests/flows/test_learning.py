"""Models that a clinic trains, scores of its leads, and risks of its visits, on every backend."""

from datetime import date, timedelta

import pytest
from attrs import evolve

from orthocrm import (
    ActivityDirection,
    CallOutcome,
    Cond,
    CustomField,
    FieldKind,
    Forbidden,
    InvalidInput,
    LeadActivityType,
    LeadEdit,
    LogEntry,
    Loss,
    NotFound,
    Permission,
    Role,
    Start,
)
from orthocrm.core.errors import LeadClosed, NotEnoughOutcomes
from orthocrm.core.ids import LeadId, ModelId
from orthocrm.core.lead_link import Relation
from orthocrm.core.trained_model import ModelPurpose, TrainedModel
from orthocrm.intelligence.duplicates import DuplicateWeights
from orthocrm.intelligence.learners import Learner
from orthocrm.intelligence.scoring import fit
from orthocrm.scheduling.past import PastVisit
from orthocrm.services.batch import Refused, done
from orthocrm.services.intelligence import leads_known
from orthocrm.services.intelligence.scores import Score
from orthocrm.services.work import Work
from tests.flows.practice import House, enquiry
from tests.flows.scheduling import LEE, TUESDAY, open_the_diary, wish

DAY = timedelta(days=1)
GOOD, BAD = "Walk-in", "Print advertising"


def captured(house: House, source: str, count: int, start: int = 0) -> list[LeadId]:
    """Capture leads of a source."""
    desk = house.desk(Role.OPERATOR).leads
    wishes = [
        enquiry(email=f"{source[:4].strip()}{n}@example.com", phone=None, source=source)
        for n in range(start, start + count)
    ]
    return [made.lead.id for made in done(desk.capture_many(wishes))]


def decided(house: House, wins: int = 52, losses: int = 52) -> None:
    """Give the clinic a past in which referrals convert and others do not."""
    desk = house.desk(Role.OPERATOR)
    won = [*captured(house, GOOD, wins - 8), *captured(house, BAD, 8)]
    lost = [*captured(house, BAD, losses - 8, 100), *captured(house, GOOD, 8, 100)]
    house.clock.advance(DAY)
    desk.pipeline.convert_many([Start(lead_id=lead) for lead in won])
    desk.pipeline.lose_many([Loss(lead_id=lead, reason="NO_RESPONSE") for lead in lost])


def test_leads_are_scored_by_what_became_of_others(house: House) -> None:
    decided(house)
    worth = house.admin.intelligence.train()
    assert (worth.model.number, worth.report.rows, worth.report.came) == (1, 104, 52)
    assert worth.report.leaks == ()
    (good,), (bad,) = captured(house, GOOD, 1, 200), captured(house, BAD, 1, 200)
    first, second = house.desk(Role.FRONT_DESK).intelligence.score([bad, good])
    assert isinstance(first, Score)
    assert isinstance(second, Score)
    assert first.probability < 0.45
    assert second.probability > 0.55
    assert "source" in {reason.column for reason in second.reasons}
    assert any(reason.text.startswith("source: walk-in") for reason in second.reasons)
    ranked = house.admin.intelligence.ranked()
    assert [score.lead_id for score in ranked] == [good, bad]
    assert [score.probability for score in ranked] == [second.probability, first.probability]
    only = house.admin.intelligence.ranked(Cond("channel", "eq", "PHONE"))
    assert only == ()


def test_what_is_counted_by_the_database_is_what_is_counted_by_the_rule(house: House) -> None:
    """The score of an open lead reads sums; the training reads every entry."""
    (lead_id,) = captured(house, GOOD, 1)
    desk = house.desk(Role.OPERATOR)
    for kind, direction, outcome in (
        (LeadActivityType.PHONE_CALL, ActivityDirection.OUTBOUND, CallOutcome.VOICEMAIL),
        (LeadActivityType.PHONE_CALL, ActivityDirection.OUTBOUND, CallOutcome.SPOKE),
        (LeadActivityType.EMAIL, ActivityDirection.INBOUND, None),
        (LeadActivityType.SMS, ActivityDirection.OUTBOUND, None),
        (LeadActivityType.NOTE, None, None),
    ):
        house.clock.advance(timedelta(hours=5))
        entry = LogEntry(type=kind, direction=direction, call_outcome=outcome, notes="secret")
        desk.followups.log(lead_id, entry)
    house.clock.advance(2 * DAY)
    with house.crm._backend.begin(house.clinic.id) as store:
        (lead,) = store.leads.get([lead_id]).values()
    row = _row_now(house, lead_id)
    assert (row["attempts"], row["answers"], row["meetings"]) == (3, 2, 0)
    assert row["days_silent"] == pytest.approx(2 + 5 / 24)
    assert row["stage"] == lead.position.stage
    assert "secret" not in repr(row)
    desk.pipeline.lose(lead_id, "NO_RESPONSE")
    (past,) = desk.intelligence.examples().rows
    assert (past["days_old"], past["attempts"], past["answers"]) in ((0.0, 0, 0), (2.0, 3, 2))


def _row_now(house: House, lead_id: LeadId) -> dict[str, object]:
    found: list[dict[str, object]] = []

    def read(work: Work) -> None:
        found.extend(leads_known.rows_now(work, work.leads([lead_id])))

    house.admin.office.carry_out("intelligence.score", Permission.LEAD_READ, read)
    return found[0]


def test_too_little_is_refused_and_what_is_missing_is_told(house: House) -> None:
    with pytest.raises(NotEnoughOutcomes) as caught:
        house.admin.intelligence.train()
    assert caught.value.missing == 100
    lost = captured(house, BAD, 60)
    house.clock.advance(DAY)
    losses = [Loss(lead_id=lead, reason="NO_RESPONSE") for lead in lost]
    house.desk(Role.OPERATOR).pipeline.lose_many(losses)
    with pytest.raises(NotEnoughOutcomes) as caught:
        house.admin.intelligence.train()
    assert (caught.value.came, caught.value.not_came, caught.value.missing) == (0, 60, 50)
    assert house.admin.intelligence.models() == ()
    for ask in (
        lambda: house.admin.intelligence.score(captured(house, GOOD, 1)),
        house.admin.intelligence.ranked,
        lambda: house.admin.intelligence.no_show_risk([]),
        house.admin.intelligence.reliability,
    ):
        with pytest.raises(NotFound):
            ask()


def test_the_worker_trains_what_is_due_and_no_more(house: House) -> None:
    assert house.crm.work().trained == 0
    decided(house)
    assert house.crm.work().trained == 1
    assert house.crm.work().trained == 0
    house.clock.advance(31 * DAY)
    assert house.crm.work().trained == 1
    numbers = [(model.purpose, model.number) for model in house.admin.intelligence.models()]
    assert numbers == [(ModelPurpose.LEADS, 2), (ModelPurpose.LEADS, 1)]
    settings = house.admin.settings.practice().clinic.settings
    house.admin.settings.change(evolve(settings, retrain_after=None))
    house.clock.advance(31 * DAY)
    assert house.crm.work().trained == 0


def test_a_model_of_another_clinic_or_release_is_refused(house: House) -> None:
    decided(house)
    model = house.admin.intelligence.train().model
    (lead,) = captured(house, GOOD, 1, 200)
    other = House(house.crm, house.crm.create_clinic(name="Other", timezone="UTC"), house.clock)
    with pytest.raises(NotFound):
        other.admin.intelligence.reliability(model.id)
    _stored(house, model, {**model.document, "clinic": other.clinic.id})
    with pytest.raises(InvalidInput):
        house.admin.intelligence.score([lead])
    card = {**model.document["scorecard"], "format": 2}
    _stored(house, model, {**model.document, "scorecard": card})
    with pytest.raises(InvalidInput):
        house.admin.intelligence.ranked()
    assert house.admin.intelligence.next_actions() == ()


def _stored(house: House, model: TrainedModel, document: dict[str, object]) -> None:
    with house.crm._backend.begin(house.clinic.id) as store:
        newest = max(each.number for each in store.models.find().items)
        changed = ModelId(f"{model.id[:-2]}{newest + 10}")
        store.models.add([evolve(model, id=changed, number=newest + 1, document=document)])


def test_closed_leads_have_their_outcome_and_unknown_ones_are_not_found(house: House) -> None:
    decided(house)
    house.admin.intelligence.train()
    (lead,) = captured(house, GOOD, 1, 200)
    house.desk(Role.OPERATOR).pipeline.lose(lead, "RELOCATED")
    (refused,) = house.admin.intelligence.score([lead])
    assert isinstance(refused, Refused)
    assert isinstance(refused.error, LeadClosed)
    with pytest.raises(NotFound):
        house.admin.intelligence.score([LeadId("nobody")])
    for asked in ("text", [1], [lead] * 501):
        with pytest.raises(InvalidInput):
            house.admin.intelligence.score(asked)  # type: ignore[arg-type]  # bad on purpose
    for most in (0, 501, True, "5"):
        with pytest.raises(InvalidInput):
            house.admin.intelligence.ranked(most=most)  # type: ignore[arg-type]  # as above


def test_own_fields_teach_and_those_filled_in_later_are_kept_out(house: House) -> None:
    settings = house.admin.settings.practice().clinic.settings
    fields = (
        CustomField(name="jaw", label="Jaw", kind=FieldKind.CHOICE, choices=("wide", "narrow")),
        CustomField(name="plan", label="Plan", kind=FieldKind.CHOICE, choices=("full", "half")),
        CustomField(name="wish", label="Wish", kind=FieldKind.TEXT),
    )
    house.admin.settings.change(evolve(settings, custom_fields=fields))
    desk = house.desk(Role.OPERATOR)
    made = done(
        desk.leads.capture_many(
            [
                enquiry(
                    email=f"a{n}@example.com",
                    phone=None,
                    custom={"jaw": "wide" if n % 10 < 8 - 6 * (n % 2) else "narrow", "wish": "x"},
                )
                for n in range(104)
            ]
        )
    )
    house.clock.advance(timedelta(hours=1))
    for each in made[:20:2]:
        desk.leads.edit(each.lead.id, LeadEdit(custom={"plan": "full"}))
    house.clock.advance(DAY)
    desk.pipeline.convert_many([Start(lead_id=each.lead.id) for each in made[::2]])
    losses = [Loss(lead_id=each.lead.id, reason="NO_RESPONSE") for each in made[1::2]]
    desk.pipeline.lose_many(losses)
    known = desk.intelligence.examples()
    assert "custom.wish" not in known.rows[0]
    assert "custom.plan" not in known.plan.late  # ten of 104 are fewer than a tenth
    report = fit(known.rows, known.outcome, evolve(known.plan, learner=Learner.BAYES)).report
    assert "custom.jaw" in report.columns


def test_missed_visits_teach_whom_to_call(house: House) -> None:
    open_the_diary(house)
    house.clock.advance(200 * DAY)
    start = TUESDAY - 30 * DAY
    past = [
        PastVisit(
            type="consultation",
            starts_at=start + timedelta(hours=12 * n),
            booked_at=start + timedelta(hours=12 * n) - ((18 if early else 1) + n % 5) * DAY,
            provider=LEE,
            patient_ref=f"p-{n}",
            status="NO_SHOW" if missed else "COMPLETED",
        )
        for n, missed, early in (
            (n, n % 4 == 0, n % 16 != 0 if n % 4 == 0 else n % 10 == 1) for n in range(220)
        )
    ]
    desk = house.desk(Role.OPERATOR)
    assert len(done(desk.scheduling.record_past(past))) == 220
    worth = desk.intelligence.train("NO_SHOWS")
    assert (worth.report.rows, worth.report.came) == (220, 55)
    assert "lead_days" in worth.report.columns
    soon = TUESDAY + 203 * DAY
    late = TUESDAY + 210 * DAY + timedelta(days=14)
    lead = desk.leads.capture(enquiry(owner="tc-1")).lead
    visits = [
        desk.scheduling.book(wish(starts_at=soon, patient_ref="new-1")).appointment,
        desk.scheduling.book(wish(lead, starts_at=late)).appointment,
    ]
    found = desk.intelligence.no_show_risk([visit.id for visit in visits])
    assert len(found.risks) == 2
    assert found.expected == pytest.approx(
        sum(risk.probability for risk in found.risks if not isinstance(risk, Refused))
    )
    assert [getattr(risk, "call", None) for risk in found.risks] == [False, True]
    (task,) = desk.intelligence.call_the_risky([visit.id for visit in visits])
    assert (task.lead_id, task.assigned_to, task.rule) == (lead.id, "tc-1", "no_show_risk")
    assert task.due_at == late - DAY
    assert desk.intelligence.call_the_risky([visits[1].id]) == ()
    with pytest.raises(Forbidden):
        house.desk(Role.PROVIDER, LEE).intelligence.call_the_risky([visits[1].id])
    desk.scheduling.cancel(visits[0].id)
    (refused,) = desk.intelligence.no_show_risk([visits[0].id]).risks
    assert isinstance(refused, Refused)
    with pytest.raises(NotFound):
        house.desk(Role.PROVIDER, "dr-kim").intelligence.no_show_risk([visits[1].id])
    with pytest.raises(Forbidden):
        house.desk(Role.PATIENT, lead.id).intelligence.no_show_risk([visits[1].id])
    with pytest.raises(InvalidInput):
        desk.intelligence.no_show_risk([visits[1].id] * 2)


def test_duplicates_come_with_reasons_and_learn_from_merges(house: House) -> None:
    desk = house.desk(Role.OPERATOR)
    twice = enquiry(patient_born_on=date(2014, 5, 1))
    first = desk.leads.capture(twice).lead.id
    again = desk.leads.capture(twice).lead.id
    sibling = desk.leads.capture(
        enquiry(patient_first_name="Mateo", patient_born_on=date(2011, 2, 3))
    ).lead.id
    found = house.admin.intelligence.duplicates(first)
    assert [(each.lead_id, each.relation) for each in found] == [
        (again, Relation.SAME_PERSON),
        (sibling, Relation.SAME_HOUSEHOLD),
    ]
    assert found[0].probability > 0.9
    assert found[1].probability <= 0.49
    assert any(reason.text.startswith("phone: the same (for") for reason in found[0].reasons)
    assert {each.model_id for each in found} == {None}
    with pytest.raises(NotEnoughOutcomes):
        house.admin.intelligence.train_duplicates()
    eager = DuplicateWeights(moved={"phone": 0.5, "contact": 0.5}, shift=2.0)
    model = house.admin.intelligence.adopt_weights(eager, ())
    learnt = house.admin.intelligence.duplicates(first)
    assert {each.model_id for each in learnt} == {model.id}
    assert learnt[1].probability <= 0.49
    desk.leads.merge(first, again)
    desk.leads.link_household([first, sibling])
    decided = house.admin.intelligence.decisions()
    assert sorted(pair.merged for pair in decided) == [False, True]
    assert "Lopez" not in repr(decided)
