"""Counting failures to log in, before they are known to be any."""

from datetime import datetime
from typing import Final

from attrs import evolve, frozen

from orthocrm.access import lockout
from orthocrm.access.tokens import is_same
from orthocrm.core.access import Attempts, User, UserSecrets
from orthocrm.core.ports import IdSource, UnitOfWork
from orthocrm.core.query import Cond, Page

_SWEPT: Final = Page(50)
"""So many counts that are forgotten go at a time."""


@frozen(kw_only=True)
class Counted:
    """Who tries to log in, as far as they are known, and how often they have tried.

    `before` is the count as it was, `after` with this try; a locked address is not counted on.
    """

    is_clinic: bool = True
    user: User | None = None
    secrets: UserSecrets | None = None
    before: Attempts | None = None
    after: Attempts | None = None
    locked_until: datetime | None = None

    @property
    def is_counted(self) -> bool:
        """Whether the try counts: the address was not locked."""
        return self.after is not None or not self.is_clinic

    @property
    def has_second_factor(self) -> bool:
        """Whether a code is asked for."""
        return self.secrets is not None and self.secrets.totp is not None


def counted(store: UnitOfWork, login: str, now: datetime, ids: IdSource) -> Counted:
    """Count a try as a failure, unless the address is locked, and find who tries."""
    if store.revision() is None:
        return Counted(is_clinic=False)
    before = store.attempts.by_login([login], lock=True).get(login)
    user = store.users.by_login([login]).get(login)
    secrets = None if user is None else store.user_secrets.get([user.id]).get(user.id)
    known = Counted(user=user, secrets=secrets, before=before)
    until = lockout.locked_until(before, now)
    if until is not None:
        return evolve(known, locked_until=until)
    failures = lockout.failures_after(before, now)
    if before is None:
        _sweep(store, now)
        first = Attempts(
            id=ids(),
            clinic_id=store.clinic,
            login=login,
            failures=failures,
            last_at=now,
        )
        store.attempts.add([first])
        return evolve(known, after=first, locked_until=lockout.locked_until(first, now))
    (after,) = store.attempts.save([evolve(before, failures=failures, last_at=now)])
    return evolve(known, after=after, locked_until=lockout.locked_until(after, now))


def take_back(store: UnitOfWork, login: str, counted: Counted) -> None:
    """Take a try back that was no failure: the count is as it was, but for what came since."""
    held = store.attempts.by_login([login], lock=True).get(login)
    if held is None or counted.after is None:
        return
    if held.version == counted.after.version and counted.before is not None:
        before = counted.before
        store.attempts.save([evolve(held, failures=before.failures, last_at=before.last_at)])
    elif held.failures > 1:
        store.attempts.save([evolve(held, failures=held.failures - 1)])
    else:
        store.attempts.remove([held.id])


def forget(store: UnitOfWork, login: str) -> None:
    """Forget all failures of an address: its owner has come in."""
    held = store.attempts.by_login([login], lock=True).get(login)
    if held is not None:
        store.attempts.remove([held.id])


def _sweep(store: UnitOfWork, now: datetime) -> None:
    """Remove counts that are forgotten, some whenever a new one begins."""
    old = Cond("last_at", "le", now - lockout.FORGOTTEN_AFTER)
    gone = [attempts.id for attempts in store.attempts.find(old, (), _SWEPT).items]
    if gone:
        store.attempts.remove(gone)


def objection(counted: Counted) -> str | None:
    """Tell, for the audit trail only, why nobody can log in with an address."""
    if not counted.is_clinic:
        return "unknown_clinic"
    if counted.user is None:
        return "unknown_user"
    if not counted.user.is_active:
        return "deactivated"
    has_password = counted.secrets is not None and counted.secrets.password is not None
    return None if has_password else "no_password"


def standing(store: UnitOfWork, counted: Counted) -> tuple[User | None, UserSecrets | None]:
    """Read a user anew whose password was right, and keep others from using a code meanwhile."""
    if counted.user is None:
        return None, None
    own = counted.user.id
    secrets = store.user_secrets.get([own], lock=True).get(own)
    return store.users.get([own]).get(own), secrets


def objection_now(counted: Counted, user: User | None, secrets: UserSecrets | None) -> str | None:
    """Tell what changed while the password was looked at: the user, or the password itself."""
    if user is None or not user.is_active:
        return "deactivated"
    kept = None if counted.secrets is None else counted.secrets.password
    if secrets is None or not is_same(kept or "", secrets.password):
        return "wrong_password"
    return None
