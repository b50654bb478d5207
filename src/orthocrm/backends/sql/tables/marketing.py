"""What the practice does to be found."""

from orthocrm.backends.sql.tables.columns import (
    at,
    code,
    codes,
    day,
    flag,
    index,
    maybe,
    maybe_days,
    noun,
    number,
    of,
    sealed,
    unique,
)

touches = noun(
    "touches",
    code("lead_id"),
    at("at"),
    code("channel"),
    at("created_at"),
    *maybe("source", "campaign", "referring_provider", "referring_patient"),
    sealed(),
    of("leads", "lead_id"),
)
index("touches_lead", touches, "lead_id", "at")

spend = noun(
    "spend",
    *codes("source", "kind"),
    number("amount"),
    code("currency"),
    day("starts_on"),
    at("created_at"),
    day("ends_on", nullable=True),
    *maybe("campaign", "note"),
    of("sources", "source"),
)
index("spend_source", spend, "source", "starts_on")

campaigns = noun(
    "campaigns",
    *codes("name", "folded_name"),
    at("created_at"),
    *maybe("source"),
    *maybe_days("starts_on", "ends_on"),
    flag("is_active"),
    unique("campaigns", "folded_name"),
    of("clinics"),
)

referrers = noun(
    "referrers",
    *codes("kind", "ref"),
    *[at("created_at"), at("updated_at")],
    flag("is_active"),
    sealed(),
    unique("referrers", "kind", "ref"),
    of("clinics"),
)
