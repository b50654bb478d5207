"""`/api/users`, `/api/keys` and one's own `/api/account`: who may come in, by what, and as whom.

What makes an account less safe, or safer against oneself, asks for the password once more.
"""

from attrs import frozen

from orthocrm.core.actor import Permission, Role, Scope
from orthocrm.desk import Desk
from orthocrm.services.access.results import RecoveryCodes, SecondFactorSetup
from orthocrm.web.declaring import function, verb


@frozen(kw_only=True)
class Right:
    """A permission, and how far it reaches: the clinic, what is one's own, or figures only."""

    permission: Permission
    scopes: tuple[Scope, ...]


@frozen(kw_only=True)
class WhoIAm:
    """Who asks, where, and what they may do, so that a page shows what can be done."""

    user: str
    name: str
    clinic_id: str
    clinic_name: str
    timezone: str
    currency: str
    roles: tuple[Role, ...]
    rights: tuple[Right, ...]


def who_am_i(desk: Desk) -> WhoIAm:
    """Tell who asks, of which practice, and what they may do."""
    actor, standing = desk.office.actor, desk.office.standing()
    clinic, reached = standing.clinic, sorted(standing.rights.items())
    return WhoIAm(
        user=actor.user,
        name=standing.name,
        clinic_id=actor.clinic,
        clinic_name=clinic.name,
        timezone=clinic.timezone,
        currency=clinic.settings.currency,
        roles=tuple(sorted(actor.roles)),
        rights=tuple(
            Right(permission=permission, scopes=tuple(sorted(far))) for permission, far in reached
        ),
    )


def change_password(desk: Desk, *, password: str, new_password: str) -> None:
    """Change the own password; all other sessions end."""
    desk.access.change_password(desk.access.prove(password), new_password)


def begin_second_factor(desk: Desk, *, password: str) -> SecondFactorSetup:
    """Begin with a second factor: the secret for an authenticator, which a code has to confirm."""
    return desk.access.begin_second_factor(desk.access.prove(password))


def drop_second_factor(desk: Desk, *, password: str) -> None:
    """Do without the second factor."""
    desk.access.drop_second_factor(desk.access.prove(password))


def renew_recovery_codes(desk: Desk, *, password: str) -> RecoveryCodes:
    """Get new recovery codes; the old ones open nothing any more."""
    return desk.access.renew_recovery_codes(desk.access.prove(password))


ENDPOINTS = (
    verb("GET", "/api/users", "access.users"),
    verb("POST", "/api/users", "access.add_user", 201),
    verb("GET", "/api/users/{user_id}", "access.user"),
    verb("PUT", "/api/users/{user_id}", "access.edit_user"),
    verb("PUT", "/api/users/{user_id}/roles", "access.change_roles"),
    verb("POST", "/api/users/{user_id}/deactivate", "access.deactivate"),
    verb("POST", "/api/users/{user_id}/reactivate", "access.reactivate"),
    verb("POST", "/api/users/{user_id}/reset-password", "access.reset_password"),
    verb("GET", "/api/users/{user_id}/sessions", "access.sessions"),
    verb("DELETE", "/api/users/sessions/{session_id}", "access.end_session"),
    verb("GET", "/api/keys", "access.api_keys"),
    verb("POST", "/api/keys", "access.make_key", 201),
    verb("POST", "/api/keys/{key_id}/rotate", "access.rotate_key"),
    verb("DELETE", "/api/keys/{key_id}", "access.revoke_key"),
    verb("GET", "/api/account", "access.account"),
    function("GET", "/api/account/rights", "access.account", who_am_i),
    function("PUT", "/api/account/password", "access.change_password", change_password),
    function(
        "POST", "/api/account/second-factor", "access.begin_second_factor", begin_second_factor
    ),
    verb("POST", "/api/account/second-factor/confirm", "access.confirm_second_factor"),
    function(
        "POST", "/api/account/second-factor/drop", "access.drop_second_factor", drop_second_factor
    ),
    function(
        "POST", "/api/account/recovery-codes", "access.renew_recovery_codes", renew_recovery_codes
    ),
    verb("GET", "/api/account/sessions", "access.own_sessions"),
    verb("DELETE", "/api/account/sessions/{session_id}", "access.end_own_session"),
)
"""Passwords and tokens stand in one request or one answer, and nowhere else."""
