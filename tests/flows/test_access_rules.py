"""What is refused of users, sessions, keys and the own account, whatever keeps them."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from attrs import evolve

import orthocrm
from orthocrm import Actor, Forbidden, InvalidInput, NotFound, Role, SecondFactor
from orthocrm.access import codes
from orthocrm.access.keys import NewKey
from orthocrm.core.errors import LastAdministrator, LockedOut
from orthocrm.core.ids import UserId
from orthocrm.services.access.results import LogInOutcome
from orthocrm.services.access.users import NewUser
from orthocrm.testing.clock import FrozenClock
from tests.flows.conftest import KEYS
from tests.flows.entering import (
    ANA,
    BEN,
    CHEAP,
    CODE_NEEDED,
    IN,
    LOCKED,
    OTHER,
    PASSWORD,
    REFUSED,
    a_user,
    entered,
    log_in,
    operator,
    outcomes,
    trail,
    with_second_factor,
)
from tests.flows.practice import House


@pytest.fixture
def house(clock: FrozenClock) -> Iterator[House]:
    with orthocrm.connect(
        "memory://", keys=KEYS, clock=clock, discover_plugins=False, hash_cost=CHEAP
    ) as crm:
        settings = orthocrm.Settings(preset=orthocrm.Preset.PRACTICAL)
        clinic = crm.create_clinic(name="Bright Smiles", timezone="UTC", settings=settings)
        yield House(crm, clinic, clock)


# --- bad input


@pytest.mark.parametrize(
    "fields, path",
    [
        ({"clinic": 7}, "clinic"),
        ({"email": None}, "email"),
        ({"email": "ana"}, "email"),
        ({"password": None}, "password"),
        ({"password": "x" * 129}, "password"),
        ({"code": 123456}, "code"),
        ({"code": "12345"}, "code"),
    ],
)
def test_a_log_in_that_cannot_be_read_names_the_field(
    house: House, fields: dict[str, object], path: str
) -> None:
    usual = {"clinic": house.clinic.id, "email": ANA, "password": PASSWORD}
    with pytest.raises(InvalidInput) as refusal:
        house.crm.access.log_in(**{**usual, **fields})  # type: ignore[arg-type]
    assert [problem.path for problem in refusal.value.problems] == [path]


def test_what_no_user_can_be_is_named(house: House) -> None:
    desk = operator(house)
    for new, paths in (
        (NewUser(name=" ", email="ana", roles=[]), ["name", "email", "roles"]),
        (NewUser(name="Ana", roles=["patient"]), ["roles.0"]),
        (NewUser(name="Ana", roles=["doctor"], id=UserId("system:worker")), ["id"]),
        (NewUser(name="Ana", roles=["doctor"], id=UserId(" tc-1")), ["id"]),
        ("Ana", ["new"]),
    ):
        with pytest.raises(InvalidInput) as refusal:
            desk.access.add_user(new)  # type: ignore[arg-type]
        assert [problem.path for problem in refusal.value.problems] == paths
    assert desk.access.users() == ()


def test_no_password_is_set_by_a_token_that_is_none(house: House) -> None:
    invited = operator(house).access.add_user(NewUser(name="Ana", email=ANA, roles=["doctor"]))
    assert invited.invitation is not None
    good = invited.invitation.token
    for token in ("", None, good[:-43] + "A" * 43, good.replace("ocr_", "ocs_")):
        with pytest.raises(InvalidInput) as refusal:
            house.crm.access.set_password(token, PASSWORD)  # type: ignore[arg-type]
        assert [problem.path for problem in refusal.value.problems] == ["token"]
    with pytest.raises(InvalidInput) as refusal:
        house.crm.access.set_password(good, "ana@bright.example1")
    assert [problem.path for problem in refusal.value.problems] == ["password"]
    house.crm.access.set_password(good, PASSWORD)
    with pytest.raises(InvalidInput):
        house.crm.access.set_password(good, OTHER)
    assert log_in(house).outcome is IN


def test_an_invitation_runs_out(house: House) -> None:
    invited = operator(house).access.add_user(NewUser(name="Ana", email=ANA, roles=["doctor"]))
    assert invited.invitation is not None
    assert invited.invitation.expires_at == house.clock() + timedelta(days=7)
    house.clock.advance(timedelta(days=7))
    with pytest.raises(InvalidInput):
        house.crm.access.set_password(invited.invitation.token, PASSWORD)


# --- logging in


def test_a_new_password_opens_a_locked_address(house: House) -> None:
    user = a_user(house)
    for _ in range(5):
        log_in(house, OTHER)
    assert log_in(house).outcome is LOCKED
    token = operator(house).access.reset_password(user).token
    house.crm.access.set_password(token, OTHER)
    assert log_in(house, OTHER).outcome is IN


# --- the second factor


def test_without_a_second_factor_no_code_is_asked_for(house: House) -> None:
    a_user(house)
    secret, recovery = with_second_factor(house)
    desk = house.crm.acting_as(entered(house, code=codes.code_at(secret, house.clock()))[1])
    desk.access.drop_second_factor(desk.access.prove(PASSWORD))
    assert log_in(house).outcome is IN
    assert desk.access.account().has_second_factor is False
    with pytest.raises(InvalidInput):
        desk.access.renew_recovery_codes(desk.access.prove(PASSWORD))
    assert recovery


def test_an_authenticator_counts_once_it_is_confirmed(house: House) -> None:
    a_user(house)
    desk = house.crm.acting_as(entered(house)[1])
    with pytest.raises(InvalidInput):
        desk.access.confirm_second_factor("123456")
    setup = desk.access.begin_second_factor(desk.access.prove(PASSWORD))
    assert log_in(house).outcome is IN
    now = codes.code_at(setup.secret, house.clock())
    for code in ("", "12345", "ABCD-EFGH-2345-JKLM"):
        with pytest.raises(InvalidInput):
            desk.access.confirm_second_factor(code)
    assert len(desk.access.confirm_second_factor(now).codes) == 10
    assert desk.access.account().has_second_factor is True
    assert log_in(house, code=now).outcome is REFUSED


def test_whoever_lost_the_authenticator_has_it_dropped(house: House) -> None:
    user = a_user(house)
    with_second_factor(house)
    token = operator(house).access.reset_password(user, drop_second_factor=True)
    assert log_in(house).outcome is IN
    house.crm.access.set_password(token.token, OTHER)
    assert log_in(house, OTHER).outcome is IN


# --- sessions


def test_each_log_in_is_a_new_session_and_ends_the_one_it_replaces(house: House) -> None:
    a_user(house)
    first, _ = entered(house)
    second = house.crm.access.log_in(house.clinic.id, ANA, PASSWORD, replaces=first).token
    assert second is not None
    assert second != first
    assert house.crm.access.session(first) is None
    assert house.crm.access.session(second) is not None


def test_a_session_opens_by_its_own_secret_only(house: House) -> None:
    a_user(house)
    a_user(house, BEN)
    ana, _ = entered(house)
    ben, _ = entered(house, BEN)
    for token in (ana[:-43] + ben[-43:], ana.replace("ocs_", "ock_"), ana + " ", "", None, 7):
        assert house.crm.access.session(token) is None  # type: ignore[arg-type]
        assert house.crm.access.key(token) is None  # type: ignore[arg-type]
        assert house.crm.access.log_out(token) is False  # type: ignore[arg-type]
    assert house.crm.access.session(ana) is not None


# --- administering


def test_nobody_gives_or_rules_over_rights_that_they_do_not_have(house: House) -> None:
    boss = a_user(house, BEN, Role.ADMIN)
    desk = house.crm.acting_as(
        Actor(user=a_user(house, ANA, Role.CLINIC_ADMIN), clinic=house.clinic.id, roles=["agent"])
    )
    with pytest.raises(Forbidden):
        desk.access.users()
    desk = house.crm.acting_as(entered(house)[1])
    reset = desk.access.reset_password
    for call in (
        lambda: desk.access.add_user(NewUser(name="Eve", roles=["admin"])),
        lambda: desk.access.change_roles(desk.access.account().user.id, ["admin"]),
        lambda: desk.access.edit_user(boss, email="eve@bright.example"),
        lambda: desk.access.change_roles(boss, ["doctor"]),
        lambda: desk.access.deactivate(boss),
        lambda: reset(boss),
        lambda: desk.access.make_key(NewKey(name="x", scopes=["message:send"], user=boss)),
    ):
        with pytest.raises(Forbidden):
            call()
    made = desk.access.add_user(NewUser(name="Zoe", roles=["front_desk", "treatment_coordinator"]))
    assert made.invitation is None
    with pytest.raises(InvalidInput):
        reset(made.user.id)


def test_to_the_letter_an_administrator_of_a_clinic_still_runs_it(house: House) -> None:
    settings = house.admin.settings.practice().clinic.settings
    boss = a_user(house, ANA, Role.CLINIC_ADMIN)
    desk = house.crm.acting_as(entered(house)[1])
    house.admin.settings.change(evolve(settings, preset=orthocrm.Preset.LITERAL))
    hired = desk.access.add_user(NewUser(name="Zoe", email=BEN, roles=["front_desk"])).user
    desk.access.change_roles(hired.id, ["treatment_coordinator"])
    with pytest.raises(Forbidden):
        desk.access.make_key(NewKey(name="x", scopes=["lead:create"], user=hired.id))
    desk.access.deactivate(hired.id)
    with pytest.raises(Forbidden):
        desk.access.change_roles(boss, ["clinic_admin", "front_desk"])


# --- a second factor that the practice asks for


def asking(house: House, *roles: Role) -> None:
    settings = house.admin.settings.practice().clinic.settings
    asked = SecondFactor(roles=roles, grace=timedelta(days=2))
    house.admin.settings.change(evolve(settings, second_factor=asked))


def test_who_needs_a_second_factor_has_some_time_to_set_one_up(house: House) -> None:
    a_user(house, ANA, Role.FRONT_DESK)
    asking(house, Role.FRONT_DESK)
    first = log_in(house)
    until = house.clock() + timedelta(days=2)
    assert (first.outcome, first.enrol_by) == (IN, until)
    house.clock.advance(timedelta(days=2) - timedelta(seconds=1))
    assert log_in(house).enrol_by == until
    desk = house.crm.acting_as(entered(house)[1])
    assert desk.access.account().enrol_by == until
    with_second_factor(house)
    assert desk.access.account().enrol_by is None
    house.clock.advance(timedelta(days=1))
    assert log_in(house).outcome is CODE_NEEDED
    with pytest.raises(InvalidInput) as refusal:
        desk.access.drop_second_factor(desk.access.prove(PASSWORD))
    assert [problem.code for problem in refusal.value.problems] == ["second_factor_needed"]


def test_afterwards_nobody_comes_in_until_an_administrator_says_so(house: House) -> None:
    user = a_user(house, ANA, Role.FRONT_DESK)
    asking(house, Role.FRONT_DESK)
    log_in(house)
    house.clock.advance(timedelta(days=2))
    for _ in range(6):
        late = log_in(house)
        assert (late.outcome, late.token, late.actor) == (
            LogInOutcome.SECOND_FACTOR_DUE,
            None,
            None,
        )
    assert outcomes(house, "log_in")[-6:] == ["second_factor_due"] * 6
    assert log_in(house, OTHER).outcome is REFUSED
    reset = operator(house).access.reset_password(user)
    house.crm.access.set_password(reset.token, OTHER)
    assert log_in(house, OTHER).enrol_by == house.clock() + timedelta(days=2)


def test_roles_that_need_no_second_factor_come_in_without(house: House) -> None:
    a_user(house, ANA, Role.FRONT_DESK)
    asking(house, Role.ADMIN)
    assert (log_in(house).outcome, log_in(house).enrol_by) == (IN, None)


@pytest.mark.parametrize(
    "asked, path",
    [
        ("admin", "second_factor"),
        (SecondFactor(roles=("admin",)), "second_factor.roles"),  # type: ignore[arg-type]
        (SecondFactor(grace=timedelta(minutes=59)), "second_factor.grace"),
        (SecondFactor(grace=timedelta(days=91)), "second_factor.grace"),
    ],
)
def test_a_second_factor_that_cannot_be_asked_for_is_refused(
    house: House, asked: Any, path: str
) -> None:
    settings = house.admin.settings.practice().clinic.settings
    with pytest.raises(InvalidInput) as refusal:
        house.admin.settings.change(evolve(settings, second_factor=asked))
    assert [problem.path for problem in refusal.value.problems] == [path]


def test_a_token_that_sets_no_password_is_on_the_trail(house: House) -> None:
    user = a_user(house)
    token = operator(house).access.reset_password(user).token
    for given, password in ((token, "short"), (token[:-1] + neighbour(token[-1]), OTHER)):
        with pytest.raises(InvalidInput):
            house.crm.access.set_password(given, password)
    house.crm.access.set_password(token, OTHER)
    with pytest.raises(InvalidInput):
        house.crm.access.set_password(token, PASSWORD)
    assert outcomes(house, "set_password") == [
        "done",
        "bad_length",
        "bad_token",
        "done",
        "bad_token",
    ]
    assert {entry.user for entry in trail(house, "set_password")} == {user}


def neighbour(letter: str) -> str:
    return "B" if letter == "A" else "A"


def test_the_last_administrator_stays(house: House) -> None:
    first, second = a_user(house, ANA, Role.ADMIN), a_user(house, BEN, Role.CLINIC_ADMIN)
    desk = operator(house)
    desk.access.deactivate(second)
    for call in (
        lambda: desk.access.deactivate(first),
        lambda: desk.access.change_roles(first, ["doctor"]),
    ):
        with pytest.raises(LastAdministrator):
            call()
    desk.access.reactivate(second)
    assert desk.access.change_roles(first, ["doctor"]).roles == (Role.DOCTOR,)


def test_whoever_has_no_address_yet_may_get_one(house: House) -> None:
    desk = operator(house)
    program = desk.access.add_user(NewUser(name="Website", roles=["front_desk"])).user
    desk.access.edit_user(program.id, email=ANA)
    house.crm.access.set_password(desk.access.reset_password(program.id).token, PASSWORD)
    assert log_in(house).outcome is IN


def test_the_trail_and_plug_ins_hear_which_roles_changed(house: House) -> None:
    user = a_user(house, ANA, Role.DOCTOR)
    operator(house).access.change_roles(user, ["doctor", "admin"])
    (entry,) = trail(house, "change_roles")
    (change,) = entry.changes
    assert (change["user"], change["roles_before"]) == (user, ["doctor"])
    assert change["roles_after"] == ["admin", "doctor"]


# --- the own account


def test_a_proof_is_ones_own_and_lasts_five_minutes(house: House) -> None:
    a_user(house)
    a_user(house, BEN)
    ana, ben = (house.crm.acting_as(entered(house, email)[1]) for email in (ANA, BEN))
    proof = ana.access.prove(PASSWORD)
    for desk, given in ((ben, proof), (ana, None), (ana, PASSWORD)):
        with pytest.raises(InvalidInput):
            desk.access.change_password(given, OTHER)  # type: ignore[arg-type]
    house.clock.advance(timedelta(minutes=5))
    with pytest.raises(InvalidInput):
        ana.access.change_password(proof, OTHER)


def test_guessing_the_own_password_locks_as_logging_in_does(house: House) -> None:
    a_user(house)
    desk = house.crm.acting_as(entered(house)[1])
    for _ in range(4):
        assert desk.access.prove(PASSWORD).user
        with pytest.raises(InvalidInput):
            desk.access.prove(OTHER)
    with pytest.raises(InvalidInput):
        desk.access.prove(OTHER)
    with pytest.raises(LockedOut) as locked:
        desk.access.prove(PASSWORD)
    assert locked.value.until == house.clock() + timedelta(minutes=1)
    assert log_in(house).outcome is LOCKED


# --- API keys


def test_a_key_carries_no_more_than_its_user_has(house: House) -> None:
    user = a_user(house, ANA, Role.DOCTOR)
    with pytest.raises(InvalidInput) as refusal:
        operator(house).access.make_key(
            NewKey(name="x", scopes=["lead:analytics", "lead:read"], user=user)
        )
    assert [problem.path for problem in refusal.value.problems] == ["scopes.1"]
    operator(house).access.deactivate(user)
    with pytest.raises(InvalidInput):
        operator(house).access.make_key(NewKey(name="x", scopes=["lead:analytics"], user=user))
    with pytest.raises(NotFound):
        operator(house).access.make_key(NewKey(name="x", scopes=["lead:read"]))


def test_a_key_makes_no_key_that_is_wider(house: House) -> None:
    a_user(house, ANA, Role.ADMIN)
    desk = house.crm.acting_as(entered(house)[1])
    issued = desk.access.make_key(NewKey(name="keys", scopes=["user:manage", "lead:read"]))
    actor = house.crm.access.key(issued.token)
    assert actor is not None
    narrow = house.crm.acting_as(actor)
    with pytest.raises(Forbidden):
        narrow.access.make_key(NewKey(name="wide", scopes=["lead:convert"]))
    with pytest.raises(Forbidden):
        narrow.access.add_user(NewUser(name="Eve", roles=["admin"]))
    assert narrow.access.make_key(NewKey(name="narrow", scopes=["lead:read"])).token


def test_a_key_that_opens_no_more_leaves_an_entry(house: House) -> None:
    user = a_user(house)
    desk = operator(house).access
    new = NewKey(name="web", scopes=["lead:create"], user=user)
    first, opens = desk.make_key(new), house.crm.access.key
    second = desk.rotate_key(first.key.id, overlap=timedelta())
    for token in (first.token, second.token[:-1] + neighbour(second.token[-1]), second.token):
        opens(token)
    desk.deactivate(user)
    opens(second.token)
    desk.reactivate(user)
    house.clock.advance(timedelta(days=90))
    opens(second.token)
    desk.revoke_key(first.key.id)
    opens(second.token)
    assert outcomes(house, "use_key") == [
        "rotated",
        "wrong_secret",
        "deactivated",
        "expired",
        "revoked",
    ]
    assert {entry.objects for entry in trail(house, "use_key")} == {(first.key.id,)}


def test_a_key_runs_out(house: House) -> None:
    user = a_user(house)
    new = NewKey(name="web", scopes=["lead:create"], user=user, lasts=timedelta(days=1))
    issued = operator(house).access.make_key(new)
    house.clock.advance(timedelta(days=1))
    assert house.crm.access.key(issued.token) is None
