"""Requests that may come again: each has one effect, and the repetition gets the first answer.

A request is registered before it is worked on. What it did is marked in the unit of work that did
it, so that a process that ends at any time leaves either a request that had no effect and may be
made again, or one of which it is known that it had.
"""

import hmac
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from attrs import evolve, frozen

from orthocrm.core.actor import Actor
from orthocrm.core.answers import AnswerState, KeptAnswer, lost
from orthocrm.core.errors import AlreadyExists, Conflict, OrthoCRMError
from orthocrm.core.ids import AnswerId
from orthocrm.core.ports import Backend, Clock, IdSource, UnitOfWork
from orthocrm.core.query import Cond

KEPT: Final = timedelta(hours=24)
"""How long a repetition gets the first answer; after that it is a new request."""

LEASE: Final = timedelta(minutes=5)
"""How long a request may run before it counts as dead."""

LARGEST: Final = 256 * 1024
"""The longest answer that is kept, in characters."""


class KeyReused(OrthoCRMError, ValueError):
    """The same key came with another request than the first time."""

    code = "key_reused"

    def __init__(self) -> None:
        super().__init__("Idempotency-Key: it was used for another request")


class StillRunning(Conflict):
    """The first request with this key is not answered yet."""

    code = "still_running"

    def __init__(self) -> None:
        super().__init__("Idempotency-Key: the first request is not answered yet, try again later")


class AnswerLost(Conflict):
    """The first request had its effect, and its answer is not kept."""

    code = "answer_lost"

    def __init__(self) -> None:
        super().__init__("Idempotency-Key: it was done, look at what came of it")


@frozen(kw_only=True)
class Said:
    """What a request was answered: HTTP status, the headers that belong to it, and the text."""

    status: int
    headers: Mapping[str, str]
    body: str


@frozen(kw_only=True)
class KeptAnswers:
    """The requests of all clinics that have a key, and their answers."""

    backend: Backend
    clock: Clock
    ids: IdSource

    def begin(self, actor: Actor, key: str, request: str) -> KeptAnswer | Said:
        """Register a request, or give the answer that it got before.

        Args:
            actor: who asks; others may choose the same key.
            key: what they know it by.
            request: everything that they ask for.

        Raises:
            KeyReused: it was used for another request.
            StillRunning: the first one is not answered yet.
            AnswerLost: the first one was done, and its answer is not there any more.
        """
        now = self.clock()
        try:
            with self.backend.begin(actor.clinic) as store:
                fresh = self._fresh(store, actor, key, request, now)
                held = _holder(store, fresh.key)
                if held is None:
                    store.answers.add([fresh])
                    return fresh
                if held.request != fresh.request and not _is_over(held, now):
                    raise KeyReused
                return _again(store, held, fresh, now)
        except AlreadyExists:
            raise StillRunning from None

    def _fresh(
        self, store: UnitOfWork, actor: Actor, key: str, request: str, now: datetime
    ) -> KeptAnswer:
        secret = store.secret("answers")
        caller = "\n".join((actor.user, *sorted(actor.roles), actor.link.id if actor.link else ""))
        return KeptAnswer(
            id=AnswerId(self.ids()),
            clinic_id=actor.clinic,
            key=_digest(secret, f"key\n{caller}\n{key}"),
            request=_digest(secret, f"request\n{request}"),
            made_at=now,
            until=now + LEASE,
        )

    def end(self, begun: KeptAnswer, said: Said) -> None:
        """Keep the answer to a request, unless that is done; only what is no answer is not kept."""
        with self.backend.begin(begun.clinic_id) as store:
            held = store.answers.get([begun.id], lock=True).get(begun.id)
            if held is not None and held.state is not AnswerState.KEPT:
                store.answers.save([_kept(held, said)])

    def drop(self, begun: KeptAnswer) -> None:
        """Forget a request that could not be carried out, unless it has had an effect."""
        with self.backend.begin(begun.clinic_id) as store:
            held = store.answers.get([begun.id], lock=True).get(begun.id)
            if held is not None and held.state is AnswerState.RUNNING:
                store.answers.remove([begun.id])


def done(store: UnitOfWork, begun: KeptAnswer, said: Said | None) -> None:
    """Mark in a unit of work that a request has its effect with it, and keep the answer if any.

    Raises:
        StillRunning: the request took so long that somebody else was let in its place.
    """
    held = store.answers.get([begun.id], lock=True).get(begun.id)
    if held is None:
        raise StillRunning
    if said is not None:
        store.answers.save([_kept(held, said)])
    elif held.state is AnswerState.RUNNING:
        store.answers.save([evolve(lost(held), until=held.made_at + KEPT)])


def _kept(held: KeptAnswer, said: Said) -> KeptAnswer:
    until = held.made_at + KEPT
    if len(said.body) > LARGEST:
        return evolve(lost(held), until=until)
    return evolve(
        held,
        state=AnswerState.KEPT,
        until=until,
        status=said.status,
        headers=said.headers,
        body=said.body,
    )


def _holder(store: UnitOfWork, key: str) -> KeptAnswer | None:
    found = store.answers.find(Cond("key", "eq", key)).items
    locked = store.answers.get([one.id for one in found], lock=True)
    return next(iter(locked.values()), None)


def _is_over(held: KeptAnswer, now: datetime) -> bool:
    return held.until <= now


def _again(
    store: UnitOfWork, held: KeptAnswer, fresh: KeptAnswer, now: datetime
) -> KeptAnswer | Said:
    """Answer a repetition, or let it take the place of a request that is dead or long ago."""
    if _is_over(held, now):
        store.answers.remove([held.id])
        store.answers.add([fresh])
        return fresh
    if held.state is AnswerState.RUNNING:
        raise StillRunning
    if held.state is AnswerState.LOST:
        raise AnswerLost
    return Said(status=held.status, headers=held.headers, body=held.body)


def _digest(secret: bytes, text: str) -> str:
    return hmac.digest(secret, text.encode(), "sha256").hex()
