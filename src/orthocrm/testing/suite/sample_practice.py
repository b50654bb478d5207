"""A practice with every setting chosen, and what it consists of before the first lead comes."""

from datetime import date, datetime, time, timedelta
from typing import Any

from orthocrm.core.actor import Preset, Role
from orthocrm.core.audit import ImportState
from orthocrm.core.coordinator import Turn
from orthocrm.core.forms import FormChoice, FormDefinition, FormField, SavedMapping
from orthocrm.core.ids import LeadId, SourceId, StageSlug, UserId
from orthocrm.core.money import Money
from orthocrm.core.query import AnyOf, Cond
from orthocrm.core.reporting import Every, Reporting, ScheduledReport
from orthocrm.core.retention import Retention
from orthocrm.core.routing import Place, Pool, Routing, SourceRoute, Territory
from orthocrm.core.rules import FollowUpRule, Recipient, Trigger
from orthocrm.core.schedule import (
    DateHours,
    DateWindow,
    RepeatedBlock,
    Schedule,
    WeeklyWindow,
)
from orthocrm.core.second_factor import SecondFactor
from orthocrm.core.settings import BusinessHours, Clinic, Opening, Settings
from orthocrm.core.source import LeadSourceCategory
from orthocrm.core.stage import StageKind
from orthocrm.core.task import LeadTaskType, TaskPriority
from orthocrm.testing.factories import (
    a_clinic,
    a_coordinator,
    a_rotation,
    a_schedule,
    a_source,
    a_stage,
    a_time_off,
    an_import,
    the_default_stages,
)
from orthocrm.testing.suite.sample_settings import (
    custom_fields,
    message_templates,
    messaging,
    reminders,
    reminding,
    resources,
    sequences,
    task_templates,
    visit_types,
)
from orthocrm.testing.suite.sample_values import ADA, BOB, at


def practice() -> dict[str, tuple[Any, ...]]:
    """Make the clinic and its configuration by table."""
    clinic = a_full_clinic()
    return {
        "clinics": (clinic,),
        "stages": _stages(clinic),
        "sources": _sources(clinic),
        "coordinators": _coordinators(clinic),
        "rotations": _rotations(clinic),
        "time_off": _time_off(clinic),
        "schedules": _schedules(clinic),
        "imports": _imports(clinic),
    }


def a_full_clinic() -> Clinic:
    """Make a clinic with nothing left as it usually is."""
    return a_clinic(
        name="Zahnspangen am Zürichsee",
        timezone="Europe/Zurich",
        created_at=at(),
        revision=7,
        settings=Settings(
            region="CH",
            currency="CHF",
            hours=_hours(),
            fallback=ADA,
            preset=Preset.PRACTICAL,
            own_leads_only=True,
            assignment=("sticky", "round_robin"),
            routing=_routing(),
            untouched_after=timedelta(hours=4),
            reassign_absent=False,
            rules=_rules(),
            replay_window=timedelta(minutes=7, seconds=30),
            forms=_forms(),
            mappings=(SavedMapping(name="Übernahme", text='kind = "leads"\n'),),
            reporting=_reporting(),
            escalate_after=timedelta(hours=6),
            retrain_after=timedelta(days=7),
            own_bookings=7,
            retention=Retention(
                archive_after=12, erase_after=60, holds=(LeadId("l-1"),), deliveries_for=30
            ),
            sentiment="hausintern",
            holidays="CH-ZH",
            task_templates=task_templates(),
            message_templates=message_templates(),
            sequences=sequences(),
            custom_fields=custom_fields(),
            document_schemes=("dms", "praxis"),
            messaging=messaging(),
            visit_types=visit_types(),
            resources=resources(),
            reminders=reminders(),
            reminding=reminding(),
            second_factor=SecondFactor(roles=(Role.ADMIN,), grace=timedelta(days=3)),
        ),
    )


def _forms() -> tuple[FormDefinition, ...]:
    child = FormChoice(value="my_child", label="Mein Kind 🦷", means="CHILD")
    asked = FormField(
        name="for_whom", label="Für wen?", fills="relationship", required=True, choices=(child,)
    )
    form = FormDefinition(
        slug="kontakt",
        title="Kontakt",
        fields=(asked, FormField(name="notes")),
        source="Web - Organic search",
        campaign="Frühling",
        honeypot="url",
        signed=False,
        provider_ref="9007199254740993",
        is_active=False,
    )
    return (form,)


def _routing() -> Routing:
    return Routing(
        pools=(Pool(name="Überweiser", members=(ADA, BOB)),),
        sources=(
            SourceRoute(pool="Überweiser", source_id=SourceId("source-1")),
            SourceRoute(pool="Überweiser", category=LeadSourceCategory.DOCTOR_REFERRAL),
        ),
        territories=(
            Territory(pool="Überweiser", prefix="80"),
            Territory(pool="Überweiser", centre="8001", within_km=12.5),
        ),
        places=(Place(postal_code="8001", latitude=47.3717, longitude=8.5423),),
    )


def _reporting() -> Reporting:
    schedule = ScheduledReport(
        report="weekly", every=Every.WEEK, users=(UserId("dr-1"), UserId("Zoë")), at=time(6, 30)
    )
    return Reporting(
        average_fee=Money(4_321_00, "CHF"),
        revenue_field="fee",
        smallest_group=5,
        schedules=(schedule,),
    )


def _rules() -> tuple[FollowUpRule, ...]:
    rule = FollowUpRule(
        name="recall",
        trigger=Trigger.IN_STAGE,
        task=LeadTaskType.SMS,
        title="Zeit für die Kontrolle 🦷",
        after=timedelta(days=3, hours=2, minutes=1),
        business=True,
        stage=StageSlug("pending_decision"),
        attempts=4,
        where=AnyOf((Cond("unanswered", "ge", 2), Cond("recall_due_on", "lt", date(2027, 1, 1)))),
        message="bienvenida",
        sequence="neue",
        priority=TaskPriority.LOW,
        recipient=Recipient.MANAGER,
        suggest_lost=True,
        is_active=False,
    )
    bare = FollowUpRule(name="call", trigger=Trigger.NO_CONTACT, task=LeadTaskType.CALL, title="")
    return (rule, bare)


def _hours() -> BusinessHours:
    return BusinessHours(
        week=(Opening(0, time(22, 30), time(6)), Opening(6, time(0), time(0))),
        closed=frozenset({date(2026, 12, 25), date(2027, 1, 1)}),
        special={date(2026, 12, 24): (Opening(4, time(8), time(11, 45)),), date(2026, 12, 31): ()},
    )


def _stages(clinic: Clinic) -> tuple[Any, ...]:
    return (
        *the_default_stages(clinic),
        a_stage(
            clinic,
            kind=StageKind.OPEN,
            description="Zu jung für eine Spange",
            color="#c0ffee",
            auto_task="recall_task",
            auto_email="recall_email",
            max_days=180,
        ),
        a_stage(clinic, "bare", order=10),
    )


def _sources(clinic: Clinic) -> tuple[Any, ...]:
    return (
        a_source(
            clinic,
            "Zürcher Straße",
            category=LeadSourceCategory.PRINT_AD,
            description="Plakat",
            monthly_cost=Money(10**14 + 1, "CHF"),
            is_active=False,
            is_default=True,
        ),
        a_source(clinic),
    )


def _coordinators(clinic: Clinic) -> tuple[Any, ...]:
    return (
        a_coordinator(clinic, ADA, name="Ada 🌟", weight=3, capacity=40, is_active=False),
        a_coordinator(clinic, BOB),
    )


def _rotations(clinic: Clinic) -> tuple[Any, ...]:
    return (
        a_rotation(
            clinic,
            turns=(Turn(user=BOB, time=2**60), Turn(user=ADA, time=0, present=False)),
        ),
        a_rotation(clinic, "saturday"),
    )


def _time_off(clinic: Clinic) -> tuple[Any, ...]:
    return (
        a_time_off(clinic, ADA, starts_at=at(), ends_at=at(days=3), cover=BOB, reason="Ferien"),
        a_time_off(clinic, ADA, origin="https://example.com/ada.ics", external_uid="1@exämple"),
        a_time_off(clinic, BOB),
    )


def _schedules(clinic: Clinic) -> tuple[Any, ...]:
    return (_a_template(clinic), _a_full_schedule(clinic), Schedule(id=BOB, clinic_id=clinic.id))


def _a_template(clinic: Clinic) -> Schedule:
    return a_schedule(clinic, "vorlage/früh", is_template=True)


def _a_full_schedule(clinic: Clinic) -> Schedule:
    night = WeeklyWindow(
        weekday=6,
        start=time(22, 15),
        end=time(6),
        valid_from=date(2026, 2, 28),
        valid_until=date(2028, 2, 29),
        every_weeks=3,
        anchor=date(2026, 3, 2),
    )
    lunch = RepeatedBlock(
        starts_at=datetime.combine(date(2026, 11, 2), time(12, 30)),
        length=timedelta(minutes=45),
        rrule="FREQ=MONTHLY;BYDAY=-1MO;COUNT=7",
        excluded=(date(2026, 12, 28), date(2027, 1, 25)),
        label="Mittag 🍲",
    )
    once = RepeatedBlock(
        starts_at=datetime.combine(date(2026, 3, 29), time(2, 30)), length=timedelta(days=1)
    )
    half = DateWindow(start=time(8), end=time(0))
    return Schedule(
        id=ADA,
        clinic_id=clinic.id,
        timezone="Asia/Kathmandu",
        windows=(night, WeeklyWindow(weekday=0, start=time(0), end=time(0))),
        dates=(DateHours(on=date(2026, 12, 24), windows=(half,)), DateHours(on=date(2027, 1, 2))),
        closed=(date(2026, 12, 25), date(2027, 1, 1)),
        blocks=(lunch, once),
        template="vorlage/früh",
        is_active=False,
        feed="f33d",
    )


def _imports(clinic: Clinic) -> tuple[Any, ...]:
    return (
        an_import(
            clinic,
            kind="outcomes",
            digest="ab" * 32,
            started_at=at(),
            started_by=ADA,
            finished_at=at(minutes=1),
            state=ImportState.REVERTED,
            created=1,
            updated=2,
            unchanged=3,
            refused=4,
        ),
        an_import(clinic),
    )
