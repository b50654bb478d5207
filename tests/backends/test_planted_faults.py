"""Backends with one fault each: the suite finds every one of them."""

import hmac
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from datetime import datetime, timedelta
from itertools import product
from typing import Any

import pytest
from attrs import evolve

from orthocrm.core.audit import ChainHead, Delivery, OutboxItem, OutboxState
from orthocrm.core.claims import Claim, laid_out
from orthocrm.core.errors import InvalidInput
from orthocrm.core.facts import SCHEMAS
from orthocrm.core.ids import AppointmentId, ClinicId, LeadId, UserId
from orthocrm.core.keyring import KeysMoved, NoKeyring
from orthocrm.core.notifying import ConsentEntry, Message
from orthocrm.core.ports import FIRST_PAGE
from orthocrm.core.query import (
    EVERYTHING,
    Aggregate,
    Bucket,
    Cond,
    Found,
    Group,
    Page,
    Sort,
    Where,
    predicate,
)
from orthocrm.testing.suite import BackendSuite
from orthocrm.testing.suite.kinship import MOVED
from tests.support.dict_backend import (
    DictAppointments,
    DictBackend,
    DictByLogin,
    DictClaims,
    DictConsents,
    DictDeliveries,
    DictLeads,
    DictMessages,
    DictOutbox,
    DictRepository,
    DictTrail,
    DictUnit,
    Tables,
)


def with_unit(name: str, **repositories: type) -> type[DictBackend]:
    """Make a backend whose units of work use other repositories."""
    return type(name, (DictBackend,), {"unit": type("Unit", (DictUnit,), repositories)})


def with_rows(name: str, **methods: Any) -> type[DictBackend]:
    """Make a backend in which every repository has the given methods."""
    return with_unit(
        name,
        repository=type("Repository", (DictRepository,), methods),
        lead_repository=type("Leads", (DictLeads,), methods),
        outbox_repository=type("Outbox", (DictOutbox,), methods),
        message_repository=type("Messages", (DictMessages,), methods),
        appointment_repository=type("Appointments", (DictAppointments,), methods),
        trail_repository=type("Trail", (DictTrail,), methods),
    )


class ForgetsTheClinic(DictBackend):
    def drafted(self, clinic: ClinicId) -> Tables:  # noqa: ARG002 - forgotten
        merged: Tables = {}
        for tables in self.stored.values():
            for name, rows in tables.items():
                merged.setdefault(name, {}).update(rows)
        return merged


class DoesNotRollBack(DictBackend):
    def drafted(self, clinic: ClinicId) -> Tables:
        return self.stored.setdefault(clinic, {})


class ForgivesARefusal(DictBackend):
    @contextmanager
    def begin(self, clinic: ClinicId) -> Iterator[DictUnit]:
        with super().begin(clinic) as unit:
            yield unit
            unit.refused = None


class IgnoresLocks(DictBackend):
    def __init__(self) -> None:
        super().__init__()
        self.lock = nullcontext()


class ForgetsClinicsOnMigration(DictBackend):
    def migrate(self) -> None:
        self.stored.clear()


class ListsClinicsAsTheyCame(DictBackend):
    def clinics(self) -> Sequence[Any]:
        return [clinic for tables in self.stored.values() for clinic in tables["clinics"].values()]


def accepts_a_stale_save(rows: DictRepository, noun: Any) -> Any:
    if noun.id in rows.rows:
        noun = evolve(noun, version=rows.rows[noun.id].version)
    return DictRepository.saved(rows, noun)


def brings_back_what_is_gone(rows: DictRepository, noun: Any) -> Any:
    rows.rows.setdefault(noun.id, noun)
    return DictRepository.saved(rows, noun)


def overwrites_on_add(rows: DictRepository, nouns: Sequence[Any]) -> None:
    for noun in nouns:
        rows.put(noun)


def shares_its_nouns(rows: DictRepository, noun: Any) -> None:
    rows.rows[noun.id] = noun


def gives_its_own(_: DictRepository, noun: Any) -> Any:
    return noun


def without_zone(_: DictRepository, noun: Any) -> Any:
    return changed_instants(noun, lambda at: at.replace(tzinfo=None))


def without_microseconds(_: DictRepository, noun: Any) -> Any:
    return changed_instants(noun, lambda at: at.replace(microsecond=0))


def in_local_time(_: DictRepository, noun: Any) -> Any:
    return changed_instants(noun, lambda at: at.astimezone())


def changed_instants(noun: Any, change: Callable[[datetime], datetime]) -> Any:
    instants = {
        name: change(value)
        for name in type(noun).__slots__
        if isinstance(value := getattr(noun, name, None), datetime)
    }
    return evolve(noun, **instants)


def with_enums_as_text(_: DictRepository, noun: Any) -> Any:
    return evolve(noun, status=str(noun.status)) if hasattr(noun, "status") else noun


def with_empty_for_missing(_: DictRepository, noun: Any) -> Any:
    if not hasattr(noun, "enquiry"):
        return noun
    return evolve(noun, enquiry=evolve(noun.enquiry, notes=noun.enquiry.notes or ""))


def takes_missing_for_less(rows: DictRepository, where: Where) -> list[Any]:
    schema = SCHEMAS[rows.table]
    keep = predicate(where, schema)
    if isinstance(where, Cond) and where.op in ("lt", "le"):
        read = schema[where.field].read
        return [noun for noun in rows.rows.values() if read(noun) is None or keep(noun)]
    return [noun for noun in rows.rows.values() if keep(noun)]


def folds_case(rows: DictRepository, where: Where) -> list[Any]:
    if isinstance(where, Cond) and where.op == "eq" and isinstance(where.value, str):
        read = SCHEMAS[rows.table][where.field].read
        folded = where.value.casefold()
        return [n for n in rows.rows.values() if str(read(n) or "").casefold() == folded]
    return DictRepository.matching(rows, where)


def answers_to_anything(rows: DictRepository, where: Where) -> list[Any]:
    try:
        return DictRepository.matching(rows, where)
    except InvalidInput:
        return []


def compares_custom_fields_as_text(rows: DictRepository, where: Where) -> list[Any]:
    if isinstance(where, Cond) and where.field.startswith("custom.") and where.op == "eq":
        name = where.field.rpartition(".")[2]
        nouns = rows.rows.values()
        return [n for n in nouns if str(n.custom.shown.get(name)) == str(where.value)]
    return DictRepository.matching(rows, where)


def keeps_the_first_lead(rows: DictRepository, noun: Any) -> Any:
    held = rows.rows.get(noun.id)
    if held is not None and held.version == noun.version and hasattr(noun, "lead_id"):
        noun = evolve(noun, lead_id=held.lead_id)
    return DictRepository.saved(rows, noun)


class DropsWhatMoved(DictLeads):
    """Nouns die with the lead with which they were first stored."""

    def remove(self, ids: Collection[str]) -> None:
        super().remove(ids)
        first = self.unit.tables.get("first", {})
        gone = [noun for noun, lead in first.items() if lead in ids]
        for table in MOVED:
            for noun in gone:
                self.unit.tables[table].pop(noun, None)


def notes_the_first_lead(rows: DictRepository, noun: Any) -> None:
    if hasattr(noun, "lead_id"):
        rows.unit.tables.setdefault("first", {}).setdefault(noun.id, noun.lead_id)
    DictRepository.put(rows, noun)


def skips_a_row(
    rows: DictRepository,
    where: Where = EVERYTHING,
    sort: Sequence[Sort] = (),
    page: Page = FIRST_PAGE,
) -> Found[Any]:
    found = DictRepository.find(rows, where, sort, page)
    return Found(found.items[1:], found.after) if page.after else found


def promises_another_page(
    rows: DictRepository,
    where: Where = EVERYTHING,
    sort: Sequence[Sort] = (),
    page: Page = FIRST_PAGE,
) -> Found[Any]:
    found = DictRepository.find(rows, where, sort, page)
    if not found.items or len(found.items) < page.size:
        return found
    schema, last = SCHEMAS[rows.table], found.items[-1]
    return Found(found.items, tuple(schema[key.field].read(last) for key in (*sort, Sort("id"))))


def puts_missing_first(
    rows: DictRepository,
    where: Where = EVERYTHING,
    sort: Sequence[Sort] = (),
    page: Page = FIRST_PAGE,
) -> Found[Any]:
    found = DictRepository.find(rows, where, sort, page)
    if not sort or page.after:
        return found
    read = SCHEMAS[rows.table][sort[0].field].read
    return Found(tuple(sorted(found.items, key=lambda n: read(n) is not None)), found.after)


def misses_own_writes(rows: DictRepository, where: Where = EVERYTHING) -> int:
    committed = rows.unit.tables.get("before", {}).get(rows.table, rows.rows)
    return len([noun for noun in committed.values() if predicate(where, SCHEMAS[rows.table])(noun)])


class UnitWithMemory(DictUnit):
    def __init__(self, clinic: ClinicId, tables: Tables) -> None:
        before = {name: dict(rows) for name, rows in tables.items() if name != "before"}
        tables["before"] = before
        super().__init__(clinic, tables)


class MissesOwnWrites(DictBackend):
    class unit(UnitWithMemory):  # noqa: N801 - stands for the attribute
        repository = type("Repository", (DictRepository,), {"count": misses_own_writes})
        lead_repository = type("Leads", (DictLeads,), {"count": misses_own_writes})


class StaleKeys(DictLeads):
    def add(self, nouns: Sequence[Any]) -> None:
        super().add(nouns)
        index = self.unit.tables.setdefault("keys", {})
        index.update({noun.id: noun.keys for noun in nouns})

    def keys_of(self, lead_id: str) -> Sequence[str]:
        keys: Sequence[str] = self.unit.tables["keys"].get(lead_id, ())
        return keys


class UncutCrowd(DictLeads):
    def sharing_key(
        self,
        keys: Collection[str],
        most: int = 20,  # noqa: ARG002 - ignored
    ) -> Mapping[str, tuple[LeadId, ...]]:
        return super().sharing_key(keys, len(self.rows))


class ClaimsTwice(DictOutbox):
    def taken(self, item: OutboxItem, until: datetime) -> OutboxItem:
        return evolve(super().taken(item, until), due_at=item.due_at)


class KeepsTheFence(DictOutbox):
    def taken(self, item: OutboxItem, until: datetime) -> OutboxItem:
        return evolve(super().taken(item, until), fence=1)


class TakesTheNewest(DictOutbox):
    def claim(self, now: datetime, lease: timedelta, most: int) -> Sequence[OutboxItem]:
        kept = dict(self.rows)
        due = [i for i in kept.values() if i.state is OutboxState.PENDING and i.due_at <= now]
        newest = sorted(due, key=lambda item: item.due_at, reverse=True)[:most]
        return self.save([self.taken(item, now + lease) for item in newest])


class LateAnswersCount(DictOutbox):
    def settle(self, item: OutboxItem, state: OutboxState, due_at: datetime) -> bool:
        held = self.rows.get(item.id, item)
        return super().settle(evolve(item, fence=held.fence), state, due_at)


class LeasesNothing(DictMessages):
    def taken(self, message: Message, until: datetime) -> Message:
        return evolve(super().taken(message, until), due_at=message.due_at)


class ForgetsTheFence(DictMessages):
    def settle(self, message: Message) -> bool:
        held = self.rows.get(message.id, message)
        return super().settle(evolve(message, fence=held.fence))


class SettlesTheWhole(DictMessages):
    def settle(self, message: Message) -> bool:
        held = self.rows.get(message.id)
        if held is None or held.fence != message.fence:
            return False
        self.save([evolve(message, version=held.version)])
        return True


class ClaimsWithoutAVersion(DictMessages):
    def claim(self, now: datetime, lease: timedelta, most: int) -> Sequence[Message]:
        claimed = [evolve(one, version=one.version - 1) for one in super().claim(now, lease, most)]
        self.rows.update({one.id: one for one in claimed})
        return claimed


class NewestConsentFirst(DictConsents):
    def entries(self, address: str) -> list[ConsentEntry]:
        return super().entries(address)[::-1]


class ConsentAsWritten(DictConsents):
    def entries(self, address: str) -> list[ConsentEntry]:
        return [entry for entry in self.ledger.rows.values() if entry.address == address]


class ConsentWithoutEvidence(DictConsents):
    def entries(self, address: str) -> list[ConsentEntry]:
        return [evolve(entry, evidence=None) for entry in super().entries(address)]


class RemembersWhoseConsentIs(DictConsents):
    def forget(self, leads: Collection[LeadId], addresses: Collection[str]) -> None:  # noqa: ARG002 - that is the fault
        super().forget([], addresses)


class ForgetsAllEvidence(DictConsents):
    def forget(self, leads: Collection[LeadId], addresses: Collection[str]) -> None:
        super().forget([*leads, *(one.lead_id for one in self.ledger.rows.values())], addresses)


class LosesWhatItMoves(NoKeyring):
    def __init__(self, unit: DictUnit) -> None:
        self.unit = unit

    def move(self, most: int, now: datetime) -> KeysMoved:
        for lead in list(self.unit.tables["leads"])[:1]:
            del self.unit.tables["leads"][lead]
        return super().move(most, now)

    def forget(self, leads: Collection[LeadId]) -> None:
        for lead in set(self.unit.tables["leads"]) - {*leads}:
            del self.unit.tables["leads"][lead]


class LosingUnit(DictUnit):
    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.keyring = LosesWhatItMoves(self)


class ForgetsConsentWithTheLead(DictLeads):
    def remove(self, ids: Collection[str]) -> None:
        super().remove(ids)
        ledger = self.unit.tables["consents"]
        for entry in list(ledger.values()):
            if entry.lead_id in ids:
                del ledger[entry.id]


class FoldsAddresses(DictByLogin):
    """Finds an address by one of another case."""

    def by_login(self, logins: Collection[str], *, lock: bool = False) -> Mapping[str, Any]:  # noqa: ARG002 - as the port asks
        held = {noun.login.casefold(): noun for noun in self.rows.values()}
        return {one: held[one.casefold()] for one in logins if one.casefold() in held}


class SharesAddresses(DictByLogin):
    """Lets two have the same address."""

    def check_unique(self) -> None: ...


class KeepsOldAddresses(DictByLogin):
    """Finds a user under the address that they had when they were added."""

    def saved(self, noun: Any) -> Any:
        before = self.rows.get(noun.id)
        saved = super().saved(noun)
        if before is not None and self.table == "users":
            self.rows[noun.id] = evolve(self.rows[noun.id], email=before.email)
        return saved


class ForgetsTheOverlap(DictClaims):
    """Refuses the very same time, and no other."""

    def take(self, appointment_id: AppointmentId, claims: Sequence[Claim]) -> Sequence[Claim]:
        taken = [(one.resource, one.starts_at, one.ends_at) for one in self.standing()]
        found = [one for one in claims if (one.resource, one.starts_at, one.ends_at) in taken]
        if not found:
            self.held[appointment_id] = (*self.held.get(appointment_id, ()), *claims)
        return found


class ForgetsTheLane(DictClaims):
    """Counts, and never says in which lane."""

    def take(self, appointment_id: AppointmentId, claims: Sequence[Claim]) -> Sequence[Claim]:
        plan = laid_out(claims, self.standing())
        if not plan.taken:
            held = [evolve(part, lane=0) for part in plan.parts]
            self.held[appointment_id] = (*self.held.get(appointment_id, ()), *held)
        return plan.taken


class CountsReleasedOnes(DictClaims):
    """Whoever gave time back is still in the way."""

    def __init__(self, unit: DictUnit) -> None:
        super().__init__(unit)
        self.before = unit.tables.setdefault("released", {})

    def standing(self) -> list[Claim]:
        return [*super().standing(), *self.before.values()]

    def release(self, appointment_ids: Collection[AppointmentId]) -> None:
        for claims in self.of(appointment_ids).values():
            self.before.update({(one.resource, one.starts_at, one.lane): one for one in claims})
        super().release(appointment_ids)


class KeepsHalfARefusal(DictClaims):
    """Takes what it can of what is refused."""

    def take(self, appointment_id: AppointmentId, claims: Sequence[Claim]) -> Sequence[Claim]:
        return [
            one
            for claim in claims
            for one in super(KeepsHalfARefusal, self).take(appointment_id, [claim])
        ]


class TouchingIsOverlapping(DictClaims):
    def take(self, appointment_id: AppointmentId, claims: Sequence[Claim]) -> Sequence[Claim]:
        edges = {
            (one.resource, at) for one in self.standing() for at in (one.starts_at, one.ends_at)
        }
        touching = [
            one
            for one in claims
            if {(one.resource, one.starts_at), (one.resource, one.ends_at)} & edges
        ]
        return touching or super().take(appointment_id, claims)


class OnlyTheOwnCapacity(DictClaims):
    """A group does not mind that somebody wanted to be alone."""

    def standing(self) -> list[Claim]:
        return [evolve(one, capacity=max(one.capacity, 9)) for one in super().standing()]


class OneLaneThroughout(DictClaims):
    """A time that is free in two halves is taken."""

    def take(self, appointment_id: AppointmentId, claims: Sequence[Claim]) -> Sequence[Claim]:
        plan = laid_out(claims, self.standing())
        whole = {(one.resource, one.starts_at, one.ends_at) for one in plan.parts}
        cut = [one for one in claims if (one.resource, one.starts_at, one.ends_at) not in whole]
        return plan.taken or cut or super().take(appointment_id, claims)


class SecuresWhatIsTaken(DictClaims):
    """Takes what is free, and lets the unit of work go on without it otherwise."""

    def secure(self, appointment_id: AppointmentId, claims: Sequence[Claim]) -> None:
        self.take(appointment_id, claims)


class NeverSeesItself(DictClaims):
    """An appointment is not in its own way."""

    def take(self, appointment_id: AppointmentId, claims: Sequence[Claim]) -> Sequence[Claim]:
        mine = self.held.pop(appointment_id, ())
        taken = super().take(appointment_id, claims)
        self.held[appointment_id] = (*mine, *self.held.get(appointment_id, ()))
        return taken


class OrphanedClaims(DictAppointments):
    def remove(self, ids: Collection[str]) -> None:
        DictRepository.remove(self, ids)


class HoldersAtTheStart(DictClaims):
    """Who began before the time that is asked about is not told."""

    def in_the_way(self, asked: Claim) -> list[AppointmentId]:
        held = super().in_the_way(asked)
        return [i for i in held if any(one.starts_at >= asked.starts_at for one in self.held[i])]


class ForgetsDeliveries(DictDeliveries):
    def claim(self, delivery: Delivery, since: datetime | None = None) -> Delivery | None:
        self.rows.clear()
        return super().claim(delivery, since)


class EndsAtTheNewest(DictTrail):
    def head(self, *, lock: bool = False) -> ChainHead:  # noqa: ARG002 - ignored
        last = next(reversed(list(self.rows.values())), None)
        return ChainHead(position=last.position or 0, seal=last.seal or "") if last else ChainHead()


class OneKeyForAllTrails(DictTrail):
    def mac(self, message: bytes) -> bytes:
        return hmac.digest(b"one key", message, "sha256")


class NeverExpires(DictDeliveries):
    def claim(self, delivery: Delivery, since: datetime | None = None) -> Delivery | None:  # noqa: ARG002 - ignored
        return super().claim(delivery)


EVERYBODY = UserId("everybody")


class OneKeyForAll(DictDeliveries):
    def claim(self, delivery: Delivery, since: datetime | None = None) -> Delivery | None:
        return super().claim(evolve(delivery, user=EVERYBODY), since)

    def finish(self, delivery: Delivery, result: Mapping[str, Any]) -> None:
        super().finish(evolve(delivery, user=EVERYBODY), result)


class ClosedBuckets(DictUnit):
    def aggregate(self, asked: Aggregate) -> Sequence[Group]:
        by = tuple(
            Bucket(key.field, (*key.edges[:-1], key.edges[-1] + timedelta.resolution))
            if isinstance(key, Bucket) and isinstance(key.edges[-1], datetime)
            else key
            for key in asked.by
        )
        return super().aggregate(evolve(asked, by=by))


class AveragesRanks(DictUnit):
    def aggregate(self, asked: Aggregate) -> Sequence[Group]:
        measures = tuple(evolve(measure, q=round(measure.q)) for measure in asked.measures)
        return super().aggregate(evolve(asked, measures=measures))


def unchecked(_: DictRepository) -> None:
    """Let every name be taken twice."""


FAULTS: dict[str, tuple[type[DictBackend], tuple[str, ...]]] = {
    "forgets the clinic": (
        ForgetsTheClinic,
        ("nothing_of_another_clinic_is_visible", "aggregates_do_not_cross_clinics"),
    ),
    "does not roll back": (
        DoesNotRollBack,
        ("an_exception_drops_everything", "one_stale_noun_refuses_the_batch"),
    ),
    "forgives a refusal": (ForgivesARefusal, ("a_refused_unit_of_work_keeps_nothing",)),
    "ignores locks": (
        IgnoresLocks,
        ("who_locks_second_waits_for_the_first", "a_locked_noun_is_not_saved_by_others"),
    ),
    "forgets clinics on migration": (
        ForgetsClinicsOnMigration,
        ("migrating_again_changes_nothing",),
    ),
    "lists clinics as they came": (ListsClinicsAsTheyCame, ("clinics_are_listed_oldest_first",)),
    "accepts a stale save": (
        with_rows("Stale", saved=accepts_a_stale_save),
        ("a_stale_save_is_refused", "a_version_that_never_was_is_refused"),
    ),
    "brings back what is gone": (
        with_rows("Gone", saved=brings_back_what_is_gone),
        ("what_is_gone_cannot_be_saved",),
    ),
    "overwrites on add": (
        with_rows("Overwrites", add=overwrites_on_add),
        ("a_taken_id_is_refused", "an_item_is_added_once"),
    ),
    "lets names be taken twice": (
        with_rows("Names", check_unique=unchecked),
        (
            "slug_and_order_of_a_stage_are_unique",
            "a_source_name_is_unique_whatever_its_case",
            "two_leads_have_one_link",
            "a_campaign_name_is_unique_whatever_its_case",
            "a_referrer_is_unique_by_kind_and_ref",
            "the_key_of_a_message_is_unique",
            "the_key_of_a_notice_is_unique_by_user",
            "a_lead_runs_through_a_sequence_once_at_a_time",
            "the_name_of_a_saved_view_is_unique_by_owner",
            "models_of_a_purpose_are_numbered_once",
        ),
    ),
    "shares its nouns": (
        with_rows("Shares", put=shares_its_nouns),
        ("nothing_is_shared_with_the_caller", "a_payload_is_not_shared_with_the_caller"),
    ),
    "gives its own nouns": (
        with_rows("Gives", read=gives_its_own),
        ("nothing_is_shared_with_the_caller", "nothing_is_shared_within_a_unit_of_work"),
    ),
    "loses the zone": (
        with_rows("Zone", read=without_zone),
        ("nouns_come_back_as_they_were_stored", "found_nouns_are_whole"),
    ),
    "drops microseconds": (
        with_rows("Microseconds", read=without_microseconds),
        ("nouns_come_back_as_they_were_stored",),
    ),
    "gives enums as text": (
        with_rows("Enums", read=with_enums_as_text),
        ("nouns_come_back_as_they_were_stored",),
    ),
    "takes missing text for empty": (
        with_rows("Empty", read=with_empty_for_missing),
        ("text_is_kept_to_the_character",),
    ),
    "takes a missing value for less": (
        with_rows("Missing", matching=takes_missing_for_less),
        (
            "a_missing_value_satisfies_only_absent_and_ne",
            "every_field_and_comparison_means_the_same",
        ),
    ),
    "folds case": (with_rows("Case", matching=folds_case), ("text_compares_by_code_point",)),
    "answers to anything": (
        with_rows("Anything", matching=answers_to_anything),
        ("what_the_schema_does_not_know_is_refused",),
    ),
    "compares custom fields as text": (
        with_rows("Text", matching=compares_custom_fields_as_text),
        ("custom_fields_compare_like_any_other", "values_of_another_kind_are_refused"),
    ),
    "keeps nouns with their first lead": (
        with_rows("Kept", saved=keeps_the_first_lead),
        ("a_noun_can_move_to_another_lead", "a_noun_can_move_without_being_read"),
    ),
    "drops what moved with its first lead": (
        with_unit(
            "Drops",
            repository=type("Repository", (DictRepository,), {"put": notes_the_first_lead}),
            lead_repository=DropsWhatMoved,
        ),
        ("a_noun_can_move_to_another_lead",),
    ),
    "skips a row between pages": (
        with_rows("Skips", find=skips_a_row),
        ("pages_of_every_size_add_up_to_the_list",),
    ),
    "promises another page": (
        with_rows("Promises", find=promises_another_page),
        ("the_last_page_has_nothing_after_it",),
    ),
    "puts missing values first": (
        with_rows("First", find=puts_missing_first),
        ("pages_of_every_size_add_up_to_the_list",),
    ),
    "misses its own writes": (MissesOwnWrites, ("reads_see_what_the_unit_has_added",)),
    "keeps old match keys": (
        with_unit("Keys", lead_repository=StaleKeys),
        ("saving_a_lead_replaces_its_keys",),
    ),
    "does not cut a crowd": (
        with_unit("Crowd", lead_repository=UncutCrowd),
        ("a_crowd_is_cut_one_above_the_limit",),
    ),
    "claims twice": (
        with_unit("Twice", outbox_repository=ClaimsTwice),
        ("a_lease_that_runs_out_frees_the_item", "the_oldest_are_claimed_first"),
    ),
    "keeps the fence": (
        with_unit("Fence", outbox_repository=KeepsTheFence),
        ("a_lease_that_runs_out_frees_the_item", "a_late_answer_is_refused"),
    ),
    "takes the newest event": (
        with_unit("Newest", outbox_repository=TakesTheNewest),
        ("the_oldest_are_claimed_first",),
    ),
    "lets late answers count": (
        with_unit("Late", outbox_repository=LateAnswersCount),
        ("a_late_answer_is_refused",),
    ),
    "leases no message": (
        with_unit("Leases", message_repository=LeasesNothing),
        ("a_lease_that_runs_out_frees_the_message", "the_messages_due_longest_are_claimed_first"),
    ),
    "forgets the fence of messages": (
        with_unit("Fences", message_repository=ForgetsTheFence),
        ("a_late_answer_about_a_message_is_refused",),
    ),
    "lets an answer change the message": (
        with_unit("Answers", message_repository=SettlesTheWhole),
        ("an_answer_is_kept",),
    ),
    "claims messages behind everybody's back": (
        with_unit("Versions", message_repository=ClaimsWithoutAVersion),
        ("who_read_a_message_before_its_claim_cannot_save_it",),
    ),
    "gives the newest consent first": (
        with_unit("NewestConsent", consent_repository=NewestConsentFirst),
        ("the_oldest_entry_comes_first", "entries_come_back_as_they_were_added"),
    ),
    "gives consent as it was written": (
        with_unit("WrittenConsent", consent_repository=ConsentAsWritten),
        ("the_oldest_entry_comes_first",),
    ),
    "loses the evidence of consent": (
        with_unit("Evidence", consent_repository=ConsentWithoutEvidence),
        ("entries_come_back_as_they_were_added",),
    ),
    "remembers whose consent is": (
        with_unit("Whose", consent_repository=RemembersWhoseConsentIs),
        ("whose_entries_are_is_forgotten_and_what_they_say_holds",),
    ),
    "forgets the evidence of everybody": (
        with_unit("Everybody", consent_repository=ForgetsAllEvidence),
        ("whose_entries_are_is_forgotten_and_what_they_say_holds",),
    ),
    "loses leads with their keys": (
        type("Losing", (DictBackend,), {"unit": LosingUnit}),
        (
            "what_is_stored_outlives_its_keys",
            "forgetting_the_keys_of_a_lead_costs_nobody_else_anything",
        ),
    ),
    "forgets consent with the lead": (
        with_unit("Erasure", lead_repository=ForgetsConsentWithTheLead),
        ("an_entry_outlives_its_lead",),
    ),
    "folds addresses": (
        with_unit("Folding", login_repository=FoldsAddresses),
        ("users_are_found_by_their_address",),
    ),
    "shares addresses": (
        with_unit("Sharing", login_repository=SharesAddresses),
        ("an_address_belongs_to_one_user", "failures_are_counted_once_for_each_address"),
    ),
    "keeps old addresses": (
        with_unit("Moved", login_repository=KeepsOldAddresses),
        (
            "reads_by_address_see_what_the_unit_has_written",
            "a_changed_address_is_found_under_the_new_one",
        ),
    ),
    "forgets the overlap": (
        with_unit("Overlap", claim_repository=ForgetsTheOverlap),
        ("an_overlap_is_refused", "a_crowd_of_bookings_leaves_no_overlap"),
    ),
    "forgets the lane": (
        with_unit("Lane", claim_repository=ForgetsTheLane),
        ("as_many_share_a_time_as_may", "a_group_takes_as_many_as_may_at_once"),
    ),
    "counts released claims": (
        with_unit("Released", claim_repository=CountsReleasedOnes),
        ("what_is_released_is_free", "a_move_releases_and_takes_in_one_unit"),
    ),
    "keeps half of what it refuses": (
        with_unit("Half", claim_repository=KeepsHalfARefusal),
        ("all_is_taken_or_nothing", "a_refusal_may_be_answered_in_the_same_unit"),
    ),
    "takes touching for overlapping": (
        with_unit("Touching", claim_repository=TouchingIsOverlapping),
        ("touching_is_no_overlap",),
    ),
    "asks only for its own capacity": (
        with_unit("Capacity", claim_repository=OnlyTheOwnCapacity),
        ("the_least_capacity_decides",),
    ),
    "wants one lane throughout": (
        with_unit("Throughout", claim_repository=OneLaneThroughout),
        ("a_shared_time_is_counted_minute_by_minute",),
    ),
    "secures what somebody has": (
        with_unit("Secures", claim_repository=SecuresWhatIsTaken),
        ("a_unit_that_secures_what_is_taken_keeps_nothing",),
    ),
    "lets an appointment take its time twice": (
        with_unit("Itself", claim_repository=NeverSeesItself),
        ("a_unit_of_work_sees_what_it_has_taken",),
    ),
    "leaves claims behind": (
        with_unit("Orphans", appointment_repository=OrphanedClaims),
        ("claims_go_with_their_appointment",),
    ),
    "tells holders by their start": (
        with_unit("Holders", claim_repository=HoldersAtTheStart),
        ("holders_are_told_by_resource",),
    ),
    "forgets deliveries": (
        with_unit("Forgets", delivery_repository=ForgetsDeliveries),
        ("the_first_claim_registers_the_delivery", "of_many_at_once_one_registers"),
    ),
    "ends its chain at the newest entry": (
        with_unit("Newest", trail_repository=EndsAtTheNewest),
        ("a_chain_begins_at_nothing", "a_chain_ends_at_its_last_place"),
    ),
    "proves all trails by one key": (
        with_unit("OneKey", trail_repository=OneKeyForAllTrails),
        ("proofs_are_keyed_by_clinic",),
    ),
    "never lets a delivery expire": (
        with_unit("Expires", delivery_repository=NeverExpires),
        ("an_expired_holder_is_replaced",),
    ),
    "gives all users one delivery": (
        with_unit("Users", delivery_repository=OneKeyForAll),
        ("operation_user_and_key_make_a_delivery",),
    ),
    "closes its buckets": (
        type("Closed", (DictBackend,), {"unit": ClosedBuckets}),
        ("a_value_on_an_edge_belongs_to_the_later_bucket",),
    ),
    "rounds quantiles": (
        type("Rounds", (DictBackend,), {"unit": AveragesRanks}),
        ("a_quantile_interpolates_between_ranks", "aggregates_agree_with_the_interpreter"),
    ),
}


def passes(kind: type[DictBackend], rule: str) -> bool:
    """Run one test of the suite, with each of its parameters, on fresh backends."""
    test = getattr(BackendSuite, f"test_{rule}")
    try:
        for arguments in parameters(test):
            test(BackendSuite(), backend=kind(), **arguments)
    except (Exception, pytest.fail.Exception):  # noqa: BLE001 - however the fault shows
        return False
    return True


def parameters(test: Any) -> Iterator[dict[str, Any]]:
    """Give every combination of a test's parameters."""
    marks = [mark for mark in getattr(test, "pytestmark", []) if mark.name == "parametrize"]
    choices = [[named(mark.args[0], values) for values in mark.args[1]] for mark in marks]
    for chosen in product(*choices):
        yield {name: value for part in chosen for name, value in part.items()}


def named(names: str, values: Any) -> dict[str, Any]:
    split = names.split(",")
    return dict(zip(split, values if len(split) > 1 else (values,), strict=True))


@pytest.mark.parametrize("fault", FAULTS)
def test_the_suite_finds_the_fault(fault: str) -> None:
    kind, rules = FAULTS[fault]
    assert {rule: passes(kind, rule) for rule in rules} == dict.fromkeys(rules, False)


def test_the_same_rules_hold_without_the_fault() -> None:
    rules = {rule for _, rules in FAULTS.values() for rule in rules}
    assert {rule for rule in rules if not passes(DictBackend, rule)} == set()
