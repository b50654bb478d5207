from collections import Counter

from orthocrm.assignment.rotation import Wheel, next_turns
from orthocrm.core.coordinator import TURN_SCALE, Rotation, Turn
from orthocrm.core.ids import UserId
from orthocrm.testing.factories import a_clinic, a_rotation

CLINIC = a_clinic()
A, B, C = UserId("a"), UserId("b"), UserId("c")


def turns(rotation: Rotation, users: str, count: int) -> tuple[Rotation, str]:
    rotation, chosen = next_turns(rotation, [(UserId(user), 1) for user in users], count)
    return rotation, "".join(chosen)


def test_equal_weights_take_turns_in_the_order_of_the_users() -> None:
    assert turns(a_rotation(CLINIC), "cba", 7)[1] == "abcabca"


def test_turns_go_on_where_the_last_unit_of_work_stopped() -> None:
    rotation, first = turns(a_rotation(CLINIC), "abc", 2)

    assert first + turns(rotation, "abc", 4)[1] == "abcabc"


def test_weights_share_smoothly_and_exactly() -> None:
    _, chosen = next_turns(a_rotation(CLINIC), [(A, 3), (B, 1)], 8)

    assert Counter(chosen) == {A: 6, B: 2}
    assert "".join(chosen) == "abaaabaa"


def test_nobody_can_be_chosen_from_nobody() -> None:
    rotation = a_rotation(CLINIC)

    assert next_turns(rotation, [], 3) == (rotation, ())
    assert next_turns(rotation, [(A, 0)], 3) == (rotation, ())
    assert next_turns(rotation, [(A, 1)], 0) == (rotation, ())


def test_who_comes_back_is_not_flooded() -> None:
    rotation, _ = turns(a_rotation(CLINIC), "abc", 3)
    rotation, away = turns(rotation, "bc", 20)

    _, back = turns(rotation, "abc", 6)

    assert Counter(away) == {"b": 10, "c": 10}
    assert Counter(back) == {"a": 2, "b": 2, "c": 2}


def test_who_comes_back_does_not_starve() -> None:
    rotation, _ = turns(a_rotation(CLINIC), "a", 50)
    rotation, _ = turns(rotation, "b", 1)

    assert Counter(turns(rotation, "ab", 4)[1]) == {"a": 2, "b": 2}


def test_a_short_absence_wins_no_turn() -> None:
    rotation, first = next_turns(a_rotation(CLINIC), [(A, 1), (B, 10)], 1)
    rotation, second = next_turns(rotation, [(B, 10)], 1)

    _, rest = next_turns(rotation, [(A, 1), (B, 10)], 8)

    assert (first, second) == ((A,), (B,))
    assert rest == (B,) * 8


def test_coming_and_going_wins_no_turn() -> None:
    """Somebody who leaves after each lead gets every second of the leads that both could have."""
    rotation, shared = a_rotation(CLINIC), ""
    for _ in range(40):
        rotation, chosen = turns(rotation, "ab", 1)
        shared += chosen
        if chosen == "a":
            rotation, _ = turns(rotation, "b", 7)

    assert Counter(shared) == {"a": 20, "b": 20}


def test_teams_that_take_over_from_each_other_keep_their_order() -> None:
    rotation, early, late = a_rotation(CLINIC), "", ""
    for _ in range(20):
        rotation, chosen = turns(rotation, "ab", 3)
        early += chosen
        rotation, chosen = turns(rotation, "cd", 3)
        late += chosen

    assert Counter(early + late) == {"a": 30, "b": 30, "c": 30, "d": 30}


def test_a_newcomer_starts_where_the_others_are() -> None:
    rotation, _ = turns(a_rotation(CLINIC), "ab", 40)

    assert Counter(turns(rotation, "abc", 6)[1]) == {"a": 2, "b": 2, "c": 2}


def test_a_whole_new_team_leaves_the_old_one_its_place() -> None:
    rotation, _ = turns(a_rotation(CLINIC), "ab", 40)
    rotation, _ = turns(rotation, "c", 1)

    assert Counter(turns(rotation, "abc", 6)[1])["c"] == 2


def test_the_state_is_whole_numbers_of_everybody_by_user() -> None:
    rotation, _ = turns(a_rotation(CLINIC), "ab", 1)
    rotation, _ = turns(rotation, "b", 1)

    assert rotation.turns == (
        Turn(user=A, time=2 * TURN_SCALE, present=False),
        Turn(user=B, time=TURN_SCALE, present=True),
    )


def test_a_weight_beyond_the_scale_still_moves_on() -> None:
    rotation, chosen = next_turns(a_rotation(CLINIC), [(A, TURN_SCALE * 2)], 3)

    assert chosen == (A, A, A)
    assert rotation.turns == (Turn(user=A, time=3),)


def test_who_leaves_in_the_middle_of_a_batch_is_out_of_it() -> None:
    wheel = Wheel(a_rotation(CLINIC))
    wheel.turn(A, [(A, 1), (B, 1), (C, 1)])
    wheel.turn(B, [(B, 1), (C, 1)])

    assert wheel.peek([(B, 1), (C, 1)]) == C
    assert [turn.present for turn in wheel.stopped().turns] == [False, True, True]


def test_looking_whose_turn_it_is_moves_nothing() -> None:
    rotation, _ = turns(a_rotation(CLINIC), "ab", 3)
    wheel = Wheel(rotation)

    assert wheel.peek([(C, 1), (A, 1)]) == A
    assert wheel.stopped() is rotation


def test_who_is_there_and_not_asked_keeps_the_turn() -> None:
    wheel = Wheel(a_rotation(CLINIC))
    everybody = [(A, 1), (B, 1)]
    for _ in range(3):
        assert wheel.peek(everybody, [B]) == B
        wheel.turn(B, everybody)

    assert [wheel.peek(everybody), wheel.peek(everybody, [C])] == [A, None]
    for _ in range(3):
        assert wheel.peek(everybody) == A
        wheel.turn(A, everybody)
