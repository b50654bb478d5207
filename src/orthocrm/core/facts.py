"""The queryable fields of every noun: what filters, scopes and reports may name."""

from orthocrm.core.custom_queries import custom_field
from orthocrm.core.query import Kind, Schema

_CODE, _INSTANT, _NUMBER = Kind.CODE, Kind.INSTANT, Kind.NUMBER

LEADS = Schema(
    "leads",
    custom_field,
    version=(_NUMBER, "version"),
    status=(_CODE, "status"),
    stage=(_CODE, "position.stage"),
    stage_order=(_NUMBER, "position.order"),
    entered_at=(_INSTANT, "position.entered_at"),
    furthest=(_CODE, "position.furthest"),
    furthest_order=(_NUMBER, "position.furthest_order"),
    owner=(_CODE, "ownership.owner"),
    first_owner=(_CODE, "ownership.first_owner"),
    assigned_at=(_INSTANT, "ownership.assigned_at"),
    source=(_CODE, "origin.source_id"),
    channel=(_CODE, "origin.channel"),
    campaign=(_CODE, "origin.campaign"),
    import_id=(_CODE, "origin.import_id"),
    interest=(_CODE, "enquiry.interests", True),
    incomplete=(_CODE, "enquiry.incomplete", True),
    no_contact=(Kind.FLAG, "enquiry.no_contact"),
    created_at=(_INSTANT, "stamps.created_at"),
    created_by=(_CODE, "stamps.created_by"),
    updated_at=(_INSTANT, "stamps.updated_at"),
    archived_at=(_INSTANT, "stamps.archived_at"),
    deleted_at=(_INSTANT, "stamps.deleted_at"),
    first_attempt_at=(_INSTANT, "milestones.first_attempt_at"),
    first_contact_at=(_INSTANT, "milestones.first_contact_at"),
    scheduled_at=(_INSTANT, "milestones.scheduled_at"),
    completed_at=(_INSTANT, "milestones.completed_at"),
    accepted_at=(_INSTANT, "milestones.accepted_at"),
    ms_to_attempt=(_NUMBER, "milestones.ms_to_attempt"),
    ms_to_contact=(_NUMBER, "milestones.ms_to_contact"),
    ms_to_convert=(_NUMBER, "milestones.ms_to_convert"),
    unanswered=(_NUMBER, "milestones.unanswered"),
    next_action_at=(_INSTANT, "milestones.next_action_at"),
    converted_at=(_INSTANT, "conversion.at"),
    converted_owner=(_CODE, "conversion.owner"),
    lost_at=(_INSTANT, "loss.at"),
    lost_reason=(_CODE, "loss.reason"),
    lost_stage=(_CODE, "loss.stage"),
    recall_due_on=(Kind.DATE, "recall_due_on"),
    observed_at=(_INSTANT, "milestones.observed_at"),
    recalled_at=(_INSTANT, "milestones.recalled_at"),
    business_ms_to_attempt=(_NUMBER, "milestones.business_ms_to_attempt"),
    business_ms_to_contact=(_NUMBER, "milestones.business_ms_to_contact"),
    days_to_accept=(_NUMBER, "milestones.days_to_accept"),
    objection=(_CODE, "objection"),
    tag=(_CODE, "tags", True),
    merged_into=(_CODE, "merged_into"),
    referring_provider=(_CODE, "origin.referring_provider_ref"),
    referring_patient=(_CODE, "origin.referring_patient_ref"),
)

VISITS = Schema(
    "visits",
    lead_id=(_CODE, "lead_id"),
    stage=(_CODE, "stage"),
    stage_order=(_NUMBER, "order"),
    entered_at=(_INSTANT, "entered_at"),
    left_at=(_INSTANT, "left_at"),
    owner=(_CODE, "owner"),
    observed=(Kind.FLAG, "observed"),
    ms=(_NUMBER, "ms"),
    business_ms=(_NUMBER, "business_ms"),
)

ACTIVITIES = Schema(
    "activities",
    lead_id=(_CODE, "lead_id"),
    type=(_CODE, "type"),
    direction=(_CODE, "direction"),
    call_outcome=(_CODE, "call_outcome"),
    message_id=(_CODE, "message_id"),
    occurred_at=(_INSTANT, "occurred_at"),
    created_at=(_INSTANT, "created_at"),
    created_by=(_CODE, "created_by"),
    previous_stage=(_CODE, "previous_stage"),
    new_stage=(_CODE, "new_stage"),
)

TASKS = Schema(
    "tasks",
    version=(_NUMBER, "version"),
    lead_id=(_CODE, "lead_id"),
    type=(_CODE, "type"),
    priority=(_CODE, "priority"),
    status=(_CODE, "status"),
    assigned_to=(_CODE, "assigned_to"),
    due_at=(_INSTANT, "due_at"),
    reminder_at=(_INSTANT, "reminder_at"),
    completed_at=(_INSTANT, "completed_at"),
    created_at=(_INSTANT, "created_at"),
    rule=(_CODE, "rule"),
    escalated_at=(_INSTANT, "escalated_at"),
)

STAGES = Schema(
    "stages", slug=(_CODE, "slug"), stage_order=(_NUMBER, "order"), kind=(_CODE, "kind")
)

SOURCES = Schema(
    "sources",
    name=(_CODE, "name"),
    category=(_CODE, "category"),
    is_active=(Kind.FLAG, "is_active"),
)

COORDINATORS = Schema("coordinators", is_active=(Kind.FLAG, "is_active"))

TIME_OFF = Schema(
    "time_off",
    user=(_CODE, "user"),
    starts_at=(_INSTANT, "starts_at"),
    ends_at=(_INSTANT, "ends_at"),
    origin=(_CODE, "origin"),
    external_uid=(_CODE, "external_uid"),
)

SCHEDULES = Schema(
    "schedules",
    template=(_CODE, "template"),
    is_template=(Kind.FLAG, "is_template"),
    is_active=(Kind.FLAG, "is_active"),
)

APPOINTMENTS = Schema(
    "appointments",
    provider=(_CODE, "provider"),
    type=(_CODE, "type"),
    status=(_CODE, "status"),
    lead_id=(_CODE, "lead_id"),
    patient_ref=(_CODE, "patient_ref"),
    series_id=(_CODE, "series_id"),
    starts_at=(_INSTANT, "starts_at"),
    ends_at=(_INSTANT, "ends_at"),
    expires_at=(_INSTANT, "expires_at"),
    created_at=(_INSTANT, "created_at"),
    booked_by=(_CODE, "booked_by"),
    moved=(_NUMBER, "moved"),
    confirmed_at=(_INSTANT, "confirmed_at"),
    arrived_at=(_INSTANT, "arrived_at"),
    started_at=(_INSTANT, "started_at"),
    completed_at=(_INSTANT, "completed_at"),
    cancelled_at=(_INSTANT, "cancelled_at"),
    cancelled_because=(_CODE, "cancelled_because"),
    team=(_CODE, "team", True),
    timezone=(_CODE, "timezone"),
    utc_offset=(_NUMBER, "offset_seconds"),
)

WAITLIST = Schema(
    "waitlist",
    visit_type=(_CODE, "visit_type"),
    state=(_CODE, "state"),
    lead_id=(_CODE, "lead_id"),
    patient_ref=(_CODE, "patient_ref"),
    created_at=(_INSTANT, "created_at"),
    earliest=(Kind.DATE, "earliest"),
    latest=(Kind.DATE, "latest"),
    appointment_id=(_CODE, "appointment_id"),
    expires_at=(_INSTANT, "expires_at"),
)

LINKS = Schema(
    "links",
    lead_id=(_CODE, "lead_id"),
    other_id=(_CODE, "other_id"),
    relation=(_CODE, "relation"),
    verdict=(_CODE, "verdict"),
    permille=(_NUMBER, "permille"),
    found_at=(_INSTANT, "found_at"),
)

MERGES = Schema(
    "merges",
    survivor_id=(_CODE, "survivor_id"),
    loser_id=(_CODE, "loser_id"),
    at=(_INSTANT, "at"),
    undone_at=(_INSTANT, "undone_at"),
)

TOUCHES = Schema(
    "touches",
    lead_id=(_CODE, "lead_id"),
    at=(_INSTANT, "at"),
    source=(_CODE, "source_id"),
    channel=(_CODE, "channel"),
    campaign=(_CODE, "campaign"),
    referring_provider=(_CODE, "referring_provider_ref"),
    referring_patient=(_CODE, "referring_patient_ref"),
)

SPEND = Schema(
    "spend",
    currency=(_CODE, "amount.currency"),
    source=(_CODE, "source_id"),
    kind=(_CODE, "kind"),
    campaign=(_CODE, "campaign"),
    starts_on=(Kind.DATE, "starts_on"),
    ends_on=(Kind.DATE, "ends_on"),
    amount=(_NUMBER, "amount.minor"),
)

CAMPAIGNS = Schema(
    "campaigns",
    name=(_CODE, "name"),
    source=(_CODE, "source_id"),
    is_active=(Kind.FLAG, "is_active"),
)

REFERRERS = Schema(
    "referrers",
    kind=(_CODE, "kind"),
    ref=(_CODE, "ref"),
    is_active=(Kind.FLAG, "is_active"),
    created_at=(_INSTANT, "created_at"),
)

MESSAGES = Schema(
    "messages",
    key=(_CODE, "key"),
    channel=(_CODE, "channel"),
    purpose=(_CODE, "purpose"),
    state=(_CODE, "state"),
    due_at=(_INSTANT, "due_at"),
    created_at=(_INSTANT, "created_at"),
    lead_id=(_CODE, "lead_id"),
    user=(_CODE, "user"),
    template=(_CODE, "template"),
    about=(_CODE, "about"),
    appointment_id=(_CODE, "appointment_id"),
    carrier=(_CODE, "carrier"),
    carrier_ref=(_CODE, "carrier_ref"),
    sent_at=(_INSTANT, "sent_at"),
)

NOTICES = Schema(
    "notices",
    user=(_CODE, "user"),
    kind=(_CODE, "kind"),
    key=(_CODE, "key"),
    lead_id=(_CODE, "lead_id"),
    created_at=(_INSTANT, "created_at"),
    read_at=(_INSTANT, "read_at"),
)

CONTACTS = Schema("contacts")

INBOX = Schema(
    "inbox",
    kind=(_CODE, "kind"),
    name=(_CODE, "name"),
    received_at=(_INSTANT, "received_at"),
    due_at=(_INSTANT, "due_at"),
    state=(_CODE, "state"),
    because=(_CODE, "because"),
    settled_at=(_INSTANT, "settled_at"),
)

ANSWERS = Schema(
    "answers",
    key=(_CODE, "key"),
    state=(_CODE, "state"),
    until=(_INSTANT, "until"),
)

ENROLLMENTS = Schema(
    "enrollments",
    lead_id=(_CODE, "lead_id"),
    sequence=(_CODE, "sequence"),
    state=(_CODE, "state"),
    next_at=(_INSTANT, "next_at"),
    started_at=(_INSTANT, "started_at"),
)

VIEWS = Schema(
    "views",
    owner=(_CODE, "owner"),
    subject=(_CODE, "subject"),
    is_shared=(Kind.FLAG, "is_shared"),
)

MODELS = Schema(
    "models",
    purpose=(_CODE, "purpose"),
    number=(_NUMBER, "number"),
    trained_at=(_INSTANT, "trained_at"),
)

USERS = Schema("users", created_at=(_INSTANT, "created_at"))

USER_SECRETS = Schema("user_secrets")

ATTEMPTS = Schema("attempts", last_at=(_INSTANT, "last_at"))

SESSIONS = Schema(
    "sessions",
    user=(_CODE, "user"),
    created_at=(_INSTANT, "created_at"),
    expires_at=(_INSTANT, "expires_at"),
    ended_at=(_INSTANT, "ended_at"),
)

API_KEYS = Schema(
    "api_keys",
    user=(_CODE, "user"),
    created_at=(_INSTANT, "created_at"),
    expires_at=(_INSTANT, "expires_at"),
)

IMPORTS = Schema("imports", state=(_CODE, "state"), started_at=(_INSTANT, "started_at"))

IMPORT_CHANGES = Schema(
    "import_changes", import_id=(_CODE, "import_id"), lead_id=(_CODE, "lead_id")
)

PERSONAL_CHANGES = Schema(
    "personal_changes", audit_id=(_CODE, "audit_id"), lead_id=(_CODE, "lead_id")
)

CLINICS = Schema("clinics", created_at=(_INSTANT, "created_at"))

ROTATIONS = Schema("rotations")

AUDIT = Schema(
    "audit",
    at=(_INSTANT, "at"),
    user=(_CODE, "user"),
    operation=(_CODE, "operation"),
    outcome=(_CODE, "outcome"),
    purpose=(_CODE, "purpose"),
    credential=(_CODE, "credential"),
    position=(_NUMBER, "position"),
)

SCHEMAS = {
    schema.of: schema
    for schema in (
        LEADS,
        VISITS,
        ACTIVITIES,
        TASKS,
        STAGES,
        SOURCES,
        COORDINATORS,
        TIME_OFF,
        SCHEDULES,
        APPOINTMENTS,
        WAITLIST,
        LINKS,
        MERGES,
        TOUCHES,
        SPEND,
        CAMPAIGNS,
        REFERRERS,
        MESSAGES,
        NOTICES,
        CONTACTS,
        INBOX,
        ANSWERS,
        ENROLLMENTS,
        VIEWS,
        MODELS,
        USERS,
        USER_SECRETS,
        ATTEMPTS,
        SESSIONS,
        API_KEYS,
        IMPORTS,
        AUDIT,
        IMPORT_CHANGES,
        PERSONAL_CHANGES,
        CLINICS,
        ROTATIONS,
    )
}
