"""What the host application and its surroundings do for us."""

from collections.abc import Sequence
from typing import Protocol

from orthocrm.core.access import Credentials
from orthocrm.core.actor import Actor
from orthocrm.core.audit import (
    Checkpoint,
)
from orthocrm.core.ids import ClinicId
from orthocrm.core.lead import Lead


class CheckpointSink(Protocol):
    """Keeps checkpoints of audit trails where whoever writes to the database cannot reach."""

    def add(self, checkpoint: Checkpoint) -> None:
        """Keep a checkpoint for good, after those that are there; it is kept when this returns.

        Raises `BackendError` when it cannot be kept.
        """
        ...

    def of(self, clinic: ClinicId) -> Sequence[Checkpoint]:
        """Give the checkpoints of a clinic as they were added; what cannot be read is left out.

        Raises `BackendError` when nothing can be read at all.
        """
        ...


class PatientRegistry(Protocol):
    """The host application's patients: where a converted lead lives on."""

    def register(self, lead: Lead) -> str:
        """Create (or find) the patient of a lead and give the host's reference.

        It is called inside the converting transaction and may be called again for the same lead
        when that transaction is repeated: answer with the same reference for the same lead id.
        """
        ...


class Authenticator(Protocol):
    """Tells who a request comes from. Several threads use it at once."""

    def authenticate(self, credentials: Credentials) -> Actor | None:
        """Give the actor, or None: the credentials are nothing of its own, or prove nothing.

        It decides anew for every request, so that a role that was revoked is gone at the next
        one. What is wrong is never told: all that does not open looks alike.
        """
        ...
