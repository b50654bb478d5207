"""What of all that happens somebody may see: what they could ask for, and nothing else."""

from collections.abc import Mapping
from enum import Enum, auto
from typing import Final

import attrs
from attrs import evolve, frozen

from orthocrm.core.actor import Permission, Scope
from orthocrm.core.events import KINDS
from orthocrm.core.happening import Happening
from orthocrm.core.ids import LeadId, UserId
from orthocrm.services.live.marks import Mark
from orthocrm.services.work import Work

_P: Final = Permission

OF_LEADS: Final = ("lead_id", "lead_ids", "other_id", "survivor_id", "loser_id")
"""The fields of events that name leads."""

_BESIDE: Final[Mapping[str, tuple[Permission, ...]]] = {
    "access_changed": (_P.USER_MANAGE,),
    "clinic_configured": (_P.LEAD_READ, _P.AVAILABILITY_READ),
    "clinic_created": (_P.LEAD_READ, _P.AVAILABILITY_READ),
    "delivery_parked": (_P.LEAD_CONFIGURE,),
    "emergency_begun": (_P.AUDIT_READ,),
    "emergency_ended": (_P.AUDIT_READ,),
    "import_finished": (_P.LEAD_CREATE,),
    "import_progressed": (_P.LEAD_CREATE,),
    "import_reverted": (_P.LEAD_CREATE,),
    "key_rotation_begun": (_P.KEYS_ROTATE,),
    "keys_destroyed": (_P.KEYS_ROTATE,),
    "message_parked": (_P.LEAD_CONFIGURE,),
    "model_trained": (_P.LEAD_ANALYTICS,),
}
"""Of what is neither about leads nor about appointments: one of these is enough to see it."""


class Reach(Enum):
    """How many leads or appointments somebody sees."""

    ALL = auto()
    OWN_AND_FREE = auto()
    OWN = auto()


@frozen(kw_only=True)
class Item:
    """An event behind whose `mark` one goes on, and whom it concerns.

    `owners` holds the owners of its leads by lead, and `before` whose lead it was; `takers` are
    those who take part in its appointment, or made it.
    """

    mark: Mark
    told: Happening
    owners: Mapping[LeadId, UserId | None]
    before: UserId | None = None
    takers: frozenset[str] = frozenset()


@frozen(kw_only=True)
class Sight:
    """Who somebody is, and how far they see."""

    user: UserId
    permissions: frozenset[Permission]
    leads: Reach = Reach.OWN
    appointments: Reach = Reach.OWN

    @property
    def is_open(self) -> bool:
        """Whether they may follow events at all, whatever they see of them."""
        return Permission.NOTICE_READ in self.permissions

    def of(self, item: Item) -> Happening | None:
        """Give what they are told of an event, None for nothing."""
        needed = needs(item.told.kind)
        if self.permissions.isdisjoint(needed):
            return None
        if Permission.APPOINTMENT_READ in needed:
            is_seen = self.appointments is Reach.ALL or self.user in item.takers
            return item.told if is_seen else None
        is_about_leads = Permission.LEAD_READ in needed and bool(item.told.lead_ids)
        if not is_about_leads or self.leads is Reach.ALL:
            return item.told
        return self._of_leads(item)

    def _of_leads(self, item: Item) -> Happening | None:
        within = tuple(lead for lead in item.told.lead_ids if self._reaches(item, lead))
        if not within:
            return None
        hidden = {*item.told.lead_ids} - {*within}
        shown = {i: version for i, version in item.told.versions.items() if i not in hidden}
        return evolve(item.told, lead_ids=within, versions=shown)

    def _reaches(self, item: Item, lead: LeadId) -> bool:
        if item.before == self.user:  # who loses a lead has to learn that
            return True
        if lead not in item.owners:
            return False
        owner = item.owners[lead]
        return owner == self.user or (owner is None and self.leads is Reach.OWN_AND_FREE)


def needs(kind: str) -> tuple[Permission, ...]:
    """Name the permissions of which one is enough to see events of a kind; none: nobody does."""
    if kind in _BESIDE:
        return _BESIDE[kind]
    names = {one.name for one in attrs.fields(KINDS[kind])} if kind in KINDS else set()
    if "appointment_id" in names:
        return (Permission.APPOINTMENT_READ,)
    return () if names.isdisjoint(OF_LEADS) else (Permission.LEAD_READ,)


def sight(work: Work) -> Sight:
    """Tell how far the actor sees, as the gate would let them ask."""
    leads, appointments = Permission.LEAD_READ, Permission.APPOINTMENT_READ
    reading = evolve(work, permission=leads)
    reach = Reach.OWN_AND_FREE if Scope.CLINIC in work.scopes(leads) else Reach.OWN
    return Sight(
        user=work.actor.user,
        permissions=frozenset(permission for permission in Permission if work.may(permission)),
        leads=Reach.ALL if reading.reaches_all(leads) else reach,
        appointments=Reach.ALL if Scope.CLINIC in work.scopes(appointments) else Reach.OWN,
    )
