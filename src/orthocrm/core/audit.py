"""What the gate leaves behind: audit entries, waiting events, and answered deliveries."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final

from attrs import field, frozen

from orthocrm.core.ids import AuditId, ClinicId, ImportId, LeadId, OutboxId, UserId
from orthocrm.core.lead import Lead
from orthocrm.core.masking import PERSONAL, mask

DONE = "done"
"""The outcome of an operation that was carried out; any other outcome is an error's `code`."""


@frozen(kw_only=True)
class AuditEntry:
    """One operation: who did what to which objects, reads and refusals included.

    `changes` holds codes, ids and instants only (events with before and after). What changed in
    personal fields lies in a `PersonalChange`, whose digest stands here. `credential` names what
    the actor came by, as `Actor.credential` does.

    `position` is the entry's place in the clinic's chain, counted from 1, and None until it is
    sealed; `seal` proves the entry, and with a position everything before it as well. Both are the
    work of `orthocrm.privacy.chain`.
    """

    id: AuditId
    clinic_id: ClinicId
    at: datetime
    user: UserId
    roles: tuple[str, ...]
    operation: str
    outcome: str = DONE
    purpose: str | None = None
    credential: str | None = None
    objects: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()
    changes: tuple[Mapping[str, Any], ...] = ()
    digests: tuple[str, ...] = ()
    position: int | None = None
    seal: str | None = None
    version: int = 1


@frozen(kw_only=True)
class ChainHead:
    """Where a clinic's chain of audit entries ends; `seal` is that of the entry there."""

    position: int = 0
    seal: str = ""


@frozen(kw_only=True)
class Checkpoint:
    """A signed statement that a clinic's chain stood at a position with a seal.

    `previous` is the SHA-256 of the checkpoint before, so that none can be left out unseen.
    `is_restored` says that the database was put back to an older state before, and that this is
    known: what earlier checkpoints say of later positions holds no longer. `signature` is Ed25519
    by the key `key_id`, in hexadecimal.
    """

    clinic_id: ClinicId
    position: int
    seal: str
    at: datetime
    previous: str = ""
    is_restored: bool = False
    key_id: int = 0
    signature: str = ""


@frozen(kw_only=True)
class PersonalChange:
    """Personal fields before and after an operation, encrypted with the lead's own key.

    `salt` makes the digest in the audit entry useless for guessing. Erasing the lead's key
    erases this row and leaves the entry whole.
    """

    id: str
    clinic_id: ClinicId
    audit_id: AuditId
    lead_id: LeadId
    salt: str = field(repr=mask, metadata=PERSONAL)
    before: Mapping[str, Any] = field(repr=mask, metadata=PERSONAL)
    after: Mapping[str, Any] = field(repr=mask, metadata=PERSONAL)
    version: int = 1


class OutboxState(StrEnum):
    """Where a waiting event stands; PARKED ones failed too often and wait for a person."""

    PENDING = "PENDING"
    DONE = "DONE"
    PARKED = "PARKED"


@frozen(kw_only=True)
class OutboxItem:
    """An event that still has to reach the notify hooks.

    `fence` grows with every claim: a late answer that carries an older one is refused. `heard`
    names the plug-ins that need not be told again.
    """

    id: OutboxId
    clinic_id: ClinicId
    kind: str
    payload: Mapping[str, Any]
    created_at: datetime
    due_at: datetime
    state: OutboxState = OutboxState.PENDING
    attempts: int = 0
    fence: int = 0
    heard: tuple[str, ...] = ()
    version: int = 1


@frozen(kw_only=True)
class Delivery:
    """A request that has to have one effect only, and the ids of what came of it.

    The same `key` with another `fingerprint` is a misuse; the same with the same replays `result`.
    """

    clinic_id: ClinicId
    operation: str
    user: UserId
    key: str = field(repr=mask)
    fingerprint: str = field(repr=mask)
    created_at: datetime
    result: Mapping[str, Any] | None = None


KEYED: Final = "delivery_key"
"""Stands in the result of a delivery that is still known by its key when the person is erased."""

ERASED: Final[Mapping[str, Any]] = MappingProxyType({"erased": True})
"""The result of a delivery of which nothing but its key is known any more."""


class ImportState(StrEnum):
    """Where an import stands."""

    RUNNING = "RUNNING"
    FINISHED = "FINISHED"
    REVERTED = "REVERTED"


@frozen(kw_only=True)
class Import:
    """One run of an import; `digest` is the SHA-256 of the file."""

    id: ImportId
    clinic_id: ClinicId
    kind: str
    digest: str
    started_at: datetime
    started_by: UserId
    finished_at: datetime | None = None
    state: ImportState = ImportState.RUNNING
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    refused: int = 0
    version: int = 1


@frozen(kw_only=True)
class ImportChange:
    """What an import did to a lead that was there before: its state before, its version after."""

    id: str
    clinic_id: ClinicId
    import_id: ImportId
    lead_id: LeadId
    version_after: int
    before: Lead = field(repr=mask, metadata=PERSONAL)
    version: int = 1
