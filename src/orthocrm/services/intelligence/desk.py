"""`desk.intelligence`: what the clinic's own past says about its leads, and what to do next."""

from collections.abc import Sequence

from orthocrm.core.actor import Permission
from orthocrm.core.errors import TooLittleHistory
from orthocrm.core.ids import AppointmentId, LeadId, ModelId
from orthocrm.core.query import EVERYTHING, Sort, Where
from orthocrm.core.task import Task
from orthocrm.core.trained_model import ModelPurpose, TrainedModel
from orthocrm.intelligence.contact_time import ContactTimes
from orthocrm.intelligence.duplicates import Decided, DuplicateWeights, learnt_weights
from orthocrm.intelligence.next_action import NextAction
from orthocrm.intelligence.scoring import Trained
from orthocrm.intelligence.sentiment import Sentiment
from orthocrm.services.batch import Refused
from orthocrm.services.gate import Area, composed, verb
from orthocrm.services.intelligence import (
    acting,
    calling,
    forecasting,
    risks,
    scores,
    tones,
    training,
    twins,
)
from orthocrm.services.intelligence.calling import CallAdvice
from orthocrm.services.intelligence.forecasting import Forecast, Outcome
from orthocrm.services.intelligence.risks import NoShowRisks
from orthocrm.services.intelligence.scores import RankedPart, Score
from orthocrm.services.intelligence.tones import MessageTone
from orthocrm.services.intelligence.training import Examples, Worth
from orthocrm.services.intelligence.twins import LikelyDuplicate
from orthocrm.services.work import Work, everything


class Intelligence(Area, area="intelligence"):
    """Advice: every answer says what it rests on, and says so when that is too little."""

    @verb(Permission.LEAD_ANALYTICS)
    def forecast(
        self,
        work: Work,
        of: Outcome | str = Outcome.CONVERSIONS,
        months: int = 6,
        level: float = 0.8,
    ) -> Forecast:
        """Foretell how many leads convert, or sign, in the running month and those after it.

        Coordinators get the forecast of their own leads. `of` is `conversions` (treatments
        started) or `acceptances` (contracts signed), `months` 1 to 36, the running one the first,
        and `level` the chance that an interval holds the truth, 0.5 to 0.99.

        Raises:
            TooLittleHistory: fewer than 24 months that are over; `missing` says how many more.
        """
        return forecasting.forecast(work, of, months, level)

    @verb(Permission.LEAD_ANALYTICS)
    def contact_times(self, work: Work) -> ContactTimes:
        """Tell when calls are answered, by hour and weekday of the families' clocks.

        Of the newest 5,000 calls of a year; coordinators get those of their own leads.
        """
        return calling.times(work)

    @verb(Permission.LEAD_READ)
    def call_times(self, work: Work, lead_id: LeadId, days: int = 7) -> CallAdvice:
        """Tell when to call a family in the coming days (1 to 31).

        Only hours in which the practice is open and that are quiet in no zone of the number. The
        best come first where the clinic's calls show a difference, otherwise the next ones.
        """
        return calling.advice(work, lead_id, days)

    @verb(Permission.LEAD_READ)
    def next_actions(
        self, work: Work, coordinator: str | None = None, most: int = 50
    ) -> tuple[NextAction, ...]:
        """Rank what somebody should do next, with the reason for each; at most 200.

        Nothing that consent, the conversion lock or quiet hours forbid now. The actor's own list
        unless told otherwise; who reaches only the own leads gets only the own list.
        """
        return acting.actions(work, coordinator, most, scores.probabilities)

    @verb(Permission.LEAD_READ)
    def tone(self, work: Work, text: str) -> Sentiment:
        """Read the tone of a text of up to 10,000 characters, with the clinic's reader."""
        return tones.read(work, text)

    @verb(Permission.LEAD_READ)
    def tones(self, work: Work, lead_id: LeadId) -> tuple[MessageTone, ...]:
        """Read the tones of what a family wrote and of notes about it, the newest 100 first."""
        return tones.of_lead(work, lead_id)

    @verb(Permission.LEAD_READ)
    def score(self, work: Work, lead_ids: Sequence[LeadId]) -> tuple[Score | Refused, ...]:
        """Give the chance of each lead to become a patient, with its reasons; 500 at most.

        Computed when asked for, from what is known at that instant. A closed lead is `Refused`:
        what became of it is known.

        Raises:
            NotFound: no model was trained yet, or a lead is out of the actor's reach.
            InvalidInput: the model is of another clinic or release.
        """
        return scores.of(work, lead_ids)

    @composed
    def ranked(self, where: Where = EVERYTHING, most: int = 50) -> tuple[Score, ...]:
        """Score all open leads within reach that satisfy a condition, the most promising first.

        Gives 1 to 500 of them. The clinic is read 5,000 leads at a time, each in a unit of work of
        its own, so that other work goes on meanwhile.

        Raises:
            NotFound: no model was trained yet.
            InvalidInput: the condition names what leads do not have, or the model is of another
                clinic or release.
        """
        length = scores.checked_most(most)
        parts = [self.rank_some(where, length)]
        while (after := parts[-1].after) is not None:
            parts.append(self.rank_some(where, length, after))
        return scores.in_order(self.score(scores.best_of(parts, length)))

    @verb(Permission.LEAD_READ)
    def rank_some(
        self, work: Work, where: Where = EVERYTHING, most: int = 50, after: LeadId | None = None
    ) -> RankedPart:
        """Score up to 5,000 open leads behind one, by id, and name the most promising of them."""
        return scores.some_ranked(work, where, scores.checked_most(most), after)

    @verb(Permission.APPOINTMENT_MANAGE)
    def no_show_risk(self, work: Work, appointment_ids: Sequence[AppointmentId]) -> NoShowRisks:
        """Give the chance of each booked visit to be missed, whom to call, and room to overbook.

        Raises:
            NotFound: no model was trained yet, or an appointment is out of the actor's reach.
            InvalidInput: there are more than 500, or the model is of another clinic or release.
        """
        return risks.of(work, appointment_ids)

    @verb(Permission.APPOINTMENT_MANAGE)
    def call_the_risky(
        self, work: Work, appointment_ids: Sequence[AppointmentId]
    ) -> tuple[Task, ...]:
        """Make a task to call for each visit that is likely to be missed, as `no_show_risk` says.

        It is due a day before the visit, or now, and the lead's coordinator gets it. A lead that
        is closed, or has such a task to be done, gets none; nor do patients who are no leads.

        Raises:
            NotFound: no model was trained yet, or an appointment is out of the actor's reach.
            Forbidden: the actor may not update leads.
        """
        return risks.ask_to_call(work, appointment_ids)

    @verb(Permission.LEAD_READ)
    def duplicates(self, work: Work, lead_id: LeadId) -> tuple[LikelyDuplicate, ...]:
        """Give the leads that may be the same person, how likely that is, and every reason.

        Weighed by what `train_duplicates` has learnt, or by the rule alone. Nothing is merged by
        it, and siblings stay below even odds whatever was learnt.

        Raises:
            NotFound: there is no such lead, or it is out of the actor's reach.
        """
        return twins.of(work, lead_id)

    @composed
    def train_duplicates(self) -> TrainedModel:
        """Learn from merges and from pairs that were kept apart how much each agreement counts.

        Raises:
            NotEnoughOutcomes: fewer than twenty merges, or pairs that were kept apart.
        """
        decided = self.decisions()
        return self.adopt_weights(learnt_weights(decided), decided)

    @verb(Permission.MODEL_TRAIN)
    def decisions(self, work: Work) -> tuple[Decided, ...]:
        """Read what was merged and what was kept apart, as agreements without any name."""
        return twins.decisions(work)

    @verb(Permission.MODEL_TRAIN)
    def adopt_weights(
        self, work: Work, weights: DuplicateWeights, decided: Sequence[Decided]
    ) -> TrainedModel:
        """Keep what was learnt about duplicates from decisions."""
        return twins.adopt(work, weights, decided)

    @composed
    def train(self, purpose: ModelPurpose | str = ModelPurpose.LEADS) -> Worth:
        """Learn from the clinic's own past, and use what was learnt from now on.

        Seconds go by between reading and keeping, in which no unit of work is open.

        Raises:
            NotEnoughOutcomes: fewer than fifty leads, or visits, came to either end; `missing`
                says how many more are needed.
        """
        known = self.examples(purpose)
        model = self.adopt(known, known.learnt())
        return self.reliability(model.id)

    @verb(Permission.MODEL_TRAIN)
    def examples(self, work: Work, purpose: ModelPurpose | str = ModelPurpose.LEADS) -> Examples:
        """Read what there is to learn from: coded fields, counts and lengths, nothing personal."""
        return training.examples(work, training.purpose_of(purpose))

    @verb(Permission.MODEL_TRAIN)
    def adopt(self, work: Work, examples: Examples, trained: Trained) -> TrainedModel:
        """Keep what was learnt from examples as the model in use; ten of a purpose are kept."""
        return training.adopt(work, examples, trained)

    @composed
    def retrain_due(self) -> tuple[TrainedModel, ...]:
        """Train what is due by `Settings.retrain_after`, as far as enough has happened."""
        made = []
        for purpose in self.due():
            try:
                known = self.examples(purpose)
                made.append(self.adopt(known, known.learnt()))
            except TooLittleHistory:
                continue
        return tuple(made)

    @verb(Permission.MODEL_TRAIN)
    def due(self, work: Work) -> tuple[ModelPurpose, ...]:
        """Name the purposes for which it is time to train, and for which enough has happened."""
        return training.due(work)

    @verb(Permission.LEAD_ANALYTICS)
    def models(self, work: Work) -> tuple[TrainedModel, ...]:
        """List the models that are kept, the newest first; the newest of a purpose is in use."""
        found = everything(work.store.models, sort=[Sort("trained_at", descending=True)])
        work.touch(model.id for model in found)
        return found

    @verb(Permission.LEAD_ANALYTICS)
    def reliability(
        self,
        work: Work,
        model_id: ModelId | None = None,
        purpose: ModelPurpose | str = ModelPurpose.LEADS,
    ) -> Worth:
        """Say what a model is worth on what it had not seen, and whether the present has moved.

        Left open, the model in use for the purpose.

        Raises:
            NotFound: there is no such model.
            InvalidInput: it is of another clinic or release.
        """
        return training.worth(work, model_id, training.purpose_of(purpose))
