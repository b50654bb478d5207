"""Erasing a person: everything goes in one unit of work, and the keys with it."""

from collections.abc import Iterable

from attrs import evolve, field, frozen

from orthocrm.core.events import LeadErased
from orthocrm.core.ids import LeadId
from orthocrm.core.lead import Lead
from orthocrm.privacy.erasing import blanked, ensure_erasable, tombstone
from orthocrm.privacy.portrait import PersonalExport
from orthocrm.services.inbox import keeping
from orthocrm.services.privacy import exporting, known
from orthocrm.services.privacy.known import PLAIN_KINDS, Known
from orthocrm.services.settings.configuring import changed
from orthocrm.services.work import Work


@frozen(kw_only=True)
class Erased:
    """A person who was erased: how many rows went, and what was known of them until then.

    `export` is None when nobody asked for it. It is kept nowhere: give it to the person, or
    forget it.
    """

    lead_id: LeadId
    rows: int
    export: PersonalExport | None = field(default=None)


def erase(work: Work, lead: Lead, *, with_export: bool) -> Erased:
    """Erase the person of a lead: raises `LegalHold`, `VisitsAhead` or `DeliveriesWait`."""
    work.store.keyring.alone()
    (fresh,) = work.leads([lead.id])
    person = known.known(work.store, fresh)
    held = work.practice.clinic.settings.retention.holds
    for one in person.leads:
        ensure_erasable(one.id, person.appointments, held, work.now)
    export = exporting.export(work, person) if with_export else None
    rows = keeping.forget_person(work, person.addresses)
    rows += _removed(work, person)
    work.touch(person.ids)
    work.record(*_events(work, person.leads))
    return Erased(lead_id=fresh.id, rows=rows, export=export)


def _removed(work: Work, person: Known) -> int:
    """Destroy the keys, then remove what they sealed: what was overlooked is unreadable."""
    store = work.store
    store.keyring.forget(person.ids)
    store.consents.forget(person.ids, person.addresses)
    store.deliveries.forget([*person.ids, *(one.id for one in person.appointments)])
    store.messages.remove([one.id for one in person.messages])
    store.links.remove([one.id for one in person.links])
    store.merges.remove([one.id for one in person.merges])
    store.referrers.remove([one.id for one in person.referrers])
    for kind, get in PLAIN_KINDS.items():
        get(store).remove([one.id for one in person.plain[kind]])
    store.personal_changes.remove([one.id for one in (*person.changes, *person.elsewhere)])
    store.appointments.save([blanked(one, work.now) for one in person.appointments])
    store.leads.save([tombstone(one, work.now, work.actor.user) for one in person.leads])
    gone = (person.messages, person.links, person.merges, person.referrers, person.changes)
    return sum(map(len, (*gone, *person.plain.values(), person.elsewhere)))


def _events(work: Work, leads: Iterable[Lead]) -> list[LeadErased]:
    return [
        LeadErased(
            clinic_id=work.clinic_id,
            at=work.now,
            by=work.actor.user,
            lead_id=lead.id,
            patient_ref=lead.conversion.patient_ref if lead.conversion else None,
        )
        for lead in leads
    ]


def held(holds: tuple[LeadId, ...], lead_id: LeadId, *, is_held: bool) -> tuple[LeadId, ...]:
    """Give the leads on legal hold with one of them added or taken away."""
    others = tuple(one for one in holds if one != lead_id)
    return (*others, lead_id) if is_held else others


def hold(work: Work, lead_id: LeadId, *, is_held: bool) -> tuple[LeadId, ...]:
    """Put a lead on legal hold, or lift it; give all that are."""
    clinic = work.practice.clinic
    retention = clinic.settings.retention
    holds = held(retention.holds, lead_id, is_held=is_held)
    settings = evolve(clinic.settings, retention=evolve(retention, holds=holds))
    changed(work, "retention", lead_id, clinic=evolve(clinic, settings=settings), fields=["holds"])
    return holds
