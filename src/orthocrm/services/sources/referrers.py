"""`desk.sources`: the dentists and patients who refer families."""

from collections.abc import Collection

from attrs import evolve

from orthocrm.core.actor import Permission, Scope
from orthocrm.core.errors import AlreadyExists, Forbidden, InvalidInput, NotFound
from orthocrm.core.events import ClinicConfigured
from orthocrm.core.ids import ReferrerId
from orthocrm.core.marketing import ReferrerKind, ReferrerRecord
from orthocrm.core.query import Cond, both
from orthocrm.leads import referrers
from orthocrm.leads.referrers import NewReferrer
from orthocrm.services.gate import Area, verb
from orthocrm.services.settings import configuring
from orthocrm.services.sources import referring
from orthocrm.services.work import Work, everything


class Referrers(Area, area="sources"):
    """Who refers. Whoever is kept to leads of their own sees no referrers either."""

    @verb(Permission.LEAD_READ)
    def referrers(
        self, work: Work, kind: ReferrerKind | str | None = None
    ) -> tuple[ReferrerRecord, ...]:
        """List the referrers by name, those who do not refer any more included."""
        _demand(work)
        wanted = None if kind is None else configuring.member(ReferrerKind, kind, "kind")
        records = referring.of_kind(work, wanted)
        work.touch(record.id for record in records)
        return tuple(sorted(records, key=lambda record: (record.name.casefold(), record.id)))

    @verb(Permission.LEAD_READ)
    def find_referrer(
        self, work: Work, kind: ReferrerKind | str, ref: str
    ) -> ReferrerRecord | None:
        """Find the record of a referrer by the identity by which leads name them."""
        _demand(work)
        found = _by_ref(work, configuring.member(ReferrerKind, kind, "kind"), ref)
        work.touch([found.id] if found else [])
        return found

    @verb(Permission.LEAD_UPDATE)
    def add_referrer(self, work: Work, new: NewReferrer) -> ReferrerRecord:
        """Add somebody who refers families; kind and `ref` are unique together.

        Referrals make records by themselves; this one comes before the first family.
        """
        _demand(work)
        record = referrers.read(new, work.practice, now=work.now, ids=work.ids)
        if _by_ref(work, record.kind, record.ref) is not None:
            raise AlreadyExists("referrer", "ref")
        work.store.referrers.add([record])
        _note(work, record)
        return record

    @verb(Permission.LEAD_UPDATE)
    def change_referrer(self, work: Work, record: ReferrerRecord) -> ReferrerRecord:
        """Replace a record by an evolved copy of what was read; kind and `ref` stay."""
        _demand(work)
        if not isinstance(record, ReferrerRecord):
            raise InvalidInput.at("referrer", "wrong_type", "give a ReferrerRecord")
        before = _known(work, record.id)
        changed = referrers.changed(before, record, work.practice, now=work.now)
        (saved,) = work.store.referrers.save([changed])
        _note(work, saved, referrers.differences(before, saved))
        return saved

    @verb(Permission.LEAD_UPDATE)
    def retire_referrer(self, work: Work, referrer_id: ReferrerId) -> ReferrerRecord:
        """Leave a referrer out of the choice by name; leads that name them stay as they are."""
        _demand(work)
        before = _known(work, referrer_id)
        (saved,) = work.store.referrers.save([evolve(before, is_active=False, updated_at=work.now)])
        _note(work, saved, ("is_active",))
        return saved


def _demand(work: Work) -> None:
    if Scope.CLINIC not in work.scopes(work.permission):
        raise Forbidden(work.operation, work.permission)


def _by_ref(work: Work, kind: ReferrerKind, ref: object) -> ReferrerRecord | None:
    if not isinstance(ref, str):
        raise InvalidInput.at("ref", "wrong_type", "give a text")
    where = both(Cond("kind", "eq", kind.value), Cond("ref", "eq", ref.strip()))
    return next(iter(everything(work.store.referrers, where)), None)


def _known(work: Work, referrer_id: ReferrerId) -> ReferrerRecord:
    work.seek([referrer_id])
    found = work.store.referrers.get([referrer_id])
    if referrer_id not in found:
        raise NotFound("referrer")
    return found[referrer_id]


def _note(work: Work, record: ReferrerRecord, fields: Collection[str] = ()) -> None:
    """Leave a trace; the practice that every process holds has no referrers in it."""
    work.touch([record.id])
    work.record(
        ClinicConfigured(
            clinic_id=work.clinic_id,
            at=work.now,
            by=work.actor.user,
            subject="referrer",
            object_id=record.id,
            fields=tuple(fields),
        )
    )
