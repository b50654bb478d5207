"""Who can be tried out in the invented practice: one of each role that works there."""

from typing import Final

from attrs import frozen

from orthocrm.core.actor import Actor, Role
from orthocrm.core.ids import UserId
from orthocrm.core.settings import Clinic
from orthocrm.crm import OrthoCRM
from orthocrm.demo import names
from orthocrm.demo.practice import MANAGER
from orthocrm.services.access.users import NewUser

PASSWORD: Final = "braces on, braces off"  # noqa: S105 - of invented people, on one's own machine
HOST: Final = "demo.example"


@frozen(kw_only=True)
class Person:
    """Somebody of the invented practice, and how to come in as them."""

    user: UserId
    name: str
    role: Role

    @property
    def email(self) -> str:
        """What they log in with, by `PASSWORD`."""
        return f"{self.user}@{HOST}"


def _people() -> tuple[Person, ...]:
    found = [
        ("manager", "Marta Keller", Role.CLINIC_ADMIN),
        *((user, name, Role.TREATMENT_COORDINATOR) for user, name, _ in names.COORDINATORS),
        ("front-desk", "Nell Okada", Role.FRONT_DESK),
        *((user, name, Role.PROVIDER) for user, name in names.DOCTORS),
        ("owner", "Dr. Ines Vidal", Role.DOCTOR),
        ("marketing", "Jo Hartley", Role.MARKETING_MANAGER),
    ]
    return tuple(Person(user=UserId(user), name=name, role=role) for user, name, role in found)


PEOPLE: Final = _people()


def let_in(crm: OrthoCRM, clinic: Clinic) -> tuple[Person, ...]:
    """Give everybody an account with the one password of the demo."""
    desk = crm.acting_as(Actor(user=UserId(MANAGER), clinic=clinic.id, roles=(Role.ADMIN,)))
    for person in PEOPLE:
        new = NewUser(id=person.user, name=person.name, email=person.email, roles=(person.role,))
        invited = desk.access.add_user(new)
        if invited.invitation is not None:
            crm.access.set_password(invited.invitation.token, PASSWORD)
    return PEOPLE
