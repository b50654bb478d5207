"""`desk.access`: API keys, by which programs come."""

from datetime import timedelta

from attrs import evolve

from orthocrm.access.keys import (
    LONGEST,
    LONGEST_OVERLAP,
    OVERLAP,
    USUAL,
    NewKey,
    read_key,
    read_span,
)
from orthocrm.access.tokens import TokenKind, new_token
from orthocrm.core.access import ApiKey
from orthocrm.core.actor import Permission, Role, scopes
from orthocrm.core.errors import InvalidInput, NotFound
from orthocrm.core.events import AccessChanged
from orthocrm.core.ids import KeyId, UserId
from orthocrm.core.query import EVERYTHING, Cond
from orthocrm.core.reading import Reading
from orthocrm.services.access.results import IssuedKey, KeyDetails, key_details
from orthocrm.services.access.users import ensure_within, the_user
from orthocrm.services.gate import Area, verb
from orthocrm.services.work import Work, everything


class Keys(Area, area="access"):
    """API keys: each acts as a user, and does no more than its scopes say."""

    @verb(Permission.USER_MANAGE)
    def make_key(self, work: Work, new: NewKey) -> IssuedKey:
        """Make an API key; its token is told once.

        Raises:
            InvalidInput: a scope is none of the user's permissions, or asks for a person.
            Forbidden: a scope goes beyond what the actor may do.
        """
        if not isinstance(new, NewKey):
            raise InvalidInput.at("new", "wrong_type", "give a NewKey")
        read = read_key(new)
        user = the_user(work, new.user or work.actor.user)
        if not user.is_active:
            raise InvalidInput.at("user", "deactivated", "give a user who may come in")
        _ensure_held(work, user.roles, read.scopes)
        ensure_within(work, user.roles, read.scopes)
        own = KeyId(work.ids())
        token = new_token(TokenKind.KEY, work.clinic_id, own)
        key = ApiKey(
            id=own,
            clinic_id=work.clinic_id,
            name=read.name,
            user=user.id,
            scopes=read.scopes,
            digest=token.digest,
            created_at=work.now,
            created_by=work.actor.user,
            expires_at=work.now + read.lasts,
        )
        work.store.api_keys.add([key])
        _tell(work, "key_made", key)
        return IssuedKey(key=key_details(key), token=token.token)

    @verb(Permission.USER_MANAGE)
    def api_keys(self, work: Work, user_id: UserId | None = None) -> tuple[KeyDetails, ...]:
        """List the API keys of the clinic or of one user, the oldest first."""
        mine = EVERYTHING if user_id is None else Cond("user", "eq", the_user(work, user_id).id)
        found = everything(work.store.api_keys, mine)
        work.touch(key.id for key in found)
        return tuple(map(key_details, sorted(found, key=lambda key: (key.created_at, key.id))))

    @verb(Permission.USER_MANAGE)
    def rotate_key(
        self,
        work: Work,
        key_id: KeyId,
        *,
        overlap: timedelta = OVERLAP,
        lasts: timedelta = USUAL,
    ) -> IssuedKey:
        """Give an API key another token, and let the present one open for the overlap.

        Raises:
            InvalidInput: the key was revoked, or a span is none.
            Forbidden: the key goes beyond what the actor may do.
        """
        reading = Reading()
        if overlap != timedelta():
            read_span(reading, "overlap", overlap, LONGEST_OVERLAP)
        read_span(reading, "lasts", lasts, LONGEST)
        reading.finish()
        key = _the_key(work, key_id)
        if key.revoked_at is not None:
            raise InvalidInput.at("key_id", "revoked", "make a new key")
        ensure_within(work, the_user(work, key.user).roles, key.scopes)
        token = new_token(TokenKind.KEY, work.clinic_id, key.id)
        rotated = evolve(
            key,
            digest=token.digest,
            previous=key.digest,
            previous_until=min(work.now + overlap, key.expires_at),
            expires_at=work.now + lasts,
        )
        (saved,) = work.store.api_keys.save([rotated])
        _tell(work, "key_rotated", saved)
        return IssuedKey(key=key_details(saved), token=token.token)

    @verb(Permission.USER_MANAGE)
    def revoke_key(self, work: Work, key_id: KeyId) -> KeyDetails:
        """Let an API key open nothing any more, from the next call on."""
        key = _the_key(work, key_id)
        if key.revoked_at is not None:
            return key_details(key)
        (saved,) = work.store.api_keys.save([evolve(key, revoked_at=work.now)])
        _tell(work, "key_revoked", saved)
        return key_details(saved)


def _ensure_held(work: Work, roles: tuple[Role, ...], wanted: tuple[Permission, ...]) -> None:
    grants = work.practice.clinic.settings.preset.grants
    reading = Reading()
    for i, permission in enumerate(wanted):
        if not scopes(roles, permission, grants):
            reading.refuse(f"scopes.{i}", "not_held", "the user does not have this permission")
    reading.finish()


def _the_key(work: Work, key_id: KeyId) -> ApiKey:
    if not isinstance(key_id, str):
        raise InvalidInput.at("key_id", "wrong_type", "give the id of a key")
    work.seek([key_id])
    key = work.store.api_keys.get([key_id], lock=True).get(key_id)
    if key is None:
        raise NotFound("API key")
    return key


def _tell(work: Work, subject: str, key: ApiKey) -> None:
    work.touch([key.id])
    work.record(
        AccessChanged(
            clinic_id=work.clinic_id,
            at=work.now,
            by=work.actor.user,
            subject=subject,
            user=key.user,
            key_id=key.id,
        )
    )
