"""Who may give which roles: nobody gives what they do not have, and nobody gives it to themselves.

One exception lets a clinic be run: whoever administers users hires people who type leads in.
"""

from collections.abc import Iterable, Mapping
from typing import Final

from orthocrm.core.access import User
from orthocrm.core.actor import Actor, Grants, Permission, Role, Scope, scopes
from orthocrm.core.ids import UserId
from orthocrm.core.reading import Reading

PEOPLE: Final = (
    Role.FRONT_DESK,
    Role.TREATMENT_COORDINATOR,
    Role.CLINIC_ADMIN,
    Role.DOCTOR,
    Role.MARKETING_MANAGER,
    Role.AGENT,
    Role.ADMIN,
    Role.PROVIDER,
)
"""Roles that users have: patients come by links, and the system's own actors not at all."""


TO_OTHERS: Final = frozenset({Permission.LEAD_CREATE})
"""What whoever administers users gives to others without having it.

To the letter of the source a clinic administrator creates no leads, and yet their people do.
"""


def read_roles(reading: Reading, raw: object) -> tuple[Role, ...]:
    """Read the roles of a user: one or more of those that people have."""
    if not isinstance(raw, Iterable) or isinstance(raw, str | bytes):
        reading.refuse("roles", "not_a_list", "give a list of roles")
        return ()
    found = [reading.choice(f"roles.{i}", each, Role) for i, each in enumerate(raw)]
    for i, each in enumerate(found):
        if each is not None and each not in PEOPLE:
            reading.refuse(f"roles.{i}", "not_for_people", "give a role that people have")
    if not found:
        reading.refuse("roles", "required", "give a role")
    return tuple(sorted({each for each in found if each is not None}))


def beyond(
    actor: Actor,
    roles: Iterable[Role],
    grants: Mapping[Role, Grants],
    among: Iterable[Permission] = tuple(Permission),
) -> tuple[Permission, ...]:
    """List the permissions that roles would grant and the actor does not have, or not as far."""
    given = frozenset(roles)
    return tuple(
        permission
        for permission in among
        if not _covers(actor.scopes(permission, grants), scopes(given, permission, grants))
    )


def beyond_giving(
    actor: Actor, receiver: UserId, roles: Iterable[Role], grants: Mapping[Role, Grants]
) -> tuple[Permission, ...]:
    """List the permissions of roles that the actor may not give to somebody, nor rule over there.

    A key gives no more than what it may do itself.
    """
    missing = beyond(actor, roles, grants)
    administers = Scope.CLINIC in actor.scopes(Permission.USER_MANAGE, grants)
    if receiver == actor.user or actor.only is not None or not administers:
        return missing
    return tuple(permission for permission in missing if permission not in TO_OTHERS)


def _covers(held: frozenset[Scope], wanted: frozenset[Scope]) -> bool:
    return Scope.CLINIC in held or wanted <= held


def administrators(users: Iterable[User], grants: Mapping[Role, Grants]) -> tuple[User, ...]:
    """Choose the active users who may administer users."""
    return tuple(
        user
        for user in users
        if user.is_active and scopes(user.roles, Permission.USER_MANAGE, grants)
    )
