"""Duplicates with their reasons, weighed by what the clinic itself has merged and kept apart."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from math import exp

from attrs import frozen

from orthocrm.core.errors import Forbidden, InvalidInput
from orthocrm.core.ids import LeadId, ModelId
from orthocrm.core.lead import Lead
from orthocrm.core.lead_link import LeadLink, Relation, Verdict
from orthocrm.core.limits import PAGE
from orthocrm.core.query import AnyOf, Cond, Page, Sort, both
from orthocrm.core.trained_model import ModelPurpose, TrainedModel
from orthocrm.intelligence.duplicates import (
    Decided,
    DuplicateWeights,
    weights_of,
)
from orthocrm.intelligence.words import Reason
from orthocrm.leads.matching.comparison import Comparison, compare
from orthocrm.leads.matching.explaining import FIELDS, contributions, said
from orthocrm.leads.matching.record import record_of
from orthocrm.leads.matching.scoring import probability
from orthocrm.services.intelligence import models
from orthocrm.services.leads import linking, warnings
from orthocrm.services.work import Work

_ONE = (Relation.SAME_PERSON, Relation.SAME_INQUIRY)
_WEIGHTS = "weights"


@frozen(kw_only=True)
class LikelyDuplicate:
    """Another lead that may be the same person: how likely, what speaks for and against it.

    `model_id` is None where the rule alone has spoken, because the clinic has decided too little.
    """

    lead_id: LeadId
    relation: Relation
    probability: float
    reasons: tuple[Reason, ...]
    model_id: ModelId | None = None


def of(work: Work, lead_id: LeadId) -> tuple[LikelyDuplicate, ...]:
    """Give the leads that may be the same person as one, the likeliest first."""
    lead = work.standing(lead_id)
    strangers = linking.rejected(linking.of(work, [lead.id]), lead.id)
    found = warnings.of_stored(work, lead, strangers).duplicates
    others = work.sharing_leads(duplicate.lead_id for duplicate in found)
    model, weights = _in_use(work)
    shown = [
        _likely(lead, others[each.lead_id], each.relation, weights, model)
        for each in found
        if each.lead_id in others
    ]
    return tuple(sorted(shown, key=lambda each: (-each.probability, each.lead_id)))


def _in_use(work: Work) -> tuple[TrainedModel | None, DuplicateWeights]:
    model = models.latest(work, ModelPurpose.DUPLICATES)
    if model is None:
        return None, DuplicateWeights()
    models.ensure_own(work, model)
    return model, weights_of(model.document.get(_WEIGHTS, {}))


def _likely(
    lead: Lead,
    other: Lead,
    found: Relation,
    weights: DuplicateWeights,
    model: TrainedModel | None,
) -> LikelyDuplicate:
    comparison = compare(record_of(lead), record_of(other))
    points = contributions(comparison)
    rule = probability(comparison).person
    likely = weights.probability(rule, points, may_be_one=found in _ONE)
    return LikelyDuplicate(
        lead_id=other.id,
        relation=found,
        probability=round(likely, 4),
        reasons=_reasons(comparison, points, weights),
        model_id=None if model is None else model.id,
    )


def _reasons(
    comparison: Comparison, points: Mapping[str, float], weights: DuplicateWeights
) -> tuple[Reason, ...]:
    found = [
        _reason(comparison, name, each * (1 + weights.moved.get(name, 0.0)))
        for name, each in points.items()
    ]
    return tuple(sorted(found, key=lambda each: (-abs(each.points), each.column)))


def _reason(comparison: Comparison, name: str, points: float) -> Reason:
    agreement = said(comparison, name)
    effect = f"{'for' if points > 0 else 'against'} one person, {exp(abs(points)):.1f} times"
    return Reason(
        column=name,
        value=agreement,
        points=round(points, 4),
        text=f"{FIELDS[name]}: {agreement} ({effect})",
    )


def decisions(work: Work) -> tuple[Decided, ...]:
    """Read merges, pairs that were told apart, and households that people linked.

    The newest 500 of each; nothing personal is given, only how far the fields agree.
    """
    if not work.reaches_all(work.permission):
        raise Forbidden(work.operation, work.permission)
    return (*_merged(work), *_apart(work))


def adopt(work: Work, weights: DuplicateWeights, decided: Sequence[Decided]) -> TrainedModel:
    """Keep what was learnt from decisions."""
    if not isinstance(weights, DuplicateWeights):
        raise InvalidInput.at("weights", "wrong_type", "give DuplicateWeights")
    merged = sum(pair.merged for pair in decided)
    report = {"merged": merged, "apart": len(decided) - merged}
    document = {_WEIGHTS: weights.document()}
    return models.stored(work, ModelPurpose.DUPLICATES, document, report)


def _merged(work: Work) -> Iterator[Decided]:
    newest, page = [Sort("at", descending=True)], Page(PAGE)
    found = work.store.merges.find(Cond("undone_at", "absent"), newest, page).items
    for merge in found:
        yield _decided(merge.survivor_before, merge.loser_before, merged=True)


def _apart(work: Work) -> Iterator[Decided]:
    told_apart = AnyOf(
        (
            Cond("verdict", "eq", Verdict.REJECTED),
            both(
                Cond("verdict", "eq", Verdict.CONFIRMED),
                Cond("relation", "eq", Relation.SAME_HOUSEHOLD),
            ),
        )
    )
    newest = [Sort("found_at", descending=True)]
    links = work.store.links.find(told_apart, newest, Page(PAGE)).items
    by_people = [link for link in links if link.decided_by is not None]
    leads = work.sharing_leads(_ends(by_people))
    for link in by_people:
        if link.lead_id in leads and link.other_id in leads:
            yield _decided(leads[link.lead_id], leads[link.other_id], merged=False)


def _ends(links: Iterable[LeadLink]) -> Sequence[LeadId]:
    return [end for link in links for end in (link.lead_id, link.other_id)]


def _decided(one: Lead, other: Lead, *, merged: bool) -> Decided:
    comparison = compare(record_of(one), record_of(other))
    return Decided(
        probability=probability(comparison).person,
        contributions=contributions(comparison),
        merged=merged,
    )
