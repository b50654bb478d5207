"""`desk.access`: what everybody does for themselves: password, second factor, own sessions."""

from datetime import datetime, timedelta
from typing import Final

from attrs import evolve

from orthocrm.access import codes, enrolment, passwords
from orthocrm.access.tokens import digest_of, is_same
from orthocrm.core.access import User, UserSecrets
from orthocrm.core.actor import Permission
from orthocrm.core.errors import InvalidInput, LockedOut, NotFound
from orthocrm.core.events import AccessChanged
from orthocrm.core.ids import SessionId
from orthocrm.core.second_factor import SecondFactor
from orthocrm.services.access import ending
from orthocrm.services.access.results import (
    Account,
    Proof,
    RecoveryCodes,
    SecondFactorSetup,
    SessionDetails,
    session_details,
)
from orthocrm.services.access.users import ended, the_session
from orthocrm.services.gate import Area, composed, verb
from orthocrm.services.work import Work

PROVEN_FOR: Final = timedelta(minutes=5)
"""For how long a password that was given counts."""


class OwnAccount(Area, area="access"):
    """The actor's own account. Whoever has none, because others vouch for them, finds nothing."""

    @verb(Permission.ACCOUNT_MANAGE)
    def account(self, work: Work) -> Account:
        """Read the own account."""
        user, secrets = _own(work)
        return Account(
            user=user,
            password_set_at=secrets.password_set_at,
            has_second_factor=secrets.totp is not None,
            recovery_codes_left=len(secrets.recovery),
            enrol_by=enrolment.enrol_by(_asked(work), user, secrets),
        )

    @composed
    def prove(self, password: str) -> Proof:
        """Prove by the own password that it is really oneself: the verbs below ask for it.

        A wrong one counts as a failure to log in does.

        Raises:
            InvalidInput: at `password`, it is not the present one.
            LockedOut: it was wrong too often.
        """
        user = self.account().user
        now = self._office.clock()
        found = self._office.entrance.check(user.clinic_id, user.id, password)
        if isinstance(found, datetime):
            raise LockedOut(found)
        if found is None or found.password is None:
            raise InvalidInput.at("password", "wrong_password", "give the present password")
        return Proof(user=user.id, at=now, seal=digest_of(found.password))

    @verb(Permission.ACCOUNT_MANAGE)
    def change_password(self, work: Work, proof: Proof, password: str) -> None:
        """Set another password; all other sessions end.

        Raises:
            InvalidInput: the password is too short, too long or too common, or the proof is old.
        """
        user, secrets = _proven(work, proof)
        about = (user.name, user.email or "", work.practice.clinic.name)
        read = passwords.read_password(password, about=about)
        kept = passwords.hashed(read, self._office.hash_cost)
        _save(
            work,
            evolve(secrets, password=kept, password_set_at=work.now, reset=None, reset_until=None),
        )
        _end_others(work, user)
        _tell(work, "password_changed", user)

    @verb(Permission.ACCOUNT_MANAGE)
    def begin_second_factor(self, work: Work, proof: Proof) -> SecondFactorSetup:
        """Begin to set an authenticator up; the one before counts until the new one is confirmed.

        Raises:
            InvalidInput: the proof is old.
        """
        user, secrets = _proven(work, proof)
        secret = codes.new_secret()
        _save(work, evolve(secrets, pending_totp=secret))
        _tell(work, "second_factor_begun", user)
        uri = codes.setup_uri(secret, user.email or user.id, work.practice.clinic.name)
        return SecondFactorSetup(secret=secret, uri=uri)

    @verb(Permission.ACCOUNT_MANAGE)
    def confirm_second_factor(self, work: Work, code: str) -> RecoveryCodes:
        """Confirm an authenticator by its code: from now on log-ins ask for one.

        Gives ten recovery codes for the day on which it is lost; older ones open no more, and all
        other sessions end.

        Raises:
            InvalidInput: none was begun, or the code is not one of it.
        """
        user, secrets = _own(work, lock=True)
        if secrets.pending_totp is None:
            raise InvalidInput.at("code", "not_begun", "begin to set an authenticator up")
        given = codes.read_code(code)
        step = (
            None
            if given is None or codes.is_recovery(given)
            else codes.step_of(secrets.pending_totp, given, work.now, 0)
        )
        if step is None:
            raise InvalidInput.at("code", "wrong_code", "give the code that it shows now")
        drawn = codes.new_recovery()
        _save(
            work,
            evolve(
                secrets,
                totp=secrets.pending_totp,
                pending_totp=None,
                totp_step=step,
                enrolling_since=None,
                recovery=drawn.digests,
            ),
        )
        _end_others(work, user)
        _tell(work, "second_factor_set", user)
        return RecoveryCodes(codes=drawn.codes)

    @verb(Permission.ACCOUNT_MANAGE)
    def drop_second_factor(self, work: Work, proof: Proof) -> None:
        """Log in by the password alone from now on.

        Raises:
            InvalidInput: the proof is old, or the practice asks for a second factor.
        """
        user, secrets = _proven(work, proof)
        if _asked(work).is_for(user.roles):
            raise InvalidInput.at("proof", "second_factor_needed", "set another one up instead")
        _save(work, evolve(secrets, totp=None, pending_totp=None, recovery=()))
        _tell(work, "second_factor_dropped", user)

    @verb(Permission.ACCOUNT_MANAGE)
    def renew_recovery_codes(self, work: Work, proof: Proof) -> RecoveryCodes:
        """Draw ten new recovery codes; older ones open no more.

        Raises:
            InvalidInput: the proof is old, or there is no second factor.
        """
        user, secrets = _proven(work, proof)
        if secrets.totp is None:
            raise InvalidInput.at("proof", "no_second_factor", "set an authenticator up first")
        drawn = codes.new_recovery()
        _save(work, evolve(secrets, recovery=drawn.digests))
        _tell(work, "recovery_codes_renewed", user)
        return RecoveryCodes(codes=drawn.codes)

    @verb(Permission.ACCOUNT_MANAGE)
    def own_sessions(self, work: Work) -> tuple[SessionDetails, ...]:
        """List the own sessions that still open, the newest first."""
        live = ending.live_of(work.store, work.actor.user, work.now)
        return tuple(session_details(each, work.actor.session) for each in live)

    @verb(Permission.ACCOUNT_MANAGE)
    def end_own_session(self, work: Work, session_id: SessionId) -> SessionDetails:
        """End one of the own sessions."""
        session = the_session(work, session_id)
        if session.user != work.actor.user:
            raise NotFound("session")
        return ended(work, session)


def _own(work: Work, *, lock: bool = False) -> tuple[User, UserSecrets]:
    own = work.actor.user
    user = work.store.users.get([own]).get(own)
    secrets = work.store.user_secrets.get([own], lock=lock).get(own)
    if user is None or secrets is None:
        raise NotFound("account")
    work.touch([user.id])
    return user, secrets


def _asked(work: Work) -> SecondFactor:
    return work.practice.clinic.settings.second_factor


def _proven(work: Work, proof: Proof) -> tuple[User, UserSecrets]:
    """Load the own account for somebody who gave their password a moment ago."""
    if not isinstance(proof, Proof):
        raise InvalidInput.at("proof", "wrong_type", "give what prove answers")
    user, secrets = _own(work, lock=True)
    is_own = proof.user == user.id and secrets.password is not None
    is_fresh = timedelta() <= work.now - proof.at < PROVEN_FOR
    if not (is_own and is_fresh and is_same(digest_of(secrets.password or ""), proof.seal)):
        raise InvalidInput.at("proof", "stale_proof", "give the password again")
    return user, secrets


def _save(work: Work, secrets: UserSecrets) -> None:
    work.store.user_secrets.save([secrets])


def _end_others(work: Work, user: User) -> None:
    gone = ending.end_all(work.store, user.id, work.now, but=work.actor.session)
    work.touch(session.id for session in gone)


def _tell(work: Work, subject: str, user: User) -> None:
    work.record(
        AccessChanged(
            clinic_id=work.clinic_id,
            at=work.now,
            by=work.actor.user,
            subject=subject,
            user=user.id,
        )
    )
