"""Authenticators: who a request comes from. A web application asks several, one after the other.

They implement `orthocrm.core.ports.Authenticator`; a host application may bring its own.
"""

from orthocrm.authenticators.ours import ApiKeys, HostUser, Sessions
from orthocrm.authenticators.tokens import Tokens

__all__ = ["ApiKeys", "HostUser", "Sessions", "Tokens"]
