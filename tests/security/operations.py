"""Every operation with arguments that would be accepted, for the matrix of roles and objects."""

from collections.abc import Callable
from datetime import date, timedelta
from io import BytesIO
from typing import Any

import attrs
from attrs import evolve

from orthocrm import (
    Campaign,
    Desk,
    LeadEdit,
    LogEntry,
    Loss,
    Money,
    Move,
    NewReferrer,
    NewSpend,
    NewTask,
    NewTouch,
    Period,
    ReferrerRecord,
    Role,
    Source,
    Stage,
    Start,
    TaskEdit,
)
from orthocrm.analytics import metrics
from orthocrm.core.activity import Document, LeadActivityType
from orthocrm.core.coordinator import Coordinator
from orthocrm.core.default_templates import DEFAULT_MESSAGES
from orthocrm.core.errors import TooLittleHistory
from orthocrm.core.forms import FormDefinition, FormField
from orthocrm.core.ids import ImportId, LeadId, MergeId, SpendId, TaskId, TimeOffId, ViewId
from orthocrm.core.keyring import KeyLayer
from orthocrm.core.query import Cond
from orthocrm.core.settings import Settings
from orthocrm.core.task import LeadTaskType
from orthocrm.core.trained_model import ModelPurpose
from orthocrm.core.visit_type import BookableResource, VisitType
from orthocrm.intelligence.duplicates import DuplicateWeights
from orthocrm.intelligence.learners import Learner
from orthocrm.intelligence.reliability import reliability
from orthocrm.intelligence.scorecard import Scorecard
from orthocrm.intelligence.scoring import Plan, Report, Trained
from orthocrm.leads.channels.delivery import Delivered
from orthocrm.leads.channels.phone import PhoneCall
from orthocrm.leads.mapping import LeadRow, parse
from orthocrm.leads.matching.pairs import Search
from orthocrm.leads.tabular import rows
from orthocrm.services.imports.ledger import Tally
from orthocrm.services.imports.reverting import Reverted
from orthocrm.services.intelligence.training import Examples
from orthocrm.services.privacy.accounting import NewDisclosure
from tests.flows.practice import House, enquiry

MAPPING_TEXT = 'kind = "leads"\n[columns]\nfirst_name = "a"\nlast_name = "b"\nemail = "c"\n'
MAPPING = parse(MAPPING_TEXT)


NOBODY = LeadId("nobody")
NO_VIEW = ViewId("nothing")
NO_MERGE = MergeId("nothing")


@attrs.frozen(kw_only=True)
class Target:
    """What an operation is tried on: a lead, and what hangs on it in the same clinic."""

    house: House
    lead: LeadId
    task: TaskId
    import_id: ImportId
    absence: TimeOffId
    sibling: LeadId = NOBODY
    view: ViewId = NO_VIEW
    merge: MergeId = NO_MERGE


Call = Callable[[Desk, Target], Any]

ON_LEADS: dict[str, Call] = {
    "leads.get": lambda desk, t: desk.leads.get(t.lead),
    "leads.edit": lambda desk, t: desk.leads.edit(t.lead, LeadEdit(notes="new")),
    "leads.attach": lambda desk, t: desk.leads.attach(t.lead, _document()),
    "leads.duplicates_of": lambda desk, t: desk.leads.duplicates_of(t.lead),
    "leads.links": lambda desk, t: desk.leads.links(t.lead),
    "leads.household_of": lambda desk, t: desk.leads.household_of(t.lead),
    "leads.not_duplicate": lambda desk, t: desk.leads.not_duplicate(t.lead, t.sibling),
    "leads.link_household": lambda desk, t: desk.leads.link_household([t.lead, t.sibling]),
    "leads.unlink": lambda desk, t: desk.leads.unlink(t.lead, t.sibling),
    "leads.preview_merge": lambda desk, t: desk.leads.preview_merge(t.lead, t.sibling),
    "leads.merge": lambda desk, t: desk.leads.merge(t.lead, t.sibling),
    "leads.merges": lambda desk, t: desk.leads.merges(t.lead),
    "leads.unmerge": lambda desk, t: desk.leads.unmerge(t.merge),
    "intelligence.call_times": lambda desk, t: desk.intelligence.call_times(t.lead),
    "intelligence.duplicates": lambda desk, t: desk.intelligence.duplicates(t.lead),
    "intelligence.score": lambda desk, t: desk.intelligence.score([t.lead]),
    "intelligence.tones": lambda desk, t: desk.intelligence.tones(t.lead),
    "privacy.break_glass": lambda desk, t: desk.privacy.break_glass(t.lead, "a fall"),
    "privacy.end_emergency": lambda desk, t: desk.privacy.end_emergency(t.lead),
    "leads.timeline": lambda desk, t: desk.leads.timeline(t.lead),
    "privacy.disclose": lambda desk, t: desk.privacy.disclose([t.lead], _told()),
    "privacy.export": lambda desk, t: desk.privacy.export(t.lead),
    "privacy.erase": lambda desk, t: desk.privacy.erase(t.lead, with_export=False),
    "privacy.hold": lambda desk, t: desk.privacy.hold(t.lead),
    "privacy.lift_hold": lambda desk, t: desk.privacy.lift_hold(t.lead),
    "sources.touches": lambda desk, t: desk.sources.touches(t.lead),
    "sources.add_touch": lambda desk, t: desk.sources.add_touch(t.lead, _touch()),
    "pipeline.move": lambda desk, t: desk.pipeline.move(t.lead, "pending_decision"),
    "pipeline.lose": lambda desk, t: desk.pipeline.lose(t.lead, "RELOCATED"),
    "pipeline.convert": lambda desk, t: desk.pipeline.convert(t.lead),
    "pipeline.observe": lambda desk, t: desk.pipeline.observe(t.lead, later_date(t)),
    "pipeline.recall": lambda desk, t: desk.pipeline.recall(t.lead),
    "pipeline.set_objection": lambda desk, t: desk.pipeline.set_objection(t.lead, "COST"),
    "assignment.assign": lambda desk, t: desk.assignment.assign(t.lead),
    "assignment.assign_many": lambda desk, t: desk.assignment.assign_many([t.lead]),
    "assignment.assign_to": lambda desk, t: desk.assignment.assign_to(t.lead, "tc-1"),
    "assignment.transfer": lambda desk, t: desk.assignment.transfer(t.lead, "tc-1", "on leave"),
    "assignment.history": lambda desk, t: desk.assignment.history(t.lead),
    "followups.log": lambda desk, t: desk.followups.log(t.lead, _note()),
    "followups.add_task": lambda desk, t: desk.followups.add_task(t.lead, _task(t)),
    "followups.edit_task": lambda desk, t: desk.followups.edit_task(t.task, TaskEdit(title="x")),
    "followups.complete": lambda desk, t: desk.followups.complete(t.task),
    "followups.cancel": lambda desk, t: desk.followups.cancel(t.task),
    "followups.snooze": lambda desk, t: desk.followups.snooze(
        t.task, t.house.clock() + timedelta(days=1)
    ),
    "followups.start_sequence": lambda desk, t: desk.followups.start_sequence(t.lead, "six_touch"),
    "followups.stop_sequence": lambda desk, t: desk.followups.stop_sequence(t.lead),
    "followups.activities": lambda desk, t: desk.followups.activities(t.lead),
    "followups.tasks": lambda desk, t: desk.followups.tasks(t.lead),
    "followups.sequences": lambda desk, t: desk.followups.sequences(t.lead),
}
"""Operations that name one lead, or something of it: out of reach they answer `NotFound`."""

ON_TWO_LEADS = (
    "leads.not_duplicate",
    "leads.link_household",
    "leads.unlink",
    "leads.preview_merge",
    "leads.merge",
    "leads.unmerge",
)
"""Those of them that want a sibling beside the lead."""

ON_OBSERVED_LEADS = ("pipeline.recall",)
"""Those of them that want the lead to be under observation."""

ON_MERGED_LEADS = ("leads.unmerge",)
"""Those for which the sibling was merged into the lead."""

ON_LOST_LEADS: dict[str, Call] = {
    "pipeline.reopen": lambda desk, t: desk.pipeline.reopen(t.lead, "they called"),
}

ON_ABSENT_OWNERS: dict[str, Call] = {
    "assignment.reassign_absent": lambda desk, t: desk.assignment.reassign_absent(t.lead, "tc-2"),
}
"""Operations on a lead whose coordinator is away."""

PER_ITEM: dict[str, Call] = {
    "pipeline.move_many": lambda desk, t: desk.pipeline.move_many(
        [Move(lead_id=t.lead, stage="pending_decision")]
    ),
    "pipeline.lose_many": lambda desk, t: desk.pipeline.lose_many(
        [Loss(lead_id=t.lead, reason="RELOCATED")]
    ),
    "pipeline.convert_many": lambda desk, t: desk.pipeline.convert_many([Start(lead_id=t.lead)]),
    "sources.add_touches": lambda desk, t: desk.sources.add_touches([(t.lead, _touch())]),
    "leads.tag": lambda desk, t: desk.leads.tag([t.lead], ["vip"]),
    "leads.untag": lambda desk, t: desk.leads.untag([t.lead], ["vip"]),
    "followups.log_many": lambda desk, t: desk.followups.log_many([(t.lead, _note())]),
}
"""Operations with a result per item: out of reach, the item is refused as not found."""

ON_THE_CLINIC: dict[str, Call] = {
    "leads.capture": lambda desk, _: desk.leads.capture(enquiry(email="new@example.com")),
    "leads.capture_many": lambda desk, _: desk.leads.capture_many([enquiry()]),
    "leads.duplicates": lambda desk, _: desk.leads.duplicates(enquiry()),
    "leads.survey": lambda desk, _: desk.leads.survey(Search()),
    "leads.hold": lambda desk, t: desk.leads.hold(Search(), [t.lead]),
    "leads.settle": lambda desk, _: desk.leads.settle([], keep=False),
    "leads.enter": lambda desk, _: desk.leads.enter(PhoneCall(name="Ann Lee", phone="3125550199")),
    "leads.take_in": lambda desk, _: desk.leads.take_in("manual", _delivered()),
    "leads.household": lambda desk, _: desk.leads.household("3125550199"),
    "leads.search": lambda desk, _: desk.leads.search("lee"),
    "leads.find": lambda desk, _: desk.leads.find(),
    "leads.export_page": lambda desk, _: desk.leads.export_page(),
    "leads.save_view": lambda desk, _: desk.leads.save_view("new", Cond("tag", "has", "vip")),
    "leads.views": lambda desk, _: desk.leads.views(),
    "leads.view": lambda desk, t: desk.leads.view(t.view),
    "leads.remove_view": lambda desk, t: desk.leads.remove_view(t.view),
    "pipeline.board": lambda desk, _: desk.pipeline.board(),
    "pipeline.column": lambda desk, _: desk.pipeline.column("new_lead"),
    "pipeline.observed": lambda desk, _: desk.pipeline.observed(),
    "pipeline.recall_due": lambda desk, _: desk.pipeline.recall_due(),
    "pipeline.alert_ages": lambda desk, _: desk.pipeline.alert_ages(),
    "assignment.assign_unassigned": lambda desk, _: desk.assignment.assign_unassigned(),
    "assignment.distribute": lambda desk, _: desk.assignment.distribute("me"),
    "assignment.reassign_untouched": lambda desk, _: desk.assignment.reassign_untouched(),
    "assignment.transfer_all": lambda desk, _: desk.assignment.transfer_all("me", "tc-1"),
    "assignment.hand_over": lambda desk, t: desk.assignment.hand_over(t.absence),
    "assignment.hand_back": lambda desk, t: desk.assignment.hand_back(t.absence),
    "assignment.workload": lambda desk, _: desk.assignment.workload(),
    "intelligence.next_actions": lambda desk, _: desk.intelligence.next_actions(),
    "intelligence.rank_some": lambda desk, _: desk.intelligence.rank_some(),
    "intelligence.no_show_risk": lambda desk, _: desk.intelligence.no_show_risk([]),
    "intelligence.call_the_risky": lambda desk, _: desk.intelligence.call_the_risky([]),
    "intelligence.examples": lambda desk, _: desk.intelligence.examples(),
    "intelligence.adopt": lambda desk, _: desk.intelligence.adopt(*learnt()),
    "intelligence.decisions": lambda desk, _: desk.intelligence.decisions(),
    "intelligence.adopt_weights": lambda desk, _: desk.intelligence.adopt_weights(
        DuplicateWeights(), ()
    ),
    "intelligence.due": lambda desk, _: desk.intelligence.due(),
    "intelligence.tone": lambda desk, _: desk.intelligence.tone("thank you"),
    "followups.agenda": lambda desk, _: desk.followups.agenda(),
    "followups.open_tasks": lambda desk, _: desk.followups.open_tasks(),
    "followups.advance_sequences": lambda desk, _: desk.followups.advance_sequences(),
    "followups.escalate_overdue": lambda desk, _: desk.followups.escalate_overdue(),
    "followups.raise_due": lambda desk, _: desk.followups.raise_due(),
    "sources.all": lambda desk, _: desk.sources.all(),
    "sources.add": lambda desk, _: desk.sources.add("Dr. Kim", "DOCTOR_REFERRAL"),
    "sources.change": lambda desk, t: desk.sources.change(_cheaper(t)),
    "sources.add_spend": lambda desk, _: desk.sources.add_spend(_spend()),
    "sources.add_spends": lambda desk, _: desk.sources.add_spends([_spend()]),
    "sources.remove_spend": lambda desk, t: desk.sources.remove_spend(_spent(t)),
    "sources.change_cost": lambda desk, _: desk.sources.change_cost(
        "Print advertising", Money.of("10", "USD")
    ),
    "sources.add_campaign": lambda desk, _: desk.sources.add_campaign("Spring"),
    "sources.change_campaign": lambda desk, t: desk.sources.change_campaign(_campaign(t)),
    "sources.end_campaign": lambda desk, t: desk.sources.end_campaign(_campaign(t).id),
    "sources.referrers": lambda desk, _: desk.sources.referrers(),
    "sources.find_referrer": lambda desk, _: desk.sources.find_referrer("PROVIDER", "dr-1"),
    "sources.add_referrer": lambda desk, _: desk.sources.add_referrer(_referrer()),
    "sources.change_referrer": lambda desk, t: desk.sources.change_referrer(_record(t)),
    "sources.retire_referrer": lambda desk, t: desk.sources.retire_referrer(_record(t).id),
    "settings.practice": lambda desk, _: desk.settings.practice(),
    "settings.change": lambda desk, _: desk.settings.change(Settings(region="CA")),
    "settings.preview": lambda desk, _: desk.settings.preview(DEFAULT_MESSAGES[0]),
    "settings.save_form": lambda desk, _: desk.settings.save_form(_form("new")),
    "settings.remove_form": lambda desk, _: desk.settings.remove_form("kept"),
    "settings.mappings": lambda desk, _: desk.settings.mappings(),
    "settings.save_mapping": lambda desk, _: desk.settings.save_mapping("new", MAPPING_TEXT),
    "settings.remove_mapping": lambda desk, _: desk.settings.remove_mapping("kept"),
    "settings.save_visit_type": lambda desk, _: desk.settings.save_visit_type(
        VisitType(slug="recall", name="Recall")
    ),
    "settings.remove_visit_type": lambda desk, _: desk.settings.remove_visit_type("follow_up"),
    "settings.set_resources": lambda desk, _: desk.settings.set_resources(
        [BookableResource(id="chair-9", label="Chair 9")]
    ),
    "settings.set_reminders": lambda desk, _: desk.settings.set_reminders([], "follow_up"),
    "settings.rename": lambda desk, _: desk.settings.rename("Brighter Smiles"),
    "settings.add_stage": lambda desk, _: desk.settings.add_stage(
        "recall", "Recall", after="pending_decision"
    ),
    "settings.change_stage": lambda desk, t: desk.settings.change_stage(_renamed(t)),
    "settings.reorder_stages": lambda desk, t: desk.settings.reorder_stages(_swapped(t)),
    "settings.remove_stage": lambda desk, _: desk.settings.remove_stage("treatment_accepted"),
    "settings.add_coordinator": lambda desk, _: desk.settings.add_coordinator("tc-9", "Zoe"),
    "settings.change_coordinator": lambda desk, t: desk.settings.change_coordinator(_heavier(t)),
    "settings.add_absence": lambda desk, t: desk.settings.add_absence(
        "tc-1", t.house.clock(), t.house.clock() + timedelta(days=1)
    ),
    "settings.remove_absence": lambda desk, t: desk.settings.remove_absence(t.absence),
    "privacy.trail": lambda desk, _: desk.privacy.trail(),
    "privacy.seal": lambda desk, _: desk.privacy.seal(),
    "privacy.checkpoint": lambda desk, _: desk.privacy.checkpoint(),
    "privacy.checkpoints": lambda desk, _: desk.privacy.checkpoints(),
    "privacy.public_key": lambda desk, _: desk.privacy.public_key(),
    "privacy.examine": lambda desk, _: desk.privacy.examine(),
    "privacy.examine_aside": lambda desk, _: desk.privacy.examine_aside(),
    "privacy.disclosure_page": lambda desk, _: desk.privacy.disclosure_page(),
    "privacy.access_page": lambda desk, t: desk.privacy.access_page(t.lead),
    "privacy.glass_page": lambda desk, _: desk.privacy.glass_page(),
    "privacy.emergencies": lambda desk, _: desk.privacy.emergencies(),
    "privacy.deidentified_page": lambda desk, _: desk.privacy.deidentified_page(purpose="study-1"),
    "privacy.retain": lambda desk, _: desk.privacy.retain(really=True),
    "keys.rotate": lambda desk, _: desk.keys.rotate(KeyLayer.CLINIC),
    "keys.move": lambda desk, _: desk.keys.move(),
    "keys.status": lambda desk, _: desk.keys.status(),
    "imports.begin_backfill": lambda desk, _: desk.imports.begin_backfill(),
    "imports.backfill_batch": lambda desk, _: desk.imports.backfill_batch([], None),
    "imports.begin": lambda desk, _: desk.imports.begin("leads", MAPPING),
    "imports.rows": lambda desk, t: desk.imports.rows(_rows(), MAPPING, t.import_id),
    "imports.finish": lambda desk, t: desk.imports.finish(t.import_id, "", Tally()),
    "imports.revert_batch": lambda desk, t: desk.imports.revert_batch(t.import_id, None),
    "imports.close_revert": lambda desk, t: desk.imports.close_revert(t.import_id, _nothing()),
}

ANALYTICS: dict[str, Call] = {
    "analytics.funnel": lambda desk, _: desk.analytics.funnel(),
    "analytics.outcomes": lambda desk, _: desk.analytics.outcomes(),
    "analytics.conversion": lambda desk, _: desk.analytics.conversion(),
    "analytics.period_conversion": lambda desk, _: desk.analytics.period_conversion(),
    "analytics.time_to_convert": lambda desk, _: desk.analytics.time_to_convert(),
    "analytics.lead_mix": lambda desk, _: desk.analytics.lead_mix(),
    "analytics.lost_reasons": lambda desk, _: desk.analytics.lost_reasons(),
    "analytics.lost_leads": lambda desk, _: desk.analytics.lost_leads(),
    "analytics.speed": lambda desk, _: desk.analytics.speed(),
    "analytics.metrics": lambda desk, _: desk.analytics.metrics(),
    "analytics.measure": lambda desk, _: desk.analytics.measure("total_leads"),
    "analytics.measure_all": lambda desk, _: desk.analytics.measure_all(["total_leads"]),
    "analytics.snapshot": lambda desk, _: desk.analytics.snapshot(desk.office.clock()),
    "analytics.visited": lambda desk, _: desk.analytics.visited(),
    "intelligence.forecast": lambda desk, _: _foretold(desk),
    "intelligence.contact_times": lambda desk, _: desk.intelligence.contact_times(),
    "intelligence.models": lambda desk, _: desk.intelligence.models(),
    "intelligence.reliability": lambda desk, _: desk.intelligence.reliability(),
    "analytics.stages": lambda desk, _: desk.analytics.stages(),
    "analytics.bottlenecks": lambda desk, _: desk.analytics.bottlenecks(),
    "analytics.report": lambda desk, _: desk.analytics.report("sources"),
    "sources.attribution": lambda desk, _: desk.sources.attribution("linear"),
    "sources.campaigns": lambda desk, _: desk.sources.campaigns(),
    "sources.spend": lambda desk, _: desk.sources.spend(),
    "sources.costs": lambda desk, _: desk.sources.costs(Period.month(2026, 11)),
    "analytics.behind": lambda desk, _: desk.analytics.behind(metrics.OUTCOMES, "leads"),
}


def _told() -> NewDisclosure:
    return NewDisclosure(recipient="the county court", what="the whole record", purpose="subpoena")


ON_A_PAST = ("intelligence.forecast",)
"""Operations that refuse until the clinic has years behind it."""


def _foretold(desk: Desk) -> object:
    """Ask for a forecast; a clinic without a past is told how much is missing."""
    try:
        return desk.intelligence.forecast()
    except TooLittleHistory as refusal:
        return refusal.missing


def learnt() -> tuple[Examples, Trained]:
    """Give a model that knows nothing, and what it was not learnt from."""
    report = Report(
        learners=(Learner.BAYES,),
        rows=0,
        came=0,
        columns=(),
        left_out=(),
        leaks=(),
        tested="folds",
        reliability=reliability([], []),
    )
    card = Scorecard(columns=(), points=(), intercept=0.0)
    nothing = Examples(purpose=ModelPurpose.LEADS, rows=(), outcome="@converted", plan=Plan())
    return nothing, Trained(scorecard=card, report=report)


def taught(house: House) -> None:
    """Give a clinic a model for leads and one for visits."""
    nothing, trained = learnt()
    for purpose in (ModelPurpose.LEADS, ModelPurpose.NO_SHOWS):
        house.desk(Role.OPERATOR).intelligence.adopt(evolve(nothing, purpose=purpose), trained)


def later_date(target: Target) -> date:
    """Give a date that is still to come."""
    return target.house.clock().date() + timedelta(days=100)


def _document() -> Document:
    return Document(name="Treatment plan", reference="https://files.example/plan.pdf")


def a_view(house: House) -> ViewId:
    """Save a view of the person on whose behalf operations are tried."""
    return house.desk(Role.OPERATOR, "me").leads.save_view("kept", Cond("tag", "has", "vip")).id


def _note() -> LogEntry:
    return LogEntry(type=LeadActivityType.NOTE, notes="asked for a call in May")


def _task(target: Target) -> NewTask:
    return NewTask(type=LeadTaskType.CALL, title="Call", due_at=target.house.clock())


def _cheaper(target: Target) -> Source:
    source = target.house.admin.sources.all()[0]
    return evolve(source, monthly_cost=Money.of("10", "USD"))


def _touch() -> NewTouch:
    return NewTouch(source="Print advertising")


def _spend() -> NewSpend:
    amount = Money.of("10", "USD")
    return NewSpend(source="Print advertising", amount=amount, starts_on=date(2026, 11, 1))


def marketed(desk: Desk) -> None:
    """Enter a cost, a campaign and a referrer."""
    desk.sources.add_spend(_spend())
    desk.sources.add_campaign("Back to school")
    desk.sources.add_referrer(_referrer("dr-9"))


def _spent(target: Target) -> SpendId:
    return target.house.admin.sources.spend()[0].id


def _campaign(target: Target) -> Campaign:
    return target.house.admin.sources.campaigns()[0]


def _referrer(ref: str = "dr-2") -> NewReferrer:
    return NewReferrer(kind="PROVIDER", name="Dr. Kim", ref=ref)


def _record(target: Target) -> ReferrerRecord:
    return target.house.admin.sources.referrers()[0]


def _renamed(target: Target) -> Stage:
    return evolve(target.house.admin.settings.practice().stages[1], name="Reached")


def _swapped(target: Target) -> list[str]:
    slugs = [stage.slug for stage in target.house.admin.settings.practice().stages]
    return [slugs[0], slugs[2], slugs[1], *slugs[3:]]


def _delivered() -> Delivered:
    return Delivered(body={"name": "Ann Lee", "phone": "3125550199"})


def _form(slug: str) -> FormDefinition:
    return FormDefinition(slug=slug, title="Contact", fields=(FormField(name="phone"),))


def _heavier(target: Target) -> Coordinator:
    return evolve(target.house.admin.settings.practice().coordinators[0], weight=3)


def _rows() -> list[LeadRow]:
    table = rows(BytesIO(b"a,b,c\nAnn,Lee,ann@example.com\n"))
    return [row for row in MAPPING.read(table) if isinstance(row, LeadRow)]


def _nothing() -> Reverted:
    return Reverted()
