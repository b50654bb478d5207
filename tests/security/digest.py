"""A digest of everything that is stored, the audit trail apart."""

import hashlib

from orthocrm import Clinic, OrthoCRM
from orthocrm.core.audit import DONE, AuditEntry
from orthocrm.core.query import Cond
from orthocrm.services.work import everything
from tests.flows.practice import House

KINDS = (
    "clinics",
    "stages",
    "sources",
    "coordinators",
    "rotations",
    "time_off",
    "schedules",
    "leads",
    "visits",
    "activities",
    "tasks",
    "appointments",
    "waitlist",
    "links",
    "merges",
    "touches",
    "spend",
    "campaigns",
    "referrers",
    "messages",
    "notices",
    "contacts",
    "inbox",
    "answers",
    "enrollments",
    "models",
    "users",
    "user_secrets",
    "attempts",
    "sessions",
    "api_keys",
    "imports",
    "import_changes",
    "personal_changes",
)


def digest(crm: OrthoCRM) -> str:
    """Hash every noun of every clinic, and how many events wait."""
    return "".join(digest_of(crm, clinic) for clinic in crm.clinics())


def digest_of(crm: OrthoCRM, clinic: Clinic) -> str:
    """Hash every noun of one clinic, and how many of its events wait."""
    said = hashlib.sha256()
    with crm._backend.begin(clinic.id) as store:
        said.update(str(store.outbox.waiting()).encode())
        for kind in KINDS:
            nouns = everything(getattr(store, kind))
            said.update(repr([(noun.id, noun.version, noun) for noun in nouns]).encode())
    return said.hexdigest()


def ids_of(crm: OrthoCRM, clinic: Clinic) -> set[str]:
    """Give the identity of every noun of a clinic but for those that a practice names itself."""
    with crm._backend.begin(clinic.id) as store:
        nouns = [noun for kind in KINDS for noun in everything(getattr(store, kind))]
    return {noun.id for noun in nouns if len(noun.id) == 36}


def refusals(house: House) -> tuple[AuditEntry, ...]:
    """Give the audit entries of operations that were refused."""
    with house.crm._backend.begin(house.clinic.id) as store:
        return everything(store.audit, Cond("outcome", "ne", DONE))
