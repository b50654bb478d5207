"""`desk.access`: the users of the clinic, their roles, and how they get a password."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from attrs import evolve, frozen

from orthocrm.access import granting
from orthocrm.access.logins import read_login
from orthocrm.access.tokens import TokenKind, new_token
from orthocrm.core import limits
from orthocrm.core.access import Session, User, UserSecrets
from orthocrm.core.actor import Grants, Permission, Role
from orthocrm.core.errors import AlreadyExists, Forbidden, InvalidInput, LastAdministrator, NotFound
from orthocrm.core.events import AccessChanged
from orthocrm.core.ids import SessionId, UserId
from orthocrm.core.reading import Reading
from orthocrm.core.unset import UNSET, Unset
from orthocrm.services.access import ending
from orthocrm.services.access.results import (
    Invited,
    OneTimeToken,
    SessionDetails,
    session_details,
)
from orthocrm.services.gate import Area, verb
from orthocrm.services.work import Work, everything

INVITATION: Final = timedelta(days=7)
"""How long a new user has to set the first password."""
RESET: Final = timedelta(hours=24)
"""How long a token to set a new password opens."""
_LONGEST_ID: Final = 100


@frozen(kw_only=True)
class NewUser:
    """Somebody to be let in; `id` is given where leads and tasks name them already.

    Without an `email` it is a program, which comes by API keys only.
    """

    name: str
    roles: Sequence[Role | str]
    email: str | None = None
    id: UserId | None = None


class Users(Area, area="access"):
    """Who may come in, and in which roles."""

    @verb(Permission.USER_MANAGE)
    def add_user(self, work: Work, new: NewUser) -> Invited:
        """Add a user, and give the token by which they set their password within a week.

        Raises:
            Forbidden: a role grants what the actor does not have.
            AlreadyExists: the address or the id is somebody's already.
        """
        if not isinstance(new, NewUser):
            raise InvalidInput.at("new", "wrong_type", "give a NewUser")
        user = _read(work, new)
        _ensure_giving(work, user.id, user.roles)
        _lock(work)
        _ensure_new(work, user)
        work.store.users.add([user])
        if user.email is not None:
            work.store.user_secrets.add([UserSecrets(id=user.id, clinic_id=work.clinic_id)])
        _tell(work, "user", user, after=user.roles)
        invitation = None if user.email is None else _token(work, user, INVITATION)
        return Invited(user=user, invitation=invitation)

    @verb(Permission.USER_MANAGE)
    def users(self, work: Work, *, active: bool | None = None) -> tuple[User, ...]:
        """List the users by name: all of them, or those only who may (not) come in."""
        found = everything(work.store.users)
        wanted = [user for user in found if active is None or user.is_active is active]
        work.touch(user.id for user in wanted)
        return tuple(sorted(wanted, key=lambda user: (user.name.casefold(), user.id)))

    @verb(Permission.USER_MANAGE)
    def user(self, work: Work, user_id: UserId) -> User:
        """Read one user."""
        return the_user(work, user_id)

    @verb(Permission.USER_MANAGE)
    def edit_user(
        self, work: Work, user_id: UserId, *, name: str | Unset = UNSET, email: str | Unset = UNSET
    ) -> User:
        """Change the name or the address of a user; what is left out stays as it is.

        Raises:
            Forbidden: the user has rights that the actor does not have.
        """
        user = _within(work, user_id)
        reading = Reading()
        title = user.name if isinstance(name, Unset) else reading.text("name", name, limits.NAME)
        address = user.email if isinstance(email, Unset) else read_login(reading, email)
        reading.required("name", title)
        if not isinstance(email, Unset):
            reading.required("email", address)
        reading.finish()
        _lock(work)
        edited = evolve(user, name=title or "", email=address)
        if edited.login != user.login:
            _ensure_new(work, edited, but=user.id)
        (saved,) = work.store.users.save([edited])
        if user.email is None and saved.email is not None:
            work.store.user_secrets.add([UserSecrets(id=user.id, clinic_id=work.clinic_id)])
        _tell(work, "user", saved, before=user.roles, after=saved.roles)
        return saved

    @verb(Permission.USER_MANAGE)
    def change_roles(self, work: Work, user_id: UserId, roles: Sequence[Role | str]) -> User:
        """Give a user these roles and no others; their next call is decided by them.

        Raises:
            Forbidden: the roles, or those that the user had, grant what the actor does not have.
            LastAdministrator: nobody would be left to administer users.
        """
        reading = Reading()
        wanted = granting.read_roles(reading, roles)
        reading.finish()
        user = _within(work, user_id)
        _ensure_giving(work, user.id, wanted)
        return self._changed(work, "roles", user, evolve(user, roles=wanted))

    @verb(Permission.USER_MANAGE)
    def deactivate(self, work: Work, user_id: UserId) -> User:
        """Let a user in no more: their sessions end, and their keys open nothing.

        Raises:
            Forbidden: the user has rights that the actor does not have.
            LastAdministrator: nobody would be left to administer users.
        """
        user = _within(work, user_id)
        if not user.is_active:
            return user
        ending.end_all(work.store, user.id, work.now)
        return self._changed(work, "deactivated", user, evolve(user, deactivated_at=work.now))

    @verb(Permission.USER_MANAGE)
    def reactivate(self, work: Work, user_id: UserId) -> User:
        """Let a user in again, in the roles and with the password that they had."""
        user = _within(work, user_id)
        if user.is_active:
            return user
        return self._changed(work, "reactivated", user, evolve(user, deactivated_at=None))

    @verb(Permission.USER_MANAGE)
    def reset_password(
        self, work: Work, user_id: UserId, *, drop_second_factor: bool = False
    ) -> OneTimeToken:
        """Give the token by which a user sets a new password within a day, and nobody else should.

        The present password opens until then. With `drop_second_factor` the second factor is gone
        at once, for whoever lost their authenticator and the recovery codes.

        Raises:
            Forbidden: the user has rights that the actor does not have.
            InvalidInput: the user has no address to log in with.
        """
        user = _within(work, user_id)
        if user.email is None:
            raise InvalidInput.at("user_id", "no_email", "this user comes by API keys only")
        reading = Reading()
        drops = reading.flag("drop_second_factor", drop_second_factor)
        reading.finish()
        _tell(work, "password_reset", user, before=user.roles, after=user.roles)
        return _token(work, user, RESET, drops=bool(drops))

    @verb(Permission.USER_MANAGE)
    def sessions(self, work: Work, user_id: UserId) -> tuple[SessionDetails, ...]:
        """List the sessions of a user that still open, the newest first."""
        user = the_user(work, user_id)
        live = ending.live_of(work.store, user.id, work.now)
        return tuple(session_details(each, work.actor.session) for each in live)

    @verb(Permission.USER_MANAGE)
    def end_session(self, work: Work, session_id: SessionId) -> SessionDetails:
        """End a session of anybody."""
        session = the_session(work, session_id)
        return ended(work, session)

    def _changed(self, work: Work, subject: str, before: User, after: User) -> User:
        """Save a user whose rights changed; two who do so at once follow each other."""
        _lock(work)
        _ensure_administered(work, after)
        (saved,) = work.store.users.save([after])
        _tell(work, subject, saved, before=before.roles, after=saved.roles)
        return saved


def the_user(work: Work, user_id: UserId) -> User:
    """Load a user of the clinic."""
    if not isinstance(user_id, str):
        raise InvalidInput.at("user_id", "wrong_type", "give the id of a user")
    work.seek([user_id])
    user = work.store.users.get([user_id]).get(user_id)
    if user is None:
        raise NotFound("user")
    work.touch([user.id])
    return user


def the_session(work: Work, session_id: SessionId) -> Session:
    """Load a session of the clinic that has not ended."""
    if not isinstance(session_id, str):
        raise InvalidInput.at("session_id", "wrong_type", "give the id of a session")
    work.seek([session_id])
    session = work.store.sessions.get([session_id], lock=True).get(session_id)
    if session is None or session.ended_at is not None:
        raise NotFound("session")
    return session


def ended(work: Work, session: Session) -> SessionDetails:
    """End a session, and show it as it is then."""
    (gone,) = ending.end(work.store, [session], work.now)
    work.touch([gone.id])
    return session_details(gone, work.actor.session)


def ensure_within(work: Work, roles: Sequence[Role], among: Sequence[Permission]) -> None:
    """Refuse to put rights into a key that the actor does not have."""
    missing = granting.beyond(work.actor, roles, _grants(work), among)
    if missing:
        raise Forbidden(work.operation, missing[0])


def _grants(work: Work) -> "dict[Role, Grants]":
    return dict(work.practice.clinic.settings.preset.grants)


def _within(work: Work, user_id: UserId) -> User:
    user = the_user(work, user_id)
    _ensure_giving(work, user.id, user.roles)
    return user


def _ensure_giving(work: Work, receiver: UserId, roles: Sequence[Role]) -> None:
    missing = granting.beyond_giving(work.actor, receiver, roles, _grants(work))
    if missing:
        raise Forbidden(work.operation, missing[0])


def _lock(work: Work) -> None:
    """Let changes of who may come in follow each other, so that each sees the one before."""
    work.store.clinics.get([work.clinic_id], lock=True)


def _ensure_new(work: Work, user: User, but: UserId | None = None) -> None:
    same = work.store.users.by_login([user.login]).get(user.login)
    if same is not None and same.id != but:
        raise AlreadyExists("user", "email")
    if but is None and work.store.users.get([user.id]):
        raise AlreadyExists("user")


def _ensure_administered(work: Work, changed: User) -> None:
    users = everything(work.store.users)
    after = [changed if user.id == changed.id else user for user in users]
    grants = _grants(work)
    if granting.administrators(users, grants) and not granting.administrators(after, grants):
        raise LastAdministrator


def _read(work: Work, new: NewUser) -> User:
    reading = Reading()
    name = reading.text("name", new.name, limits.NAME)
    reading.required("name", name)
    email = read_login(reading, new.email)
    own = reading.text("id", new.id, _LONGEST_ID)
    if own is not None and (own != new.id or own.startswith("system:")):
        reading.refuse("id", "bad_id", "give an id without spaces around it, and not a system's")
    roles = granting.read_roles(reading, new.roles)
    reading.finish()
    return User(
        id=UserId(own or work.ids()),
        clinic_id=work.clinic_id,
        name=name or "",
        email=email,
        roles=roles,
        created_at=work.now,
        created_by=work.actor.user,
    )


def _token(work: Work, user: User, lasts: timedelta, *, drops: bool = False) -> OneTimeToken:
    """Draw a one-time token for a password, in the place of the one before."""
    secrets = work.store.user_secrets.get([user.id], lock=True)[user.id]
    token = new_token(TokenKind.RESET, work.clinic_id, user.id)
    until: datetime = work.now + lasts
    if drops:
        secrets = evolve(secrets, totp=None, pending_totp=None, recovery=())
    work.store.user_secrets.save([evolve(secrets, reset=token.digest, reset_until=until)])
    return OneTimeToken(user=user.id, token=token.token, expires_at=until)


def _tell(
    work: Work,
    subject: str,
    user: User,
    *,
    before: Sequence[Role] = (),
    after: Sequence[Role] = (),
) -> None:
    work.touch([user.id])
    work.record(
        AccessChanged(
            clinic_id=work.clinic_id,
            at=work.now,
            by=work.actor.user,
            subject=subject,
            user=user.id,
            roles_before=tuple(role.value for role in before),
            roles_after=tuple(role.value for role in after),
        )
    )
