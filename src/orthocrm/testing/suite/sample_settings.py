"""What a practice chooses for its follow-ups: each thing filled, and as bare as can be."""

from datetime import time, timedelta

from orthocrm.core.cadence import Sequence, Step
from orthocrm.core.custom_fields import CustomField, FieldKind
from orthocrm.core.ids import UserId
from orthocrm.core.messaging import CalendarTarget, Cap, Messaging, QuietHours, WebhookTarget
from orthocrm.core.money import Money
from orthocrm.core.notifying import MessageChannel, Purpose
from orthocrm.core.reminding import QuietPolicy, Reminding
from orthocrm.core.task import LeadTaskType, TaskPriority
from orthocrm.core.templates import Language, MessageTemplate, TaskTemplate
from orthocrm.core.visit_type import (
    BookableResource,
    Question,
    ReminderRule,
    ResourceKind,
    StartGrid,
    VisitType,
)


def task_templates() -> tuple[TaskTemplate, ...]:
    """Make templates of tasks."""
    full = TaskTemplate(
        name="rückruf",
        type=LeadTaskType.SMS,
        title="Rückruf 🦷",
        description="Nach der Schule",
        after=timedelta(days=1, microseconds=1),
        business=True,
        priority=TaskPriority.LOW,
    )
    return (full, TaskTemplate(name="call", type=LeadTaskType.CALL, title=""))


def message_templates() -> tuple[MessageTemplate, ...]:
    """Make templates of messages."""
    full = MessageTemplate(
        name="bienvenida",
        channel=MessageChannel.EMAIL,
        body="¡Hola {contact_first_name}!\n",
        subject="Bienvenidos",
        purpose=Purpose.MARKETING,
        language=Language.SPANISH,
    )
    return (full, MessageTemplate(name="bare", channel=MessageChannel.SMS, body=""))


def sequences() -> tuple[Sequence, ...]:
    """Make sequences, one of them without a step."""
    step = Step(
        after=timedelta(hours=36),
        task=LeadTaskType.CALL,
        title="Nachfassen",
        message="bienvenida",
        business=True,
        priority=TaskPriority.HIGH,
    )
    full = Sequence(
        name="neue",
        steps=(step, Step(after=timedelta())),
        suggest_lost=True,
        is_active=False,
    )
    return (full, Sequence(name="leer", steps=()))


def custom_fields() -> tuple[CustomField, ...]:
    """Make fields of the clinic's own."""
    full = CustomField(
        name="brace_colour",
        label="Farbe der Spange",
        kind=FieldKind.CHOICE,
        choices=("BLUE", "grün"),
        decimals=2,
        is_required=True,
        is_personal=True,
        is_active=False,
    )
    return (full, CustomField(name="bare", label="", kind=FieldKind.FLAG))


def messaging() -> Messaging:
    """Make a way of writing in which nothing is left as it usually is."""
    hook = WebhookTarget(
        name="lager", url="https://hooks.example.com/ü", kinds=("lead_captured",), is_active=False
    )
    return Messaging(
        sender_name="Zürichsee",
        phone="+41441234567",
        email="praxis@example.com",
        website="https://example.com",
        carriers=((MessageChannel.SMS, "twilio"), (MessageChannel.EMAIL, "smtp")),
        quiet=QuietHours(start=time(20, 30), end=time(9, 0, 0, 1)),
        caps=(Cap(channel=MessageChannel.PUSH, a_day=2, a_week=5, reminders=True),),
        digest_after=timedelta(seconds=30),
        webhooks=(hook, WebhookTarget(name="bare", url="")),
        calendars=(
            CalendarTarget(
                name="kür",
                user=UserId("dr-ü"),
                url="https://dav.example.com/ü/",
                with_types=True,
                carrier="caldav",
                is_active=False,
            ),
            CalendarTarget(name="bare", user=UserId(""), url=""),
        ),
    )


def reminders() -> tuple[ReminderRule, ...]:
    """Make reminders by hours and by dates."""
    by_date = ReminderRule(
        name="am_abend",
        channel=MessageChannel.PUSH,
        days_before=1,
        wall_time=18 * 60,
        template="rückblick",
    )
    early = ReminderRule(name="früh", channel=MessageChannel.SMS, before=timedelta(minutes=1))
    return (by_date, early)


def reminding() -> Reminding:
    """Make a way of reminding in which nothing is left as it usually is."""
    return Reminding(
        quiet=QuietPolicy.EARLIER,
        min_lead=timedelta(minutes=45),
        by_hand_a_day=0,
        details=True,
    )


def resources() -> tuple[BookableResource, ...]:
    """Make a device that several may use at once, and a chair."""
    scanner = BookableResource(
        id="scanner/ü",
        label="Röntgen 🦷",
        kind=ResourceKind.DEVICE,
        pool="geräte",
        places=3,
        is_active=False,
    )
    return (scanner, BookableResource(id="chair-1", label=""))


def visit_types() -> tuple[VisitType, ...]:
    """Make a type in which nothing is left as it usually is, and one that says nothing."""
    full = VisitType(
        slug="spange",
        name="Spange 🦷",
        duration=timedelta(minutes=45),
        step=timedelta(minutes=15),
        align=StartGrid.CLOCK,
        offset=timedelta(minutes=5),
        buffer_before=timedelta(minutes=10),
        buffer_after=timedelta(seconds=1),
        buffers_in_hours=True,
        notice=timedelta(hours=2),
        horizon=30,
        horizon_in_business_days=True,
        max_per_day=4,
        capacity=2,
        providers=(UserId("Ada"), UserId("user:böb@example.com")),
        all_providers=True,
        groups=((UserId("Ada"),), (UserId("user:böb@example.com"), UserId("Ada"))),
        pools=("geräte", "chairs"),
        questions=(Question(name="fears", label="Angst?", is_required=True), _bare_question()),
        price=Money(10**14 + 1, "CHF"),
        requests_block=False,
        needs_approval=True,
        is_public=True,
        is_virtual=True,
        cancel_notice=timedelta(),
        moves=None,
        hold=timedelta(minutes=1),
        reminders=reminders(),
        is_active=False,
    )
    return (full, VisitType(slug="bare", name="", reminders=()))


def _bare_question() -> Question:
    return Question(name="", label="")
