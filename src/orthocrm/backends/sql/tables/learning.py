"""What clinics learnt."""

from orthocrm.backends.sql.tables.columns import at, code, json, noun, number, of, unique

trained_models = noun(
    "trained_models",
    code("purpose"),
    number("number"),
    at("trained_at"),
    code("trained_by"),
    *[json("document"), json("report")],
    unique("trained_models", "purpose", "number"),
    of("clinics"),
)
