"""What an import counts, reports and remembers of its rows."""

from collections.abc import Iterable, Sequence
from typing import TypeVar

import attrs
from attrs import frozen

from orthocrm.core.audit import ImportChange
from orthocrm.core.errors import InvalidInput, OrthoCRMError, RuleViolated
from orthocrm.core.ids import ImportId
from orthocrm.core.lead import Lead
from orthocrm.leads.mapping import LeadMapping, LeadRow, OutcomeMapping, OutcomeRow
from orthocrm.leads.tabular import BadRow
from orthocrm.services.batch import Refused
from orthocrm.services.work import Work

Row = LeadRow | OutcomeRow
R = TypeVar("R", LeadRow, OutcomeRow)


@frozen(kw_only=True)
class Tally:
    """What became of some rows; `refused` counts rows, `problems` says what is wrong with them."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    refused: int = 0
    duplicates: int = 0
    problems: tuple[BadRow, ...] = ()

    @property
    def rows(self) -> int:
        """How many rows these are."""
        return self.created + self.updated + self.unchanged + self.refused

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(
            **{a.name: getattr(self, a.name) + getattr(other, a.name) for a in attrs.fields(Tally)}
        )


@frozen(kw_only=True)
class Plan:
    """How the rows of one import are treated; a dry run has no import."""

    mapping: LeadMapping | OutcomeMapping
    import_id: ImportId | None = None

    def bad(self, row: Row, error: OrthoCRMError) -> list[BadRow]:
        """Say what is wrong with a row, in terms of its columns."""
        if not isinstance(error, InvalidInput):
            column = self.mapping.fields.column_of("reference")
            return [BadRow(row.number, row.line, column, error.code, str(error))]
        return [
            BadRow(
                row.number,
                row.line,
                self.mapping.fields.column_of(problem.path) or problem.path,
                problem.code,
                problem.message,
            )
            for problem in error.problems
        ]


class AmbiguousKey(RuleViolated):
    """Several leads carry the key by which a row looks for its lead."""

    code = "ambiguous_key"

    def __init__(self) -> None:
        super().__init__("several leads carry this key; nothing was changed")


def not_kept(plan: Plan, refusals: Sequence[tuple[Row, Refused]]) -> Tally:
    """Count refused rows, and say what is wrong with each."""
    problems = [problem for row, refused in refusals for problem in plan.bad(row, refused.error)]
    return Tally(refused=len(refusals), problems=tuple(problems))


def refused_of(
    rows: Sequence[tuple[R, Lead]], results: Sequence[object]
) -> list[tuple[R, Refused]]:
    """Pair the refusals with their rows."""
    pairs = zip(rows, results, strict=True)
    return [(row, result) for (row, _), result in pairs if isinstance(result, Refused)]


def living(work: Work, keys: Iterable[str]) -> dict[str, list[Lead]]:
    """Read the leads that carry a key; two of them are enough to know that it is ambiguous."""
    hits = work.store.leads.sharing_key(set(keys), 1)
    ids = {i for found in hits.values() for i in found}
    work.touch(sorted(ids))
    stored = work.store.leads.get(ids, lock=True)
    return {key: _not_deleted(stored[i] for i in found) for key, found in hits.items()}


def _not_deleted(leads: Iterable[Lead]) -> list[Lead]:
    return [lead for lead in leads if lead.stamps.deleted_at is None]


def remember(work: Work, plan: Plan, changed: Sequence[tuple[Lead, Lead]]) -> None:
    """Keep what leads were before the import, so that it can be taken back."""
    if plan.import_id is None:
        return
    work.store.import_changes.add(
        [
            ImportChange(
                id=work.ids(),
                clinic_id=work.clinic_id,
                import_id=plan.import_id,
                lead_id=before.id,
                version_after=after.version,
                before=before,
            )
            for before, after in changed
        ]
    )
