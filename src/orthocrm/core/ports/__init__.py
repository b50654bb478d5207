"""What the core asks of the outside: storage, clock, ids, keys and the host application.

A backend implements `Backend` and proves itself with `orthocrm.testing.suite`.
"""

from orthocrm.core.ports.drawing import (
    Clock,
    IdSource,
    TellsTime,
)
from orthocrm.core.ports.host import (
    Authenticator,
    CheckpointSink,
    PatientRegistry,
)
from orthocrm.core.ports.keys import (
    Box,
    ClinicVault,
    KeyProvider,
    Signer,
    Vault,
)
from orthocrm.core.ports.ledgers import (
    Claims,
    Consents,
    Deliveries,
    Keyring,
    Outbox,
)
from orthocrm.core.ports.repositories import (
    FIRST_PAGE,
    AppointmentRepository,
    AuditTrail,
    ByLogin,
    Inbox,
    LeadRepository,
    Messages,
    Repository,
)
from orthocrm.core.ports.storage import (
    AdmitsRoles,
    Backend,
    TellsOfCommits,
    UnitOfWork,
    Watch,
)

__all__ = [
    "FIRST_PAGE",
    "AdmitsRoles",
    "AppointmentRepository",
    "AuditTrail",
    "Authenticator",
    "Backend",
    "Box",
    "ByLogin",
    "CheckpointSink",
    "Claims",
    "ClinicVault",
    "Clock",
    "Consents",
    "Deliveries",
    "IdSource",
    "Inbox",
    "KeyProvider",
    "Keyring",
    "LeadRepository",
    "Messages",
    "Outbox",
    "PatientRegistry",
    "Repository",
    "Signer",
    "TellsOfCommits",
    "TellsTime",
    "UnitOfWork",
    "Vault",
    "Watch",
]
