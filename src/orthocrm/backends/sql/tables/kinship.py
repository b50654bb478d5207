"""How leads belong together, and which of them became one."""

from orthocrm.backends.sql.tables.columns import (
    at,
    code,
    codes,
    index,
    json,
    maybe,
    noun,
    number,
    of,
    sealed,
    unique,
)

links = noun(
    "links",
    *codes("lead_id", "other_id", "relation", "verdict"),
    at("found_at"),
    number("permille", nullable=True),
    json("reasons"),
    at("decided_at", nullable=True),
    *maybe("decided_by"),
    unique("links", "lead_id", "other_id"),
    of("leads", "lead_id"),
    of("leads", "other_id", name="fk_links_other"),
)
# By the first lead of a pair they are found in the order of the unique constraint.
index("links_other", links, "other_id")

merges = noun(
    "merges",
    *codes("survivor_id", "loser_id"),
    at("at"),
    code("by"),
    number("survivor_version"),
    json("moved"),
    at("undone_at", nullable=True),
    *maybe("undone_by"),
    sealed(),
    of("leads", "survivor_id", name="fk_merges_survivor"),
    of("leads", "loser_id", name="fk_merges_loser"),
)
index("merges_survivor", merges, "survivor_id")
index("merges_loser", merges, "loser_id")
