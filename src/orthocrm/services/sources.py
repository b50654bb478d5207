"""`desk.sources`: where leads come from."""

from attrs import evolve

from orthocrm.core import limits
from orthocrm.core.actor import Permission
from orthocrm.core.errors import AlreadyExists, InvalidInput, NotFound
from orthocrm.core.ids import SourceId
from orthocrm.core.money import Money
from orthocrm.core.source import LeadSourceCategory, Source
from orthocrm.services import configuring
from orthocrm.services.gate import Area, verb
from orthocrm.services.work import Work


class Sources(Area, area="sources"):
    """The clinic's own sources."""

    @verb(Permission.LEAD_READ)
    def all(self, work: Work) -> tuple[Source, ...]:
        """List the sources, those without new leads any more included."""
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
        """Add a source; its name is unique, whatever the case."""
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
        configuring.changed(work, "source", source.id)
        return source

    @verb(Permission.LEAD_CONFIGURE)
    def change(self, work: Work, source: Source) -> Source:
        """Replace a source by an evolved copy of what was read."""
        if source.id not in work.practice.source_by_id:
            raise NotFound("source")
        before = work.practice.source_by_id[source.id]
        kept = evolve(
            _checked(work, source),
            clinic_id=work.clinic_id,
            is_default=before.is_default,
            created_at=before.created_at,
            updated_at=work.now,
        )
        (saved,) = work.store.sources.save([kept])
        configuring.changed(work, "source", source.id)
        return saved


def _checked(work: Work, source: Source) -> Source:
    name = configuring.label(source.name, "name", limits.NAME)
    twin = work.practice.source_by_name.get(name.casefold())
    if twin is not None and twin.id != source.id:
        raise AlreadyExists("source", "name")
    if source.monthly_cost is not None and source.monthly_cost.minor < 0:
        raise InvalidInput.at("monthly_cost", "negative", "give an amount of zero or more")
    return evolve(source, name=name)
