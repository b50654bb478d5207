"""Carrying a decision out: the lead's new owner, the entry of its timeline, the event."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from attrs import evolve

from orthocrm.core.activity import Activity, Decision, LeadActivityType
from orthocrm.core.errors import InvalidInput
from orthocrm.core.events import LeadAssigned, LeadsAssigned
from orthocrm.core.ids import ActivityId, ClinicId, LeadId, UserId
from orthocrm.core.lead import Lead, Ownership, ensure_open
from orthocrm.core.ports import IdSource
from orthocrm.core.settings import Practice

MANUAL = "manual"


def manual(
    lead: Lead, user: UserId, practice: Practice, path: str = "user", *, rule: str = MANUAL
) -> Decision:
    """Decide as a person wishes, even for somebody who is away or at capacity.

    Raises:
        InvalidInput: at `path`, the user is neither an active coordinator nor the fallback person.
    """
    coordinator = practice.coordinator_by_id.get(user) if isinstance(user, str) else None
    is_known = coordinator is not None and coordinator.is_active
    if not is_known and (user is None or user != practice.clinic.settings.fallback):
        raise InvalidInput.at(path, "unknown_coordinator", "give an active coordinator")
    return Decision(chosen=user, rule=rule, previous=lead.ownership.owner)


def assigned(
    lead: Lead,
    decision: Decision,
    *,
    at: datetime,
    by: UserId,
    ids: IdSource,
    reason: str | None = None,
) -> tuple[Lead, Activity]:
    """Give the lead to whom the decision names, and record it with the decision itself.

    The `reason` that a person gave becomes the note of the timeline's entry.

    Raises:
        LeadLocked: the lead was converted.
        LeadClosed: the lead is lost or archived.
    """
    ensure_open(lead)
    held = lead.ownership
    owned = evolve(
        lead,
        ownership=Ownership(
            owner=decision.chosen,
            assigned_at=at,
            first_owner=held.first_owner or decision.chosen,
        ),
        stamps=evolve(lead.stamps, updated_at=at, updated_by=by),
    )
    same = decision.previous == held.owner
    recorded = decision if same else evolve(decision, previous=held.owner)
    activity = Activity(
        id=ActivityId(ids()),
        clinic_id=lead.clinic_id,
        lead_id=lead.id,
        type=LeadActivityType.ASSIGNMENT_CHANGE,
        occurred_at=at,
        created_at=at,
        created_by=by,
        notes=reason,
        decision=recorded,
    )
    return owned, activity


def told(activity: Activity, decision: Decision) -> LeadAssigned:
    """Give the event of an assignment that is on record."""
    return LeadAssigned(
        clinic_id=activity.clinic_id,
        at=activity.occurred_at,
        by=activity.created_by,
        lead_id=activity.lead_id,
        before=decision.previous,
        after=decision.chosen,
        rule=decision.rule,
        needs_assignment=decision.needs_assignment,
        fallback_away=decision.fallback_away,
    )


def digest(
    clinic_id: ClinicId,
    given: Sequence[tuple[LeadId, Decision]],
    rule: str,
    *,
    at: datetime,
    by: UserId,
) -> LeadsAssigned:
    """Tell of many assignments at once: how many leads each one got, users in order."""
    counts = Counter(decision.chosen for _, decision in given)
    return LeadsAssigned(
        clinic_id=clinic_id,
        at=at,
        by=by,
        rule=rule,
        lead_ids=tuple(lead_id for lead_id, _ in given),
        users=tuple(sorted(counts)),
        counts=tuple(counts[user] for user in sorted(counts)),
        needs_assignment=sum(decision.needs_assignment for _, decision in given),
        fallback_away=any(decision.fallback_away for _, decision in given),
    )
