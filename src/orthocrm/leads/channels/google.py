"""Google lead forms: one webhook request for each lead, with the key that the practice chose."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from attrs import frozen

from orthocrm.core import limits
from orthocrm.core.errors import InvalidInput
from orthocrm.core.forms import FormField
from orthocrm.core.lead import Channel
from orthocrm.core.source import LeadSourceCategory
from orthocrm.leads.channels import bodies, signatures
from orthocrm.leads.channels.answers import Answers
from orthocrm.leads.channels.delivery import (
    Delivered,
    Ignored,
    Item,
    Reason,
    Reception,
    Unreadable,
    source_of,
)
from orthocrm.leads.intake import Intake

NAME = "google"

FIELDS: Mapping[str, str] = {
    "FULL_NAME": "full_name",
    "FIRST_NAME": "first_name",
    "LAST_NAME": "last_name",
    "EMAIL": "email",
    "PHONE_NUMBER": "phone",
    "WORK_PHONE": "phone_alt",
    "STREET_ADDRESS": "address_line1",
    "CITY": "city",
    "REGION": "state",
    "POSTAL_CODE": "postal_code",
}
"""Google's own columns, and the fields of an enquiry that they fill."""


@frozen
class _Column:
    """One answered question."""

    name: str
    label: str
    text: object


class Google:
    """The channel of Google lead forms; bytes or a mapping, either way with `google_key`."""

    def read(self, delivered: Delivered, reception: Reception) -> Sequence[Item]:
        """Give the enquiry of a request; one that says `is_test` is ignored."""
        payload = (
            delivered.vouched()
            if isinstance(delivered.body, Mapping)
            else bodies.json_object(delivered.raw(bodies.MOST_BYTES))
        )
        signatures.key(payload.get("google_key"), reception.secrets(NAME))
        if payload.get("is_test") is True:
            return (Ignored(Reason.TEST_LEAD),)
        try:
            return (_intake(payload, reception),)
        except InvalidInput as error:
            return (Unreadable(error),)


def _intake(payload: Mapping[str, Any], reception: Reception) -> Intake:
    lead_id = _lead_id(payload)
    form = reception.explained(bodies.identifier(payload.get("form_id")))
    answers = Answers.of_a_provider(reception.practice)
    asked = {each.name: each for each in form.fields} if form else {}
    for column in _columns(payload.get("user_column_data")):
        answers.take(asked.get(column.name) or _question(column), column.text)
    source = form.source if form else None
    return Intake(
        **answers.finished(),
        channel=Channel.SOCIAL,
        source=source or source_of(reception.practice, LeadSourceCategory.WEB_PAID),
        campaign=bodies.identifier(payload.get("campaign_id")) or (form.campaign if form else None),
        source_detail=bodies.details(
            {
                "form": payload.get("form_id"),
                "ad group": payload.get("adgroup_id"),
                "ad": payload.get("creative_id"),
                "click": payload.get("gcl_id"),
            }
        ),
        external_ref=lead_id,
        received_at=reception.arrived(bodies.moment(payload.get("lead_submit_time"))),
        delivery_key=f"{NAME}:{lead_id}",
    )


def _lead_id(payload: Mapping[str, Any]) -> str:
    told = payload.get("lead_id")
    lead_id = bodies.identifier(told)
    if lead_id is None or len(str(told)) > limits.REFERENCE - len(NAME) - 1:
        raise InvalidInput.at("lead_id", "required", "give the id of the lead")
    return lead_id


def _columns(data: object) -> Iterator[_Column]:
    """Give the answers; newer forms name a column by `column_id`, older ones by its title."""
    for column in bodies.listed(data):
        told = bodies.texts(column)
        name, label = told.get("column_id"), told.get("column_name")
        known = next((text for text in (name, label) if isinstance(text, str) and text), None)
        if known is None or len(known) > limits.NOTES:
            raise InvalidInput.at("user_column_data", "wrong_shape", "name every column")
        shown = label if isinstance(label, str) and label else known
        yield _Column(known, shown[: limits.LABEL], told.get("string_value"))


def _question(column: _Column) -> FormField:
    return FormField(name=column.name, label=column.label, fills=FIELDS.get(column.name))
