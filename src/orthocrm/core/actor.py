"""Who acts, in which roles, and what each role may do."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

from attrs import field, frozen

from orthocrm.core.ids import ClinicId, KeyId, SessionId, UserId


class Role(StrEnum):
    """Roles of people, and of the system's own actors."""

    FRONT_DESK = "front_desk"
    TREATMENT_COORDINATOR = "treatment_coordinator"
    CLINIC_ADMIN = "clinic_admin"
    DOCTOR = "doctor"
    MARKETING_MANAGER = "marketing_manager"
    AGENT = "agent"
    ADMIN = "admin"
    PROVIDER = "provider"
    PATIENT = "patient"
    WEB_FORM = "system:web_form"
    WORKER = "system:worker"
    IMPORTER = "system:importer"
    OPERATOR = "system:operator"


class Permission(StrEnum):
    """What an operation asks for; the first seven are the source document's."""

    LEAD_READ = "lead:read"
    LEAD_CREATE = "lead:create"
    LEAD_UPDATE = "lead:update"
    LEAD_ASSIGN = "lead:assign"
    LEAD_CONVERT = "lead:convert"
    LEAD_CONFIGURE = "lead:configure"
    LEAD_ANALYTICS = "lead:analytics"
    LEAD_REASSIGN_ABSENT = "lead:reassign_absent"
    LEAD_ARCHIVE = "lead:archive"
    APPOINTMENT_READ = "appointment:read"
    APPOINTMENT_BOOK = "appointment:book"
    APPOINTMENT_MANAGE = "appointment:manage"
    APPOINTMENT_REMIND = "appointment:remind"
    AVAILABILITY_READ = "availability:read"
    AVAILABILITY_MANAGE = "availability:manage"
    PRIVACY_EXPORT = "privacy:export"
    PRIVACY_ERASE = "privacy:erase"
    AUDIT_READ = "audit:read"
    AUDIT_SEAL = "audit:seal"
    BREAK_GLASS = "break_glass"
    MESSAGE_SEND = "message:send"
    NOTICE_READ = "notice:read"
    MODEL_TRAIN = "model:train"
    KEYS_ROTATE = "keys:rotate"
    USER_MANAGE = "user:manage"
    ACCOUNT_MANAGE = "account:manage"


class Scope(StrEnum):
    """How far a granted permission reaches."""

    CLINIC = "clinic"
    OWN = "own"
    OWN_FIGURES = "own_figures"
    AGGREGATES = "aggregates"
    MARKETING = "marketing"


Grants = Mapping[Permission, Scope]

_P = Permission
_SCHEDULING = (
    _P.APPOINTMENT_READ,
    _P.APPOINTMENT_BOOK,
    _P.APPOINTMENT_MANAGE,
    _P.APPOINTMENT_REMIND,
    _P.AVAILABILITY_READ,
)
_EVERYTHING = dict.fromkeys(Permission, Scope.CLINIC)


def _clinic(*permissions: Permission) -> dict[Permission, Scope]:
    return dict.fromkeys(permissions, Scope.CLINIC)


def _own(*permissions: Permission) -> dict[Permission, Scope]:
    return dict.fromkeys(permissions, Scope.OWN)


_NOTICES = _own(_P.NOTICE_READ, _P.ACCOUNT_MANAGE)
"""Whoever works in the practice reads the own notices, and looks after the own account."""

LITERAL: Mapping[Role, Grants] = MappingProxyType(
    {
        Role.FRONT_DESK: _clinic(
            _P.LEAD_READ, _P.LEAD_CREATE, _P.LEAD_UPDATE, _P.LEAD_REASSIGN_ABSENT, *_SCHEDULING
        )
        | _NOTICES,
        Role.TREATMENT_COORDINATOR: {
            **_NOTICES,
            **_clinic(
                _P.LEAD_READ,
                _P.LEAD_CREATE,
                _P.LEAD_UPDATE,
                _P.LEAD_ASSIGN,
                _P.LEAD_CONVERT,
                _P.LEAD_REASSIGN_ABSENT,
                *_SCHEDULING,
            ),
            _P.LEAD_ANALYTICS: Scope.OWN_FIGURES,
        },
        Role.CLINIC_ADMIN: _clinic(
            _P.LEAD_READ,
            _P.LEAD_UPDATE,
            _P.LEAD_ASSIGN,
            _P.LEAD_CONVERT,
            _P.LEAD_CONFIGURE,
            _P.LEAD_ANALYTICS,
            _P.LEAD_REASSIGN_ABSENT,
            _P.LEAD_ARCHIVE,
            _P.AVAILABILITY_MANAGE,
            _P.PRIVACY_EXPORT,
            _P.PRIVACY_ERASE,
            _P.AUDIT_READ,
            _P.BREAK_GLASS,
            _P.MODEL_TRAIN,
            _P.USER_MANAGE,
            *_SCHEDULING,
        )
        | _NOTICES,
        Role.DOCTOR: {
            _P.LEAD_ANALYTICS: Scope.AGGREGATES,
            _P.BREAK_GLASS: Scope.CLINIC,
            **_NOTICES,
        },
        Role.MARKETING_MANAGER: {_P.LEAD_ANALYTICS: Scope.MARKETING, **_NOTICES},
        Role.AGENT: {
            **_NOTICES,
            **_clinic(_P.LEAD_CREATE),
            **_own(_P.LEAD_READ, _P.LEAD_UPDATE, _P.LEAD_CONVERT, *_SCHEDULING),
            **_own(_P.AVAILABILITY_MANAGE),
            _P.LEAD_ANALYTICS: Scope.OWN_FIGURES,
        },
        Role.ADMIN: _EVERYTHING,
        Role.PROVIDER: _own(
            _P.APPOINTMENT_READ,
            _P.APPOINTMENT_BOOK,
            _P.APPOINTMENT_MANAGE,
            _P.AVAILABILITY_READ,
            _P.AVAILABILITY_MANAGE,
        )
        | _clinic(_P.BREAK_GLASS)
        | _NOTICES,
        Role.PATIENT: _own(_P.APPOINTMENT_READ, _P.APPOINTMENT_BOOK, _P.AVAILABILITY_READ),
        Role.WEB_FORM: _clinic(_P.LEAD_CREATE),
        Role.WORKER: _clinic(
            _P.LEAD_READ,
            _P.LEAD_UPDATE,
            _P.LEAD_ASSIGN,
            _P.MESSAGE_SEND,
            _P.MODEL_TRAIN,
            _P.APPOINTMENT_MANAGE,
            _P.AUDIT_SEAL,
            _P.KEYS_ROTATE,
            _P.PRIVACY_ERASE,
        ),
        Role.IMPORTER: _clinic(
            _P.LEAD_READ,
            _P.LEAD_CREATE,
            _P.LEAD_UPDATE,
            _P.LEAD_ASSIGN,
            _P.LEAD_CONVERT,
            _P.LEAD_ARCHIVE,
            _P.LEAD_CONFIGURE,
        ),
        Role.OPERATOR: _EVERYTHING,
    }
)
"""The preset that follows the source document's Access Control to the letter."""

PRACTICAL: Mapping[Role, Grants] = MappingProxyType(
    {**LITERAL, Role.CLINIC_ADMIN: {**LITERAL[Role.CLINIC_ADMIN], **_clinic(_P.LEAD_CREATE)}}
)
"""The preset for practices whose administrators also type leads in."""


class Preset(StrEnum):
    """Which table of grants a clinic starts from."""

    LITERAL = "literal"
    PRACTICAL = "practical"

    @property
    def grants(self) -> Mapping[Role, Grants]:
        """What each role may do under this preset."""
        return LITERAL if self is Preset.LITERAL else PRACTICAL


def _user(user: str) -> UserId:
    return UserId(user)


def _roles(roles: Iterable[Role | str]) -> frozenset[Role]:
    return frozenset(Role(role) for role in roles)


def _narrowed(only: Iterable[Permission | str] | None) -> frozenset[Permission] | None:
    return None if only is None else frozenset(Permission(permission) for permission in only)


@frozen(kw_only=True)
class Pass:
    """What a link lets a patient do: book these types of visits, until an instant.

    By its `id` the practice revokes it.
    """

    id: str
    types: tuple[str, ...]
    expires_at: datetime


@frozen(kw_only=True)
class Actor:
    """Who acts in which clinic. Roles add up: what one of them grants is granted.

    `clinic` is the only source of the tenant: no argument of any verb names another one. The
    `user` of a patient is their lead, or the patient of the host application; `link` is what a
    patient came by who has no account. `only` narrows what the roles grant to some permissions, as
    an API key does; None leaves it as it is. `session` and `key` say what somebody came by.
    """

    user: UserId = field(converter=_user)
    clinic: ClinicId
    roles: frozenset[Role] = field(converter=_roles)
    purpose: str | None = None
    link: Pass | None = None
    only: frozenset[Permission] | None = field(default=None, converter=_narrowed)
    session: SessionId | None = None
    key: KeyId | None = None

    @classmethod
    def system(cls, role: Role, clinic: ClinicId) -> "Actor":
        """Act as one of the library's own actors, whose user is the role itself."""
        return cls(user=UserId(role.value), clinic=clinic, roles=(role,))

    @property
    def credential(self) -> str | None:
        """Name what the actor came by: `key:ID`, `session:ID` or `link:ID`; None: others vouch."""
        named = {"key": self.key, "session": self.session, "link": self.link and self.link.id}
        return next((f"{kind}:{own}" for kind, own in named.items() if own), None)

    def scopes(self, permission: Permission, grants: Mapping[Role, Grants]) -> frozenset[Scope]:
        """Collect how far the actor may go with a permission; empty means not at all."""
        if self.only is not None and permission not in self.only:
            return frozenset()
        return scopes(self.roles, permission, grants)


def scopes(
    roles: Iterable[Role], permission: Permission, grants: Mapping[Role, Grants]
) -> frozenset[Scope]:
    """Collect how far the roles together carry a permission; empty means not at all."""
    return frozenset(
        grants[role][permission] for role in roles if permission in grants.get(role, {})
    )
