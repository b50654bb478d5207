"""Addresses, API keys, sessions, and who may give which roles."""

from datetime import timedelta
from typing import Any

import pytest
from attrs import evolve

from orthocrm import Preset
from orthocrm.access import granting, keys, sessions
from orthocrm.access.keys import NewKey
from orthocrm.access.logins import read_login
from orthocrm.core.actor import Actor, Permission, Role, Scope
from orthocrm.core.errors import InvalidInput
from orthocrm.core.ids import UserId
from orthocrm.core.reading import Reading
from orthocrm.testing.clock import MONDAY_MORNING as NOW
from orthocrm.testing.factories import a_clinic, a_session, a_user, an_api_key

CLINIC = a_clinic()
LITERAL, PRACTICAL = Preset.LITERAL.grants, Preset.PRACTICAL.grants
MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize(
    "raw",
    [
        7,
        "ana",
        "ana@",
        "@bright.example",
        "ana@bright",
        "ana@@bright.example",
        "a na@bright.example",
        "ana@bright..example",
        "ana@bright.example, ben@bright.example",
        "a" * 250 + "@x.example",
    ],
)
def test_what_is_no_address_is_refused(raw: object) -> None:
    reading = Reading()
    assert read_login(reading, raw) is None
    assert [problem.path for problem in reading.problems] == ["email"]


@pytest.mark.parametrize(
    "raw, login",
    [
        ("Ana@Bright.Example", "ana@bright.example"),
        ("  ana@bright.example ", "ana@bright.example"),
        ("łucja@exämple.com", "łucja@exämple.com"),
        ("ＡＮＡ@bright.example", "ana@bright.example"),  # noqa: RUF001 - wide letters
        (None, None),
        ("  ", None),
    ],
)
def test_addresses_are_brought_into_one_form(raw: str | None, login: str | None) -> None:
    reading = Reading()
    assert (read_login(reading, raw), reading.problems) == (login, [])


@pytest.mark.parametrize(
    "fields, problems",
    [
        ({"name": " "}, [("name", "required")]),
        ({"name": 7}, [("name", "wrong_type")]),
        ({"scopes": []}, [("scopes", "required")]),
        ({"scopes": "lead:read"}, [("scopes", "not_a_list")]),
        ({"scopes": None}, [("scopes", "not_a_list")]),
        ({"scopes": ["lead:read", "lead:fly"]}, [("scopes.1", "unknown_value")]),
        ({"scopes": [7]}, [("scopes.0", "wrong_type")]),
        ({"scopes": ["account:manage"]}, [("scopes.0", "not_by_key")]),
        ({"scopes": ["lead:read", "break_glass"]}, [("scopes.1", "not_by_key")]),
        ({"lasts": 90}, [("lasts", "wrong_type")]),
        ({"lasts": timedelta()}, [("lasts", "out_of_range")]),
        ({"lasts": timedelta(days=366)}, [("lasts", "out_of_range")]),
    ],
)
def test_what_a_key_cannot_be_is_named(
    fields: dict[str, Any], problems: list[tuple[str, str]]
) -> None:
    usual: dict[str, Any] = {"name": "website", "scopes": ["lead:create"]}
    with pytest.raises(InvalidInput) as refusal:
        keys.read_key(NewKey(**{**usual, **fields}))
    assert [(p.path, p.code) for p in refusal.value.problems] == problems


def test_a_key_has_each_scope_once() -> None:
    read = keys.read_key(NewKey(name=" web ", scopes=["lead:read", "lead:create", "lead:read"]))
    assert (read.name, read.scopes) == ("web", (Permission.LEAD_CREATE, Permission.LEAD_READ))


def test_a_key_opens_until_it_runs_out_or_is_revoked() -> None:
    key = an_api_key(CLINIC, digest="ab", expires_at=NOW)
    before = NOW - timedelta(microseconds=1)
    assert keys.opens(key, "ab", before)
    assert not keys.opens(key, "ab", NOW)
    assert not keys.opens(key, "cd", before)
    assert not keys.opens(evolve(key, revoked_at=before), "ab", before)


def test_the_token_before_opens_through_the_overlap() -> None:
    key = an_api_key(CLINIC, digest="ab", previous="cd", previous_until=NOW)
    assert keys.opens(key, "cd", NOW - MINUTE)
    assert not keys.opens(key, "cd", NOW)
    assert keys.opens(key, "ab", NOW)
    assert not keys.opens(an_api_key(CLINIC, digest="ab", previous="cd"), "cd", NOW)


@pytest.mark.parametrize(
    "seen, now, live",
    [
        (NOW, NOW, True),
        (NOW, NOW + timedelta(minutes=15) - timedelta(microseconds=1), True),
        (NOW, NOW + timedelta(minutes=15), False),
        (NOW + timedelta(hours=11, minutes=59), NOW + timedelta(hours=12), False),
        (NOW + timedelta(hours=11, minutes=58), NOW + timedelta(hours=11, minutes=59), True),
    ],
)
def test_a_session_ends_by_a_pause_or_by_its_age(seen: Any, now: Any, *, live: bool) -> None:
    session = a_session(CLINIC, created_at=NOW, seen_at=seen)
    assert sessions.is_live(session, now) is live
    assert not sessions.is_live(evolve(session, ended_at=NOW), now)


def test_a_use_is_written_down_once_a_minute() -> None:
    assert sessions.is_to_note(None, NOW)
    assert not sessions.is_to_note(NOW, NOW + timedelta(seconds=59))
    assert sessions.is_to_note(NOW, NOW + MINUTE)


@pytest.mark.parametrize(
    "raw, problems",
    [
        ([], [("roles", "required")]),
        ("admin", [("roles", "not_a_list")]),
        (None, [("roles", "not_a_list")]),
        (["boss"], [("roles.0", "unknown_value")]),
        (["admin", 7], [("roles.1", "wrong_type")]),
        (["patient"], [("roles.0", "not_for_people")]),
        (["doctor", "system:operator"], [("roles.1", "not_for_people")]),
    ],
)
def test_roles_that_nobody_has_are_refused(raw: object, problems: list[tuple[str, str]]) -> None:
    reading = Reading()
    granting.read_roles(reading, raw)
    assert [(p.path, p.code) for p in reading.problems] == problems


def _beyond(role: Role, roles: list[Role], grants: Any = LITERAL, **fields: Any) -> set[Permission]:
    actor = Actor(user="me", clinic=CLINIC.id, roles={role}, **fields)
    return set(granting.beyond(actor, roles, grants))


@pytest.mark.parametrize("role", granting.PEOPLE)
def test_an_administrator_gives_every_role(role: Role) -> None:
    assert _beyond(Role.ADMIN, [role]) == set()


@pytest.mark.parametrize("role", sorted(set(granting.PEOPLE) - {Role.ADMIN}))
def test_nobody_else_makes_an_administrator(role: Role) -> None:
    assert _beyond(role, [Role.ADMIN])
    assert _beyond(role, [Role.ADMIN], PRACTICAL)


EVERYBODY = sorted(set(granting.PEOPLE) - {Role.ADMIN})


def _ungiven(receiver: str, roles: list[Role], **fields: Any) -> set[Permission]:
    boss = Actor(user="me", clinic=CLINIC.id, roles={Role.CLINIC_ADMIN}, **fields)
    return set(granting.beyond_giving(boss, UserId(receiver), roles, LITERAL))


def test_to_the_letter_an_administrator_of_a_clinic_hires_those_who_create_leads() -> None:
    assert _beyond(Role.CLINIC_ADMIN, EVERYBODY) == {Permission.LEAD_CREATE}
    assert _beyond(Role.CLINIC_ADMIN, EVERYBODY, PRACTICAL) == set()
    assert _ungiven("somebody", EVERYBODY) == set()
    assert Permission.MESSAGE_SEND in _ungiven("somebody", [Role.ADMIN])


def test_and_neither_makes_themselves_one_nor_lets_a_key_do_so() -> None:
    assert _ungiven("me", [Role.FRONT_DESK]) == {Permission.LEAD_CREATE}
    everything = frozenset(LITERAL[Role.CLINIC_ADMIN])
    assert _ungiven("else", [Role.FRONT_DESK], only=everything) == {Permission.LEAD_CREATE}


def test_who_has_something_for_themselves_does_not_give_it_for_all() -> None:
    assert Permission.LEAD_READ in _beyond(Role.AGENT, [Role.FRONT_DESK])
    assert _beyond(Role.AGENT, [Role.AGENT]) == set()


def test_a_key_gives_no_more_than_its_scopes() -> None:
    only = frozenset({Permission.USER_MANAGE, Permission.LEAD_ANALYTICS})
    missing = _beyond(Role.ADMIN, [Role.DOCTOR], only=only)
    assert missing == set(LITERAL[Role.DOCTOR]) - only
    assert Permission.NOTICE_READ in missing


def test_scopes_of_a_key_narrow_what_roles_grant_and_add_nothing() -> None:
    actor = Actor(
        user="me", clinic=CLINIC.id, roles={Role.DOCTOR}, only=["lead:analytics", "lead:read"]
    )
    assert actor.scopes(Permission.LEAD_ANALYTICS, LITERAL) == {Scope.AGGREGATES}
    assert actor.scopes(Permission.LEAD_READ, LITERAL) == frozenset()
    assert actor.scopes(Permission.NOTICE_READ, LITERAL) == frozenset()
    assert evolve(actor, only=None).scopes(Permission.NOTICE_READ, LITERAL) == {Scope.OWN}
    assert evolve(actor, only=()).scopes(Permission.LEAD_ANALYTICS, LITERAL) == frozenset()


def test_administrators_are_the_active_users_who_manage_users() -> None:
    admin = a_user(CLINIC, roles=(Role.ADMIN,))
    others = (
        a_user(CLINIC, roles=(Role.DOCTOR,)),
        a_user(CLINIC, roles=(Role.CLINIC_ADMIN,), deactivated_at=NOW),
    )
    assert granting.administrators([admin, *others], LITERAL) == (admin,)
