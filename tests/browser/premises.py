"""A practice that is served for browsers: its people, its leads, and the way in."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import Any

import attrs
import uvicorn

import orthocrm
from orthocrm import Actor, Clinic, Desk, OrthoCRM, Role
from orthocrm.access import codes
from orthocrm.access.keys import NewKey
from orthocrm.access.passwords import HashCost
from orthocrm.core.actor import Permission
from orthocrm.core.ids import UserId
from orthocrm.core.lead import Lead
from orthocrm.core.money import Money
from orthocrm.core.reporting import Reporting
from orthocrm.core.settings import Settings
from orthocrm.crm import utc_now
from orthocrm.privacy.keys import KEY_BYTES, StaticKeys
from orthocrm.services.access.users import NewUser
from orthocrm.web.limiting import Rate, Rates
from orthocrm.web.serving import standing_alone
from orthocrm.web.settings import WebSettings
from tests.flows.practice import enquiry

PASSWORD = "correct horse battery"
_CHEAP = HashCost(memory=8, passes=1, lanes=1)
_ENOUGH = Rate(per_minute=1_000_000, burst=100_000)
OTHER_ORIGIN = "http://localhost:8099"
"""Of a page that embeds elements; tests answer for it, and nothing listens there."""

RATES = Rates(address=_ENOUGH, visitor=_ENOUGH, actor=_ENOUGH, clinic=_ENOUGH)

PEOPLE = {
    Role.CLINIC_ADMIN: ("manager", "Marta Keller"),
    Role.TREATMENT_COORDINATOR: ("tc-1", "Ana Ruiz"),
    Role.FRONT_DESK: ("front", "Nell Okada"),
    Role.DOCTOR: ("owner", "Dr. Vidal"),
    Role.MARKETING_MANAGER: ("marketing", "Jo Hartley"),
    Role.PROVIDER: ("dr-amari", "Dr. Amari"),
    Role.AGENT: ("agent", "Rob Stone"),
    Role.ADMIN: ("root", "Ada Boss"),
}


@attrs.define(slots=False)
class Premises:
    """One clinic with somebody in each role, at an address of the loopback."""

    crm: OrthoCRM
    clinic: Clinic
    address: str

    def desk(self, role: Role) -> Desk:
        """Give the desk of the one who works in a role."""
        user = UserId(PEOPLE[role][0])
        return self.crm.acting_as(Actor(user=user, clinic=self.clinic.id, roles={role}))

    @cached_property
    def admin(self) -> Desk:
        """The desk of who may do everything."""
        return self.desk(Role.ADMIN)

    def lead(self, patient: str, **fields: Any) -> Lead:
        """Capture an enquiry for a patient of this name."""
        first, _, last = patient.partition(" ")
        usual = {"patient_first_name": first, "patient_last_name": last, "phone": None}
        asked = enquiry(**{**usual, "email": f"{first}@example.com".lower(), **fields})
        return self.desk(Role.TREATMENT_COORDINATOR).leads.capture(asked).lead

    def second_factor(self, user: str) -> tuple[str, ...]:
        """Let somebody in who has a second factor; gives their recovery codes."""
        person = UserId(user)
        _add(self, person, user.capitalize(), f"{user}@bright.example", Role.FRONT_DESK)
        desk = self.crm.acting_as(
            Actor(user=person, clinic=self.clinic.id, roles={Role.FRONT_DESK})
        )
        setup = desk.access.begin_second_factor(desk.access.prove(PASSWORD))
        shown = codes.code_at(setup.secret, utc_now())
        return desk.access.confirm_second_factor(shown).codes

    def key(self, role: Role) -> str:
        """Give the token of an API key of the one in a role, which may read leads."""
        new = NewKey(name="Embed", user=UserId(PEOPLE[role][0]), scopes=(Permission.LEAD_READ,))
        return self.admin.access.make_key(new).token

    def session(self, role: Role) -> str:
        """Log somebody in; the token of the session is what a browser keeps as its cookie."""
        done = self.crm.access.log_in(self.clinic.id, email(role), PASSWORD)
        assert done.token is not None
        return done.token


def email(role: Role) -> str:
    """Give what the one in a role logs in with."""
    return f"{PEOPLE[role][0]}@bright.example"


@contextmanager
def served(url: str) -> Iterator[Premises]:
    """Make a practice in an empty database, and serve it while the block lasts."""
    keys = StaticKeys({1: bytes(KEY_BYTES)})
    with orthocrm.connect(url, keys=keys, discover_plugins=False, hash_cost=_CHEAP) as crm:
        premises = Premises(crm, _clinic(crm), "")
        _let_in(premises)
        settings = WebSettings(
            secure_cookies=False, pages=True, rates=RATES, allow_origins=[OTHER_ORIGIN]
        )
        with listening(standing_alone(crm, settings)) as premises.address:
            yield premises


def _clinic(crm: OrthoCRM) -> Clinic:
    settings = Settings(
        fallback=UserId("manager"),
        reporting=Reporting(average_fee=Money.of("5400.00", "USD")),
    )
    return crm.create_clinic(name="Bright Smiles", timezone="America/Chicago", settings=settings)


def _let_in(premises: Premises) -> None:
    desk = premises.admin
    for role, (user, name) in PEOPLE.items():
        _add(premises, UserId(user), name, email(role), role)
    desk.settings.add_coordinator(UserId("tc-1"), "Ana Ruiz")
    desk.settings.add_coordinator(UserId("tc-2"), "Ben Cho")


def _add(premises: Premises, user: UserId, name: str, address: str, role: Role) -> None:
    new = NewUser(id=user, name=name, email=address, roles=(role,))
    invited = premises.admin.access.add_user(new)
    assert invited.invitation is not None
    premises.crm.access.set_password(invited.invitation.token, PASSWORD)


@contextmanager
def listening(app: Any) -> Iterator[str]:
    """Serve an application from a thread, at a port that is free."""
    config = uvicorn.Config(
        app,
        port=0,
        log_config=None,
        access_log=False,
        http="h11",
        timeout_graceful_shutdown=1,
    )
    server = uvicorn.Server(config)
    socket = config.bind_socket()
    socket.listen(config.backlog)
    thread = threading.Thread(target=server.run, args=([socket],), daemon=True)
    thread.start()
    try:
        while not server.started:
            time.sleep(0.01)
        yield f"http://127.0.0.1:{socket.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()
        socket.close()
