"""What somebody at the practice notes down: the shortest way from a conversation to a lead."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import attrs
from attrs import field, frozen

from orthocrm.core.errors import InvalidInput, Problem
from orthocrm.core.ids import UserId
from orthocrm.core.lead import Channel
from orthocrm.core.masking import PERSONAL, mask
from orthocrm.core.settings import Practice
from orthocrm.core.source import LeadSourceCategory
from orthocrm.core.values import NO_VALUES
from orthocrm.leads.channels.answers import split_name
from orthocrm.leads.channels.bodies import shown
from orthocrm.leads.channels.delivery import Delivered, Item, Reception, Unreadable, source_of
from orthocrm.leads.custom import kept_raw
from orthocrm.leads.intake import Intake


@frozen(kw_only=True)
class QuickEntry:
    """A quick entry: a name, a way to reach the family, and what it is about.

    Who asks for themselves needs no `patient`. Names are parted at the last space; what is missing
    of a name is flagged on the lead, so that it is asked for at the next conversation.

    Attributes:
        name: The contact's name, as it is said.
        phone: The number to call back.
        email: The contact's e-mail address.
        about: What the family would like, in a sentence.
        patient: The patient's name, where it is somebody else.
        relationship: What the patient is to the contact.
        interests: Codes of `TreatmentInterest`.
        source: Name or id of a source of the clinic, where the family told one.
        source_detail: More about the source.
        custom: Values of the clinic's own fields by name.
        owner: The coordinator that whoever types wishes for.
        delivery_key: The same key twice is the same enquiry.
    """

    channel: ClassVar[Channel] = Channel.MANUAL
    category: ClassVar[LeadSourceCategory | None] = None

    name: str | None = field(default=None, repr=mask, metadata=PERSONAL)
    phone: str | None = field(default=None, repr=mask, metadata=PERSONAL)
    email: str | None = field(default=None, repr=mask, metadata=PERSONAL)
    about: str | None = field(default=None, repr=mask, metadata=PERSONAL)
    patient: str | None = field(default=None, repr=mask, metadata=PERSONAL)
    relationship: str | None = None
    interests: Sequence[str] = ()
    source: str | None = None
    source_detail: str | None = field(default=None, repr=mask, metadata=PERSONAL)
    custom: Mapping[str, Any] = field(
        default=NO_VALUES, converter=kept_raw, repr=mask, metadata=PERSONAL
    )
    owner: UserId | None = None
    delivery_key: str | None = None

    def intake(self, practice: Practice) -> Intake:
        """Give the enquiry; a channel with a category of its own takes the clinic's source."""
        first_name, last_name = _parted(self.name)
        patient_first_name, patient_last_name = _parted(self.patient)
        own = None if self.category is None else source_of(practice, self.category)
        return Intake(
            channel=self.channel,
            first_name=first_name,
            last_name=last_name,
            patient_first_name=patient_first_name,
            patient_last_name=patient_last_name,
            relationship=self.relationship,
            email=self.email,
            phone=self.phone,
            interests=self.interests,
            notes=self.about,
            source=self.source or own,
            source_detail=self.source_detail,
            custom=self.custom,
            owner=self.owner,
            delivery_key=self.delivery_key,
        )


def _parted(name: Any) -> tuple[Any, Any]:  # noqa: ANN401 - what is no text is refused with its field
    return split_name(name) if isinstance(name, str) else (name, None)


@frozen
class Entries:
    """A channel of quick entries of one kind, from a part of the host application."""

    kind: type[QuickEntry]

    def read(self, delivered: Delivered, reception: Reception) -> Sequence[Item]:
        """Give the enquiry of a mapping whose names are those of the entry."""
        try:
            entry = self.kind(**known(self.kind, delivered.vouched()))
            return (entry.intake(reception.practice),)
        except InvalidInput as error:
            return (Unreadable(error),)


def known(kind: type, given: Mapping[str, Any]) -> dict[str, Any]:
    """Take the fields of a kind of value; others are refused by name."""
    names = {each.name for each in attrs.fields(kind)}
    strange = [name for name in given if name not in names]
    if strange:
        problems = [
            Problem(shown(name), "unknown_field", "there is no such field") for name in strange
        ]
        raise InvalidInput(problems)
    return dict(given)
