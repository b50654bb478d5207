"""What becomes of a message that is clearly negative: a task at once, unless the clinic has rules.

A clinic's own rules of the trigger UPSET replace ours, inactive ones among them.
"""

from orthocrm.core.lead import Lead
from orthocrm.core.rules import FollowUpRule, Trigger
from orthocrm.core.settings import Practice
from orthocrm.core.task import LeadTaskType, TaskPriority
from orthocrm.followup import rules

RULE = FollowUpRule(
    name="upset_family",
    trigger=Trigger.UPSET,
    task=LeadTaskType.CALL,
    title="The family sounds upset: answer in person",
    priority=TaskPriority.URGENT,
)
"""Ours: an urgent call by the lead's coordinator."""


def woken(lead: Lead, practice: Practice) -> tuple[FollowUpRule, ...]:
    """Give the rules that speak of an upset family: the clinic's own, else ours."""
    own = [rule for rule in practice.rules if rule.trigger is Trigger.UPSET]
    if not own:
        return (RULE,)
    return tuple(
        rule
        for rule in own
        if rule.is_active and rule.stage in (None, lead.position.stage) and rules.holds(rule, lead)
    )
