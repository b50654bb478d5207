"""Every operation on users, API keys, sessions and the own account, and what it is tried on."""

from collections.abc import Callable
from datetime import timedelta
from functools import cache
from typing import Any

import attrs

from orthocrm import Desk
from orthocrm.access import codes, passwords
from orthocrm.access.keys import NewKey
from orthocrm.access.passwords import HashCost
from orthocrm.access.tokens import digest_of
from orthocrm.core.access import UserSecrets
from orthocrm.core.actor import Permission, Role
from orthocrm.core.ids import KeyId, SessionId, UserId
from orthocrm.services.access.results import Proof
from orthocrm.services.access.users import NewUser
from orthocrm.testing.factories import a_session, a_user, an_api_key
from tests.flows.practice import House

CHEAP = HashCost(memory=8, passes=1, lanes=1)
ME, DOC = UserId("me"), UserId("doc")
PASSWORD = "seven purple pianos"


@cache
def hashed() -> str:
    return passwords.hashed(PASSWORD, CHEAP)


@cache
def secret() -> str:
    return codes.new_secret()


@attrs.frozen(kw_only=True)
class Door:
    """What an operation is tried on: a doctor with a key and a session, and the actor's own."""

    user: UserId
    key: KeyId
    session: SessionId
    own_session: SessionId
    proof: Proof
    code: str


Call = Callable[[Desk, Door], Any]

ON_USERS: dict[str, Call] = {
    "access.user": lambda desk, d: desk.access.user(d.user),
    "access.edit_user": lambda desk, d: desk.access.edit_user(d.user, name="Dr. Kim"),
    "access.change_roles": lambda desk, d: desk.access.change_roles(
        d.user, [Role.MARKETING_MANAGER]
    ),
    "access.deactivate": lambda desk, d: desk.access.deactivate(d.user),
    "access.reactivate": lambda desk, d: desk.access.reactivate(d.user),
    "access.reset_password": lambda desk, d: desk.access.reset_password(d.user),
    "access.make_key": lambda desk, d: desk.access.make_key(
        NewKey(name="figures", scopes=[Permission.LEAD_ANALYTICS], user=d.user)
    ),
    "access.sessions": lambda desk, d: desk.access.sessions(d.user),
    "access.end_session": lambda desk, d: desk.access.end_session(d.session),
    "access.rotate_key": lambda desk, d: desk.access.rotate_key(
        d.key, overlap=timedelta(minutes=5)
    ),
    "access.revoke_key": lambda desk, d: desk.access.revoke_key(d.key),
}
"""Operations on a user, a key or a session: those of another clinic are `NotFound`."""

ON_THE_CLINIC: dict[str, Call] = {
    "access.add_user": lambda desk, _: desk.access.add_user(
        NewUser(name="Zoe", roles=[Role.DOCTOR], email="zoe@bright.example")
    ),
    "access.users": lambda desk, _: desk.access.users(),
    "access.api_keys": lambda desk, _: desk.access.api_keys(),
}

OF_ONESELF: dict[str, Call] = {
    "access.account": lambda desk, _: desk.access.account(),
    "access.change_password": lambda desk, d: desk.access.change_password(
        d.proof, "eight orange organs"
    ),
    "access.begin_second_factor": lambda desk, d: desk.access.begin_second_factor(d.proof),
    "access.confirm_second_factor": lambda desk, d: desk.access.confirm_second_factor(d.code),
    "access.drop_second_factor": lambda desk, d: desk.access.drop_second_factor(d.proof),
    "access.renew_recovery_codes": lambda desk, d: desk.access.renew_recovery_codes(d.proof),
    "access.own_sessions": lambda desk, _: desk.access.own_sessions(),
    "access.end_own_session": lambda desk, d: desk.access.end_own_session(d.own_session),
}

ENTERING = {**ON_USERS, **ON_THE_CLINIC, **OF_ONESELF}


def at_the_door(house: House) -> Door:
    """Store the actor's own account, and a doctor with a key and a session."""
    clinic, now = house.clinic, house.clock()
    me = a_user(clinic, "me@bright.example", id=ME, roles=(Role.ADMIN,))
    doc = a_user(clinic, "doc@bright.example", id=DOC, roles=(Role.DOCTOR,))
    key = an_api_key(clinic, DOC, scopes=(Permission.LEAD_ANALYTICS,), created_at=now)
    own, other = (a_session(clinic, user, created_at=now, seen_at=now) for user in (ME, DOC))
    secrets = UserSecrets(
        id=ME,
        clinic_id=clinic.id,
        password=hashed(),
        totp=secret(),
        pending_totp=secret(),
    )
    with house.crm._backend.begin(clinic.id) as store:
        store.users.add([me, doc])
        store.user_secrets.add([secrets, UserSecrets(id=DOC, clinic_id=clinic.id)])
        store.api_keys.add([key])
        store.sessions.add([own, other])
    return Door(
        user=DOC,
        key=key.id,
        session=other.id,
        own_session=own.id,
        proof=Proof(user=ME, at=now, seal=digest_of(hashed())),
        code=codes.code_at(secret(), now),
    )
