"""What the channels ask of the world outside: secrets, caller ID, leads that are only announced."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from attrs import field, frozen

from orthocrm.core.ids import ClinicId
from orthocrm.core.masking import PERSONAL, mask


class Secrets(Protocol):
    """Keeps what deliveries are verified with; a clinic's settings never hold it."""

    def live(self, clinic: ClinicId, name: str) -> Sequence[bytes]:
        """Give every live secret of a name, the newest first; none where there is none.

        Names are `web_form/SLUG` for a form, `meta` for the app secret and `google` for the key
        of lead forms; carriers ask for `smtp`, `sendgrid`, `twilio`, `vapid` and `webhook/NAME`.
        While a secret is replaced, the old one and the new one are live.
        It is called inside of a unit of work, so the answer has to be at hand.
        """
        ...


@frozen(kw_only=True)
class CallerDetails:
    """What a carrier knows of a number; all of it is a guess."""

    name: str | None = field(default=None, repr=mask, metadata=PERSONAL)
    city: str | None = field(default=None, repr=mask, metadata=PERSONAL)
    state: str | None = field(default=None, repr=mask, metadata=PERSONAL)
    postal_code: str | None = field(default=None, repr=mask, metadata=PERSONAL)


class CallerId(Protocol):
    """Looks up who calls; it is asked outside of any unit of work, and may take its time."""

    def look_up(self, number: str) -> CallerDetails | None:
        """Give what is known of a number in E.164, None for one that nobody knows."""
        ...


class MetaLeads(Protocol):
    """Fetches the leads that Meta only announces, with the page's own access token."""

    def detail(self, clinic: ClinicId, leadgen_id: str) -> Mapping[str, Any] | None:
        """Give the lead as Meta's Graph API answers it, None when there is none (any more).

        It is asked outside of any unit of work. Whatever it raises leaves this lead out, so that
        the delivery is repeated.
        """
        ...


def missing(secrets: Secrets, clinic: ClinicId, names: Sequence[str]) -> tuple[str, ...]:
    """Give those of some names under which a clinic has no secret."""
    return tuple(name for name in names if not secrets.live(clinic, name))


class NoSecrets:
    """The `Secrets` of an installation that has none: nothing signed is accepted."""

    def live(self, clinic: ClinicId, name: str) -> Sequence[bytes]:  # noqa: ARG002 - the port's names
        """Give none."""
        return ()


@frozen(kw_only=True)
class Outside:
    """What the host application brings for the channels."""

    secrets: Secrets = field(factory=NoSecrets)
    caller_id: CallerId | None = None
    meta_leads: MetaLeads | None = None


NOTHING_OUTSIDE = Outside()
"""No secrets, no caller ID, and announced leads are given back as they are."""
