"""Rows of an import: which lead a row is about, and what it does to it.

Every row goes through the rules of single verbs: capture, edit, convert, lose. A row that is
refused says why and stops nothing. Rows are carried out as if one by one: those that depend on an
earlier row of the batch come after it.
"""

from collections.abc import Sequence

from attrs import define, field

from orthocrm.core.actor import Permission
from orthocrm.core.errors import InvalidInput, NotFound
from orthocrm.core.facts import LEADS
from orthocrm.core.lead import Lead
from orthocrm.core.query import predicate
from orthocrm.core.stage import StageKind
from orthocrm.leads import intake
from orthocrm.leads.dedupe import REFERENCE
from orthocrm.leads.mapping import LeadMapping, LeadRow
from orthocrm.services.batch import Refused, attempt, done
from orthocrm.services.imports import arrivals
from orthocrm.services.imports.ledger import (
    AmbiguousKey,
    Plan,
    Row,
    Tally,
    living,
    not_kept,
    refused_of,
)
from orthocrm.services.imports.placing import Wish
from orthocrm.services.imports.updating import update
from orthocrm.services.leads.capture import Manner, keep
from orthocrm.services.results import Captured
from orthocrm.services.work import Work

Draft = tuple[LeadRow, Lead]

_PREFIXES = {"external_ref": REFERENCE, "phone": "phone:", "email": "email:"}


def lead_rows(work: Work, plan: Plan, mapping: LeadMapping, rows: Sequence[LeadRow]) -> Tally:
    """Create or update the leads of some rows."""
    results = attempt(rows, lambda row: (row, _draft(work, plan, mapping, row)))
    refusals = [(row, r) for row, r in zip(rows, results, strict=True) if isinstance(r, Refused)]
    tally, waiting = not_kept(plan, refusals), done(results)
    while waiting:
        parted = _parted(work, mapping, waiting)
        waiting = parted.waiting
        tally += Tally(unchanged=parted.again) + not_kept(plan, parted.refused)
        tally += _created(work, plan, mapping, parted.fresh)
        tally += update(work, plan, mapping, parted.known)
    return tally


def _draft(work: Work, plan: Plan, mapping: LeadMapping, row: LeadRow) -> Lead:
    stage = row.stage or mapping.stage
    if stage is not None and work.practice.stage(stage).kind is not StageKind.OPEN:
        raise InvalidInput.at("stage", "closed_stage", "import outcomes by a mapping of their own")
    return intake.admitted(
        row.intake,
        work.practice,
        now=work.now,
        by=work.actor.user,
        ids=work.ids,
        import_id=plan.import_id,
        blank_source_ok=mapping.blank_source_ok,
    )


@define(kw_only=True)
class _Parted:
    """Rows of new leads (with the draft), of known ones (with the stored lead), and the others.

    `again` counts rows that came before. `waiting` rows depend on a row before them: they ask for
    a key that it carries or takes away.
    """

    fresh: list[Draft] = field(factory=list)
    known: list[Draft] = field(factory=list)
    refused: list[tuple[Row, Refused]] = field(factory=list)
    waiting: list[Draft] = field(factory=list)
    again: int = 0

    def sort(
        self, draft: Draft, found: Sequence[Lead], *, came_before: bool | Refused, in_reach: bool
    ) -> None:
        """Put a row where it belongs by its delivery, and by the leads that carry its key."""
        if isinstance(came_before, Refused):
            self.refused.append((draft[0], came_before))
        elif came_before:
            self.again += 1
        elif len(found) > 1:
            self.refused.append((draft[0], Refused(AmbiguousKey())))
        elif not found:
            self.fresh.append(draft)
        elif in_reach:
            self.known.append((draft[0], found[0]))
        else:
            self.refused.append((draft[0], Refused(NotFound("lead"))))


def _parted(work: Work, mapping: LeadMapping, drafts: Sequence[Draft]) -> _Parted:
    """Find the leads that rows are about, as far as no earlier row changes the answer."""
    prefix = _PREFIXES.get(mapping.key or "")
    if prefix is None and not any(row.intake.delivery_key for row, _ in drafts):
        return _Parted(fresh=list(drafts))
    wanted = [key_of(mapping, draft) for _, draft in drafts]
    carriers = living(work, [key for key in wanted if key is not None]) if prefix else {}
    in_reach = predicate(work.reach(Permission.LEAD_UPDATE), LEADS)
    parted, written, awaited = _Parted(), set[str](), set[str]()
    ready: list[tuple[Draft, Sequence[Lead]]] = []
    for draft, key in zip(drafts, wanted, strict=True):
        found = carriers.get(key or "", [])
        carried = (k for lead in (draft[1], *found) for k in lead.keys)
        touched = {k for k in carried if prefix and k.startswith(prefix)} | _delivery(draft[0])
        asked = _delivery(draft[0]) | ({key} if key else set())
        if not written.isdisjoint(asked) or not awaited.isdisjoint(touched):
            parted.waiting.append(draft)
            awaited |= asked
        else:
            ready.append((draft, found))
        written |= touched
    came_before = arrivals.came_before(work, [row for (row, _), _ in ready])
    for (draft, leads), came in zip(ready, came_before, strict=True):
        parted.sort(draft, leads, came_before=came, in_reach=all(map(in_reach, leads)))
    return parted


def _delivery(row: LeadRow) -> set[str]:
    return {f"delivery:{row.intake.delivery_key}"} if row.intake.delivery_key else set()


def key_of(mapping: LeadMapping, draft: Lead) -> str | None:
    """Give the match key by which a row looks for its lead: that of its own field, no other."""
    phone, email = draft.contact.phone, draft.contact.email
    values = {
        "external_ref": draft.origin.external_ref,
        "phone": phone.number if phone else None,
        "email": email.address if email else None,
    }
    value = values.get(mapping.key or "")
    return None if value is None else _PREFIXES[mapping.key or ""] + value


def _created(work: Work, plan: Plan, mapping: LeadMapping, fresh: Sequence[Draft]) -> Tally:
    manner = Manner(
        import_id=plan.import_id,
        blank_source_ok=mapping.blank_source_ok,
        assign=mapping.assign,
        follow_up=mapping.follow_up,
        judge=False,
    )
    wishes = [
        Wish(
            owner=row.intake.owner or mapping.owner,
            stage=row.stage or mapping.stage,
            referrer=row.intake.referrer_name,
        )
        for row, _ in fresh
    ]
    results = keep(work, [draft for _, draft in fresh], wishes, manner)
    kept = done(results)
    for (row, _), result in zip(fresh, results, strict=True):
        if isinstance(result, Captured):
            arrivals.keep(work, row, result.lead.id)
    duplicates = sum(1 for captured in kept if captured.duplicates)
    return Tally(created=len(kept), duplicates=duplicates) + not_kept(
        plan, refused_of(fresh, results)
    )
