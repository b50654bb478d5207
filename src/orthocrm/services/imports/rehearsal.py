"""Dry runs: the very same rules and verbs over a storage that forgets, so that both agree."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Generic, TypeVar, cast

from attrs import define, evolve, field

from orthocrm.core.audit import Delivery
from orthocrm.core.ids import LeadId
from orthocrm.core.lead import Lead
from orthocrm.core.ports import Deliveries, LeadRepository, Repository, UnitOfWork
from orthocrm.core.source import Source
from orthocrm.leads import dedupe
from orthocrm.services.work import Work

T = TypeVar("T")


@define
class Rehearsal:
    """What a dry run would have stored so far: some 2.5 kB for each lead that it would change.

    Without `by_key`, when no row looks for its lead, only the leads' keys are held.
    """

    by_key: bool = True
    leads: dict[LeadId, Lead] = field(factory=dict, repr=False)
    carriers: dict[str, list[LeadId]] = field(factory=dict, repr=False)
    sources: tuple[Source, ...] | None = None
    made: set[LeadId] = field(factory=set, repr=False)
    deliveries: dict[str, Delivery] = field(factory=dict, repr=False)

    def of(self, work: Work, sources: Sequence[Source]) -> Work:
        """Give a unit of work that reads what is stored and keeps its writes to itself."""
        if self.sources is None:
            self.sources = tuple(sources)
        practice = work.practice
        return evolve(
            work,
            store=cast("UnitOfWork", _Stage(work.store, self)),
            practice=evolve(practice, sources=(*practice.sources, *self.sources)),
            patients=_Nobody(),
            events=[],
            objects=[],
            fields=[],
            personal=[],
        )

    def keep(self, lead: Lead) -> None:
        """Hold a lead as it would be stored."""
        if self.by_key:
            self.leads[lead.id] = lead
        for key in dedupe.exact(lead.keys):
            ids = self.carriers.setdefault(key, [])
            if lead.id not in ids:
                ids.append(lead.id)


class _Nobody:
    """The patient registry of a dry run."""

    def register(self, lead: Lead) -> str:
        """Name the patient as nobody will ever see it."""
        return f"rehearsed-{lead.id}"


class _Stage:
    """A unit of work whose writes go nowhere, but for leads, which the rehearsal holds."""

    def __init__(self, store: UnitOfWork, rehearsal: Rehearsal) -> None:
        self._store = store
        self.leads = _Leads(store.leads, rehearsal)
        self.deliveries = _Deliveries(store.deliveries, rehearsal.deliveries)

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever else a unit of work has
        stored = getattr(self._store, name)
        return _Reading(stored) if hasattr(stored, "save") else stored


class _Reading(Generic[T]):
    """A repository that can only be read."""

    def __init__(self, stored: Repository[T]) -> None:
        self.get = stored.get
        self.find = stored.find
        self.count = stored.count

    def add(self, nouns: Sequence[T]) -> None:
        """Forget new nouns."""

    def save(self, nouns: Sequence[Any]) -> tuple[Any, ...]:
        """Give changed nouns back as if they were stored."""
        return tuple(evolve(noun, version=noun.version + 1) for noun in nouns)

    def remove(self, ids: Collection[str]) -> None:
        """Keep what should go."""


class _Deliveries:
    """Deliveries as they are known, and as the rehearsal has claimed them, by key."""

    def __init__(self, stored: Deliveries, claimed: dict[str, Delivery]) -> None:
        self._stored = stored
        self._claimed = claimed

    def claim(self, delivery: Delivery, since: datetime | None = None) -> Delivery | None:
        """Hold a delivery, or give the one that holds its key already."""
        held = self._claimed.get(delivery.key) or self._stored.known(delivery)
        if held is not None and (since is None or held.created_at >= since):
            return held
        self._claimed[delivery.key] = delivery
        return None

    def finish(self, delivery: Delivery, result: Mapping[str, Any]) -> None:
        """Hold what would come of a delivery."""
        self._claimed[delivery.key] = evolve(self._claimed[delivery.key], result=result)


class _Leads(_Reading[Lead]):
    """Leads as they are stored, and as the rehearsal has changed them."""

    def __init__(self, stored: LeadRepository, rehearsal: Rehearsal) -> None:
        super().__init__(stored)
        self._stored = stored
        self._rehearsal = rehearsal
        self.get = self._get

    def add(self, nouns: Sequence[Lead]) -> None:
        """Hold new leads."""
        self._rehearsal.made.update(lead.id for lead in nouns)
        self._hold(nouns)

    def save(self, nouns: Sequence[Lead]) -> tuple[Lead, ...]:
        """Hold changed leads."""
        saved = super().save(nouns)
        self._hold(saved)
        return saved

    def _hold(self, nouns: Sequence[Lead]) -> None:
        for lead in nouns:
            self._rehearsal.keep(lead)

    def _get(self, ids: Collection[str], *, lock: bool = False) -> Mapping[str, Lead]:
        held = {i: self._rehearsal.leads[LeadId(i)] for i in ids if i in self._rehearsal.leads}
        return {**self._stored.get([i for i in ids if i not in held], lock=lock), **held}

    def sharing_key(
        self, keys: Collection[str], most: int = 20
    ) -> Mapping[str, tuple[LeadId, ...]]:
        """Give the ids of the leads that carry a key, as they are held or else stored."""
        held, carriers = self._rehearsal.leads, self._rehearsal.carriers
        edited = max(len(held) - len(self._rehearsal.made), 0)
        hits = self._stored.sharing_key(keys, most + edited)
        shared = {
            key: {i for i in hits.get(key, ()) if i not in held}
            | {i for i in carriers.get(key, ()) if i not in held or key in held[i].keys}
            for key in keys
        }
        return {key: tuple(sorted(ids)[: most + 1]) for key, ids in shared.items() if ids}
