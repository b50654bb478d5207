"""`crm.access`: what happens before there is an actor. Logging in and out, tokens, passwords.

A failure is counted before the password is looked at, in a unit of work of its own: tries that
come at once are counted one by one, and nothing is locked while Argon2id takes its time.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Final, TypeVar

from attrs import evolve, frozen

from orthocrm.access import codes, enrolment, keys, passwords, sessions
from orthocrm.access.passwords import HashCost
from orthocrm.access.tokens import ReadToken, TokenKind, is_same, new_token, read_token
from orthocrm.core.access import Session, User, UserSecrets
from orthocrm.core.actor import Actor
from orthocrm.core.audit import DONE
from orthocrm.core.errors import Conflict, InvalidInput
from orthocrm.core.ids import ClinicId, KeyId, SessionId, UserId
from orthocrm.core.ports import Backend, Clock, IdSource, UnitOfWork
from orthocrm.services.access import counting, ending, noting
from orthocrm.services.access.attempting import Attempt, read_attempt
from orthocrm.services.access.counting import Counted
from orthocrm.services.access.results import LogIn, LogInOutcome, session_details

T = TypeVar("T")

_TRIES: Final = 5
"""How often a unit of work is begun anew that somebody else was faster than."""


@frozen(kw_only=True)
class Entrance:
    """Lets people and programs in, and writes down who came."""

    backend: Backend
    clock: Clock
    ids: IdSource
    cost: HashCost = passwords.OWASP

    def log_in(
        self,
        clinic: ClinicId,
        email: str,
        password: str,
        code: str | None = None,
        *,
        device: str | None = None,
        replaces: str | None = None,
    ) -> LogIn:
        """Let somebody in by address and password, and by a code where they have a second factor.

        Where the practice asks for a second factor, who has none comes in for as long as its grace
        lasts. Whatever is wrong is answered alike and after the same time. Five failures in a row
        lock the address for a minute, each further one for twice as long, up to an hour; a hundred
        lock it until the password is reset. Addresses that nobody has are locked as well.

        Args:
            clinic: whose user they are.
            email: their address.
            password: what they typed.
            code: six digits of an authenticator, or a recovery code; each opens once.
            device: what the browser says of itself, for the list of sessions.
            replaces: the token of the session that the browser came with: it is ended.

        Raises:
            InvalidInput: something has not the form of an address, a password or a code.
        """
        attempt = read_attempt(clinic, email, password, code, device, replaces)
        counted = self._again(lambda: self._counted(attempt))
        if counted.locked_until is not None and not counted.is_counted:
            return LogIn(outcome=LogInOutcome.LOCKED, locked_until=counted.locked_until)
        refusal = counting.objection(counted)
        kept = None if counted.secrets is None or refusal else counted.secrets.password
        if not passwords.matches(attempt.password, kept or passwords.decoy(self.cost)):
            return self._refused(attempt, counted, refusal or "wrong_password")
        if counted.has_second_factor and attempt.code is None:
            self._again(lambda: self._code_needed(attempt, counted))
            return LogIn(outcome=LogInOutcome.CODE_NEEDED)
        anew = passwords.hashed(attempt.password, self.cost) if self._is_dated(kept) else None
        return self._again(lambda: self._enter(attempt, counted, anew))

    def log_out(self, token: str) -> bool:
        """End the session of a token; False: it was none, or had ended before."""
        read = read_token(token, TokenKind.SESSION)
        return read is not None and self._again(lambda: self._left(read))

    def session(self, token: str) -> Actor | None:
        """Tell who comes by the token of a session, with the roles that they have now.

        The use is written down once a minute; 15 minutes without one end the session, and so do
        12 hours.
        """
        read = read_token(token, TokenKind.SESSION)
        return None if read is None else self._noted(lambda note: self._by_session(read, note=note))

    def key(self, token: str) -> Actor | None:
        """Tell as whom a program comes by the token of an API key, with the rights of now."""
        read = read_token(token, TokenKind.KEY)
        return None if read is None else self._noted(lambda note: self._by_key(read, note=note))

    def member(self, clinic: ClinicId, user: UserId) -> Actor | None:
        """Give the actor of a user whom somebody else has vouched for: an identity provider, say.

        None: the clinic has no such user, or they were deactivated.
        """
        if not isinstance(clinic, str) or not isinstance(user, str):
            return None
        with self.backend.begin(clinic) as store:
            return _actor(store.users.get([user]).get(user))

    def standing(self, token: str) -> Actor | None:
        """Tell who came by the token of a session or a key, and write no use of it down.

        It is for whatever stands open meanwhile: a page that nobody looks at idles.
        """
        by_session, by_key = (
            read_token(token, kind) for kind in (TokenKind.SESSION, TokenKind.KEY)
        )
        if by_session is not None:
            return self._by_session(by_session, note=False)
        return None if by_key is None else self._by_key(by_key, note=False)

    def set_password(self, token: str, password: str) -> None:
        """Set a password by a one-time token, which is used up; all sessions of the user end.

        Raises:
            InvalidInput: at `token`, it was used, has run out or never was one; at `password`, it
                is too short, too long or too common.
        """
        read = read_token(token, TokenKind.RESET)
        if read is None:
            raise _bad_token()
        try:
            with self.backend.begin(read.clinic) as store:
                user, secrets = self._resetting(store, read)
                name = store.clinics.get([read.clinic])[read.clinic].name
            about = (user.name, user.email or "", name)
            kept = passwords.hashed(passwords.read_password(password, about=about), self.cost)
            self._again(lambda: self._set(read, secrets, kept))
        except InvalidInput as refusal:
            self._not_set(read, refusal.problems[0].code)
            raise

    def check(self, clinic: ClinicId, user: UserId, password: str) -> UserSecrets | datetime | None:
        """Check the password of somebody who is logged in, and count failures as at a log-in.

        Gives the secrets that it opened; until when the address is locked; or None: it is wrong.
        """
        tried = passwords.tried_password(password)
        with self.backend.begin(clinic) as store:
            known = store.users.get([user]).get(user)
        if known is None:
            return None
        attempt = Attempt(clinic=clinic, login=known.login, password=tried)
        counted = self._again(lambda: self._counted(attempt, "prove"))
        if counted.locked_until is not None and not counted.is_counted:
            return counted.locked_until
        kept = None if counted.secrets is None else counted.secrets.password
        if not passwords.matches(tried, kept or passwords.decoy(self.cost)):
            self._refused(attempt, counted, "wrong_password", "prove")
            return None
        self._again(lambda: self._taken_back(attempt, counted))
        return counted.secrets

    # --- units of work

    def _again(self, act: Callable[[], T]) -> T:
        """Do something anew that somebody else was faster than."""
        for _ in range(_TRIES - 1):
            try:
                return act()
            except Conflict:
                continue
        return act()

    def _noted(self, resolve: Callable[[bool], T]) -> T:
        """Resolve and write the use down, unless somebody else is just doing so."""
        try:
            return resolve(True)  # noqa: FBT003 - whether to note
        except Conflict:
            return resolve(False)  # noqa: FBT003 - whether to note

    def _counted(self, attempt: Attempt, act: str = "log_in") -> Counted:
        now = self.clock()
        with self.backend.begin(attempt.clinic) as store:
            counted = counting.counted(store, attempt.login, now, self.ids)
            if not counted.is_counted and counted.is_clinic:
                self._note(store, act, counted.user, "locked")
            return counted

    def _refused(self, attempt: Attempt, counted: Counted, why: str, act: str = "log_in") -> LogIn:
        if counted.is_clinic:
            with self.backend.begin(attempt.clinic) as store:
                self._note(store, act, counted.user, why)
        return LogIn(outcome=LogInOutcome.REFUSED, locked_until=counted.locked_until)

    def _code_needed(self, attempt: Attempt, counted: Counted) -> None:
        with self.backend.begin(attempt.clinic) as store:
            counting.take_back(store, attempt.login, counted)
            self._note(store, "log_in", counted.user, "code_needed")

    def _taken_back(self, attempt: Attempt, counted: Counted) -> None:
        with self.backend.begin(attempt.clinic) as store:
            counting.take_back(store, attempt.login, counted)

    def _enter(self, attempt: Attempt, counted: Counted, anew: str | None) -> LogIn:
        now = self.clock()
        with self.backend.begin(attempt.clinic) as store:
            user, secrets = counting.standing(store, counted)
            why = counting.objection_now(counted, user, secrets)
            opened = None if why or secrets is None else _opened(secrets, attempt.code, now)
            if user is None or opened is None:
                self._note(store, "log_in", counted.user, why or "wrong_code")
                return LogIn(outcome=LogInOutcome.REFUSED, locked_until=counted.locked_until)
            asked = store.clinics.get([store.clinic])[store.clinic].settings.second_factor
            opened = enrolment.begun(asked, user, opened, now)
            until = enrolment.enrol_by(asked, user, opened)
            if until is not None and until <= now:
                counting.take_back(store, attempt.login, counted)
                self._note(store, "log_in", user, "second_factor_due")
                return LogIn(outcome=LogInOutcome.SECOND_FACTOR_DUE, enrol_by=until)
            renewed = opened if anew is None else evolve(opened, password=anew)
            if renewed != secrets:
                store.user_secrets.save([renewed])
            counting.forget(store, attempt.login)
            ending.end_token(store, attempt.replaces, now)
            ending.sweep(store, now)
            token, session = self._begun(store, user, attempt.device, now)
            self._note(store, "log_in", user, DONE, session.id)
            return LogIn(
                outcome=LogInOutcome.IN,
                actor=_actor(user, session=session.id),
                session=session_details(session, session.id),
                token=token,
                enrol_by=until,
            )

    def _begun(
        self, store: UnitOfWork, user: User, device: str | None, now: datetime
    ) -> tuple[str, Session]:
        own = SessionId(self.ids())
        token = new_token(TokenKind.SESSION, user.clinic_id, own)
        session = Session(
            id=own,
            clinic_id=user.clinic_id,
            user=user.id,
            digest=token.digest,
            created_at=now,
            seen_at=now,
            expires_at=now + sessions.ABSOLUTE,
            device=device,
        )
        store.sessions.add([session])
        return token.token, session

    def _left(self, read: ReadToken) -> bool:
        now = self.clock()
        with self.backend.begin(read.clinic) as store:
            session = ending.end_token(store, read, now)
            if session is not None:
                user = store.users.get([session.user]).get(session.user)
                self._note(store, "log_out", user, DONE, session.id)
            return session is not None

    def _by_session(self, read: ReadToken, *, note: bool) -> Actor | None:
        now = self.clock()
        with self.backend.begin(read.clinic) as store:
            own = SessionId(read.owner)
            session = store.sessions.get([own]).get(own)
            if session is None or not is_same(read.digest, session.digest):
                return None
            actor = _actor(store.users.get([session.user]).get(session.user), session=own)
            if actor is None or not sessions.is_live(session, now):
                return None
            if note and sessions.is_to_note(session.seen_at, now):
                store.sessions.save([evolve(session, seen_at=now)])
            return actor

    def _by_key(self, read: ReadToken, *, note: bool) -> Actor | None:
        now = self.clock()
        with self.backend.begin(read.clinic) as store:
            own = KeyId(read.owner)
            key = store.api_keys.get([own]).get(own)
            if key is None:
                return None
            user = store.users.get([key.user]).get(key.user)
            actor = _actor(user)
            why = keys.objection(key, read.digest, now)
            if why is not None or actor is None:
                self._note(store, "use_key", user, why or "deactivated", key.id)
                return None
            if note and sessions.is_to_note(key.last_used_at, now):
                store.api_keys.save([evolve(key, last_used_at=now)])
                if key.last_used_at is None:
                    self._note(store, "first_use_of_key", user, DONE, key.id)
            return evolve(actor, only=frozenset(key.scopes), key=own)

    def _resetting(
        self, store: UnitOfWork, read: ReadToken, *, lock: bool = False
    ) -> tuple[User, UserSecrets]:
        """Find whose password a one-time token sets."""
        own = UserId(read.owner)
        user = store.users.get([own]).get(own)
        secrets = store.user_secrets.get([own], lock=lock).get(own)
        if user is None or secrets is None or not user.is_active:
            raise _bad_token()
        in_time = secrets.reset_until is not None and self.clock() < secrets.reset_until
        if not is_same(read.digest, secrets.reset) or not in_time:
            raise _bad_token()
        return user, secrets

    def _set(self, read: ReadToken, before: UserSecrets, kept: str) -> None:
        now = self.clock()
        with self.backend.begin(read.clinic) as store:
            user, secrets = self._resetting(store, read, lock=True)
            if secrets.reset != before.reset:  # pragma: no cover - `_resetting` has compared it
                raise _bad_token()
            renewed = evolve(secrets, reset=None, reset_until=None, enrolling_since=None)
            store.user_secrets.save([evolve(renewed, password=kept, password_set_at=now)])
            counting.forget(store, user.login)
            ended = ending.end_all(store, user.id, now)
            self._note(store, "set_password", user, DONE, *(session.id for session in ended))

    def _not_set(self, read: ReadToken, why: str) -> None:
        """Write down that a token set no password; an unknown clinic has no audit trail."""
        own = UserId(read.owner)
        with self.backend.begin(read.clinic) as store:
            if store.revision() is not None:
                self._note(store, "set_password", store.users.get([own]).get(own), why)

    def _is_dated(self, kept: str | None) -> bool:
        return kept is not None and passwords.is_dated(kept, self.cost)

    def _note(
        self, store: UnitOfWork, act: str, user: User | None, outcome: str, *objects: str
    ) -> None:
        noting.note(store, f"access.{act}", user, outcome, objects, self.clock(), self.ids)


def _opened(secrets: UserSecrets, code: str | None, now: datetime) -> UserSecrets | None:
    """Use a code up; None: it does not open. Without a second factor none is asked for."""
    if secrets.totp is None:
        return secrets
    if code is None:
        return None
    if codes.is_recovery(code):
        left = codes.without(secrets.recovery, code)
        return None if left is None else evolve(secrets, recovery=left)
    step = codes.step_of(secrets.totp, code, now, secrets.totp_step)
    return None if step is None else evolve(secrets, totp_step=step)


def _actor(user: User | None, session: SessionId | None = None) -> Actor | None:
    if user is None or not user.is_active or not user.roles:
        return None
    return Actor(user=user.id, clinic=user.clinic_id, roles=user.roles, session=session)


def _bad_token() -> InvalidInput:
    return InvalidInput.at("token", "bad_token", "it was used or has run out; ask for a new one")
