from typing import Any

import pytest
from attrs import evolve

from orthocrm.core.query import Cond
from orthocrm.core.rules import FollowUpRule, Trigger
from orthocrm.core.settings import Practice, Settings, checked_settings
from orthocrm.core.stage import Step
from orthocrm.core.task import LeadTaskType
from orthocrm.followup import upset
from tests.support.practices import a_lead_of, a_practice

OURS = FollowUpRule(
    name="apologise", trigger=Trigger.UPSET, task=LeadTaskType.EMAIL, title="Apologise"
)


def with_rules(*rules: FollowUpRule) -> Practice:
    return a_practice(settings=Settings(rules=rules))


def names(practice: Practice, **fields: Any) -> list[str]:
    return [rule.name for rule in upset.woken(a_lead_of(practice, **fields), practice)]


def test_a_clinic_without_a_rule_has_ours() -> None:
    assert names(a_practice()) == ["upset_family"]


def test_the_clinic_s_own_rule_takes_the_place_of_ours() -> None:
    assert names(with_rules(OURS)) == ["apologise"]


@pytest.mark.parametrize(
    "changes",
    [
        {"is_active": False},
        {"stage": Step.PENDING_DECISION},
        {"where": Cond("owner", "eq", "tc-2")},
    ],
    ids=["inactive", "of another stage", "of others"],
)
def test_a_rule_that_does_not_hold_keeps_silent_and_so_does_ours(changes: dict[str, Any]) -> None:
    assert names(with_rules(evolve(OURS, **changes))) == []


def test_our_rule_would_be_accepted_from_a_clinic() -> None:
    assert checked_settings(Settings(rules=(upset.RULE,))).rules == (upset.RULE,)


@pytest.mark.parametrize("reader", ["", 5, True, "x" * 256])
def test_a_reader_of_tone_is_named_by_a_short_text(reader: Any) -> None:
    with pytest.raises(ValueError, match="sentiment"):
        checked_settings(Settings(sentiment=reader))
