"""What others delivered, and answers that are kept."""

from orthocrm.backends.sql.tables.columns import (
    at,
    code,
    codes,
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

inbox = noun(
    "inbox",
    *codes("kind", "name"),
    *[at("received_at"), at("due_at")],
    code("line"),
    json("whose"),
    *maybe("form"),
    code("state"),
    *maybe("because"),
    *numbers("attempts", "fence"),
    *maybe_at("settled_at"),
    sealed(),
    of("clinics"),
)
index("inbox_pending", inbox, "due_at", "id", where="state = 'PENDING'")
index("inbox_line", inbox, "line", "id", where="state = 'PENDING'")
index("inbox_settled", inbox, "state", "settled_at")

answers = noun(
    "answers",
    *codes("key", "request", "state"),
    *[at("made_at"), at("until")],
    number("status"),
    sealed(),
    unique("answers", "key"),
    of("clinics"),
)
index("answers_until", answers, "until")
