"""A small backend as a third party would write it: dictionaries, one unit of work at a time."""

import hmac
import json
import threading
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import deepcopy
from datetime import datetime, timedelta
from typing import Any, NoReturn, TypeAlias

from attrs import evolve

from orthocrm.core import query
from orthocrm.core.audit import ERASED, KEYED, ChainHead, Delivery, OutboxItem, OutboxState
from orthocrm.core.beside_leads import BESIDE_LEADS
from orthocrm.core.claims import Claim, in_order, laid_out, rule_of
from orthocrm.core.errors import (
    AlreadyExists,
    Conflict,
    InvalidInput,
    NotFound,
    SlotTaken,
    StaleVersion,
)
from orthocrm.core.facts import SCHEMAS
from orthocrm.core.ids import AppointmentId, ClinicId, LeadId
from orthocrm.core.inbox import Inbound, InboundState
from orthocrm.core.keyring import NoKeyring
from orthocrm.core.notifying import ConsentEntry, Message, MessageState
from orthocrm.core.occupied import Occupied, Whose
from orthocrm.core.ports import FIRST_PAGE
from orthocrm.core.query import EVERYTHING, Aggregate, Found, Group, Page, Sort, Where
from orthocrm.core.settings import Clinic

Noun: TypeAlias = Any
Tables = dict[str, dict[Any, Any]]


class DictRepository:
    def __init__(self, unit: "DictUnit", table: str) -> None:
        self.unit, self.table, self.rows = unit, table, unit.tables.setdefault(table, {})

    def add(self, nouns: Sequence[Noun]) -> None:
        for noun in nouns:
            if noun.id in self.rows:
                self.unit.refuse(AlreadyExists(self.table))
            self.put(noun)
        self.check_unique()

    def put(self, noun: Noun) -> None:
        if getattr(noun, "clinic_id", noun.id) != self.unit.clinic:
            raise InvalidInput.at("clinic_id", "other_clinic", "open a unit of work of that clinic")
        self.rows[noun.id] = deepcopy(noun)

    def read(self, noun: Noun) -> Noun:
        return deepcopy(noun)

    def check_unique(self) -> None:
        for unique in UNIQUE.get(self.table, ()):
            if len({unique(noun) for noun in self.rows.values()}) < len(self.rows):
                self.unit.refuse(AlreadyExists(self.table))

    def get(self, ids: Collection[str], *, lock: bool = False) -> Mapping[str, Any]:  # noqa: ARG002 - a unit of work has all to itself
        return {key: self.read(self.rows[key]) for key in ids if key in self.rows}

    def save(self, nouns: Sequence[Noun]) -> tuple[Any, ...]:
        saved = tuple(self.saved(noun) for noun in nouns)
        self.check_unique()
        return saved

    def saved(self, noun: Noun) -> Noun:
        if noun.id not in self.rows or self.rows[noun.id].version != noun.version:
            self.unit.refuse(StaleVersion(self.table))
        saved = evolve(noun, version=noun.version + 1)
        self.put(saved)
        return saved

    def find(
        self, where: Where = EVERYTHING, sort: Sequence[Sort] = (), page: Page = FIRST_PAGE
    ) -> Found[Any]:
        found = query.page_of(self.matching(where), sort, page, SCHEMAS[self.table])
        return Found(tuple(self.read(noun) for noun in found.items), found.after)

    def matching(self, where: Where) -> list[Any]:
        return list(filter(query.predicate(where, SCHEMAS[self.table]), self.rows.values()))

    def count(self, where: Where = EVERYTHING) -> int:
        return len(self.matching(where))

    def remove(self, ids: Collection[str]) -> None:
        for key in ids:
            self.rows.pop(key, None)


class DictLeads(DictRepository):
    def sharing_key(
        self, keys: Collection[str], most: int = 20
    ) -> Mapping[str, tuple[LeadId, ...]]:
        carriers = {key: [i for i in sorted(self.rows) if key in self.keys_of(i)] for key in keys}
        return {key: tuple(ids[: most + 1]) for key, ids in carriers.items() if ids}

    def keys_of(self, lead_id: str) -> Sequence[str]:
        keys: Sequence[str] = self.rows[lead_id].keys
        return keys


class DictByLogin(DictRepository):
    def by_login(self, logins: Collection[str], *, lock: bool = False) -> Mapping[str, Any]:  # noqa: ARG002 - a unit of work has all to itself
        held = {noun.login: noun for noun in self.rows.values()}
        return {login: self.read(held[login]) for login in logins if login in held}


class DictOutbox(DictRepository):
    def claim(self, now: datetime, lease: timedelta, most: int) -> Sequence[OutboxItem]:
        pending = [item for item in self.rows.values() if item.state is OutboxState.PENDING]
        due = sorted((item.due_at, item.id) for item in pending if item.due_at <= now)[:most]
        return self.save([self.taken(self.rows[key], now + lease) for _, key in due])

    def taken(self, item: OutboxItem, until: datetime) -> OutboxItem:
        return evolve(item, due_at=until, attempts=item.attempts + 1, fence=item.fence + 1)

    def settle(self, item: OutboxItem, state: OutboxState, due_at: datetime) -> bool:
        held = self.rows.get(item.id)
        if held is None or held.fence != item.fence:
            return False
        self.save([evolve(held, state=state, due_at=due_at, heard=item.heard)])
        return True

    def waiting(self, state: OutboxState = OutboxState.PENDING) -> int:
        return sum(item.state is state for item in self.rows.values())


class DictMessages(DictRepository):
    def claim(self, now: datetime, lease: timedelta, most: int) -> Sequence[Message]:
        pending = [row for row in self.rows.values() if row.state is MessageState.PENDING]
        due = sorted((row.due_at, row.id) for row in pending if row.due_at <= now)[:most]
        return self.save([self.taken(self.rows[key], now + lease) for _, key in due])

    def taken(self, message: Message, until: datetime) -> Message:
        grown = {name: getattr(message, name) + 1 for name in ("attempts", "fence")}
        return evolve(message, due_at=until, **grown)

    def settle(self, message: Message) -> bool:
        held = self.rows.get(message.id)
        if held is None or held.fence != message.fence:
            return False
        self.save([evolve(held, **{name: getattr(message, name) for name in OUTCOME})])
        return True


OUTCOME = (
    "state",
    "because",
    "attempts",
    "due_at",
    "carrier",
    "carrier_ref",
    "sent_at",
    "settled_at",
)


class DictInbox(DictRepository):
    def claim(self, now: datetime, lease: timedelta, most: int) -> Sequence[Inbound]:
        pending = [row for row in self.rows.values() if row.state is InboundState.PENDING]
        turn = {row.line: row.id for row in sorted(pending, key=lambda row: row.id, reverse=True)}
        due = [row for row in pending if row.due_at <= now]
        taken = [row for row in due if not row.line or turn[row.line] == row.id]
        oldest = sorted(taken, key=lambda row: (row.due_at, row.id))[:most]
        return self.save([self.taken(row, now + lease) for row in oldest])

    def taken(self, one: Inbound, until: datetime) -> Inbound:
        return evolve(one, due_at=until, attempts=one.attempts + 1, fence=one.fence + 1)

    def settle(self, one: Inbound) -> bool:
        held = self.rows.get(one.id)
        if held is None or held.fence != one.fence:
            return False
        names = ("state", "because", "attempts", "due_at", "settled_at")
        self.save([evolve(held, **{name: getattr(one, name) for name in names})])
        return True


class DictConsents:
    def __init__(self, unit: "DictUnit") -> None:
        self.ledger = DictRepository(unit, "consents")

    def add(self, entries: Sequence[ConsentEntry]) -> None:
        self.ledger.add(entries)

    def of(self, addresses: Collection[str]) -> Mapping[str, Sequence[ConsentEntry]]:
        held = {address: self.entries(address) for address in addresses}
        return {address: entries for address, entries in held.items() if entries}

    def forget(self, leads: Collection[LeadId], addresses: Collection[str]) -> None:
        for key, entry in list(self.ledger.rows.items()):
            if entry.lead_id in leads or (entry.lead_id is None and entry.address in addresses):
                self.ledger.rows[key] = evolve(entry, lead_id=None, evidence=None)

    def entries(self, address: str) -> list[ConsentEntry]:
        found = [entry for entry in self.ledger.rows.values() if entry.address == address]
        return sorted(found, key=lambda entry: (entry.at, entry.id))


class DictAppointments(DictRepository):
    def occupying(
        self, low: datetime, high: datetime, whose: Whose | None = None
    ) -> Sequence[Occupied]:
        inside = [one for one in self.rows.values() if low <= one.starts_at < high]
        found = map(Occupied.of, sorted(inside, key=lambda one: (one.starts_at, one.id)))
        return [one for one in found if whose is None or whose.has(one)]

    def remove(self, ids: Collection[str]) -> None:
        super().remove(ids)
        self.unit.claims.release([AppointmentId(one) for one in ids])


class DictClaims:
    def __init__(self, unit: "DictUnit") -> None:
        self.held: dict[Any, tuple[Claim, ...]] = unit.tables.setdefault("claims", {})

    def take(self, appointment_id: AppointmentId, claims: Sequence[Claim]) -> Sequence[Claim]:
        plan = laid_out(claims, self.standing())
        if not plan.taken:
            self.held[appointment_id] = (*self.held.get(appointment_id, ()), *plan.parts)
        return plan.taken

    def secure(self, appointment_id: AppointmentId, claims: Sequence[Claim]) -> None:
        taken = self.take(appointment_id, claims)
        if taken:
            raise SlotTaken(rule_of(one.resource for one in taken))

    def standing(self) -> list[Claim]:
        return [claim for claims in self.held.values() for claim in claims]

    def release(self, appointment_ids: Collection[AppointmentId]) -> None:
        for one in appointment_ids:
            self.held.pop(one, None)

    def of(
        self, appointment_ids: Collection[AppointmentId]
    ) -> Mapping[AppointmentId, Sequence[Claim]]:
        return {i: sorted(self.held[i], key=in_order) for i in appointment_ids if self.held.get(i)}

    def holders(
        self, resources: Collection[str], starts_at: datetime, ends_at: datetime
    ) -> Mapping[str, Sequence[AppointmentId]]:
        asked = [Claim(resource=one, starts_at=starts_at, ends_at=ends_at) for one in resources]
        found = {one.resource: self.in_the_way(one) for one in asked}
        return {resource: ids for resource, ids in found.items() if ids}

    def in_the_way(self, asked: Claim) -> list[AppointmentId]:
        inside = [
            (claim.starts_at, appointment)
            for appointment, claims in self.held.items()
            for claim in claims
            if claim.overlaps(asked)
        ]
        return list(dict.fromkeys(appointment for _, appointment in sorted(inside)))


class DictDeliveries:
    def __init__(self, unit: "DictUnit") -> None:
        self.rows = unit.tables.setdefault("deliveries", {})

    def claim(self, delivery: Delivery, since: datetime | None = None) -> Delivery | None:
        key = (delivery.operation, delivery.user, delivery.key)
        held: Delivery | None = self.rows.get(key)
        if held is not None and (since is None or held.created_at >= since):
            return deepcopy(held)
        self.rows[key] = delivery
        return None

    def known(self, delivery: Delivery) -> Delivery | None:
        return deepcopy(self.rows.get((delivery.operation, delivery.user, delivery.key)))

    def finish(self, delivery: Delivery, result: Mapping[str, Any]) -> None:
        key = (delivery.operation, delivery.user, delivery.key)
        self.rows[key] = evolve(self.rows[key], result=deepcopy(result))

    def forget(self, ids: Collection[str]) -> None:
        for key, held in list(self.rows.items()):
            told = json.dumps(held.result)
            if not any(f'"{one}"' in told for one in ids):
                continue
            if f'"{KEYED}"' in told:
                self.rows[key] = evolve(held, fingerprint="", result=dict(ERASED))
            else:
                del self.rows[key]


UNIQUE: Mapping[str, Sequence[Any]] = {
    "stages": (lambda stage: stage.slug, lambda stage: stage.order),
    "sources": (lambda source: source.name.casefold(),),
    "messages": (lambda message: message.key,),
    "notices": (lambda notice: (notice.user, notice.key),),
    "enrollments": (lambda one: (one.lead_id, one.sequence, one.state == "RUNNING" or one.id),),
    "views": (lambda view: (view.owner, view.name.casefold()),),
    "models": (lambda model: (model.purpose, model.number),),
    "users": (lambda user: user.login,),
    "attempts": (lambda attempts: attempts.login,),
    "campaigns": (lambda campaign: campaign.name.casefold(),),
    "referrers": (lambda referrer: (referrer.kind, referrer.ref),),
    "links": (lambda link: (link.lead_id, link.other_id),),
    "answers": (lambda answer: answer.key,),
}


class DictTrail(DictRepository):
    seals_at_once = True

    def head(self, *, lock: bool = False) -> ChainHead:  # noqa: ARG002 - a unit of work has all to itself
        placed = [entry for entry in self.rows.values() if entry.position is not None]
        last = max(placed, key=lambda entry: entry.position, default=None)
        return ChainHead() if last is None else ChainHead(position=last.position, seal=last.seal)

    def mac(self, message: bytes) -> bytes:
        return hmac.digest(b"a key of " + self.unit.clinic.encode(), message, "sha256")


class DictUnit:
    repository: type[DictRepository] = DictRepository
    lead_repository: type[DictLeads] = DictLeads
    outbox_repository: type[DictOutbox] = DictOutbox
    delivery_repository: type[DictDeliveries] = DictDeliveries
    message_repository: type[DictMessages] = DictMessages
    inbox_repository: type[DictInbox] = DictInbox
    login_repository: type[DictByLogin] = DictByLogin
    consent_repository: type[DictConsents] = DictConsents
    trail_repository: type[DictTrail] = DictTrail
    claim_repository: type[DictClaims] = DictClaims
    appointment_repository: type[DictAppointments] = DictAppointments

    def __init__(self, clinic: ClinicId, tables: Tables) -> None:
        self.clinic, self.tables = clinic, tables
        for table in SCHEMAS:
            made = self.lead_repository if table == "leads" else self.repository
            setattr(self, table, made(self, table))
        self.outbox = self.outbox_repository(self, "outbox")
        self.messages = self.message_repository(self, "messages")
        self.inbox = self.inbox_repository(self, "inbox")
        self.consents = self.consent_repository(self)
        self.users = self.login_repository(self, "users")
        self.attempts = self.login_repository(self, "attempts")
        self.claims = self.claim_repository(self)
        self.appointments = self.appointment_repository(self, "appointments")
        self.deliveries = self.delivery_repository(self)
        self.audit = self.trail_repository(self, "audit")
        self.keyring = NoKeyring()
        self.refused: Conflict | None = None

    def refuse(self, refusal: Conflict) -> NoReturn:
        self.refused = refusal
        raise refusal

    def secret(self, purpose: str) -> bytes:
        if self.revision() is None:
            raise NotFound("clinic")
        return hmac.digest(b"a key of " + self.clinic.encode(), b"\0" + purpose.encode(), "sha256")

    def revision(self) -> int | None:
        clinic = self.tables["clinics"].get(self.clinic)
        return clinic.revision if clinic else None

    def aggregate(self, asked: Aggregate) -> Sequence[Group]:
        if asked.of in BESIDE_LEADS:
            beside = BESIDE_LEADS[asked.of]
            rows = self.tables.get(beside.table, {}).values()
            pairs = beside.pairs(rows, self.tables.get("leads", {}).get)
            return query.aggregate(asked, pairs, beside.schema)
        return query.aggregate(asked, self.tables[asked.of].values(), SCHEMAS[asked.of])


class DictBackend:
    unit: type[DictUnit] = DictUnit

    def __init__(self) -> None:
        self.stored: dict[ClinicId, Tables] = {}
        self.lock: Any = threading.Lock()

    @contextmanager
    def begin(self, clinic: ClinicId) -> Iterator[DictUnit]:
        with self.lock:
            unit = self.unit(clinic, self.drafted(clinic))
            yield unit
            if unit.refused:
                raise unit.refused
            self.stored[clinic] = unit.tables

    def drafted(self, clinic: ClinicId) -> Tables:
        return {name: dict(rows) for name, rows in self.stored.get(clinic, {}).items()}

    def clinics(self) -> Sequence[Clinic]:
        found = [noun for tables in self.stored.values() for noun in tables["clinics"].values()]
        return sorted(found, key=lambda clinic: (clinic.created_at, clinic.id))

    def migrate(self) -> None: ...

    def close(self) -> None: ...
