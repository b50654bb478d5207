"""Training in three steps, so that no unit of work lasts as long as the learning does.

What is known is read, learnt from outside of any unit of work, and kept.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta

from attrs import field, frozen

from orthocrm.core.errors import Forbidden, InvalidInput
from orthocrm.core.ids import ModelId
from orthocrm.core.query import Cond, Where, both
from orthocrm.core.trained_model import ModelPurpose, TrainedModel
from orthocrm.intelligence.drift import Drift, drifts, shares
from orthocrm.intelligence.lead_features import captured, filled_later, snapshot
from orthocrm.intelligence.no_show import CAME, MISSED
from orthocrm.intelligence.scorecard import Scorecard
from orthocrm.intelligence.scoring import LEAST_OUTCOMES, Plan, Report, Trained, fit, report_of
from orthocrm.services.intelligence import leads_known, models, visits_known
from orthocrm.services.work import Work

LEARNING = (ModelPurpose.LEADS, ModelPurpose.NO_SHOWS)
"""The purposes for which rows are learnt from."""

RECENT = timedelta(days=90)
"""New leads and visits of this time are compared with those of the training."""


@frozen(kw_only=True)
class Examples:
    """Rows to learn from, without anything personal; `fresh` are those that look new to a model.

    `plan` says how to read them, and `outcome` names the column of the outcome.
    """

    purpose: ModelPurpose
    rows: Sequence[Mapping[str, object]] = field(repr=False)
    outcome: str
    plan: Plan
    fresh: Sequence[Mapping[str, object]] = field(default=(), repr=False)

    def learnt(self) -> Trained:
        """Learn from the rows; this takes seconds, and needs no storage.

        Raises:
            NotEnoughOutcomes: fewer than fifty rows with, or without the outcome.
        """
        return fit(self.rows, self.outcome, self.plan)


@frozen(kw_only=True)
class Worth:
    """What a model is worth, and whether the present still looks like what it learnt from.

    `drifts` are the columns that have moved in the last 90 days; one that `warns` says that the
    model should be trained anew.
    """

    model: TrainedModel
    report: Report
    drifts: tuple[Drift, ...]

    @property
    def warns(self) -> bool:
        """Whether any column has moved so far that the model should be trained anew."""
        return any(drift.warns for drift in self.drifts)


def purpose_of(raw: object) -> ModelPurpose:
    """Read a purpose for which rows are learnt from."""
    if raw not in LEARNING:
        raise InvalidInput.at("purpose", "unknown_value", "give LEADS or NO_SHOWS")
    return ModelPurpose(str(raw))


def examples(work: Work, purpose: ModelPurpose) -> Examples:
    """Read what there is to learn from; learning needs every lead of the clinic."""
    if not work.reaches_all(work.permission):
        raise Forbidden(work.operation, work.permission)
    return _of_visits(work) if purpose is ModelPurpose.NO_SHOWS else _of_leads(work)


def _of_leads(work: Work) -> Examples:
    pasts = leads_known.pasts(work)
    seen = (snapshot(past, work.practice) for past in pasts)
    rows = [row for row in seen if row is not None]
    late = filled_later(pasts)
    return Examples(
        purpose=ModelPurpose.LEADS,
        rows=rows,
        outcome="@converted",
        plan=Plan(late=late, when="@at", group="@lead"),
        fresh=[captured(past.lead, work.practice) for past in pasts],
    )


def _of_visits(work: Work) -> Examples:
    rows = visits_known.past_rows(work)
    return Examples(
        purpose=ModelPurpose.NO_SHOWS,
        rows=rows,
        outcome="@missed",
        plan=Plan(ignored=("@visit",), when="@at", group="@person"),
        fresh=rows,
    )


def adopt(work: Work, examples: Examples, trained: Trained) -> TrainedModel:
    """Keep what was learnt as the model in use."""
    if not isinstance(examples, Examples):
        raise InvalidInput.at("examples", "wrong_type", "give Examples")
    if not isinstance(trained, Trained):
        raise InvalidInput.at("trained", "wrong_type", "give what was learnt")
    baseline = shares(trained.scorecard, examples.fresh)
    return models.kept(work, examples.purpose, trained, baseline)


def worth(work: Work, model_id: ModelId | None, purpose: ModelPurpose) -> Worth:
    """Say what a model is worth; left open, the one in use."""
    model = None if model_id is None else models.named(work, model_id)
    using = models.in_use(work, purpose) if model is None else models.loaded(work, model)
    moved = drifts(using.scorecard, _fresh(work, using.model.purpose), using.baseline)
    known = _comparable(using.scorecard, using.model.purpose)
    return Worth(
        model=using.model,
        report=report_of(using.model.report),
        drifts=tuple(drift for drift in moved if drift.column in known),
    )


def _comparable(card: Scorecard, purpose: ModelPurpose) -> frozenset[str]:
    """Name the columns that are known when a lead is new; of visits all are."""
    names = frozenset(column.name for column in card.columns)
    return names - _SINCE_CAPTURE if purpose is ModelPurpose.LEADS else names


_SINCE_CAPTURE = frozenset(
    (
        "stage",
        "days_in_stage",
        "days_old",
        "days_silent",
        "attempts",
        "answers",
        "meetings",
        "documents",
    )
)
_MOST_FRESH = 2_000


def _fresh(work: Work, purpose: ModelPurpose) -> list[dict[str, object]]:
    since = Cond("created_at", "ge", work.now - RECENT)
    if purpose is ModelPurpose.NO_SHOWS:
        floor = work.now - RECENT
        return [row for row in visits_known.past_rows(work) if row["@at"] >= floor]  # type: ignore[operator]  # an instant
    where = both(leads_known.STANDING, since)
    return [
        captured(lead, work.practice)
        for leads in leads_known.pages(work, where, _MOST_FRESH)
        for lead in leads
    ]


def due(work: Work) -> tuple[ModelPurpose, ...]:
    """Name the purposes for which it is time to learn, and for which enough has happened."""
    after = work.practice.clinic.settings.retrain_after
    if after is None:
        return ()
    return tuple(purpose for purpose in LEARNING if _is_due(work, purpose, after))


def _is_due(work: Work, purpose: ModelPurpose, after: timedelta) -> bool:
    model = models.latest(work, purpose)
    if model is not None and work.now - model.trained_at < after:
        return False
    return all(_enough(work, purpose, where) for where in _ENDS[purpose])


_ENDS: Mapping[ModelPurpose, tuple[Where, Where]] = {
    ModelPurpose.LEADS: (
        both(leads_known.STANDING, Cond("converted_at", "present")),
        both(leads_known.STANDING, Cond("lost_at", "present")),
    ),
    ModelPurpose.NO_SHOWS: (Cond("status", "in", MISSED), Cond("status", "in", CAME)),
}


def _enough(work: Work, purpose: ModelPurpose, where: Where) -> bool:
    if purpose is ModelPurpose.LEADS:
        return work.store.leads.count(where) >= LEAST_OUTCOMES
    return work.store.appointments.count(where) >= LEAST_OUTCOMES
