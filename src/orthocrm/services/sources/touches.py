"""Touches beside their leads: written with every capture, corrected with every edit."""

from collections.abc import Collection, Iterable, Mapping, Sequence

from attrs import define, field

from orthocrm.core.errors import NotFound
from orthocrm.core.events import LeadUpdated, TouchAdded
from orthocrm.core.ids import LeadId, SourceId
from orthocrm.core.lead import Lead, ensure_unlocked
from orthocrm.core.marketing import Touch
from orthocrm.core.query import Cond
from orthocrm.leads import editing, touching
from orthocrm.leads.touching import NewTouch
from orthocrm.services.batch import Refused, attempt
from orthocrm.services.work import Work, everything


def begin(work: Work, leads: Sequence[Lead]) -> None:
    """Write the first touch of new leads."""
    work.store.touches.add(
        [touching.first_touch(lead, now=work.now, ids=work.ids) for lead in leads]
    )


def of(work: Work, ids: Collection[LeadId]) -> Mapping[LeadId, list[Touch]]:
    """Read the touches of leads, earliest first."""
    found: dict[LeadId, list[Touch]] = {lead_id: [] for lead_id in ids}
    if found:
        for touch in everything(work.store.touches, Cond("lead_id", "in", [*found])):
            found[touch.lead_id].append(touch)
    for touches in found.values():
        touches.sort(key=lambda touch: (touch.at, touch.id))
    return found


def follow(work: Work, pairs: Iterable[tuple[Lead, Lead]]) -> None:
    """Let the first touch of leads say what their origin says after an edit (C-33)."""
    corrected = {
        after.id: after
        for before, after in pairs
        if touching.is_corrected(before.origin, after.origin)
    }
    first = [touching.first_of(known) for known in of(work, corrected).values()]
    work.store.touches.save(
        [touching.corrected(touch, corrected[touch.lead_id].origin) for touch in first if touch]
    )


@define
class _Book:
    """The leads of a batch and their touches, as they are while touches are added to them."""

    work: Work
    leads: dict[LeadId, Lead]
    known: Mapping[LeadId, list[Touch]]
    campaigns: Mapping[str, SourceId]
    made: list[Touch] = field(factory=list)

    def add(self, lead_id: LeadId, new: NewTouch) -> Touch:
        """Add a touch to a lead, unless it is known."""
        lead = self.leads.get(lead_id)
        if lead is None:
            raise NotFound("lead")
        ensure_unlocked(lead)
        work, known = self.work, self.known[lead_id]
        touch = touching.read(new, lead, work.practice, self.campaigns, now=work.now, ids=work.ids)
        same = touching.repeated(touch, known, work.practice.clinic.settings.replay_window)
        if same is not None:
            return same
        touching.ensure_in_order(touch, known)
        if touching.is_first(touch, known):
            self.leads[lead_id] = _taken_over(work, lead, touch)
        known.append(touch)
        self.made.append(touch)
        return touch


def add(work: Work, news: Sequence[tuple[LeadId, NewTouch]]) -> list[Touch | Refused]:
    """Add touches to leads; one that comes before all others becomes the lead's own source.

    The same touch within the clinic's replay window is the one that is known.
    """
    leads = dict(work.reachable([lead_id for lead_id, _ in news]))
    campaigns = _sources_of_campaigns(work, [new for _, new in news])
    book = _Book(work, leads, of(work, leads), campaigns)
    results = attempt(news, lambda pair: book.add(*pair))
    work.store.touches.add(book.made)
    work.record(*(_added(work, touch) for touch in book.made))
    return results


def _sources_of_campaigns(work: Work, news: Sequence[object]) -> Mapping[str, SourceId]:
    """Read the campaigns only where a touch names one instead of a source."""
    named = any(isinstance(new, NewTouch) and new.campaign and not new.source for new in news)
    campaigns = everything(work.store.campaigns) if named else ()
    return {c.name.casefold(): c.source_id for c in campaigns if c.source_id is not None}


def _taken_over(work: Work, lead: Lead, touch: Touch) -> Lead:
    """Let a lead name the source of what is its first touch from now on."""
    edit = touching.edit_of(touch)
    edited = editing.edited(lead, edit, work.practice, now=work.now, by=work.actor.user)
    if not edited.fields:
        return lead
    work.changed(lead.id, edited.fields, edited.before, edited.after)
    work.record(
        LeadUpdated(
            clinic_id=work.clinic_id,
            at=work.now,
            by=work.actor.user,
            lead_id=lead.id,
            fields=edited.fields,
        )
    )
    return work.store.leads.save([edited.lead])[0]


def _added(work: Work, touch: Touch) -> TouchAdded:
    return TouchAdded(
        clinic_id=work.clinic_id,
        at=work.now,
        by=work.actor.user,
        lead_id=touch.lead_id,
        touch_id=touch.id,
        source_id=touch.source_id,
    )
