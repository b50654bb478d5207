"""Models of a clinic: kept as numbers, found by purpose, and refused when they are not its own."""

from collections.abc import Mapping, Sequence
from typing import Any

from attrs import frozen

from orthocrm.core.errors import InvalidInput, NotFound
from orthocrm.core.events import ModelTrained
from orthocrm.core.ids import ModelId
from orthocrm.core.query import Cond, Page, Sort
from orthocrm.core.trained_model import ModelPurpose, TrainedModel
from orthocrm.intelligence.scorecard import Scorecard, scorecard_of
from orthocrm.intelligence.scoring import Report, Trained, report_of
from orthocrm.services.work import Work, everything

KEPT = 10
"""Models of a purpose that are kept; older ones go."""

_CLINIC = "clinic"
_PURPOSE = "purpose"
_CARD = "scorecard"
_BASELINE = "baseline"


@frozen(kw_only=True)
class Loaded:
    """A model that can be used. `baseline` is how new leads or visits fell into its bins."""

    model: TrainedModel
    scorecard: Scorecard
    baseline: tuple[tuple[float, ...], ...]

    @property
    def report(self) -> Report:
        """What it is worth."""
        return report_of(self.model.report)


def latest(work: Work, purpose: ModelPurpose) -> TrainedModel | None:
    """Find the model in use, if one was trained."""
    newest = [Sort("number", descending=True)]
    found = work.store.models.find(Cond("purpose", "eq", purpose), newest, Page(1))
    return found.items[0] if found.items else None


def in_use(work: Work, purpose: ModelPurpose) -> Loaded:
    """Load the model in use.

    Raises:
        NotFound: none was trained yet.
        InvalidInput: it is another clinic's, or of a release that wrote other models.
    """
    model = latest(work, purpose)
    if model is None:
        raise NotFound("model")
    return loaded(work, model)


def named(work: Work, model_id: ModelId) -> TrainedModel:
    """Find a model by id."""
    work.seek([model_id])
    model = work.store.models.get([model_id]).get(model_id)
    if model is None:
        raise NotFound("model")
    return model


def ensure_own(work: Work, model: TrainedModel) -> None:
    """Refuse a model that was trained for another clinic or another purpose."""
    document = model.document
    if document.get(_CLINIC) != work.clinic_id or document.get(_PURPOSE) != model.purpose:
        message = "train again: it was trained for another clinic or another purpose"
        raise InvalidInput.at("model", "not_its_own", message)


def loaded(work: Work, model: TrainedModel) -> Loaded:
    """Read a model, which has to be the clinic's own and of its purpose."""
    ensure_own(work, model)
    document = model.document
    card = scorecard_of(document.get(_CARD, {}))
    return Loaded(
        model=model,
        scorecard=card,
        baseline=tuple(tuple(map(float, part)) for part in document.get(_BASELINE, ())),
    )


def kept(
    work: Work,
    purpose: ModelPurpose,
    trained: Trained,
    baseline: Sequence[Sequence[float]],
) -> TrainedModel:
    """Store what was learnt as the model in use, and forget the oldest ones."""
    card = {_CARD: trained.scorecard.document(), _BASELINE: [list(part) for part in baseline]}
    return stored(work, purpose, card, trained.report.document())


def stored(
    work: Work, purpose: ModelPurpose, document: Mapping[str, Any], report: Mapping[str, Any]
) -> TrainedModel:
    """Store a document as the model in use, and forget the oldest ones."""
    before = everything(work.store.models, Cond("purpose", "eq", purpose))
    model = TrainedModel(
        id=ModelId(work.ids()),
        clinic_id=work.clinic_id,
        purpose=purpose,
        number=max((each.number for each in before), default=0) + 1,
        trained_at=work.now,
        trained_by=work.actor.user,
        document={_CLINIC: work.clinic_id, _PURPOSE: purpose.value, **document},
        report=report,
    )
    oldest = sorted(before, key=lambda each: each.number)[: max(len(before) + 1 - KEPT, 0)]
    work.store.models.remove([each.id for each in oldest])
    work.store.models.add([model])
    work.touch([model.id])
    work.record(
        ModelTrained(
            clinic_id=work.clinic_id,
            at=work.now,
            by=work.actor.user,
            model_id=model.id,
            purpose=purpose,
            number=model.number,
        )
    )
    return model
