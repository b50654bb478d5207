"""Meta Lead Ads: announcements over the webhook, and the leads that they announce.

The webhook tells ids only. The lead itself is fetched with the page's access token, through the
port `MetaLeads` or by the host application, and comes back here as a mapping.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from orthocrm.core import limits
from orthocrm.core.errors import InvalidInput
from orthocrm.core.forms import FormField
from orthocrm.core.lead import Channel
from orthocrm.core.source import LeadSourceCategory
from orthocrm.leads.channels import bodies, signatures
from orthocrm.leads.channels.answers import Answers
from orthocrm.leads.channels.delivery import (
    Awaited,
    Delivered,
    Ignored,
    Item,
    Reason,
    Reception,
    Unreadable,
    source_of,
)
from orthocrm.leads.intake import Intake

NAME = "meta"
MOST_BYTES = 1_048_576
MOST_LEADS = 1_000

FIELDS: Mapping[str, str] = {
    "full_name": "full_name",
    "first_name": "first_name",
    "last_name": "last_name",
    "email": "email",
    "phone_number": "phone",
    "work_phone_number": "phone_alt",
    "street_address": "address_line1",
    "city": "city",
    "state": "state",
    "province": "state",
    "zip_code": "postal_code",
    "post_code": "postal_code",
}
"""Meta's prefilled questions, and the fields of an enquiry that they fill."""

_LEAD_ID = re.compile("[0-9]{1,40}")
_BIRTH = "date_of_birth"
_ADULT = timedelta(days=18 * 365 + 4)


class Meta:
    """The channel of Meta Lead Ads: bytes announce leads, a mapping is one lead's detail."""

    def read(self, delivered: Delivered, reception: Reception) -> Sequence[Item]:
        """Give the ids of announced leads, or the enquiry of a detail."""
        if isinstance(delivered.body, Mapping):
            return (_item(delivered.vouched(), reception),)
        raw = delivered.raw(MOST_BYTES)
        signatures.meta(delivered, raw, reception.secrets(NAME))
        announced = dict.fromkeys(_announced(bodies.json_object(raw)))
        if len(announced) > MOST_LEADS:
            raise InvalidInput.at("body", "too_long", f"send at most {MOST_LEADS} leads at once")
        return tuple(Awaited(reference=leadgen_id) for leadgen_id in announced)


def _announced(payload: Mapping[str, Any]) -> Iterator[str]:
    """Give the ids of new leads; a notification may hold several entries, and other news."""
    for entry in bodies.listed(payload.get("entry")):
        for change in bodies.listed(bodies.texts(entry).get("changes", ())):
            if bodies.texts(change).get("field") == "leadgen":
                leadgen_id = bodies.identifier(bodies.texts(change.get("value")).get("leadgen_id"))
                yield _lead_id(leadgen_id)


def _lead_id(leadgen_id: str | None) -> str:
    if leadgen_id is None or not _LEAD_ID.fullmatch(leadgen_id):
        raise InvalidInput.at("leadgen_id", "wrong_type", "give the id of a lead, in digits")
    return leadgen_id


def _item(detail: Mapping[str, Any], reception: Reception) -> Item:
    try:
        told = {str(n): v for n, v in _answered(detail.get("field_data"))}
        if any(_is_dummy(text) for texts in told.values() for text in texts):
            return Ignored(Reason.TEST_LEAD)
        return _intake(detail, told, reception)
    except InvalidInput as error:
        return Unreadable(error)


def _answered(field_data: object) -> Iterator[tuple[str, Sequence[Any]]]:
    for answer in bodies.listed(field_data):
        name = bodies.texts(answer).get("name")
        if not isinstance(name, str) or len(name) > limits.NOTES:
            raise InvalidInput.at("field_data", "wrong_shape", "name every question")
        yield name, bodies.listed(answer.get("values", ()))


def _is_dummy(text: object) -> bool:
    """Recognise what Meta's own testing tool fills in."""
    return isinstance(text, str) and text.strip().startswith("<test lead:")


def _intake(
    detail: Mapping[str, Any], told: Mapping[str, Sequence[Any]], reception: Reception
) -> Intake:
    leadgen_id = _lead_id(bodies.identifier(detail.get("id")))
    form_id = bodies.identifier(detail.get("form_id"))
    form = reception.explained(form_id)
    answers = Answers.of_a_provider(reception.practice)
    asked = {each.name: each for each in form.fields} if form else {}
    for name, values in told.items():
        if name != _BIRTH or name in asked:
            answers.take(asked.get(name) or _question(name), values)
    _take_birth(answers, told.get(_BIRTH, ()) if _BIRTH not in asked else (), reception)
    campaign = bodies.identifier(detail.get("campaign_name")) or bodies.identifier(
        detail.get("campaign_id")
    )
    source = form.source if form else None
    return Intake(
        **answers.finished(),
        channel=Channel.SOCIAL,
        source=source or source_of(reception.practice, LeadSourceCategory.WEB_SOCIAL),
        campaign=campaign or (form.campaign if form else None),
        source_detail=bodies.details(
            {"platform": detail.get("platform"), "form": form_id, "ad": detail.get("ad_id")}
        ),
        external_ref=leadgen_id,
        received_at=reception.arrived(bodies.moment(detail.get("created_time"))),
        delivery_key=f"{NAME}:{leadgen_id}",
    )


def _question(name: str) -> FormField:
    return FormField(name=name, fills=FIELDS.get(name), label=name.replace("_", " ").strip())


def _take_birth(answers: Answers, values: Sequence[Any], reception: Reception) -> None:
    """Take a birth date for the patient's, unless it is that of a parent who asks for a child."""
    text = values[0] if len(values) == 1 and isinstance(values[0], str) else ""
    try:
        born_on = datetime.strptime(text[:10], "%m/%d/%Y").replace(tzinfo=UTC)
    except ValueError:
        born_on = None
    is_child = answers.values.get("relationship") == "CHILD"
    if born_on is None or (is_child and reception.now - born_on >= _ADULT):
        answers.note("date of birth", [text] if text else [])
    else:
        answers.values["patient_born_on"] = born_on.date()


def challenge(query: Mapping[str, str], secrets: Sequence[bytes]) -> str:
    """Answer Meta's question when a webhook is set up: the text to send back.

    Raises:
        Unverified: the verify token is none of ours.
    """
    if query.get("hub.mode") != "subscribe":
        raise signatures.Unverified
    signatures.key(query.get("hub.verify_token"), secrets)
    return query.get("hub.challenge", "")[: limits.LABEL]
