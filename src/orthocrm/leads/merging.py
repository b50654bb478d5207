"""Two leads that become one: a preview, field by field, and the lead that they make.

The first touch, the creation and the milestones are the earliest of both (metric 1). A converted
survivor stays as it is (rule 7): only the history of the other lead comes to it.
"""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from attrs import evolve, field, frozen

from orthocrm.core.errors import InvalidInput, LeadClosed, LeadLocked, TwoPatients
from orthocrm.core.ids import LeadId, UserId
from orthocrm.core.lead import (
    Custom,
    CustomValue,
    Lead,
    LeadStatus,
    Milestones,
    Ownership,
    Position,
    accepted_after,
    status_of,
)
from orthocrm.core.masking import PERSONAL, mask
from orthocrm.core.reading import Reading
from orthocrm.core.settings import Practice
from orthocrm.core.time import milliseconds
from orthocrm.leads import editing, keeping
from orthocrm.leads.custom import PREFIX
from orthocrm.leads.dedupe import with_references
from orthocrm.leads.keeping import CHOOSABLE, FIELDS, NO_CHOICES, Choices, Pair, Side


@frozen(kw_only=True)
class MergeField:
    """One field of both leads, and what the merged lead will hold.

    `side` says whose value that is, None for one that is made of both. `may_choose` tells whether
    another side can be chosen.
    """

    name: str
    survivor: Any = field(repr=mask, metadata=PERSONAL)
    loser: Any = field(repr=mask, metadata=PERSONAL)
    kept: Any = field(repr=mask, metadata=PERSONAL)
    side: Side | None
    may_choose: bool = True

    @property
    def differs(self) -> bool:
        """Whether the leads hold different values."""
        return bool(self.survivor != self.loser)


@frozen(kw_only=True)
class MergePreview:
    """What a merge would keep; `versions` are those of the survivor and the loser as compared."""

    survivor_id: LeadId
    loser_id: LeadId
    versions: tuple[int, int]
    fields: tuple[MergeField, ...]

    @property
    def differing(self) -> tuple[MergeField, ...]:
        """Give the fields in which the leads differ."""
        return tuple(one for one in self.fields if one.differs)


@frozen(kw_only=True)
class Joined:
    """The merged lead, and the tombstone; `notes` are texts for which the lead has no room."""

    lead: Lead
    tombstone: Lead
    notes: tuple[str, ...] = field(default=(), repr=mask, metadata=PERSONAL)


def ensure_mergeable(pair: Pair, choices: Choices = NO_CHOICES) -> None:
    """Raise unless two leads may become one.

    Raises:
        InvalidInput: both are the same, or a side is chosen that holds nothing while the other
            one does.
        TwoPatients: both were converted.
        LeadLocked: only the loser was, or the converted survivor would get another value.
        LeadClosed: one of them is archived.
    """
    survivor, loser = pair.survivor, pair.loser
    if survivor.id == loser.id:
        raise InvalidInput.at("loser_id", "same_lead", "give two different leads")
    if survivor.is_locked and loser.is_locked:
        raise TwoPatients
    if loser.is_locked or (survivor.is_locked and Side.LOSER in choices.values()):
        raise LeadLocked
    if LeadStatus.ARCHIVED in (survivor.status, loser.status):
        raise LeadClosed(LeadStatus.ARCHIVED)
    reading = Reading()
    for name, side in choices.items():
        values = {one: keeping.held(pair.side(one), name) for one in Side}
        if keeping.is_missing(values[side]) and not all(map(keeping.is_missing, values.values())):
            reading.refuse(f"choices.{name}", "nothing_there", "this lead holds nothing here")
    reading.finish()


def preview(survivor: Lead, loser: Lead, choices: Choices = NO_CHOICES) -> MergePreview:
    """Show what a merge would keep; what it refuses is refused here too."""
    pair = Pair(survivor=survivor, loser=loser)
    ensure_mergeable(pair, choices)
    kept = keeping.values_of(pair, choices)
    return MergePreview(
        survivor_id=survivor.id,
        loser_id=loser.id,
        versions=(survivor.version, loser.version),
        fields=(
            *(_previewed(pair, name, kept[name]) for name in FIELDS),
            *(_own_field(pair, name) for name in _own_names(pair)),
        ),
    )


def _previewed(pair: Pair, name: str, kept: object) -> MergeField:
    mine, theirs = keeping.held(pair.survivor, name), keeping.held(pair.loser, name)
    may_choose = name in CHOOSABLE and not pair.survivor.is_locked
    return _compared(name, mine, theirs, kept, may_choose=may_choose)


def _compared(
    name: str, mine: object, theirs: object, kept: object, *, may_choose: bool
) -> MergeField:
    sides = ((Side.SURVIVOR, mine), (Side.LOSER, theirs))
    return MergeField(
        name=name,
        survivor=mine,
        loser=theirs,
        kept=kept,
        side=next((side for side, value in sides if value == kept), None),
        may_choose=may_choose,
    )


def _own_names(pair: Pair) -> list[str]:
    """Name the clinic's own fields in which one of the leads holds something."""
    both = (pair.survivor.custom, pair.loser.custom)
    return sorted({name for own in both for name in (*own.shown, *own.personal)})


def _own_field(pair: Pair, name: str) -> MergeField:
    """Show a field of the clinic's own, which the survivor keeps unless it holds nothing there."""
    mine, theirs = _own_value(pair.survivor, name), _own_value(pair.loser, name)
    kept = theirs if mine is None and not pair.survivor.is_locked else mine
    return _compared(f"{PREFIX}{name}", mine, theirs, kept, may_choose=False)


def _own_value(lead: Lead, name: str) -> CustomValue | None:
    return lead.custom.shown.get(name, lead.custom.personal.get(name))


def joined(
    pair: Pair, choices: Choices, practice: Practice, *, unanswered: int, now: datetime, by: UserId
) -> Joined:
    """Make one lead of two; `unanswered` counts the attempts for both since the last answer.

    When its next action is due, follows from its tasks and is not decided here.
    """
    ensure_mergeable(pair, choices)
    values = keeping.values_of(pair, choices)
    if pair.survivor.is_locked:
        lead = _found_by_both(pair)
    else:
        lead = _united(pair, values, practice, unanswered)
        lead = evolve(lead, stamps=evolve(lead.stamps, updated_at=now, updated_by=by))
    _, rest = keeping.packed(pair, choices, values)
    return Joined(lead=lead, tombstone=_tombstone(pair, now, by), notes=rest)


def _found_by_both(pair: Pair) -> Lead:
    """Let a converted survivor be found by the references of both; no field of it changes."""
    refs = keeping.former_refs(pair, pair.survivor.origin.external_ref)
    keys = with_references(pair.survivor.keys, refs)
    return evolve(pair.survivor, former_refs=refs, keys=keys)


def _tombstone(pair: Pair, now: datetime, by: UserId) -> Lead:
    """Take the loser out of every list and report; its rows stay for the history."""
    loser = pair.loser
    return evolve(
        loser,
        status=LeadStatus.ARCHIVED,
        merged_into=pair.survivor.id,
        keys=(),
        milestones=evolve(loser.milestones, next_action_at=None),
        stamps=evolve(loser.stamps, deleted_at=now, updated_at=now, updated_by=by),
    )


def _united(pair: Pair, values: Mapping[str, Any], practice: Practice, unanswered: int) -> Lead:
    survivor, loser, elder = pair.survivor, pair.loser, pair.elder
    born = elder.stamps
    ahead = _ahead(pair, practice)
    milestones = _milestones(pair, practice, unanswered)
    origin = keeping.origin_of(pair)
    contacted = milestones.first_contact_at is not None
    lead = evolve(
        _filled(pair, values),
        origin=origin,
        former_refs=keeping.former_refs(pair, origin.external_ref),
        position=_position(pair, ahead),
        loss=ahead.loss,
        status=status_of(practice.stage_by_slug[ahead.position.stage], contacted=contacted),
        stamps=evolve(survivor.stamps, created_at=born.created_at, created_by=born.created_by),
        ownership=_ownership(pair),
        milestones=milestones,
        recall_due_on=_recall(pair, ahead),
        objection=survivor.objection or loser.objection,
        tags=tuple(dict.fromkeys((*survivor.tags, *loser.tags))),
        custom=_custom(survivor.custom, loser.custom),
    )
    return editing.derived(lead, practice)


def _filled(pair: Pair, values: Mapping[str, Any]) -> Lead:
    """Put the kept values into the survivor; an age comes with the day on which it was said."""
    own = {name: values[name] for name in FIELDS if name in CHOOSABLE and name != "address"}
    lead = editing.replaced(pair.survivor, own)
    of = pair.survivor
    if lead.patient.age_years != of.patient.age_years:
        of = pair.loser
    return evolve(
        lead,
        patient=evolve(lead.patient, age_as_of=of.patient.age_as_of),
        contact=evolve(lead.contact, address=values["address"]),
    )


def _ahead(pair: Pair, practice: Practice) -> Lead:
    """Say who is further ahead, open before lost; of two lost ones, who was lost last."""
    leads = (pair.survivor, pair.loser)
    alive = [lead for lead in leads if lead.status is not LeadStatus.LOST]
    if alive:
        return max(alive, key=lambda lead: _order_now(lead.position, practice))
    return max(leads, key=lambda lead: lead.position.entered_at)


def _position(pair: Pair, ahead: Lead) -> Position:
    both = (pair.survivor.position, pair.loser.position)
    far = max(both, key=lambda held: held.furthest_order)
    return evolve(ahead.position, furthest=far.furthest, furthest_order=far.furthest_order)


def _recall(pair: Pair, ahead: Lead) -> date | None:
    """Give the earlier recall, unless the family has come back already with the other enquiry."""
    if ahead.recall_due_on is None:
        return None
    return _first(pair.survivor.recall_due_on, pair.loser.recall_due_on)  # type: ignore[no-any-return] # dates


def _order_now(position: Position, practice: Practice) -> int:
    stage = practice.stage_by_slug.get(position.stage)
    return position.order if stage is None else stage.order


def _ownership(pair: Pair) -> Ownership:
    mine, theirs = pair.survivor.ownership, pair.loser.ownership
    held = mine if mine.owner is not None else theirs
    first = pair.elder.ownership.first_owner or pair.younger.ownership.first_owner
    return evolve(held, first_owner=first)


def _milestones(pair: Pair, practice: Practice, unanswered: int) -> Milestones:
    """Give the earliest milestones; business time that nobody has measured yet is left open."""
    mine, theirs, born = pair.survivor.milestones, pair.loser.milestones, pair.elder.stamps
    elder = pair.elder.milestones
    attempt = _first(mine.first_attempt_at, theirs.first_attempt_at)
    contact = _first(mine.first_contact_at, theirs.first_contact_at)
    tried, reached = elder.business_ms_to_attempt, elder.business_ms_to_contact
    joined = evolve(
        mine,
        first_attempt_at=attempt,
        first_contact_at=contact,
        scheduled_at=_first(mine.scheduled_at, theirs.scheduled_at),
        completed_at=_first(mine.completed_at, theirs.completed_at),
        accepted_at=_first(mine.accepted_at, theirs.accepted_at),
        ms_to_attempt=None if attempt is None else milliseconds(born.created_at, attempt),
        ms_to_contact=None if contact is None else milliseconds(born.created_at, contact),
        unanswered=unanswered,
        observed_at=_first(mine.observed_at, theirs.observed_at),
        recalled_at=_last(mine.recalled_at, theirs.recalled_at),
        business_ms_to_attempt=tried if elder.first_attempt_at == attempt else None,
        business_ms_to_contact=reached if elder.first_contact_at == contact else None,
    )
    return accepted_after(joined, practice.clinic.timezone)


def _first(*given: Any) -> Any:  # noqa: ANN401 - instants or dates, all of one kind
    return min((one for one in given if one is not None), default=None)


def _last(*given: Any) -> Any:  # noqa: ANN401 - as above
    return max((one for one in given if one is not None), default=None)


def _custom(mine: Custom, theirs: Custom) -> Custom:
    known = {*mine.shown, *mine.personal}
    shown = {name: value for name, value in theirs.shown.items() if name not in known}
    personal = {name: value for name, value in theirs.personal.items() if name not in known}
    return Custom(shown={**shown, **mine.shown}, personal={**personal, **mine.personal})
