"""One effect per idempotency key: the same request again answers with what the first did (R31)."""

import hashlib
import json
from typing import Any

import attrs

from orthocrm.core import limits
from orthocrm.core.audit import Delivery
from orthocrm.core.errors import InvalidInput, KeyMisused
from orthocrm.core.ids import AppointmentId
from orthocrm.core.reading import Reading
from orthocrm.services.deliveries import TICK
from orthocrm.services.work import Work


def replayed(work: Work, key: str | None, body: object) -> AppointmentId | None:
    """Claim a key, or give the appointment that the first request with it made.

    Raises:
        KeyMisused: the key came with another request before.
    """
    delivery = _delivery(work, key, body)
    if delivery is None:
        return None
    earlier = work.store.deliveries.claim(delivery)
    if earlier is None:
        return None
    if earlier.result is None:  # nothing came of it, so the key is free for what comes now
        work.store.deliveries.claim(delivery, earlier.created_at + TICK)
        return None
    if earlier.fingerprint != delivery.fingerprint:
        raise KeyMisused
    return AppointmentId(earlier.result["appointment"])


def finish(work: Work, key: str | None, body: object, appointment_id: AppointmentId) -> None:
    """Record what came of a claimed key."""
    delivery = _delivery(work, key, body)
    if delivery is not None:
        work.store.deliveries.finish(delivery, {"appointment": appointment_id})


def _delivery(work: Work, key: object, body: object) -> Delivery | None:
    reading = Reading()
    known = reading.text("key", key, limits.REFERENCE)
    reading.finish()
    if known is None:
        if key is not None:
            raise InvalidInput.at("key", "required", "give a key of printable characters")
        return None
    return Delivery(
        clinic_id=work.clinic_id,
        operation=work.operation,
        user=work.actor.user,
        key=f"key:{known}",
        fingerprint=_fingerprint(body),
        created_at=work.now,
    )


def _fingerprint(body: Any) -> str:  # noqa: ANN401 - an attrs value, or plain values
    values = attrs.asdict(body) if attrs.has(type(body)) else body
    said = json.dumps(values, default=str, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(said.encode()).hexdigest()
