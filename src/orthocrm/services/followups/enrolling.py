"""Leads in sequences: begun, and ended when the family answers or the lead is closed."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence

from orthocrm.core.cadence import Enrollment, EnrollmentState
from orthocrm.core.ids import LeadId
from orthocrm.core.lead import Lead
from orthocrm.core.query import Cond
from orthocrm.followup import sequences
from orthocrm.services.work import Work, everything


def of_leads(
    work: Work, leads: Collection[LeadId], *, lock: bool = False
) -> Mapping[LeadId, list[Enrollment]]:
    """Read the enrolments of leads, the newest last."""
    found: dict[LeadId, list[Enrollment]] = defaultdict(list)
    if not leads:
        return found
    known = everything(work.store.enrollments, Cond("lead_id", "in", [*leads]))
    if lock:
        locked = work.store.enrollments.get([e.id for e in known], lock=True)
        known = tuple(locked[e.id] for e in known if e.id in locked)
    for enrollment in sorted(known, key=lambda e: e.id):
        found[enrollment.lead_id].append(enrollment)
    return found


def begin(work: Work, wishes: Sequence[tuple[Lead, str]]) -> tuple[Enrollment, ...]:
    """Let leads begin sequences as rules ask; who is in one already stays where it is."""
    if not wishes:
        return ()
    present = of_leads(work, [lead.id for lead, _ in wishes])
    made = []
    for lead, name in wishes:
        sequence = next(
            (s for s in work.practice.clinic.settings.sequences if s.name == name), None
        )
        running = {e.sequence for e in present[lead.id] if e.state is EnrollmentState.RUNNING}
        if sequence is None or not sequence.is_active or not lead.is_open or name in running:
            continue
        enrollment = sequences.started(
            lead, sequence, (), work.practice, now=work.now, by=work.actor.user, ids=work.ids
        )
        present[lead.id].append(enrollment)
        made.append(enrollment)
    add(work, made)
    return tuple(made)


def add(work: Work, made: Sequence[Enrollment]) -> None:
    """Store enrolments and tell of them."""
    work.store.enrollments.add(made)
    work.record(*(sequences.begun(enrollment) for enrollment in made))


def save(work: Work, changed: Sequence[Enrollment]) -> tuple[Enrollment, ...]:
    """Store enrolments that went on, and tell of those that ended just now."""
    now, by = work.now, work.actor.user
    work.record(*(sequences.over(e, now=now, by=by) for e in changed if e.ended_at == now))
    return work.store.enrollments.save(changed)


def settle(
    work: Work, leads: Sequence[Lead], answered: Collection[LeadId] = ()
) -> Mapping[LeadId, set[str]]:
    """End the sequences of leads whose families answered, and of those that were closed.

    Gives the origins (`sequence:NAME`) whose tasks and messages are needless now.
    """
    ended: dict[LeadId, set[str]] = {}
    if not work.practice.clinic.settings.sequences:
        return ended
    concerned = {lead.id: lead for lead in leads if lead.id in answered or not lead.is_open}
    saved = []
    for lead_id, enrollments in of_leads(work, concerned, lock=True).items():
        for enrollment in enrollments:
            after = _ended(work, enrollment, concerned[lead_id], is_answered=lead_id in answered)
            if after != enrollment:
                saved.append(after)
                ended.setdefault(lead_id, set()).add(sequences.ORIGIN + enrollment.sequence)
    if saved:
        save(work, saved)
    return ended


def holding(work: Work, leads: Collection[LeadId]) -> frozenset[LeadId]:
    """Tell which leads are in a sequence that itself suggests to give them up."""
    if not work.practice.clinic.settings.sequences:
        return frozenset()
    return frozenset(
        lead_id
        for lead_id, enrollments in of_leads(work, leads).items()
        if any(sequences.holds_back(e, work.practice) for e in enrollments)
    )


def _ended(work: Work, enrollment: Enrollment, lead: Lead, *, is_answered: bool) -> Enrollment:
    if is_answered:
        return sequences.answered(enrollment, work.now)
    if enrollment.state is not EnrollmentState.RUNNING:
        return enrollment
    return sequences.stopped(enrollment, lead.status.lower(), work.now)
