"""What the flows share: an open installation, desks by role, and enquiries."""

from functools import cached_property
from typing import Any

import attrs

from orthocrm import Actor, Clinic, Desk, Intake, OrthoCRM, Role
from orthocrm.core.ids import UserId
from orthocrm.core.lead import Lead
from orthocrm.testing.clock import FrozenClock

BACKENDS = ("memory", "sqlite", "postgres")


@attrs.define(slots=False)
class House:
    """An installation with one clinic."""

    crm: OrthoCRM
    clinic: Clinic
    clock: FrozenClock

    def desk(self, role: Role, user: str | None = None, clinic: Clinic | None = None) -> Desk:
        """Give the desk of somebody in a role."""
        tenant = clinic or self.clinic
        return self.crm.acting_as(
            Actor(user=UserId(user or role.value), clinic=tenant.id, roles={role})
        )

    @cached_property
    def admin(self) -> Desk:
        """The clinic's administrator."""
        return self.desk(Role.CLINIC_ADMIN, "manager")

    @cached_property
    def coordinator(self) -> Desk:
        """The first treatment coordinator."""
        return self.desk(Role.TREATMENT_COORDINATOR, "tc-1")

    @cached_property
    def front(self) -> Desk:
        """The front desk."""
        return self.desk(Role.FRONT_DESK)

    def lead(self, **fields: Any) -> Lead:
        """Capture an enquiry that is complete."""
        return self.coordinator.leads.capture(enquiry(**fields)).lead


def enquiry(**fields: Any) -> Intake:
    """Give an enquiry of a parent for a child."""
    usual: dict[str, Any] = {
        "first_name": "Maria",
        "last_name": "Lopez",
        "patient_first_name": "Sofia",
        "patient_last_name": "Lopez",
        "relationship": "CHILD",
        "phone": "+1 312 555 0142",
        "email": "maria@example.com",
    }
    return Intake(**{**usual, **fields})
