"""API keys and sessions of this library, and users whom the host application knows already."""

from collections.abc import Callable

from attrs import frozen

from orthocrm.core.access import Credentials
from orthocrm.core.actor import Actor
from orthocrm.core.errors import ConfigurationError
from orthocrm.services.access.entrance import Entrance


@frozen
class ApiKeys:
    """Programs that come by an API key as bearer; give it `crm.access`."""

    access: Entrance

    def authenticate(self, credentials: Credentials) -> Actor | None:
        """Give the user of the key, narrowed to its scopes."""
        return None if credentials.bearer is None else self.access.key(credentials.bearer)


@frozen
class Sessions:
    """People who have logged in and come by the cookie of their session; give it `crm.access`."""

    access: Entrance

    def authenticate(self, credentials: Credentials) -> Actor | None:
        """Give the user of the session."""
        return None if credentials.session is None else self.access.session(credentials.session)


@frozen
class HostUser:
    """Users of the host application: `resolve` gives the actor of what it knows of a request.

    It answers for what it gives: the clinic and the roles are taken as they are.
    """

    resolve: Callable[[object], Actor | None]

    def authenticate(self, credentials: Credentials) -> Actor | None:
        """Ask the host application who it is."""
        if credentials.host is None:
            return None
        actor = self.resolve(credentials.host)
        if actor is None or isinstance(actor, Actor):
            return actor
        raise ConfigurationError("HostUser: resolve gives an Actor or None")
