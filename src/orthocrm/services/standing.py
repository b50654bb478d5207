"""Where somebody stands in a practice: told to themselves, so that pages show what can be done."""

from collections.abc import Mapping

from attrs import field, frozen

from orthocrm.core.actor import Permission, Scope
from orthocrm.core.ids import UserId
from orthocrm.core.masking import PERSONAL, mask
from orthocrm.core.ports import UnitOfWork
from orthocrm.core.settings import Clinic, Practice


@frozen(kw_only=True)
class Standing:
    """The clinic, the own name as far as it is known there, and how far each permission reaches."""

    clinic: Clinic
    name: str = field(repr=mask, metadata=PERSONAL)
    rights: Mapping[Permission, frozenset[Scope]]


def name_of(store: UnitOfWork, practice: Practice, user: UserId) -> str:
    """Give the name of a user, by their account or as a coordinator; else what they are called."""
    account = store.users.get([user]).get(user)
    if account is not None:
        return account.name
    return next((one.name for one in practice.coordinators if one.id == user), user)
