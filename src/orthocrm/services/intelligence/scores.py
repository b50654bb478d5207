"""Scores of leads: asked for, never stored, so that none is older than what happened last."""

from collections.abc import Iterable, Mapping, Sequence
from heapq import nlargest

from attrs import frozen

from orthocrm.core.errors import InvalidInput, LeadClosed
from orthocrm.core.ids import LeadId, ModelId
from orthocrm.core.lead import Lead
from orthocrm.core.limits import PAGE
from orthocrm.core.query import Page, Where, both
from orthocrm.core.trained_model import ModelPurpose
from orthocrm.intelligence.newton import chance
from orthocrm.intelligence.scorecard import Scorecard
from orthocrm.intelligence.words import Reason, reason
from orthocrm.leads import custom
from orthocrm.services.batch import Refused, done
from orthocrm.services.intelligence import leads_known, models
from orthocrm.services.intelligence.models import Loaded
from orthocrm.services.work import Work

MOST_ASKED = 500
MOST_RANKED = 500
_FEW_REASONS = 5
_PAGES = 10


@frozen(kw_only=True)
class Score:
    """The chance that a lead becomes a patient, and what speaks for and against it.

    `probability` is calibrated: of a hundred leads at 0.3 about thirty should convert. `reasons`
    are the five strongest, compared with the average lead; `model_id` tells which model says so.
    """

    lead_id: LeadId
    probability: float
    reasons: tuple[Reason, ...]
    model_id: ModelId


@frozen(kw_only=True)
class RankedPart:
    """The most promising of some leads, with their chances; `after` names where to go on."""

    best: tuple[tuple[float, LeadId], ...]
    after: LeadId | None = None


def of(work: Work, lead_ids: Sequence[LeadId]) -> tuple[Score | Refused, ...]:
    """Score leads, in the order in which they are asked for; closed ones have their outcome."""
    ids = _checked(lead_ids)
    leads = work.leads(ids, lock=False)
    using = models.in_use(work, ModelPurpose.LEADS)
    open_leads = [lead for lead in leads if lead.is_open]
    rows = leads_known.rows_now(work, open_leads)
    said = using.scorecard.probabilities(rows)
    scored = {
        lead.id: _score(using, lead.id, row, probability)
        for lead, row, probability in zip(open_leads, rows, said, strict=True)
    }
    return tuple(scored.get(lead.id) or Refused(LeadClosed(lead.status)) for lead in leads)


def checked_most(most: object) -> int:
    """Take a length of a list."""
    if type(most) is not int or not 1 <= most <= MOST_RANKED:
        raise InvalidInput.at("most", "out_of_range", f"give 1 to {MOST_RANKED}")
    return most


def some_ranked(work: Work, where: Where, most: int, after: LeadId | None) -> RankedPart:
    """Score some of the open leads that satisfy a condition, and name the most promising ones."""
    using = models.in_use(work, ModelPurpose.LEADS)
    wanted = both(
        work.reach(work.permission), leads_known.OPEN, custom.in_query(where, work.practice)
    )
    best: list[tuple[float, LeadId]] = []
    last = after
    for _ in range(_PAGES):
        found = work.store.leads.find(wanted, (), Page(PAGE, None if last is None else (last,)))
        rows = leads_known.rows_now(work, found.items)
        said = using.scorecard.probabilities(rows)
        pairs = zip(said, (lead.id for lead in found.items), strict=True)
        best = nlargest(most, [*best, *pairs])
        last = None if found.after is None else found.items[-1].id
        if last is None:
            break
    work.touch(lead_id for _, lead_id in best)
    return RankedPart(best=tuple(best), after=last)


def best_of(parts: Iterable[RankedPart], most: int) -> list[LeadId]:
    """Name the most promising leads of all parts."""
    found = [pair for part in parts for pair in part.best]
    return [lead_id for _, lead_id in nlargest(most, found)]


def in_order(found: Sequence[Score | Refused]) -> tuple[Score, ...]:
    """Put scores in order, the highest first; what was closed meanwhile is left out."""
    return tuple(sorted(done(found), key=lambda score: (score.probability, score.lead_id)))[::-1]


def probabilities(work: Work, leads: Sequence[Lead]) -> Mapping[LeadId, float]:
    """Give the chances of open leads, and nothing where no model can tell."""
    open_leads = [lead for lead in leads if lead.is_open]
    model = models.latest(work, ModelPurpose.LEADS)
    if model is None or not open_leads:
        return {}
    try:
        card = models.loaded(work, model).scorecard
    except InvalidInput:
        return {}
    said = card.probabilities(leads_known.rows_now(work, open_leads))
    return {lead.id: probability for lead, probability in zip(open_leads, said, strict=True)}


def _score(using: Loaded, lead_id: LeadId, row: Mapping[str, object], probability: float) -> Score:
    return Score(
        lead_id=lead_id,
        probability=probability,
        reasons=reasons(using.scorecard, row),
        model_id=using.model.id,
    )


def reasons(card: Scorecard, row: Mapping[str, object]) -> tuple[Reason, ...]:
    """Say the strongest reasons for a row's score."""
    return tuple(map(reason, card.contributions(row)[:_FEW_REASONS]))


def usual(card: Scorecard) -> float:
    """Give the chance of a row that is average in everything."""
    return chance(card.intercept + sum(card.usual))


def _checked(lead_ids: object) -> Sequence[LeadId]:
    if isinstance(lead_ids, str) or not isinstance(lead_ids, Sequence):
        raise InvalidInput.at("lead_ids", "not_a_list", "give a list of leads")
    if len(lead_ids) > MOST_ASKED:
        raise InvalidInput.at("lead_ids", "too_many", f"give at most {MOST_ASKED}, or rank them")
    if not all(isinstance(each, str) for each in lead_ids):
        raise InvalidInput.at("lead_ids", "wrong_type", "give the ids of leads")
    return lead_ids
