"""Forms on the practice's own site: an allow-list of fields, a honeypot, signed delivery."""

from collections.abc import Mapping, Sequence
from typing import Any

from orthocrm.core.errors import InvalidInput
from orthocrm.core.forms import TRACKING_FIELDS, FormDefinition
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

NAME = "web_form"
_MOST_NAMED = 20


class WebForm:
    """The channel of `FormDefinition`s.

    A form that is `signed` only takes bytes with the headers of Standard Webhooks. Others take
    bytes or a mapping: the host application keeps strangers away, for example by a form token.
    """

    def read(self, delivered: Delivered, reception: Reception) -> Sequence[Item]:
        """Give the enquiry of a post; who filled the honeypot is ignored without a word."""
        form = reception.form(delivered.form)
        posted, identity = _posted(delivered, form, reception)
        if _filled(posted.get(form.honeypot)):
            return (Ignored(Reason.HONEYPOT),)
        try:
            said = _answers(form, posted)
        except InvalidInput as error:
            return (Unreadable(error),)
        return (_intake(said, form, reception, delivered, posted, identity),)


def _posted(
    delivered: Delivered, form: FormDefinition, reception: Reception
) -> tuple[Mapping[str, Any], str | None]:
    """Give what was posted, and the id of a signed delivery."""
    if isinstance(delivered.body, Mapping) and not form.signed:
        return delivered.vouched(), None
    raw = delivered.raw(bodies.MOST_BYTES)
    identity = None
    if form.signed:
        secrets = reception.secrets(f"{NAME}/{form.slug}")
        identity = signatures.standard(delivered, raw, secrets, reception.now)
    return bodies.fields(delivered, raw), identity


def _filled(raw: object) -> bool:
    return raw is not None and not (isinstance(raw, str) and not raw.strip())


def _answers(form: FormDefinition, posted: Mapping[str, Any]) -> Mapping[str, Any]:
    answers = Answers()
    asked = {each.name: each for each in form.fields}
    unknown = [n for n in posted if n not in {*asked, *TRACKING_FIELDS, form.honeypot}]
    for name in unknown[:_MOST_NAMED]:
        answers.reading.refuse(bodies.shown(name), "unknown_field", "the form has no such field")
    for each in form.fields:
        answers.take(each, posted.get(each.name))
    return answers.finished()


def _intake(
    said: Mapping[str, Any],
    form: FormDefinition,
    reception: Reception,
    delivered: Delivered,
    posted: Mapping[str, Any],
    identity: str | None,
) -> Intake:
    tags = {name: bodies.identifier(posted.get(name)) for name in TRACKING_FIELDS}
    return Intake(
        **said,
        channel=Channel.WEB_FORM,
        source=form.source or source_of(reception.practice, LeadSourceCategory.WEB_ORGANIC),
        campaign=tags["utm_campaign"] or form.campaign,
        source_detail=_detail(tags),
        received_at=reception.arrived(delivered.received_at),
        delivery_key=None if identity is None else f"{NAME}:{form.slug}:{identity}",
    )


def _detail(tags: Mapping[str, str | None]) -> str | None:
    """Tell the ad and the page in one line; what stands after `?` in an address is left out."""
    page = (tags["referrer"] or "").partition("?")[0].partition("#")[0]
    told = {**tags, "referrer": page, "utm_campaign": None}
    return bodies.details({name.removeprefix("utm_"): value for name, value in told.items()})
