"""Rows that say how enquiries ended: leads are converted or lost, each at its own date."""

from collections.abc import Sequence

from orthocrm.core.actor import Permission
from orthocrm.core.errors import RuleViolated
from orthocrm.core.facts import LEADS
from orthocrm.core.lead import Lead
from orthocrm.core.query import predicate
from orthocrm.leads.dedupe import REFERENCE
from orthocrm.leads.mapping import Outcome, OutcomeRow
from orthocrm.services.batch import Refused, done
from orthocrm.services.imports import ledger
from orthocrm.services.imports.ledger import AmbiguousKey, Plan, Tally
from orthocrm.services.pipeline import transitions
from orthocrm.services.pipeline.transitions import Loss, Start
from orthocrm.services.results import Moved
from orthocrm.services.work import Work

Known = Sequence[tuple[OutcomeRow, Lead]]


class UnknownReference(RuleViolated):
    """No lead carries the reference of an outcome."""

    code = "unknown_reference"

    def __init__(self) -> None:
        super().__init__("no lead has this external reference")


def outcome_rows(work: Work, plan: Plan, rows: Sequence[OutcomeRow]) -> Tally:
    """Carry out some rows; what is said of one lead again comes after what was said before."""
    tally, waiting = Tally(), rows
    while waiting:
        first, waiting = _parted(waiting)
        tally += _once_each(work, plan, first)
    return tally


def _parted(rows: Sequence[OutcomeRow]) -> tuple[list[OutcomeRow], list[OutcomeRow]]:
    """Part the first row of every reference from the others."""
    seen: set[str] = set()
    first: list[OutcomeRow] = []
    again: list[OutcomeRow] = []
    for row in rows:
        (again if row.reference in seen else first).append(row)
        seen.add(row.reference)
    return first, again


def _once_each(work: Work, plan: Plan, rows: Sequence[OutcomeRow]) -> Tally:
    found = _referred(work, rows)
    known = [(row, carriers[0]) for row, carriers in found if len(carriers) == 1]
    unknown = [
        (row, Refused(AmbiguousKey() if carriers else UnknownReference()))
        for row, carriers in found
        if len(carriers) != 1
    ]
    news = [(row, lead) for row, lead in known if not _says_nothing_new(row, lead)]
    return (
        ledger.not_kept(plan, unknown)
        + Tally(unchanged=len(known) - len(news))
        + _ended(work, plan, [pair for pair in news if pair[0].outcome is Outcome.CONVERTED])
        + _ended(work, plan, [pair for pair in news if pair[0].outcome is Outcome.LOST])
    )


def _referred(work: Work, rows: Sequence[OutcomeRow]) -> list[tuple[OutcomeRow, list[Lead]]]:
    """Find the leads by external reference, as far as the actor may convert them."""
    carriers = ledger.living(work, [REFERENCE + row.reference for row in rows])
    in_reach = predicate(work.reach(Permission.LEAD_CONVERT), LEADS)
    return [
        (row, list(filter(in_reach, carriers.get(REFERENCE + row.reference, ())))) for row in rows
    ]


def _says_nothing_new(row: OutcomeRow, lead: Lead) -> bool:
    if row.outcome is Outcome.OPEN:
        return True
    if row.outcome is Outcome.CONVERTED:
        return lead.conversion is not None and lead.conversion.at == row.at
    return lead.loss is not None and (lead.loss.at, lead.loss.reason) == (row.at, row.lost_reason)


def _ended(work: Work, plan: Plan, known: Known) -> Tally:
    if not known:
        return Tally()
    results = _decided(work, known)
    moved = {result.lead.id: result.lead for result in done(results)}
    ledger.remember(work, plan, [(lead, moved[lead.id]) for _, lead in known if lead.id in moved])
    return Tally(updated=len(moved)) + ledger.not_kept(plan, ledger.refused_of(known, results))


def _decided(work: Work, known: Known) -> Sequence[Moved | Refused]:
    if known[0][0].outcome is Outcome.CONVERTED:
        return transitions.convert(work, [_start(row, lead) for row, lead in known])
    return transitions.lose(work, [_loss(row, lead) for row, lead in known])


def _start(row: OutcomeRow, lead: Lead) -> Start:
    return Start(lead_id=lead.id, patient_ref=row.patient_ref, at=row.at)


def _loss(row: OutcomeRow, lead: Lead) -> Loss:
    return Loss(lead_id=lead.id, reason=row.lost_reason, notes=row.lost_notes, at=row.at)
