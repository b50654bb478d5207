"""Leads that hold a later stage already when they are captured, as imported ones may."""

from collections.abc import Sequence

from attrs import field, frozen

from orthocrm.core.ids import UserId
from orthocrm.core.lead import Lead
from orthocrm.core.masking import mask
from orthocrm.pipeline import progression
from orthocrm.pipeline.progression import Transition
from orthocrm.services.assignment import assigning
from orthocrm.services.assignment.assigning import Owned
from orthocrm.services.batch import Refused, attempt
from orthocrm.services.work import Work


@frozen(kw_only=True)
class Wish:
    """What a new lead comes with: the coordinator asked for, the stage that it holds, a referrer.

    `referrer` is the name of who referred the family.
    """

    owner: UserId | None = None
    stage: str | None = None
    referrer: str | None = field(default=None, repr=mask)


@frozen(kw_only=True)
class Placed:
    """A new lead with its coordinator, and the move to its stage unless that is the first one."""

    owned: Owned
    transition: Transition | None = None

    @property
    def lead(self) -> Lead:
        """The lead in its stage."""
        return self.owned.lead if self.transition is None else self.transition.lead


def placed(
    work: Work, leads: Sequence[Lead], wishes: Sequence[Wish], *, auto: bool
) -> list[Placed | Refused]:
    """Give every new lead its coordinator and its stage.

    A lead beyond the first stage needs a coordinator (rule 2): it is assigned even without `auto`,
    and refused where nobody can take it.
    """
    owned = assigning.first_owners(work, leads, [wish.owner for wish in wishes], auto=auto)
    default = work.practice.default_stage.slug
    stages = [None if wish.stage == default else wish.stage for wish in wishes]
    adopted = _adopted(work, owned, stages)
    return [_placed(work, item, stage) for item, stage in zip(adopted, stages, strict=True)]


def _adopted(
    work: Work, owned: Sequence[Owned | Refused], stages: Sequence[str | None]
) -> list[Owned | Refused]:
    """Assign those that would stand beyond the first stage without a coordinator."""
    orphans = {
        i: item.lead
        for i, (item, stage) in enumerate(zip(owned, stages, strict=True))
        if stage is not None and isinstance(item, Owned) and item.lead.ownership.owner is None
    }
    decisions = zip(orphans.items(), assigning.decide(work, list(orphans.values())), strict=True)
    adopted = {
        i: decision if isinstance(decision, Refused) else assigning.own(work, lead, decision)
        for (i, lead), decision in decisions
    }
    return [adopted.get(i, item) for i, item in enumerate(owned)]


def _placed(work: Work, owned: Owned | Refused, stage: str | None) -> Placed | Refused:
    if isinstance(owned, Refused):
        return owned
    if stage is None:
        return Placed(owned=owned)
    return attempt([stage], lambda slug: _moved(work, owned, slug))[0]


def _moved(work: Work, owned: Owned, slug: str) -> Placed:
    """Move a lead as of the time of its enquiry."""
    stage = work.practice.stage(slug)
    work.plugins.ask("before_stage_change", lead=owned.lead, stage=stage, actor=work.actor)
    transition = progression.moved(
        owned.lead,
        slug,
        work.practice,
        at=owned.lead.stamps.created_at,
        now=work.now,
        by=work.actor.user,
        ids=work.ids,
    )
    return Placed(owned=owned, transition=transition)
