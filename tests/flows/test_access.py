"""Users come in by password, second factor or key, and are shut out at the next call."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest

import orthocrm
from orthocrm import Actor, Forbidden, InvalidInput, NotFound, Permission, Role
from orthocrm.access import codes, lockout
from orthocrm.access.keys import NewKey
from orthocrm.access.passwords import HashCost
from orthocrm.core.errors import AlreadyExists, LastAdministrator, OrthoCRMError
from orthocrm.core.ids import ClinicId, SessionId, UserId
from orthocrm.services.access.entrance import Entrance
from orthocrm.services.access.results import LogIn
from orthocrm.services.access.users import NewUser
from orthocrm.testing.clock import FrozenClock
from orthocrm.testing.suite.arranged import together
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
    STEP,
    a_user,
    entered,
    log_in,
    operator,
    outcomes,
    trail,
    with_second_factor,
)
from tests.flows.practice import House, enquiry


@pytest.fixture
def house(url: str, clock: FrozenClock) -> Iterator[House]:
    with orthocrm.connect(
        url, keys=KEYS, clock=clock, discover_plugins=False, hash_cost=CHEAP
    ) as crm:
        settings = orthocrm.Settings(preset=orthocrm.Preset.PRACTICAL)
        clinic = crm.create_clinic(name="Bright Smiles", timezone="UTC", settings=settings)
        yield House(crm, clinic, clock)


# --- logging in


def test_whoever_logs_in_acts_in_their_roles_until_they_log_out(house: House) -> None:
    user = a_user(house, ANA, Role.FRONT_DESK, Role.DOCTOR)
    came = house.crm.access.log_in(house.clinic.id, " ANA@Bright.example ", PASSWORD)
    assert came.outcome is IN
    assert came.token is not None
    assert came.actor == Actor(
        user=user,
        clinic=house.clinic.id,
        roles={Role.FRONT_DESK, Role.DOCTOR},
        session=came.session.id if came.session else None,
    )
    assert house.crm.access.session(came.token) == came.actor
    assert house.crm.access.log_out(came.token) is True
    assert house.crm.access.session(came.token) is None
    assert house.crm.access.log_out(came.token) is False
    assert outcomes(house, "log_in") == ["done"]
    assert [(e.user, e.outcome) for e in trail(house, "log_out")] == [(user, "done")]


def test_whatever_is_wrong_is_answered_alike(house: House) -> None:
    a_user(house)
    gone = a_user(house, BEN)
    operator(house).access.deactivate(gone)
    operator(house).access.add_user(
        NewUser(name="New", email="new@bright.example", roles=["doctor"])
    )
    nowhere = ClinicId("0190c0de-0000-7000-8000-00000000c11c")
    answers = [
        log_in(house, OTHER),
        log_in(house, email="nobody@bright.example"),
        log_in(house, email=BEN),
        log_in(house, email="new@bright.example"),
        house.crm.access.log_in(nowhere, ANA, PASSWORD),
    ]
    assert answers == [LogIn(outcome=REFUSED)] * 5
    found = ["wrong_password", "unknown_user", "deactivated", "no_password"]
    assert outcomes(house, "log_in") == found
    users = [entry.user for entry in trail(house, "log_in")]
    assert users[1] == "nobody"


def test_failures_lock_an_address_whether_or_not_anybody_has_it(house: House) -> None:
    a_user(house)
    until = house.clock() + timedelta(minutes=1)
    for email in (ANA, "nobody@bright.example"):
        tries = [log_in(house, OTHER, email=email) for _ in range(6)]
        assert [one.outcome for one in tries] == [REFUSED] * 5 + [LOCKED]
        assert [one.locked_until for one in tries] == [None] * 4 + [until] * 2
    assert log_in(house).outcome is LOCKED
    house.clock.set(until)
    assert log_in(house, OTHER).locked_until == until + timedelta(minutes=2)
    house.clock.set(until + timedelta(minutes=2))
    assert log_in(house).outcome is IN
    assert [log_in(house, OTHER).outcome for _ in range(5)] == [REFUSED] * 5


def test_old_failures_are_forgotten_and_swept_away(house: House) -> None:
    for number in range(3):
        log_in(house, email=f"nobody{number}@bright.example")
    house.clock.advance(lockout.FORGOTTEN_AFTER)
    log_in(house, email="somebody@bright.example")
    with house.crm._backend.begin(house.clinic.id) as store:
        assert store.attempts.count() == 1


def test_tries_at_once_are_no_more_than_tries_in_a_row(house: House) -> None:
    a_user(house)
    answers = together(*[lambda: log_in(house, OTHER)] * 8)
    assert sorted(one.outcome for one in answers) == [LOCKED] * 3 + [REFUSED] * 5
    assert sorted(outcomes(house, "log_in")) == ["locked"] * 3 + ["wrong_password"] * 5


def test_a_hash_of_another_cost_is_made_anew_when_its_owner_comes(
    house: House, clock: FrozenClock
) -> None:
    user = a_user(house)
    dearer = HashCost(memory=16, passes=1, lanes=1)
    house.crm.access = Entrance(
        backend=house.crm._backend, clock=clock, ids=house.crm._ids, cost=dearer
    )
    assert log_in(house).outcome is IN
    with house.crm._backend.begin(house.clinic.id) as store:
        kept = store.user_secrets.get([user])[user].password
    assert kept is not None
    assert "$m=16,t=1,p=1$" in kept
    assert log_in(house).outcome is IN


# --- the second factor


def test_a_code_is_asked_for_and_opens_once(house: House) -> None:
    a_user(house)
    secret, _ = with_second_factor(house)
    code = codes.code_at(secret, house.clock())
    wrong = f"{(int(code) + 1) % 1_000_000:06}"
    assert log_in(house).outcome is CODE_NEEDED
    assert log_in(house, OTHER, code).outcome is REFUSED
    if codes.step_of(secret, wrong, house.clock(), 0) is None:
        assert log_in(house, code=wrong).outcome is REFUSED
    assert log_in(house, code=code).outcome is IN
    assert log_in(house, code=code).outcome is REFUSED
    house.clock.advance(STEP)
    assert log_in(house, code=codes.code_at(secret, house.clock())).outcome is IN


def test_a_code_that_comes_many_times_at_once_opens_once(house: House) -> None:
    a_user(house)
    secret, _ = with_second_factor(house)
    code = codes.code_at(secret, house.clock())
    answers = together(*[lambda: log_in(house, code=code)] * 4)
    assert sorted(one.outcome for one in answers) == [IN] + [REFUSED] * 3


def test_to_be_asked_for_a_code_is_no_failure_and_clears_none(house: House) -> None:
    a_user(house)
    with_second_factor(house)
    for _ in range(4):
        log_in(house, OTHER)
    assert [log_in(house).outcome for _ in range(6)] == [CODE_NEEDED] * 6
    assert log_in(house, OTHER).locked_until is not None
    assert log_in(house).outcome is LOCKED


def test_a_recovery_code_opens_once(house: House) -> None:
    a_user(house)
    _, recovery = with_second_factor(house)
    assert log_in(house, code=recovery[0].lower()).outcome is IN
    assert log_in(house, code=recovery[0]).outcome is REFUSED
    token, actor = entered(house, code=recovery[1])
    desk = house.crm.acting_as(actor)
    assert desk.access.account().recovery_codes_left == 8
    renewed = desk.access.renew_recovery_codes(desk.access.prove(PASSWORD))
    assert log_in(house, code=recovery[2]).outcome is REFUSED
    assert log_in(house, code=renewed.codes[0]).outcome is IN
    assert house.crm.access.session(token) is not None


# --- sessions


def test_a_session_ends_after_a_pause_and_after_twelve_hours(house: House) -> None:
    a_user(house)
    token, actor = entered(house)
    house.clock.advance(timedelta(minutes=14))
    assert house.crm.access.session(token) == actor
    for _ in range(50):
        house.clock.advance(timedelta(minutes=14))
        assert house.crm.access.session(token) == actor
    house.clock.advance(timedelta(minutes=14))
    assert house.crm.access.session(token) is None
    token, _ = entered(house)
    house.clock.advance(timedelta(minutes=15))
    assert house.crm.access.session(token) is None


def test_people_see_and_end_their_own_sessions_only(house: House) -> None:
    a_user(house)
    ben = a_user(house, BEN)
    came = house.crm.access.log_in(house.clinic.id, ANA, PASSWORD, device="Fire\x00fox " * 40)
    house.clock.advance(timedelta(minutes=1))
    token, actor = entered(house)
    other, _ = entered(house, BEN)
    desk = house.crm.acting_as(actor)
    own = desk.access.own_sessions()
    assert [each.is_current for each in own] == [True, False]
    assert own[1].device == ("Firefox " * 40)[:200]
    (theirs,) = operator(house).access.sessions(ben)
    with pytest.raises(NotFound):
        desk.access.end_own_session(theirs.id)
    for wrong in (SessionId("nothing"), 7):
        with pytest.raises((NotFound, InvalidInput)):
            desk.access.end_own_session(wrong)  # type: ignore[arg-type]
    desk.access.end_own_session(own[1].id)
    assert house.crm.access.session(came.token or "") is None
    assert house.crm.access.session(token) is not None
    operator(house).access.end_session(theirs.id)
    assert house.crm.access.session(other) is None


def test_sessions_that_ran_out_are_swept_away(house: House) -> None:
    a_user(house)
    entered(house)
    entered(house)
    house.clock.advance(timedelta(hours=12))
    entered(house)
    with house.crm._backend.begin(house.clinic.id) as store:
        assert store.sessions.count() == 1


# --- at the next call


def test_a_role_that_was_revoked_is_gone_at_the_next_call(house: House) -> None:
    user = a_user(house, ANA, Role.FRONT_DESK)
    token, actor = entered(house)
    house.crm.acting_as(actor).leads.capture(enquiry())
    operator(house).access.change_roles(user, [Role.DOCTOR])
    again = house.crm.access.session(token)
    assert again is not None
    assert again.roles == {Role.DOCTOR}
    with pytest.raises(Forbidden):
        house.crm.acting_as(again).leads.capture(enquiry())


def test_who_was_deactivated_is_refused_at_the_next_call(house: House) -> None:
    user = a_user(house)
    token, _ = entered(house)
    key = operator(house).access.make_key(NewKey(name="web", scopes=["lead:create"], user=user))
    assert house.crm.access.key(key.token) is not None
    operator(house).access.deactivate(user)
    assert house.crm.access.session(token) is None
    assert house.crm.access.key(key.token) is None
    assert house.crm.access.member(house.clinic.id, user) is None
    assert log_in(house).outcome is REFUSED
    operator(house).access.reactivate(user)
    assert house.crm.access.session(token) is None
    assert house.crm.access.key(key.token) is not None
    assert log_in(house).outcome is IN


def test_a_user_of_two_clinics_has_a_membership_in_each(house: House) -> None:
    other = house.crm.create_clinic(name="Other", timezone="UTC")
    own = a_user(house, ANA, Role.FRONT_DESK, own=UserId("ana"))
    a_user(house, ANA, Role.DOCTOR, clinic=other, own=own)
    here, there = (house.crm.access.member(clinic.id, own) for clinic in (house.clinic, other))
    assert here is not None
    assert there is not None
    assert [set(one.roles) for one in (here, there)] == [{Role.FRONT_DESK}, {Role.DOCTOR}]
    operator(house, other).access.deactivate(own)
    assert log_in(house).outcome is IN
    assert house.crm.access.log_in(other.id, ANA, PASSWORD).outcome is REFUSED
    token, _ = entered(house)
    ours, theirs = (clinic.id.replace("-", "") for clinic in (house.clinic, other))
    assert house.crm.access.session(token.replace(ours, theirs)) is None


# --- administering


def test_two_administrators_cannot_remove_each_other_at_once(house: House) -> None:
    users = [a_user(house, email, Role.ADMIN) for email in (ANA, BEN)]

    def remove(user: UserId) -> bool:
        try:
            operator(house).access.deactivate(user)
        except LastAdministrator:
            return False
        return True

    assert sorted(together(*(lambda u=u: remove(u) for u in users))) == [False, True]


def test_an_address_and_an_id_belong_to_one_user(house: House) -> None:
    desk, ana = operator(house), a_user(house)
    ben = a_user(house, BEN)
    for call in (
        lambda: desk.access.add_user(NewUser(name="X", roles=["doctor"], email=ANA.upper())),
        lambda: desk.access.add_user(NewUser(name="X", roles=["doctor"], id=ana)),
        lambda: desk.access.edit_user(ben, email=ANA),
    ):
        with pytest.raises(AlreadyExists):
            call()
    desk.access.edit_user(ana, name="Anna", email="anna@bright.example")
    assert log_in(house).outcome is REFUSED
    assert log_in(house, email="Anna@bright.example").outcome is IN
    assert [user.name for user in desk.access.users(active=True)] == ["Ana", "Anna"]
    desk.access.edit_user(ben, email=ANA)
    with pytest.raises(InvalidInput):
        desk.access.edit_user(ben, name=" ", email="ben")


# --- the own account


def test_changing_the_password_asks_for_the_present_one_and_ends_other_sessions(
    house: House,
) -> None:
    a_user(house)
    other, _ = entered(house)
    token, actor = entered(house)
    desk = house.crm.acting_as(actor)
    with pytest.raises(InvalidInput) as refusal:
        desk.access.prove(OTHER)
    assert [problem.path for problem in refusal.value.problems] == ["password"]
    proof = desk.access.prove(PASSWORD)
    with pytest.raises(InvalidInput):
        desk.access.change_password(proof, "bright smiles")
    desk.access.change_password(proof, OTHER)
    assert log_in(house).outcome is REFUSED
    assert log_in(house, OTHER).outcome is IN
    assert house.crm.access.session(other) is None
    assert house.crm.access.session(token) == actor
    with pytest.raises(InvalidInput):
        desk.access.change_password(proof, PASSWORD)
    assert outcomes(house, "prove") == ["wrong_password"]


# --- API keys


def test_a_key_acts_as_its_user_within_its_scopes(house: House) -> None:
    user = a_user(house, ANA, Role.FRONT_DESK)
    issued = operator(house).access.make_key(
        NewKey(name="website", scopes=["lead:create", "appointment:read"], user=user)
    )
    actor = house.crm.access.key(issued.token)
    assert actor is not None
    assert (actor.user, set(actor.roles), actor.key) == (user, {Role.FRONT_DESK}, issued.key.id)
    assert actor.only == frozenset({Permission.LEAD_CREATE, Permission.APPOINTMENT_READ})
    desk = house.crm.acting_as(actor)
    lead = desk.leads.capture(enquiry()).lead
    with pytest.raises(Forbidden):
        desk.leads.get(lead.id)
    with pytest.raises(Forbidden):
        desk.access.account()
    came_by = {entry.credential for entry in operator(house).privacy.trail().entries}
    assert came_by == {None, f"key:{issued.key.id}"}
    operator(house).access.change_roles(user, [Role.DOCTOR])
    again = house.crm.access.key(issued.token)
    assert again is not None
    with pytest.raises(Forbidden):
        house.crm.acting_as(again).leads.capture(enquiry())


def test_the_first_use_of_a_key_is_on_the_trail_and_the_last_one_on_the_key(house: House) -> None:
    user = a_user(house)
    desk = operator(house)
    issued = desk.access.make_key(NewKey(name="web", scopes=["lead:create"], user=user))
    used: list[datetime | None] = []
    for _ in range(3):
        assert house.crm.access.key(issued.token) is not None
        used.append(desk.access.api_keys(user)[0].last_used_at)
        house.clock.advance(timedelta(seconds=40))
    start = house.clock() - timedelta(seconds=120)
    assert used == [start, start, start + timedelta(seconds=80)]
    (entry,) = trail(house, "first_use_of_key")
    assert (entry.user, entry.objects) == (user, (issued.key.id,))


def test_uses_at_once_are_all_let_in(house: House) -> None:
    user = a_user(house)
    issued = operator(house).access.make_key(NewKey(name="web", scopes=["lead:create"], user=user))
    came = together(*[lambda: house.crm.access.key(issued.token)] * 6)
    assert {actor.user for actor in came if actor is not None} == {user}
    assert None not in came
    assert outcomes(house, "first_use_of_key") == ["done"]


def test_a_key_is_rotated_with_an_overlap_and_revoked_at_once(house: House) -> None:
    user = a_user(house)
    desk = operator(house)
    first = desk.access.make_key(NewKey(name="web", scopes=["lead:create"], user=user))
    for wrong in (timedelta(days=-1), timedelta(days=31), 24):
        with pytest.raises(InvalidInput):
            desk.access.rotate_key(first.key.id, overlap=wrong)  # type: ignore[arg-type]
    second = desk.access.rotate_key(first.key.id, overlap=timedelta(hours=1))
    assert second.key.id == first.key.id
    opens = house.crm.access.key
    assert [opens(each.token) is not None for each in (first, second)] == [True, True]
    house.clock.advance(timedelta(hours=1))
    assert [opens(each.token) is not None for each in (first, second)] == [False, True]
    third = desk.access.rotate_key(first.key.id, overlap=timedelta())
    assert [opens(each.token) is not None for each in (second, third)] == [False, True]
    assert desk.access.revoke_key(first.key.id).revoked_at == house.clock()
    assert desk.access.revoke_key(first.key.id).revoked_at == house.clock()
    assert opens(third.token) is None
    with pytest.raises(InvalidInput):
        desk.access.rotate_key(first.key.id)


def test_keys_and_users_of_another_clinic_are_nowhere(house: House) -> None:
    user = a_user(house)
    issued = operator(house).access.make_key(NewKey(name="web", scopes=["lead:create"], user=user))
    other = house.crm.create_clinic(name="Other", timezone="UTC")
    desk = operator(house, other)
    calls = (
        lambda: desk.access.user(user),
        lambda: desk.access.rotate_key(issued.key.id),
        lambda: desk.access.revoke_key(issued.key.id),
    )
    for call in calls:
        with pytest.raises(OrthoCRMError) as refusal:
            call()
        assert refusal.value.code == "not_found"
    ours, theirs = (clinic.id.replace("-", "") for clinic in (house.clinic, other))
    assert house.crm.access.key(issued.token.replace(ours, theirs)) is None
