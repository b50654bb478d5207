"""Rules name stages and fields that the clinic has."""

from typing import Any

import pytest
from attrs import evolve

from orthocrm.core.custom_fields import CustomField, FieldKind
from orthocrm.core.ids import StageSlug
from orthocrm.core.query import AllOf, AnyOf, Cond
from orthocrm.core.rules import DEFAULT_RULES, FollowUpRule, Trigger
from orthocrm.core.settings import Settings
from orthocrm.core.task import LeadTaskType
from orthocrm.followup import naming

STAGES = ("new_lead", "contacted", "lost")
CALL = FollowUpRule(name="call", trigger=Trigger.IN_STAGE, task=LeadTaskType.CALL, title="Call")
FIELDS = (
    CustomField(name="siblings", label="Siblings", kind=FieldKind.NUMBER),
    CustomField(name="secret", label="Secret", kind=FieldKind.NUMBER, is_personal=True),
)


def settings(**fields: Any) -> Settings:
    return Settings(rules=(CALL, evolve(CALL, **fields)), custom_fields=FIELDS)


@pytest.mark.parametrize(
    "fields",
    [
        {"stage": StageSlug("contacted")},
        {"where": Cond("stage", "in", ("contacted", "lost"))},
        {"where": Cond("stage", "ge", "m")},
        {"where": AllOf((Cond("stage", "present"), Cond("custom.number.siblings", "ge", 2)))},
    ],
)
def test_a_rule_may_name_what_there_is(fields: dict[str, Any]) -> None:
    assert naming.rule_problems(settings(**fields), STAGES) == []


@pytest.mark.parametrize(
    "fields, problem",
    [
        ({"stage": StageSlug("consult")}, ("rules.1.stage", "unknown_stage")),
        ({"stage": ["contacted"]}, ("rules.1.stage", "unknown_stage")),
        ({"where": Cond("stage", "eq", "consult")}, ("rules.1.where", "unknown_stage")),
        ({"where": Cond("stage", "ne", "consult")}, ("rules.1.where", "unknown_stage")),
        (
            {"where": AnyOf((AllOf((Cond("stage", "in", ("lost", "consult")),)),))},
            ("rules.1.where", "unknown_stage"),
        ),
        ({"where": Cond("custom.code.siblings", "eq", "2")}, ("rules.1.where", "unknown_field")),
        ({"where": Cond("custom.number.secret", "eq", 2)}, ("rules.1.where", "unknown_field")),
        ({"where": Cond("custom.flag.gone", "present")}, ("rules.1.where", "unknown_field")),
    ],
)
def test_a_rule_that_names_what_there_is_not_is_refused_by_its_name(
    fields: dict[str, Any], problem: tuple[str, str]
) -> None:
    found = naming.rule_problems(settings(**fields), STAGES)

    assert [(each.path, each.code) for each in found] == [problem]
    assert "the rule call names" in found[0].message


def test_the_rules_that_speak_of_a_stage_are_known() -> None:
    other = evolve(CALL, name="other", where=Cond("stage", "in", ("lost", "pending_decision")))
    rules = Settings(rules=(*DEFAULT_RULES, other))

    assert naming.rules_naming("pending_decision", rules) == ("pending_check_in", "other")
    assert naming.rules_naming("contacted", rules) == ()
