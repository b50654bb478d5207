"""Whom a clinic lets in with a second factor only, and how long they have to set one up."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from attrs import frozen

from orthocrm.core.actor import Role
from orthocrm.core.errors import Problem

SHORTEST: Final = timedelta(hours=1)
LONGEST: Final = timedelta(days=90)


@frozen(kw_only=True)
class SecondFactor:
    """Which roles need a second factor to log in; users who have one of them, need it.

    It is about log-ins by password: keys, and users whom others vouch for, are not asked.

    Attributes:
        roles: Whose log-ins need it; nobody's by default.
        grace: How long somebody without one still comes in, from the first such log-in on: an
            hour to 90 days. A token for a new password, which an administrator gives, begins it
            anew.
    """

    roles: tuple[Role, ...] = ()
    grace: timedelta = timedelta(days=7)

    def is_for(self, roles: tuple[Role, ...]) -> bool:
        """Whether somebody in these roles needs one."""
        return not set(self.roles).isdisjoint(roles)


def second_factor_problems(asked: object) -> Iterator[Problem]:
    """Name everything that is wrong: `second_factor.grace`."""
    if not isinstance(asked, SecondFactor):
        yield Problem("second_factor", "wrong_type", "give SecondFactor")
        return
    roles = asked.roles
    if not isinstance(roles, tuple) or not all(isinstance(role, Role) for role in roles):
        yield Problem("second_factor.roles", "wrong_type", "give roles")
    if not isinstance(asked.grace, timedelta) or not SHORTEST <= asked.grace <= LONGEST:
        yield Problem("second_factor.grace", "out_of_range", "give an hour to 90 days")
