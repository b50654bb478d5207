"""Rows of an import that came before: known by the delivery key that they carry.

A key is the clinic's, whoever imports. It is free again once the lead that came of it is gone, as
after an import was taken back, or while nothing came of it.
"""

from collections.abc import Sequence

from orthocrm.core.audit import Delivery
from orthocrm.core.errors import InvalidInput
from orthocrm.core.ids import LeadId, UserId
from orthocrm.leads.mapping import LeadRow
from orthocrm.services import deliveries, forwarding
from orthocrm.services.batch import Refused, attempt
from orthocrm.services.work import Work

_OPERATION = "imports.rows"
_ANYBODY = UserId("import")


def came_before(work: Work, rows: Sequence[LeadRow]) -> list[bool | Refused]:
    """Claim the delivery keys of rows, and tell of which a lead came already.

    A row whose key came with other content the first time is refused. Keys are claimed in their
    own order, so that two imports of the same rows do not wait for each other in a circle.
    """
    keys = [(row.intake.delivery_key, i) for i, row in enumerate(rows)]
    order = [i for _, i in sorted((key, i) for key, i in keys if key)]
    claimed = attempt(order, lambda i: _claimed(work, rows[i]))
    answers = dict(zip(order, claimed, strict=True))
    return [answers.get(i, False) for i in range(len(rows))]


def _claimed(work: Work, row: LeadRow) -> bool:
    delivery = _delivery(work, row)
    if delivery is None:
        return False
    earlier = work.store.deliveries.claim(delivery)
    if earlier is None:
        return False
    if _is_free(work, earlier):
        work.store.deliveries.claim(delivery, earlier.created_at + deliveries.TICK)
        return False
    if earlier.fingerprint != delivery.fingerprint:
        message = "this key came with another enquiry before"
        raise InvalidInput.at("delivery_key", "delivery_misused", message)
    return True


def keep(work: Work, row: LeadRow, lead_id: LeadId) -> None:
    """Record which lead came of a row."""
    delivery = _delivery(work, row)
    if delivery is not None:
        work.store.deliveries.finish(delivery, {"lead": lead_id})


def _is_free(work: Work, earlier: Delivery) -> bool:
    if earlier.result is None:
        return True
    lead_id = LeadId(earlier.result["lead"])
    lead = forwarding.standing(work.store, lead_id) or work.store.leads.get([lead_id]).get(lead_id)
    return lead is None or lead.stamps.deleted_at is not None


def _delivery(work: Work, row: LeadRow) -> Delivery | None:
    key = row.intake.delivery_key
    if not key:
        return None
    return Delivery(
        clinic_id=work.clinic_id,
        operation=_OPERATION,
        user=_ANYBODY,
        key=f"key:{key}",
        fingerprint=f"{deliveries.fingerprint(row.intake)}/{row.stage or ''}",
        created_at=work.now,
    )
