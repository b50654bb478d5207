"""Everything that is stored of one person, whatever its kind."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from attrs import frozen

from orthocrm.core.appointment import Appointment
from orthocrm.core.audit import PersonalChange
from orthocrm.core.ids import LeadId
from orthocrm.core.lead import Lead
from orthocrm.core.marketing import ReferrerRecord
from orthocrm.core.merging import Merge
from orthocrm.core.notifying import ConsentEntry, Message
from orthocrm.core.ports import Repository, UnitOfWork
from orthocrm.core.query import AnyOf, Cond, Where
from orthocrm.privacy.erasing import is_the_person
from orthocrm.services.work import everything

PLAIN_KINDS: Mapping[str, Callable[[UnitOfWork], Repository[Any]]] = {
    "activities": lambda store: store.activities,
    "tasks": lambda store: store.tasks,
    "visits": lambda store: store.visits,
    "touches": lambda store: store.touches,
    "waitlist": lambda store: store.waitlist,
    "notices": lambda store: store.notices,
    "enrollments": lambda store: store.enrollments,
    "import_changes": lambda store: store.import_changes,
}
"""Kinds of nouns that name their lead, and of which nothing remains."""

_AT_ONCE = 400
"""So many ids are asked for by one condition at most."""
_JOINING = ("leads.merge", "leads.unmerge")


@frozen(kw_only=True)
class Known:
    """What is stored of a person: their lead, leads that became part of it, and the rest.

    Attributes:
        plain: The nouns of `PLAIN_KINDS`.
        messages: To the family, and to whoever takes part in their visits.
        links: Which leads were found to belong to it; of the others nothing is told.
        changes: Personal fields before and after operations.
        elsewhere: The same, of other leads that were merged with this one for a while.
        consents: The ledger's entries on their addresses.
        referrers: The records of them as one who refers families.
    """

    leads: tuple[Lead, ...]
    plain: Mapping[str, tuple[Any, ...]]
    appointments: tuple[Appointment, ...]
    messages: tuple[Message, ...]
    links: tuple[Any, ...]
    merges: tuple[Merge, ...]
    changes: tuple[PersonalChange, ...]
    elsewhere: tuple[PersonalChange, ...]
    consents: tuple[ConsentEntry, ...]
    referrers: tuple[ReferrerRecord, ...]

    @property
    def ids(self) -> tuple[LeadId, ...]:
        """The leads, the one that was asked for first."""
        return tuple(lead.id for lead in self.leads)

    @property
    def addresses(self) -> tuple[str, ...]:
        """Their numbers and addresses, as the ledger of consent knows them."""
        return _addresses(self.leads)


def known(store: UnitOfWork, lead: Lead) -> Known:
    """Read everything that is stored of the person of a lead."""
    leads = _together(store, lead)
    ids = [one.id for one in leads]
    merges = _of(store.merges, ids, "survivor_id", "loser_id")
    appointments = _of(store.appointments, ids, "lead_id")
    return Known(
        leads=leads,
        plain={kind: _of(get(store), ids, "lead_id") for kind, get in PLAIN_KINDS.items()},
        appointments=appointments,
        messages=_messages(store, ids, appointments),
        links=_of(store.links, ids, "lead_id", "other_id"),
        merges=merges,
        changes=_of(store.personal_changes, ids, "lead_id"),
        elsewhere=_elsewhere(store, ids, merges),
        consents=_consents(store, leads),
        referrers=tuple(
            record
            for record in everything(store.referrers)
            if any(is_the_person(record, one) for one in leads)
        ),
    )


def _together(store: UnitOfWork, lead: Lead) -> tuple[Lead, ...]:
    """Give the lead and those that became a part of it, over several merges."""
    found = {lead.id: lead}
    newest: Sequence[LeadId] = [lead.id]
    while newest:
        parts = everything(store.leads, Cond("merged_into", "in", list(newest)))
        newest = [part.id for part in parts if part.id not in found]
        found.update((part.id, part) for part in parts)
    return tuple(found.values())


def _of(repository: Repository[Any], ids: Sequence[str], *fields: str) -> tuple[Any, ...]:
    """Read the nouns that name one of several ids in one of several fields."""
    where = tuple(Cond(field, "in", list(ids)) for field in fields)
    return everything(repository, where[0] if len(where) == 1 else AnyOf(where))


def _messages(
    store: UnitOfWork, ids: Sequence[LeadId], appointments: Iterable[Appointment]
) -> tuple[Message, ...]:
    visits = [one.id for one in appointments]
    where: Where = Cond("lead_id", "in", list(ids))
    found = {message.id: message for message in everything(store.messages, where)}
    for start in range(0, len(visits), _AT_ONCE):
        part = Cond("appointment_id", "in", visits[start : start + _AT_ONCE])
        found.update((message.id, message) for message in everything(store.messages, part))
    return tuple(found.values())


def _elsewhere(
    store: UnitOfWork, ids: Sequence[LeadId], merges: Iterable[Merge]
) -> tuple[PersonalChange, ...]:
    """Find what merges that were undone wrote down of this person beside other leads."""
    others = {lead for one in merges for lead in (one.survivor_id, one.loser_id)} - set(ids)
    if not others:
        return ()
    changes = _of(store.personal_changes, sorted(others), "lead_id")
    entries = store.audit.get([change.audit_id for change in changes])
    return tuple(
        change
        for change in changes
        if (entry := entries.get(change.audit_id)) is not None
        and entry.operation in _JOINING
        and set(ids).intersection(entry.objects)
    )


def _consents(store: UnitOfWork, leads: Sequence[Lead]) -> tuple[ConsentEntry, ...]:
    said = store.consents.of(_addresses(leads))
    return tuple(entry for address in sorted(said) for entry in said[address])


def _addresses(leads: Iterable[Lead]) -> tuple[str, ...]:
    """Give the match keys of numbers and addresses; a lead that was merged has lost its keys."""
    found: set[str] = set()
    for lead in leads:
        contact = lead.contact
        found.update(key for key in lead.keys if key.startswith(("phone:", "email:")))
        phones = [phone for phone in (contact.phone, contact.phone_alt) if phone]
        found.update(f"phone:{phone.number}" for phone in phones)
        if contact.email:
            found.add(f"email:{contact.email.address}")
    return tuple(sorted(found))
