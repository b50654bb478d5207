"""What a channel is: the delivery that it gets, what it may know, and what it answers.

A body of bytes came over the network, and a channel verifies it before it reads it. A body that is
a mapping comes from the host application itself, which vouches for it.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol, runtime_checkable

from attrs import field, frozen

from orthocrm.core.errors import InvalidInput, NotFound, OrthoCRMError
from orthocrm.core.forms import FormDefinition
from orthocrm.core.headers import one_header
from orthocrm.core.ids import SourceId
from orthocrm.core.masking import PERSONAL, mask
from orthocrm.core.settings import Practice
from orthocrm.core.source import LeadSourceCategory
from orthocrm.leads.intake import Intake


@frozen(kw_only=True)
class Delivered:
    """One delivery, as it arrived.

    Attributes:
        body: The raw bytes of a request, or a mapping that the host application vouches for.
        headers: The headers of the request; their names are compared whatever the case.
        form: Slug of the form, for channels that have several.
        received_at: When it arrived, if that was not just now.
    """

    body: bytes | Mapping[str, Any] = field(repr=mask, metadata=PERSONAL)
    headers: Mapping[str, str] = field(factory=dict, repr=False)
    form: str | None = None
    received_at: datetime | None = None

    def raw(self, most: int) -> bytes:
        """Give the bytes, unless there are none or more than `most`; nothing is parsed before."""
        if not isinstance(self.body, bytes):
            raise InvalidInput.at("body", "wrong_type", "give the bytes as they arrived")
        if len(self.body) > most:
            raise InvalidInput.at("body", "too_long", f"give at most {most} bytes")
        return self.body

    def vouched(self) -> Mapping[str, Any]:
        """Give the mapping that the host application vouches for; bytes are refused."""
        if not isinstance(self.body, Mapping) or not all(isinstance(n, str) for n in self.body):
            raise InvalidInput.at("body", "wrong_type", "give a mapping of field names to values")
        return self.body

    def header(self, name: str) -> str | None:
        """Give a header; one that stands there twice, or is no short text, counts as none."""
        return one_header(self.headers, name)


@frozen(kw_only=True)
class Reception:
    """What a channel may know beside the delivery: the practice, the time, the live secrets."""

    practice: Practice
    now: datetime
    secrets: Callable[[str], Sequence[bytes]] = field(repr=False)

    def form(self, slug: str | None) -> FormDefinition:
        """Find a form that takes deliveries; `NotFound` for any other."""
        forms = self.practice.clinic.settings.forms
        found = next((form for form in forms if form.slug == slug and form.is_active), None)
        if found is None:
            raise NotFound("form")
        return found

    def explained(self, provider_ref: str | None) -> FormDefinition | None:
        """Find what the clinic says about the questions of a provider's form."""
        forms = self.practice.clinic.settings.forms
        known = (form for form in forms if form.provider_ref is not None and form.is_active)
        return next((form for form in known if form.provider_ref == provider_ref), None)

    def arrived(self, at: datetime | None) -> datetime:
        """Give the instant of arrival: never in the future, whatever a provider's clock says."""
        return self.now if at is None else min(at, self.now)


class Reason(StrEnum):
    """Why nothing was made of something that arrived."""

    HONEYPOT = "honeypot"
    TEST_LEAD = "test_lead"
    ERASED = "erased"
    """It came before, and the person was erased since."""


@frozen
class Ignored:
    """Something that arrived in good order and is no enquiry."""

    reason: Reason


@frozen
class Unreadable:
    """One enquiry of a delivery that cannot be read; the others of the delivery can."""

    error: OrthoCRMError


@frozen(kw_only=True)
class Awaited:
    """An enquiry that was only announced: `reference` is its id at the provider."""

    reference: str


Item = Intake | Ignored | Unreadable | Awaited


@runtime_checkable
class Channel(Protocol):
    """Turns one delivery into enquiries; it stores nothing and asks nobody."""

    def read(self, delivered: Delivered, reception: Reception) -> Sequence[Item]:
        """Give what arrived, in its order.

        Raises:
            Unverified: the delivery is not signed as it has to be; nothing of it was read.
            InvalidInput: it cannot be read at all.
        """
        ...


def source_of(practice: Practice, category: LeadSourceCategory) -> SourceId | None:
    """Choose the clinic's source of a category: the oldest one that is in use."""
    of_kind = [s for s in practice.sources if s.category is category and s.is_active]
    return min((source.id for source in of_kind), default=None)
