"""Ending sessions, and removing those that nobody can use any more."""

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from attrs import evolve

from orthocrm.access import sessions
from orthocrm.access.tokens import ReadToken, is_same
from orthocrm.core.access import Session
from orthocrm.core.ids import SessionId, UserId
from orthocrm.core.limits import PAGE
from orthocrm.core.ports import UnitOfWork
from orthocrm.core.query import Cond, Page, both

_SWEPT: Final = Page(50)
"""So many old sessions go at every log-in."""


def end_token(store: UnitOfWork, read: ReadToken | None, now: datetime) -> Session | None:
    """End the session of a token, if it is one of this clinic that has not ended."""
    if read is None or read.clinic != store.clinic:
        return None
    own = SessionId(read.owner)
    session = store.sessions.get([own], lock=True).get(own)
    if session is None or session.ended_at is not None:
        return None
    return end(store, [session], now)[0] if is_same(read.digest, session.digest) else None


def end(store: UnitOfWork, ending: Iterable[Session], now: datetime) -> tuple[Session, ...]:
    """End sessions."""
    return store.sessions.save([evolve(session, ended_at=now) for session in ending])


def end_all(
    store: UnitOfWork, user: UserId, now: datetime, but: SessionId | None = None
) -> tuple[Session, ...]:
    """End all sessions of somebody, but for one."""
    return end(store, [each for each in open_of(store, user) if each.id != but], now)


def open_of(store: UnitOfWork, user: UserId) -> tuple[Session, ...]:
    """Read the sessions of somebody that have not been ended."""
    found: list[Session] = []
    where = both(Cond("user", "eq", user), Cond("ended_at", "absent"))
    page: Page | None = Page(PAGE)
    while page is not None:
        part = store.sessions.find(where, (), page)
        found.extend(part.items)
        page = None if part.after is None else Page(PAGE, part.after)
    return tuple(found)


def live_of(store: UnitOfWork, user: UserId, now: datetime) -> tuple[Session, ...]:
    """Read the sessions of somebody that still open, the newest first."""
    live = [each for each in open_of(store, user) if sessions.is_live(each, now)]
    return tuple(sorted(live, key=lambda each: (each.created_at, each.id), reverse=True))


def sweep(store: UnitOfWork, now: datetime) -> None:
    """Remove sessions whose time has run out; what they did stands in the audit trail."""
    old = Cond("expires_at", "le", now)
    gone = [session.id for session in store.sessions.find(old, (), _SWEPT).items]
    if gone:
        store.sessions.remove(gone)
