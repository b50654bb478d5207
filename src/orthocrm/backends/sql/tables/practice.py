"""What a clinic sets up, and its keys."""

import sqlalchemy as sa

from orthocrm.backends.sql.tables.columns import (
    at,
    code,
    codes,
    flag,
    index,
    json,
    maybe,
    noun,
    number,
    of,
    sealed,
    table,
    unique,
)

clinics = table(
    "clinics",
    number("version"),
    *codes("name", "timezone"),
    at("created_at"),
    json("settings"),
    number("revision"),
    key=(),
)

clinic_keys = table(
    "clinic_keys",
    number("number"),
    code("purpose"),
    sa.Column("wrapped", sa.LargeBinary(), nullable=False),
    at("made_at"),
    *[flag("renews"), flag("kept")],
    of("clinics", ondelete="CASCADE"),
    key=("number",),
)

stages = noun(
    "stages",
    *codes("slug", "name"),
    number("stage_order"),
    code("kind"),
    *maybe("description", "color", "auto_task", "auto_email"),
    number("max_days", nullable=True),
    flag("is_default"),
    *[at("created_at"), at("updated_at")],
    unique("stages", "slug"),
    unique("stages", "stage_order"),
    of("clinics"),
)

sources = noun(
    "sources",
    *codes("name", "folded_name", "category"),
    *maybe("description"),
    flag("is_active"),
    number("monthly_cost_minor", nullable=True),
    *maybe("monthly_cost_currency"),
    flag("is_default"),
    *[at("created_at"), at("updated_at")],
    unique("sources", "folded_name"),
    of("clinics"),
)

coordinators = noun(
    "coordinators",
    code("name"),
    number("weight"),
    number("capacity", nullable=True),
    flag("is_active"),
    of("clinics"),
)

rotations = noun("rotations", json("turns"), of("clinics"))

time_off = noun(
    "time_off",
    code("user"),
    *[at("starts_at"), at("ends_at")],
    *maybe("cover", "origin", "external_uid"),
    sealed(),
    of("clinics"),
)
index("time_off_user", time_off, "user", "ends_at")
index("time_off_origin", time_off, "origin", where="origin IS NOT NULL")

schedules = noun(
    "schedules",
    *maybe("template"),
    *[flag("is_template"), flag("is_active")],
    json("document"),
    of("clinics"),
)
