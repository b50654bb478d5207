"""Dry runs: the very same rules and verbs over a storage that forgets, so that both agree.

What is held is packed and bounded: a dry run of any length stays within some 60 MB.
"""

import pickle
import zlib
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


MOST_HELD = 100_000
"""How many leads, and deliveries, a dry run remembers: the latest ones."""


class _Packed:
    """Leads as bytes: what they have in common with the first one is written once."""

    def __init__(self) -> None:
        self._pattern = b""
        self._packed: dict[LeadId, bytes] = {}

    def __contains__(self, lead_id: object) -> bool:
        return lead_id in self._packed

    def put(self, lead: Lead) -> None:
        """Hold a lead as it is now."""
        plain = pickle.dumps(lead, pickle.HIGHEST_PROTOCOL)
        self._pattern = self._pattern or plain
        packer = zlib.compressobj(1, zdict=self._pattern)
        self._packed[lead.id] = packer.compress(plain) + packer.flush()

    def give(self, lead_id: LeadId) -> Lead:
        """Give a lead that is held."""
        opener = zlib.decompressobj(zdict=self._pattern)
        plain = opener.decompress(self._packed[lead_id]) + opener.flush()
        lead: Lead = pickle.loads(plain)  # noqa: S301 - nobody else has written it
        return lead

    def forget(self, lead_id: LeadId) -> None:
        """Hold a lead no more."""
        self._packed.pop(lead_id, None)


@define
class Rehearsal:
    """What a dry run would have stored so far: a few hundred bytes for each lead.

    Without `by_key`, when no row looks for its lead, only the leads' keys are held. The latest
    100,000 leads are remembered: a row that asks for one further back finds it as it is stored.
    """

    by_key: bool = True
    most: int = MOST_HELD
    leads: _Packed = field(factory=_Packed, repr=False)
    keys: dict[LeadId, tuple[str, ...]] = field(factory=dict, repr=False)
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
        """Hold a lead as it would be stored, and forget the one that was held longest."""
        self._forget(lead.id)
        if self.by_key:
            self.leads.put(lead)
        self.keys[lead.id] = dedupe.exact(lead.keys)
        for key in self.keys[lead.id]:
            self.carriers.setdefault(key, []).append(lead.id)
        if len(self.keys) > self.most:
            oldest = next(iter(self.keys))
            self._forget(oldest)
            self.made.discard(oldest)

    def _forget(self, lead_id: LeadId) -> None:
        self.leads.forget(lead_id)
        for key in self.keys.pop(lead_id, ()):
            ids = self.carriers[key]
            ids.remove(lead_id)
            if not ids:
                del self.carriers[key]

    def claim(self, delivery: Delivery) -> None:
        """Hold a delivery, and forget the one that was held longest."""
        self.deliveries[delivery.key] = delivery
        if len(self.deliveries) > self.most:
            del self.deliveries[next(iter(self.deliveries))]


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
        self.deliveries = _Deliveries(store.deliveries, rehearsal)

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

    def __init__(self, stored: Deliveries, rehearsal: Rehearsal) -> None:
        self._stored = stored
        self._rehearsal = rehearsal

    def claim(self, delivery: Delivery, since: datetime | None = None) -> Delivery | None:
        """Hold a delivery, or give the one that holds its key already."""
        held = self._rehearsal.deliveries.get(delivery.key) or self._stored.known(delivery)
        if held is not None and (since is None or held.created_at >= since):
            return held
        self._rehearsal.claim(delivery)
        return None

    def finish(self, delivery: Delivery, result: Mapping[str, Any]) -> None:
        """Hold what would come of a delivery."""
        claimed = self._rehearsal.deliveries
        if delivery.key in claimed:
            claimed[delivery.key] = evolve(claimed[delivery.key], result=result)


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
        packed = self._rehearsal.leads
        held = {i: packed.give(LeadId(i)) for i in ids if i in packed}
        return {**self._stored.get([i for i in ids if i not in held], lock=lock), **held}

    def sharing_key(
        self, keys: Collection[str], most: int = 20
    ) -> Mapping[str, tuple[LeadId, ...]]:
        """Give the ids of the leads that carry a key, as they are held or else stored."""
        held, carriers = self._rehearsal.keys, self._rehearsal.carriers
        edited = max(len(held) - len(self._rehearsal.made), 0)
        hits = self._stored.sharing_key(keys, most + edited)
        shared = {
            key: {i for i in hits.get(key, ()) if i not in held} | {*carriers.get(key, ())}
            for key in keys
        }
        return {key: tuple(sorted(ids)[: most + 1]) for key, ids in shared.items() if ids}
