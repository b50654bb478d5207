"""Who acts: what roles add up to, what narrows them, and by what somebody came."""

import pytest

from orthocrm.core.actor import (
    LITERAL,
    PRACTICAL,
    Actor,
    Pass,
    Permission,
    Preset,
    Role,
    Scope,
    scopes,
)
from orthocrm.core.ids import ClinicId, KeyId, SessionId, UserId
from orthocrm.testing.clock import MONDAY_MORNING

CLINIC = ClinicId("bright")
READ, CREATE, ANALYTICS = Permission.LEAD_READ, Permission.LEAD_CREATE, Permission.LEAD_ANALYTICS


def who(*roles: Role | str, **given: object) -> Actor:
    return Actor(user=UserId("ann"), clinic=CLINIC, roles=frozenset(roles), **given)  # type: ignore[arg-type] # converted


def test_roles_add_up() -> None:
    both = who(Role.AGENT, "treatment_coordinator")
    assert both.roles == {Role.AGENT, Role.TREATMENT_COORDINATOR}
    assert both.scopes(READ, LITERAL) == {Scope.OWN, Scope.CLINIC}
    assert who(Role.AGENT).scopes(READ, LITERAL) == {Scope.OWN}
    assert who(Role.DOCTOR).scopes(READ, LITERAL) == frozenset()
    assert who().scopes(READ, LITERAL) == frozenset()


def test_a_role_of_which_a_table_says_nothing_grants_nothing() -> None:
    grants = {Role.AGENT: {READ: Scope.OWN}}
    assert scopes([Role.AGENT, Role.ADMIN], READ, grants) == {Scope.OWN}
    assert scopes([Role.AGENT, Role.ADMIN], CREATE, grants) == frozenset()


def test_an_actor_can_be_narrowed_and_never_widened() -> None:
    narrow = who(Role.DOCTOR, only=["lead:analytics", READ])
    assert narrow.only == frozenset({ANALYTICS, READ})
    assert narrow.scopes(ANALYTICS, LITERAL) == {Scope.AGGREGATES}
    assert narrow.scopes(READ, LITERAL) == frozenset()
    assert narrow.scopes(Permission.BREAK_GLASS, LITERAL) == frozenset()
    assert who(Role.ADMIN, only=[]).scopes(READ, LITERAL) == frozenset()
    assert who(Role.ADMIN).only is None


def test_the_presets_differ_in_who_types_leads_in() -> None:
    assert (Preset.LITERAL.grants, Preset.PRACTICAL.grants) == (LITERAL, PRACTICAL)
    admin = Role.CLINIC_ADMIN
    assert set(PRACTICAL[admin]) - set(LITERAL[admin]) == {CREATE}
    assert {role: PRACTICAL[role] for role in Role if role is not admin} == {
        role: LITERAL[role] for role in Role if role is not admin
    }


def test_an_actor_of_the_library_is_named_after_its_role() -> None:
    worker = Actor.system(Role.WORKER, CLINIC)
    assert worker == Actor(
        user=UserId("system:worker"), clinic=CLINIC, roles=frozenset({Role.WORKER})
    )


def test_what_somebody_came_by_is_named_by_its_kind() -> None:
    link = Pass(id="l-1", types=("consultation",), expires_at=MONDAY_MORNING)
    assert who(Role.AGENT).credential is None
    assert who(Role.AGENT, key=KeyId("k-1")).credential == "key:k-1"
    assert who(Role.AGENT, session=SessionId("s-1")).credential == "session:s-1"
    assert who(Role.PATIENT, link=link).credential == "link:l-1"


@pytest.mark.parametrize("given", [{"roles": ["owner"]}, {"roles": ["agent"], "only": ["own"]}])
def test_an_unknown_role_or_permission_makes_no_actor(given: dict[str, list[str]]) -> None:
    with pytest.raises(ValueError, match="is not a valid"):
        Actor(user=UserId("ann"), clinic=CLINIC, **given)  # type: ignore[arg-type] # converted
