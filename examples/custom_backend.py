"""A backend of one's own, brought by a plug-in: dictionaries, one unit of work at a time.

The plug-in registers the scheme `shelf://`. That the backend keeps what `orthocrm.core.ports`
promises is proved by the shipped suite: subclass `orthocrm.testing.suite.BackendSuite` and give it
a `backend` fixture.
"""

import hmac
import json
import threading
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import deepcopy
from datetime import datetime, timedelta
from operator import attrgetter
from typing import Any, NoReturn, cast

from attrs import evolve

from orthocrm import (
    AlreadyExists,
    Clinic,
    Conflict,
    InvalidInput,
    NotFound,
    SlotTaken,
    StaleVersion,
    connect,
    hook,
)
from orthocrm.core import query
from orthocrm.core.audit import ERASED, KEYED, ChainHead, Delivery, OutboxItem, OutboxState
from orthocrm.core.beside_leads import BESIDE_LEADS
from orthocrm.core.claims import Claim, in_order, laid_out, rule_of
from orthocrm.core.facts import SCHEMAS
from orthocrm.core.ids import AppointmentId, ClinicId, LeadId
from orthocrm.core.inbox import Inbound, InboundState
from orthocrm.core.keyring import NoKeyring
from orthocrm.core.notifying import ConsentEntry, Message, MessageState
from orthocrm.core.occupied import Occupied, Whose
from orthocrm.core.ports import FIRST_PAGE, Backend, UnitOfWork
from orthocrm.core.query import EVERYTHING, Aggregate, Found, Group, Page, Sort, Where

Drawers = dict[str, dict[Any, Any]]

UNIQUE: Mapping[str, tuple[Callable[[Any], object], ...]] = {
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
"""What no two nouns of a kind may share in one clinic, beside their id."""


class Drawer:
    """The nouns of one kind. They go in and out as copies, so that nobody changes them outside."""

    def __init__(self, unit: "Unit", kind: str) -> None:
        self._unit = unit
        self._kind = kind
        self._nouns = unit.drawers.setdefault(kind, {})

    def add(self, nouns: Sequence[Any]) -> None:
        """Store new nouns."""
        for noun in nouns:
            if noun.id in self._nouns:
                self._unit.refuse(AlreadyExists(self._kind))
            self._put(noun)
        self._check_unique()

    def get(self, ids: Collection[str], *, lock: bool = False) -> Mapping[str, Any]:  # noqa: ARG002 - a unit has the whole shelf to itself
        """Give the nouns that are there."""
        return {key: deepcopy(self._nouns[key]) for key in ids if key in self._nouns}

    def save(self, nouns: Sequence[Any]) -> tuple[Any, ...]:
        """Replace nouns whose version is the stored one."""
        saved = tuple(self._replace(noun) for noun in nouns)
        self._check_unique()
        return saved

    def find(
        self, where: Where = EVERYTHING, sort: Sequence[Sort] = (), page: Page = FIRST_PAGE
    ) -> Found[Any]:
        """Give one page, by the interpreter that the library ships."""
        found = query.page_of(self._matching(where), sort, page, SCHEMAS[self._kind])
        return Found(tuple(deepcopy(found.items)), found.after)

    def count(self, where: Where = EVERYTHING) -> int:
        """Count what satisfies a condition."""
        return len(self._matching(where))

    def remove(self, ids: Collection[str]) -> None:
        """Forget nouns."""
        for key in ids:
            self._nouns.pop(key, None)

    def sharing_key(
        self, keys: Collection[str], most: int = 20
    ) -> Mapping[str, tuple[LeadId, ...]]:
        """Find leads by match key; a real backend has an index for that."""
        carriers = {key: [i for i in sorted(self._nouns) if key in self._keys(i)] for key in keys}
        return {key: tuple(ids[: most + 1]) for key, ids in carriers.items() if ids}

    def _keys(self, lead_id: str) -> Sequence[str]:
        return cast("Sequence[str]", self._nouns[lead_id].keys)

    def _matching(self, where: Where) -> list[Any]:
        return list(filter(query.predicate(where, SCHEMAS[self._kind]), self._nouns.values()))

    def _replace(self, noun: Any) -> Any:  # noqa: ANN401 - any noun
        present = self._nouns.get(noun.id)
        if present is None or present.version != noun.version:
            self._unit.refuse(StaleVersion(self._kind))
        saved = evolve(noun, version=noun.version + 1)
        self._put(saved)
        return saved

    def _put(self, noun: Any) -> None:  # noqa: ANN401 - any noun
        if getattr(noun, "clinic_id", noun.id) != self._unit.clinic:
            raise InvalidInput.at("clinic_id", "other_clinic", "open a unit of work of that clinic")
        self._nouns[noun.id] = deepcopy(noun)

    def _check_unique(self) -> None:
        for part in UNIQUE.get(self._kind, ()):
            if len({part(noun) for noun in self._nouns.values()}) < len(self._nouns):
                self._unit.refuse(AlreadyExists(self._kind))


class WaitingEvents(Drawer):
    """The outbox."""

    def claim(self, now: datetime, lease: timedelta, most: int) -> Sequence[OutboxItem]:
        """Take what is due, oldest first."""
        pending = [item for item in self._nouns.values() if item.state is OutboxState.PENDING]
        due = sorted((item.due_at, item.id) for item in pending if item.due_at <= now)[:most]
        items = [self._nouns[key] for _, key in due]
        return self.save(
            [
                evolve(item, due_at=now + lease, attempts=item.attempts + 1, fence=item.fence + 1)
                for item in items
            ]
        )

    def settle(self, item: OutboxItem, state: OutboxState, due_at: datetime) -> bool:
        """Record what became of an item, unless somebody claimed it anew."""
        held = self._nouns.get(item.id)
        if held is None or held.fence != item.fence:
            return False
        self.save([evolve(held, state=state, due_at=due_at, heard=item.heard)])
        return True

    def waiting(self, state: OutboxState = OutboxState.PENDING) -> int:
        """Count items."""
        return sum(item.state is state for item in self._nouns.values())


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
"""What an answer of a carrier's worker changes of a message."""


class WaitingMessages(Drawer):
    """Messages to families and staff."""

    def claim(self, now: datetime, lease: timedelta, most: int) -> Sequence[Message]:
        """Take what is due, oldest first."""
        pending = [one for one in self._nouns.values() if one.state is MessageState.PENDING]
        due = sorted((one.due_at, one.id) for one in pending if one.due_at <= now)[:most]
        held = [self._nouns[key] for _, key in due]
        return self.save(
            [
                evolve(one, due_at=now + lease, attempts=one.attempts + 1, fence=one.fence + 1)
                for one in held
            ]
        )

    def settle(self, message: Message) -> bool:
        """Record what became of a message, unless somebody claimed it anew."""
        held = self._nouns.get(message.id)
        if held is None or held.fence != message.fence:
            return False
        self.save([evolve(held, **{name: getattr(message, name) for name in OUTCOME})])
        return True


class Inbox(Drawer):
    """What others delivered and nobody has worked off yet."""

    def claim(self, now: datetime, lease: timedelta, most: int) -> Sequence[Inbound]:
        """Take what is due, oldest first; of a line only the one that came first."""
        pending = [one for one in self._nouns.values() if one.state is InboundState.PENDING]
        first = {one.line: one.id for one in sorted(pending, key=attrgetter("id"), reverse=True)}
        due = [one for one in pending if one.due_at <= now and self._has_turn(one, first)]
        return self.save(
            [
                evolve(one, due_at=now + lease, attempts=one.attempts + 1, fence=one.fence + 1)
                for one in sorted(due, key=attrgetter("due_at", "id"))[:most]
            ]
        )

    def settle(self, inbound: Inbound) -> bool:
        """Record what became of a delivery, unless somebody claimed it anew."""
        held = self._nouns.get(inbound.id)
        if held is None or held.fence != inbound.fence:
            return False
        names = ("state", "because", "attempts", "due_at", "settled_at")
        self.save([evolve(held, **{name: getattr(inbound, name) for name in names})])
        return True

    @staticmethod
    def _has_turn(one: Inbound, first: Mapping[str, str]) -> bool:
        return not one.line or first[one.line] == one.id


class Ledger(Drawer):
    """Consent, by address."""

    def of(self, addresses: Collection[str]) -> Mapping[str, Sequence[ConsentEntry]]:
        """Give the entries of addresses, oldest first."""
        entries = sorted(self._nouns.values(), key=lambda entry: (entry.at, entry.id))
        held = {one: [entry for entry in entries if entry.address == one] for one in addresses}
        return {address: found for address, found in held.items() if found}

    def forget(self, leads: Collection[LeadId], addresses: Collection[str]) -> None:
        """Forget whose entries of leads are, and the evidence of these and of the addresses."""
        for key, entry in list(self._nouns.items()):
            if entry.lead_id in leads or (entry.lead_id is None and entry.address in addresses):
                self._nouns[key] = evolve(entry, lead_id=None, evidence=None)


class Calendar(Drawer):
    """Appointments; what they have taken goes with them."""

    def occupying(
        self, low: datetime, high: datetime, whose: Whose | None = None
    ) -> Sequence[Occupied]:
        """Give what decides about free times; a real backend reads only the columns of it."""
        inside = [one for one in self._nouns.values() if low <= one.starts_at < high]
        found = map(Occupied.of, sorted(inside, key=lambda one: (one.starts_at, one.id)))
        return [one for one in found if whose is None or whose.has(one)]

    def remove(self, ids: Collection[str]) -> None:
        """Forget appointments and their claims."""
        super().remove(ids)
        self._unit.claims.release([AppointmentId(one) for one in ids])


class ByAddress(Drawer):
    """Who logs in by which address; a real backend keeps and compares a blind index of it."""

    def by_login(self, logins: Collection[str], *, lock: bool = False) -> Mapping[str, Any]:  # noqa: ARG002 - a unit of work has all to itself
        """Give the nouns by login."""
        held = {noun.login: noun for noun in self._nouns.values()}
        return {login: deepcopy(held[login]) for login in logins if login in held}


class TakenTime:
    """What appointments have taken; the rule for it comes with the library."""

    def __init__(self, held: dict[AppointmentId, tuple[Claim, ...]]) -> None:
        self._held = held

    def take(self, appointment_id: AppointmentId, claims: Sequence[Claim]) -> Sequence[Claim]:
        """Take time, all of it or nothing."""
        standing = [claim for held in self._held.values() for claim in held]
        plan = laid_out(claims, standing)
        if not plan.taken:
            self._held[appointment_id] = (*self._held.get(appointment_id, ()), *plan.parts)
        return plan.taken

    def secure(self, appointment_id: AppointmentId, claims: Sequence[Claim]) -> None:
        """Take time, or let the unit of work fail."""
        taken = self.take(appointment_id, claims)
        if taken:
            raise SlotTaken(rule_of(one.resource for one in taken))

    def release(self, appointment_ids: Collection[AppointmentId]) -> None:
        """Give time back."""
        for one in appointment_ids:
            self._held.pop(one, None)

    def of(
        self, appointment_ids: Collection[AppointmentId]
    ) -> Mapping[AppointmentId, Sequence[Claim]]:
        """Give what appointments have taken."""
        held = {one: self._held.get(one, ()) for one in appointment_ids}
        return {one: sorted(claims, key=in_order) for one, claims in held.items() if claims}

    def holders(
        self, resources: Collection[str], starts_at: datetime, ends_at: datetime
    ) -> Mapping[str, Sequence[AppointmentId]]:
        """Give the appointments that have some of a time; a real backend has an index for that."""
        inside = sorted(
            (claim.resource, claim.starts_at, appointment)
            for appointment, claims in self._held.items()
            for claim in claims
            if claim.resource in resources
            and claim.starts_at < ends_at
            and starts_at < claim.ends_at
        )
        found: dict[str, dict[AppointmentId, None]] = {}
        for resource, _, appointment in inside:
            found.setdefault(resource, {})[appointment] = None
        return {resource: list(ids) for resource, ids in found.items()}


class KnownDeliveries:
    """Deliveries by operation, user and key."""

    def __init__(self, known: dict[Any, Any]) -> None:
        self._known = known

    def claim(self, delivery: Delivery, since: datetime | None = None) -> Delivery | None:
        """Register a delivery, or give the one that is known already."""
        key = (delivery.operation, delivery.user, delivery.key)
        held: Delivery | None = self._known.get(key)
        if held is not None and (since is None or held.created_at >= since):
            return deepcopy(held)
        self._known[key] = delivery
        return None

    def known(self, delivery: Delivery) -> Delivery | None:
        """Give the delivery that is known, and register nothing."""
        return deepcopy(self._known.get((delivery.operation, delivery.user, delivery.key)))

    def finish(self, delivery: Delivery, result: Mapping[str, Any]) -> None:
        """Record what came of it."""
        key = (delivery.operation, delivery.user, delivery.key)
        self._known[key] = evolve(self._known[key], result=deepcopy(result))

    def forget(self, ids: Collection[str]) -> None:
        """Forget those whose result names one of these ids, but not keys that must not return."""
        for key, held in list(self._known.items()):
            told = json.dumps(held.result)
            if not any(f'"{one}"' in told for one in ids):
                continue
            if f'"{KEYED}"' in told:
                self._known[key] = evolve(held, fingerprint="", result=dict(ERASED))
            else:
                del self._known[key]


class Trail(Drawer):
    """The audit entries; a real backend takes the key from the clinic's keys, as `Vault` has it."""

    seals_at_once = True

    def head(self, *, lock: bool = False) -> ChainHead:  # noqa: ARG002 - a unit of work has all to itself
        """Tell where the chain ends."""
        last = max(self._nouns.values(), key=lambda entry: entry.position or 0, default=None)
        if last is None or last.position is None:
            return ChainHead()
        return ChainHead(position=last.position, seal=last.seal or "")

    def mac(self, message: bytes) -> bytes:
        """Give the HMAC-SHA256 of a message under a key of the clinic."""
        return hmac.digest(b"a secret for " + self._unit.clinic.encode(), message, "sha256")


class Unit:
    """A unit of work: it writes into copies of the drawers, which replace them when it commits."""

    def __init__(self, clinic: ClinicId, drawers: Drawers) -> None:
        self.clinic = clinic
        self.drawers = drawers
        self.refusal: Conflict | None = None
        for kind in SCHEMAS:
            setattr(self, kind, Drawer(self, kind))
        self.outbox = WaitingEvents(self, "outbox")
        self.messages = WaitingMessages(self, "messages")
        self.inbox = Inbox(self, "inbox")
        self.consents = Ledger(self, "consents")
        self.users = ByAddress(self, "users")
        self.attempts = ByAddress(self, "attempts")
        self.claims = TakenTime(drawers.setdefault("claims", {}))
        self.appointments = Calendar(self, "appointments")
        self.audit = Trail(self, "audit")
        self.deliveries = KnownDeliveries(drawers.setdefault("deliveries", {}))
        self.keyring = NoKeyring()

    def secret(self, purpose: str) -> bytes:
        """Give 32 bytes of the clinic for one purpose; yours come from where your keys are."""
        if self.revision() is None:
            raise NotFound("clinic")
        return hmac.digest(b"a secret of " + self.clinic.encode(), purpose.encode(), "sha256")

    def revision(self) -> int | None:
        """Give the clinic's revision."""
        clinic = self.drawers["clinics"].get(self.clinic)
        return clinic.revision if clinic else None

    def aggregate(self, asked: Aggregate) -> Sequence[Group]:
        """Compute measures, by the interpreter that the library ships."""
        if asked.of not in BESIDE_LEADS:
            return query.aggregate(asked, self.drawers[asked.of].values(), SCHEMAS[asked.of])
        beside = BESIDE_LEADS[asked.of]
        pairs = beside.pairs(self.drawers[beside.table].values(), self.drawers["leads"].get)
        return query.aggregate(asked, pairs, beside.schema)

    def refuse(self, refusal: Conflict) -> NoReturn:
        """Raise a conflict, and never commit again, whoever catches it."""
        self.refusal = refusal
        raise refusal


class ShelfBackend:
    """Everything in this process, one unit of work at a time."""

    def __init__(self) -> None:
        self._shelf: dict[ClinicId, Drawers] = {}
        self._lock = threading.Lock()

    @contextmanager
    def begin(self, clinic: ClinicId) -> Iterator[UnitOfWork]:
        """Open a unit of work."""
        with self._lock:
            drawers = {kind: dict(nouns) for kind, nouns in self._shelf.get(clinic, {}).items()}
            unit = Unit(clinic, drawers)
            yield cast("UnitOfWork", unit)
            if unit.refusal:
                raise unit.refusal
            self._shelf[clinic] = unit.drawers

    def clinics(self) -> Sequence[Clinic]:
        """List every clinic, oldest first."""
        found = [noun for drawers in self._shelf.values() for noun in drawers["clinics"].values()]
        return sorted(found, key=lambda clinic: (clinic.created_at, clinic.id))

    def migrate(self) -> None:
        """Do nothing: there is no schema."""

    def close(self) -> None:
        """Do nothing: there is nothing to give back."""


class ShelfPlugin:
    """Brings the backend; a distribution would name it under `orthocrm.plugins` instead."""

    @hook
    def register_backends(self) -> Mapping[str, Callable[[str], Backend]]:
        """Give the backend by the scheme of its URLs."""
        return {"shelf": lambda _: ShelfBackend()}


def main() -> None:
    """Open the backend by its URL, like any other."""
    with connect("shelf://", plugins=[ShelfPlugin()]) as crm:
        crm.create_clinic(name="Bright Smiles", timezone="America/Chicago")
        print([clinic.name for clinic in crm.clinics()])


if __name__ == "__main__":
    main()
