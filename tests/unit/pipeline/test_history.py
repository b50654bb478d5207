from typing import Any

import pytest
from attrs import evolve

from orthocrm.core.errors import InvalidInput, StageInUse
from orthocrm.core.ids import LeadId
from orthocrm.core.stage import DEFAULT_STAGES, StageKind
from orthocrm.pipeline.history import checked_stage, default_stages, ordered, removable
from orthocrm.testing.factories import a_stage
from tests.support.practices import a_practice, new_ids

PRACTICE = a_practice()
SLUGS = [stage.slug for stage in PRACTICE.stages]


def problems_of(call: Any, *args: Any) -> list[tuple[str, str]]:
    with pytest.raises(InvalidInput) as caught:
        call(*args)
    return [(problem.path, problem.code) for problem in caught.value.problems]


def test_a_new_clinic_has_the_eight_stages_of_the_source() -> None:
    stages = default_stages(PRACTICE.clinic.id, new_ids(), PRACTICE.clinic.created_at)

    assert [(stage.slug, stage.name) for stage in stages] == [
        (template.slug.value, template.name) for template in DEFAULT_STAGES
    ]
    assert [stage.order for stage in stages] == list(range(1, 9))
    assert [stage.slug for stage in stages if stage.is_default] == ["new_lead"]
    assert [stage.kind for stage in stages[-2:]] == [StageKind.WON, StageKind.LOST]
    assert {type(stage.slug) for stage in stages} == {str}
    assert len({stage.id for stage in stages}) == 8


def test_a_new_order_is_dense_and_changes_nothing_else() -> None:
    wanted = [SLUGS[1], SLUGS[0], *SLUGS[2:]]

    stages = ordered(PRACTICE, wanted)

    assert [(stage.slug, stage.order) for stage in stages] == list(
        zip(wanted, range(1, 9), strict=True)
    )
    by_slug = PRACTICE.stage_by_slug
    assert [evolve(s, order=by_slug[s.slug].order) for s in stages] == [by_slug[s] for s in wanted]


@pytest.mark.parametrize(
    "slugs, code",
    [
        (SLUGS[1:], "not_a_permutation"),
        ([*SLUGS, SLUGS[0]], "not_a_permutation"),
        ([*SLUGS[1:], SLUGS[1]], "not_a_permutation"),
        ([*SLUGS[1:], "nowhere"], "not_a_permutation"),
        ("new_lead", "not_a_permutation"),
        ([SLUGS[-1], *SLUGS[:-1]], "terminal_not_last"),
    ],
)
def test_an_order_names_every_stage_once_and_keeps_final_ones_last(slugs: Any, code: str) -> None:
    assert problems_of(ordered, PRACTICE, slugs) == [("slugs", code)]


def test_won_and_lost_may_change_places() -> None:
    stages = ordered(PRACTICE, [*SLUGS[:-2], SLUGS[-1], SLUGS[-2]])

    assert [stage.slug for stage in stages[-2:]] == ["lost", "treatment_started"]


def test_a_good_stage_comes_back_trimmed() -> None:
    stage = a_stage(PRACTICE.clinic, "recall", name="  Recall ", color=" #4C6EF5", max_days=30)

    assert checked_stage(stage, PRACTICE.stages) == evolve(stage, name="Recall", color="#4C6EF5")


@pytest.mark.parametrize(
    "fields, problem",
    [
        ({"slug": "Recall"}, ("slug", "not_a_slug")),
        ({"slug": "re-call"}, ("slug", "not_a_slug")),
        ({"slug": "a" * 51}, ("slug", "not_a_slug")),
        ({"slug": 7}, ("slug", "not_a_slug")),
        ({"slug": "reorder"}, ("slug", "reserved")),
        ({"slug": "contacted"}, ("slug", "taken")),
        ({"name": " "}, ("name", "required")),
        ({"name": "x" * 101}, ("name", "too_long")),
        ({"name": "NEW LEAD"}, ("name", "taken")),
        ({"color": "red"}, ("color", "not_a_color")),
        ({"color": 5}, ("color", "wrong_type")),
        ({"max_days": 0}, ("max_days", "out_of_range")),
        ({"max_days": True}, ("max_days", "wrong_type")),
        ({"description": "x" * 256}, ("description", "too_long")),
    ],
)
def test_a_bad_stage_is_refused(fields: dict[str, Any], problem: tuple[str, str]) -> None:
    stage = evolve(a_stage(PRACTICE.clinic, name="Recall"), **fields)

    assert problems_of(checked_stage, stage, PRACTICE.stages) == [problem]


def test_a_stage_is_not_compared_with_itself() -> None:
    assert checked_stage(PRACTICE.stages[0], PRACTICE.stages) == PRACTICE.stages[0]


HELD = tuple(LeadId(f"lead-{number}") for number in range(120))


def test_only_an_empty_stage_goes_and_never_a_fixed_one() -> None:
    removable(PRACTICE.stages[1], ())

    with pytest.raises(StageInUse) as caught:
        removable(PRACTICE.stages[1], HELD)
    assert (caught.value.stage, caught.value.leads) == ("contacted", 120)
    assert caught.value.lead_ids == HELD[:100]
    assert (caught.value.rules, caught.value.mappings) == ((), ())
    for fixed in (PRACTICE.stages[0], *PRACTICE.stages[-2:]):
        assert problems_of(removable, fixed, ()) == [("stage", "fixed_stage")]


def test_a_stage_of_which_rules_and_mappings_speak_stays_and_they_are_named() -> None:
    with pytest.raises(StageInUse) as caught:
        removable(PRACTICE.stages[1], HELD[:1], rules=("check_in",), mappings=("Weekly",))

    assert (caught.value.rules, caught.value.mappings) == (("check_in",), ("Weekly",))
    assert str(caught.value) == (
        "1 lead stands in contacted, the rule check_in names contacted, "
        "the mapping Weekly names contacted; change that first"
    )
