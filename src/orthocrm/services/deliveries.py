"""One effect per delivery: a retry answers with what the first one did.

A delivery is known by its key; a web form or social lead without one, by its content within the
clinic's replay window.
"""

import hashlib
import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import attrs

from orthocrm.core.activity import Decision, PassedOver
from orthocrm.core.audit import ERASED, KEYED, Delivery
from orthocrm.core.errors import Conflict
from orthocrm.core.ids import LeadId
from orthocrm.core.lead import Channel
from orthocrm.leads.dedupe import Duplicate, Relation
from orthocrm.leads.intake import Intake
from orthocrm.services import forwarding
from orthocrm.services.results import Captured
from orthocrm.services.work import Work

TICK = timedelta(microseconds=1)
_KNOWN_BY_CONTENT = (Channel.WEB_FORM, Channel.SOCIAL)


class DeliveryMisused(Conflict):
    """A delivery key came back with other content than the first time."""

    code = "delivery_misused"

    def __init__(self) -> None:
        super().__init__("delivery_key: it was used for another enquiry")


class AlreadyErased(Conflict):
    """A delivery came back of which the person was erased since: nothing is made of it again."""

    code = "already_erased"

    def __init__(self) -> None:
        super().__init__("delivery_key: what came of it was erased")


def replayed(work: Work, given: Intake) -> Captured | None:
    """Claim a delivery, or give the first result of one that was claimed before."""
    delivery = _delivery(work, given)
    if delivery is None:
        return None
    since = None if given.delivery_key else work.now - work.practice.clinic.settings.replay_window
    earlier = work.store.deliveries.claim(delivery, since)
    if earlier is None:
        return None
    if earlier.result is None:  # nothing came of it, so the key is free for what comes now
        work.store.deliveries.claim(delivery, earlier.created_at + TICK)
        return None
    if earlier.result == ERASED:
        raise AlreadyErased
    if earlier.fingerprint != delivery.fingerprint:
        raise DeliveryMisused
    return _recalled(work, earlier.result)


def finish(work: Work, given: Intake, captured: Captured) -> None:
    """Record what came of a claimed delivery, as ids and codes."""
    delivery = _delivery(work, given)
    if delivery is not None:
        known_by = {"known_by": KEYED} if given.delivery_key else {}
        work.store.deliveries.finish(delivery, {**_result(captured), **known_by})


def key_of(given: Intake) -> str | None:
    """Give the key by which a delivery is known, None for one that may be repeated at will."""
    if given.delivery_key:
        return f"key:{given.delivery_key}"
    return f"content:{fingerprint(given)}" if given.channel in _KNOWN_BY_CONTENT else None


def is_same(given: Intake, other: Intake) -> bool:
    """Tell whether two deliveries are the same enquiry."""
    return fingerprint(given) == fingerprint(other)


def _delivery(work: Work, given: Intake) -> Delivery | None:
    key = key_of(given)
    if key is None:
        return None
    return Delivery(
        clinic_id=work.clinic_id,
        operation="leads.capture",
        user=work.actor.user,
        key=key,
        fingerprint=fingerprint(given),
        created_at=work.now,
    )


def fingerprint(given: Intake) -> str:
    """Give what two deliveries of the same enquiry have in common, as a digest."""
    values = attrs.asdict(given, filter=lambda a, _: a.name not in ("delivery_key", "received_at"))
    said = json.dumps(values, default=str, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(said.encode()).hexdigest()


def _result(captured: Captured) -> Mapping[str, Any]:
    return {
        "lead": captured.lead.id,
        "tasks": [task.id for task in captured.tasks],
        "duplicates": [
            [d.lead_id, d.relation, list(d.reasons), d.score] for d in captured.duplicates
        ],
        "hidden": captured.hidden_duplicates,
        "decision": attrs.asdict(captured.decision) if captured.decision else None,
    }


def _recalled(work: Work, result: Mapping[str, Any]) -> Captured:
    lead_id = LeadId(result["lead"])
    work.touch([lead_id])
    tasks = work.store.tasks.get(result["tasks"])
    return Captured(
        lead=forwarding.standing(work.store, lead_id) or work.store.leads.get([lead_id])[lead_id],
        duplicates=tuple(
            Duplicate(lead_id=i, relation=Relation(relation), reasons=tuple(reasons), score=score)
            for i, relation, reasons, score in result["duplicates"]
        ),
        hidden_duplicates=result["hidden"],
        tasks=tuple(tasks[i] for i in result["tasks"] if i in tasks),
        decision=_decision(result["decision"]),
        replayed=True,
    )


def _decision(stored: Mapping[str, Any] | None) -> Decision | None:
    if stored is None:
        return None
    passed_over = tuple(PassedOver(**entry) for entry in stored["passed_over"])
    return Decision(**{**stored, "passed_over": passed_over})
