"""Rows of an import: which lead a row is about, and what it does to it.

Every row goes through the rules of single verbs: capture, edit, convert, lose. A row that is
refused says why and stops nothing. Rows are carried out as if one by one: those that depend on an
earlier row of the batch come after it.
"""

from collections.abc import Iterable, Sequence
from typing import TypeVar

import attrs
from attrs import field, frozen

from orthocrm.core.actor import Permission
from orthocrm.core.audit import ImportChange
from orthocrm.core.errors import InvalidInput, NotFound, OrthoCRMError, RuleViolated
from orthocrm.core.facts import LEADS
from orthocrm.core.ids import ImportId
from orthocrm.core.lead import Lead
from orthocrm.core.query import predicate
from orthocrm.core.stage import StageKind
from orthocrm.leads import editing, intake
from orthocrm.leads.dedupe import REFERENCE
from orthocrm.leads.editing import Edited, LeadEdit
from orthocrm.leads.intake import Intake
from orthocrm.leads.mapping import LeadMapping, LeadRow, OutcomeMapping, OutcomeRow
from orthocrm.leads.tabular import BadRow
from orthocrm.services.batch import Refused, attempt, done
from orthocrm.services.capture import Manner, keep
from orthocrm.services.placing import Wish
from orthocrm.services.work import Work

Row = LeadRow | OutcomeRow
Draft = tuple[LeadRow, Lead]
R = TypeVar("R", LeadRow, OutcomeRow)

_PREFIXES = {"external_ref": REFERENCE, "phone": "phone:", "email": "email:"}
_EDITABLE = tuple(a.name for a in attrs.fields(LeadEdit))
_USUAL = {a.name: a.default for a in attrs.fields(Intake)}


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


def lead_rows(work: Work, plan: Plan, mapping: LeadMapping, rows: Sequence[LeadRow]) -> Tally:
    """Create or update the leads of some rows."""
    results = attempt(rows, lambda row: (row, _draft(work, plan, mapping, row)))
    refusals = [(row, r) for row, r in zip(rows, results, strict=True) if isinstance(r, Refused)]
    tally, waiting = not_kept(plan, refusals), done(results)
    while waiting:
        parted = _parted(work, mapping, waiting)
        waiting = parted.waiting
        tally += _created(work, plan, mapping, parted.fresh) + _updated(work, plan, parted.known)
        tally += not_kept(plan, parted.refused)
    return tally


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


def _draft(work: Work, plan: Plan, mapping: LeadMapping, row: LeadRow) -> Lead:
    if row.stage is not None and work.practice.stage(row.stage).kind is not StageKind.OPEN:
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


@frozen(kw_only=True)
class _Parted:
    """Rows of new leads (with the draft), of known ones (with the stored lead), and the others.

    `waiting` rows depend on a row before them: they ask for a key that it carries or takes away.
    """

    fresh: list[Draft] = field(factory=list)
    known: list[Draft] = field(factory=list)
    refused: list[tuple[Row, Refused]] = field(factory=list)
    waiting: list[Draft] = field(factory=list)

    def sort(self, draft: Draft, found: Sequence[Lead], *, in_reach: bool) -> None:
        """Put a row where it belongs by the leads that carry its key."""
        if len(found) > 1:
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
    if prefix is None:
        return _Parted(fresh=list(drafts))
    wanted = [key_of(mapping, draft) for _, draft in drafts]
    carriers = living(work, [key for key in wanted if key is not None])
    in_reach = predicate(work.reach(Permission.LEAD_UPDATE), LEADS)
    parted, written, awaited = _Parted(), set[str](), set[str]()
    for draft, key in zip(drafts, wanted, strict=True):
        found = carriers.get(key or "", ())
        touched = {k for lead in (draft[1], *found) for k in lead.keys if k.startswith(prefix)}
        if key in written or not awaited.isdisjoint(touched):
            parted.waiting.append(draft)
            awaited.update([key] if key else ())
        else:
            parted.sort(draft, found, in_reach=all(map(in_reach, found)))
        written |= touched
    return parted


def living(work: Work, keys: Iterable[str]) -> dict[str, list[Lead]]:
    """Read the leads that carry a key; two of them are enough to know that it is ambiguous."""
    hits = work.store.leads.sharing_key(set(keys), 1)
    ids = {i for found in hits.values() for i in found}
    work.touch(sorted(ids))
    stored = work.store.leads.get(ids, lock=True)
    return {key: _not_deleted(stored[i] for i in found) for key, found in hits.items()}


def _not_deleted(leads: Iterable[Lead]) -> list[Lead]:
    return [lead for lead in leads if lead.stamps.deleted_at is None]


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
    wishes = [Wish(owner=row.intake.owner, stage=row.stage) for row, _ in fresh]
    results = keep(work, [draft for _, draft in fresh], wishes, manner)
    kept = done(results)
    duplicates = sum(1 for captured in kept if captured.duplicates)
    return Tally(created=len(kept), duplicates=duplicates) + not_kept(
        plan, refused_of(fresh, results)
    )


def _updated(work: Work, plan: Plan, known: Sequence[Draft]) -> Tally:
    """Bring stored leads up to date with what the row says; what it leaves blank stays."""
    results = attempt(known, lambda pair: _edited(work, *pair))
    edits = done(results)
    changed = [(before, edited) for before, edited in edits if edited.fields]
    _save_edits(work, plan, changed)
    return Tally(updated=len(changed), unchanged=len(edits) - len(changed)) + not_kept(
        plan, refused_of(known, results)
    )


def _edited(work: Work, row: LeadRow, stored: Lead) -> tuple[Lead, Edited]:
    told = {
        name: getattr(row.intake, name)
        for name in _EDITABLE
        if getattr(row.intake, name) != _USUAL[name]
    }
    edit = LeadEdit(**told)
    edited = editing.edited(stored, edit, work.practice, now=work.now, by=work.actor.user)
    return stored, edited


def _save_edits(work: Work, plan: Plan, changed: Sequence[tuple[Lead, Edited]]) -> None:
    saved = work.store.leads.save([edited.lead for _, edited in changed])
    remember(work, plan, [(before, lead) for (before, _), lead in zip(changed, saved, strict=True)])
    for before, edited in changed:
        work.changed(before.id, edited.fields, edited.before, edited.after)


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
