"""Patients who come by a link of the practice, without an account."""

from attrs import frozen

from orthocrm.core.access import Credentials
from orthocrm.core.actor import Actor
from orthocrm.core.errors import InvalidInput
from orthocrm.crm import OrthoCRM


@frozen
class Links:
    """An authenticator: the token of a self-scheduling link, as bearer, is a patient."""

    crm: OrthoCRM

    def authenticate(self, credentials: Credentials) -> Actor | None:
        """Give the patient whom the link was made for."""
        if credentials.bearer is None:
            return None
        try:
            return self.crm.with_link(credentials.bearer).office.actor
        except InvalidInput:
            return None
