"""Messages and notices, consent, and how staff are reached."""

from orthocrm.backends.sql.tables.columns import (
    at,
    code,
    codes,
    flag,
    index,
    json,
    maybe,
    maybe_at,
    noun,
    number,
    numbers,
    of,
    sealed,
    unique,
)

messages = noun(
    "messages",
    *codes("key", "channel", "purpose"),
    *[at("due_at"), at("created_at")],
    code("created_by"),
    *maybe("lead_id", "user", "template", "about", "appointment_id"),
    at("not_after", nullable=True),
    code("state"),
    *maybe("because"),
    *numbers("attempts", "fence"),
    *maybe("carrier", "carrier_ref"),
    *maybe_at("sent_at", "settled_at"),
    sealed(),
    unique("messages", "key"),
    of("clinics"),
    of("leads", "lead_id"),
    of("appointments", "appointment_id"),
)
index("messages_pending", messages, "due_at", "id", where="state = 'PENDING'")
index("messages_lead", messages, "lead_id")
index("messages_appointment", messages, "appointment_id")
index("messages_carrier", messages, "carrier", "carrier_ref")

notices = noun(
    "notices",
    *codes("user", "kind", "key"),
    at("created_at"),
    *maybe("lead_id", "object_id"),
    number("count"),
    at("read_at", nullable=True),
    unique("notices", "user", "key"),
    of("clinics"),
    of("leads", "lead_id"),
)
index("notices_user", notices, "user", "read_at", "created_at")
index("notices_lead", notices, "lead_id")

# The lead is not referred to: an opt-out outlives the erasure of the person.
consents = noun(
    "consents",
    code("channel"),
    flag("granted"),
    *[at("at"), at("created_at")],
    code("created_by"),
    *maybe("purpose", "lead_id"),
    code("blind"),
    sealed(),
    of("clinics"),
)
index("consents_address", consents, "blind", "at", "id")
index("consents_lead", consents, "lead_id")

staff_contacts = noun(
    "staff_contacts",
    code("channels"),
    json("muted"),
    sealed(),
    of("clinics"),
)
