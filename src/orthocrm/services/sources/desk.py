"""`desk.sources`: where leads come from."""

from attrs import evolve

from orthocrm.core import limits
from orthocrm.core.actor import Permission
from orthocrm.core.errors import AlreadyExists, InvalidInput, NotFound, StaleVersion
from orthocrm.core.ids import SourceId
from orthocrm.core.money import Money
from orthocrm.core.source import LeadSourceCategory, Source
from orthocrm.services.gate import verb
from orthocrm.services.settings import configuring
from orthocrm.services.sources import costs as source_costs
from orthocrm.services.sources.campaigns import Campaigns
from orthocrm.services.sources.costs import SourceCosts
from orthocrm.services.sources.credits import SourceTouches
from orthocrm.services.sources.referrers import Referrers
from orthocrm.services.work import Work


class Sources(SourceCosts, SourceTouches, Campaigns, Referrers, area="sources"):
    """The clinic's own sources, what they cost, and what they brought."""

    @verb(Permission.LEAD_READ)
    def all(self, work: Work) -> tuple[Source, ...]:
        """List the sources, those that are not in use any more included."""
        return work.practice.sources

    @verb(Permission.LEAD_CONFIGURE)
    def add(
        self,
        work: Work,
        name: str,
        category: LeadSourceCategory | str,
        *,
        description: str | None = None,
        monthly_cost: Money | None = None,
    ) -> Source:
        """Add a source; its name is unique, whatever the case.

        A `monthly_cost` begins today; older costs are entered by `add_spend`.
        """
        source = _checked(
            work,
            Source(
                id=SourceId(work.ids()),
                clinic_id=work.clinic_id,
                name=name,
                category=configuring.member(LeadSourceCategory, category, "category"),
                description=description,
                monthly_cost=monthly_cost,
                created_at=work.now,
                updated_at=work.now,
            ),
        )
        work.store.sources.add([source])
        if monthly_cost is not None:
            source_costs.priced(work, source, monthly_cost)
        configuring.changed(work, "source", source.id)
        return source

    @verb(Permission.LEAD_CONFIGURE)
    def change(self, work: Work, source: Source) -> Source:
        """Replace a source by an evolved copy of what was read.

        Another `monthly_cost` holds from today on and leaves the past alone. A source that goes
        out of use is refused for what staff enter, and all that it costs every month ends today.
        """
        if not isinstance(source, Source):
            raise InvalidInput.at("source", "wrong_type", "give a Source")
        if source.id not in work.practice.source_by_id:
            raise NotFound("source")
        before = work.practice.source_by_id[source.id]
        if source.version != before.version:
            raise StaleVersion("source")
        kept = evolve(
            _checked(work, source),
            clinic_id=work.clinic_id,
            is_default=before.is_default,
            created_at=before.created_at,
            updated_at=work.now,
        )
        _follow_costs(work, before, kept)
        if not kept.is_active:
            kept = evolve(kept, monthly_cost=None)
        (saved,) = work.store.sources.save([kept])
        configuring.changed(work, "source", source.id)
        return saved


def _follow_costs(work: Work, before: Source, after: Source) -> None:
    """Carry a change of a source over to the rows of its costs."""
    other = after.monthly_cost != before.monthly_cost
    if not after.is_active and before.is_default:
        message = "enquiries that name no source need it"
        raise InvalidInput.at("is_active", "default_source", message)
    if not after.is_active and other and after.monthly_cost is not None:
        message = "bring the source back into use first"
        raise InvalidInput.at("monthly_cost", "inactive_source", message)
    if before.is_active and not after.is_active:
        source_costs.stopped(work, after)
    elif other:
        source_costs.priced(work, after, after.monthly_cost)


def _checked(work: Work, source: Source) -> Source:
    name = configuring.label(source.name, "name", limits.NAME)
    twin = work.practice.source_by_name.get(name.casefold())
    if twin is not None and twin.id != source.id:
        raise AlreadyExists("source", "name")
    if not isinstance(source.is_active, bool):
        raise InvalidInput.at("is_active", "wrong_type", "give true or false")
    category = configuring.member(LeadSourceCategory, source.category, "category")
    return evolve(source, name=name, category=category)
