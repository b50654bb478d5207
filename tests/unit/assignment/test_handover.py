import pytest

from orthocrm.assignment.handover import stands
from orthocrm.core.activity import Decision
from orthocrm.core.ids import UserId

A, B, C = UserId("a"), UserId("b"), UserId("c")


def history(*steps: str) -> list[Decision]:
    """Read `rule:from>to`."""
    found = []
    for step in steps:
        rule, _, way = step.partition(":")
        before, after = way.split(">")
        found.append(Decision(chosen=UserId(after), rule=rule, previous=UserId(before)))
    return found


@pytest.mark.parametrize(
    "steps, expected",
    [
        ([], False),
        (["hand_over:a>b"], True),
        (["hand_over:c>b"], False),
        (["hand_over:a>b", "transfer:b>b"], False),
        (["hand_over:a>b", "hand_back:b>a"], False),
        (["hand_over:a>b", "hand_over:b>c", "hand_back:c>b"], True),
        (["hand_over:a>b", "task_handed_over:b>c"], True),
        (["hand_back:b>a", "hand_over:a>b"], True),
    ],
)
def test_a_lead_goes_back_only_while_the_handing_over_stands(
    steps: list[str], *, expected: bool
) -> None:
    assert stands(history(*steps), A, B) is expected
