"""Messages that are clearly negative: somebody is told, and the clinic's rules speak, once each."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from orthocrm.core.events import UpsetNoticed
from orthocrm.core.ids import ActivityId, LeadId
from orthocrm.core.query import Cond, both
from orthocrm.core.task import OPEN_TASKS
from orthocrm.followup import upset
from orthocrm.followup.attempts import Logged
from orthocrm.privacy import answers
from orthocrm.privacy.answers import Intent
from orthocrm.services.followups import reacting
from orthocrm.services.followups.reacting import Reaction
from orthocrm.services.intelligence import tones
from orthocrm.services.work import Work, everything


def alarmed(work: Work, logged: Sequence[Logged]) -> Mapping[ActivityId, Reaction]:
    """React to what is clearly negative among new activities.

    One message that is logged with several leads of a family alarms once, with an open lead if
    there is one. A closed lead gets no task, nor one that has such a task to be done, nor a family
    that wants to be left alone: of these the practice is told.
    """
    found = _upset(work, logged)
    if not found:
        return {}
    work.record(*(_told(work, item) for item in found))
    waiting = set(_waiting(work, found))
    return {
        item.activity.id: _reaction(work, item, waiting)
        for item in found
        if item.lead.is_open and not _wants_silence(item)
    }


def _wants_silence(item: Logged) -> bool:
    """Whether the message asks not to be written to: nobody is sent after such a family."""
    return answers.intent_of(tones.words_of(item.activity)) is Intent.STOP


def _upset(work: Work, logged: Sequence[Logged]) -> list[Logged]:
    found: list[Logged] = []
    heard: set[tuple[str, datetime]] = set()
    for item in sorted(logged, key=lambda one: not one.lead.is_open):
        words = tones.words_of(item.activity), item.activity.occurred_at
        if words in heard:
            continue
        if tones.is_upset(work, item.activity):
            heard.add(words)
            found.append(item)
    return found


def _reaction(work: Work, item: Logged, waiting: set[tuple[LeadId, str | None]]) -> Reaction:
    woken = [
        rule
        for rule in upset.woken(item.lead, work.practice)
        if (item.lead.id, rule.name) not in waiting
    ]
    waiting.update((item.lead.id, rule.name) for rule in woken)
    return reacting.of_rules(work, item.lead, woken, item.activity.id)


def _waiting(work: Work, found: Sequence[Logged]) -> frozenset[tuple[LeadId, str | None]]:
    """Tell which rules have a task of theirs that is still to be done."""
    names = {rule.name for item in found for rule in upset.woken(item.lead, work.practice)}
    where = both(
        Cond("lead_id", "in", sorted({item.lead.id for item in found})),
        Cond("rule", "in", sorted(names)),
        Cond("status", "in", OPEN_TASKS),
    )
    return frozenset((task.lead_id, task.rule) for task in everything(work.store.tasks, where))


def _told(work: Work, item: Logged) -> UpsetNoticed:
    return UpsetNoticed(
        clinic_id=work.clinic_id,
        at=work.now,
        by=work.actor.user,
        lead_id=item.lead.id,
        activity_id=item.activity.id,
    )
