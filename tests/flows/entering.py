"""Users of a practice for tests: added, invited, logged in."""

from datetime import timedelta

from orthocrm import Actor, Desk, Role
from orthocrm.access import codes
from orthocrm.access.passwords import HashCost
from orthocrm.core.audit import AuditEntry
from orthocrm.core.ids import UserId
from orthocrm.core.query import Cond
from orthocrm.core.settings import Clinic
from orthocrm.services.access.results import LogIn, LogInOutcome
from orthocrm.services.access.users import NewUser
from orthocrm.services.work import everything
from tests.flows.practice import House

CHEAP = HashCost(memory=8, passes=1, lanes=1)
ANA, BEN = "ana@bright.example", "ben@bright.example"
PASSWORD, OTHER = "seven purple pianos", "eight orange organs"
IN, REFUSED = LogInOutcome.IN, LogInOutcome.REFUSED
LOCKED, CODE_NEEDED = LogInOutcome.LOCKED, LogInOutcome.CODE_NEEDED
STEP = timedelta(seconds=30)


def operator(house: House, clinic: Clinic | None = None) -> Desk:
    return house.desk(Role.OPERATOR, clinic=clinic)


def a_user(
    house: House,
    email: str = ANA,
    *roles: Role,
    clinic: Clinic | None = None,
    own: UserId | None = None,
) -> UserId:
    """Add somebody who has set their password."""
    desk = operator(house, clinic)
    new = NewUser(name="Ana", email=email, roles=roles or [Role.FRONT_DESK], id=own)
    invited = desk.access.add_user(new)
    assert invited.invitation is not None
    house.crm.access.set_password(invited.invitation.token, PASSWORD)
    return invited.user.id


def log_in(
    house: House, password: str = PASSWORD, code: str | None = None, email: str = ANA
) -> LogIn:
    return house.crm.access.log_in(house.clinic.id, email, password, code)


def entered(house: House, email: str = ANA, code: str | None = None) -> tuple[str, Actor]:
    came = log_in(house, code=code, email=email)
    assert came.token is not None
    assert came.actor is not None
    return came.token, came.actor


def with_second_factor(house: House, email: str = ANA) -> tuple[str, tuple[str, ...]]:
    """Set an authenticator up, and give its secret and the recovery codes."""
    desk = house.crm.acting_as(entered(house, email)[1])
    setup = desk.access.begin_second_factor(desk.access.prove(PASSWORD))
    recovery = desk.access.confirm_second_factor(codes.code_at(setup.secret, house.clock()))
    house.clock.advance(STEP)
    return setup.secret, recovery.codes


def trail(house: House, operation: str) -> list[AuditEntry]:
    with house.crm._backend.begin(house.clinic.id) as store:
        found = everything(store.audit, Cond("operation", "eq", f"access.{operation}"))
    return sorted(found, key=lambda entry: (entry.at, entry.id))


def outcomes(house: House, operation: str) -> list[str]:
    return [entry.outcome for entry in trail(house, operation)]
