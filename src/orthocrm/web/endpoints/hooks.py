"""`/api/forms` and `/api/hooks`: what strangers deliver, each verified by its channel.

What a form asks is told to the page that shows it, and nothing else. A form is signed or carries
its own secret trap, a webhook is verified over its raw bytes; each is known again when it comes
twice. It is worked off when whoever delivered it has the answer.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final

from attrs import frozen

from orthocrm.core.actor import Actor, Role
from orthocrm.core.errors import MissingKey, NotFound
from orthocrm.core.forms import FormChoice, FormDefinition, FormField
from orthocrm.core.ids import ClinicId
from orthocrm.desk import Desk
from orthocrm.leads.channels import google, meta, web_form
from orthocrm.leads.channels.delivery import Delivered
from orthocrm.leads.channels.signatures import Unverified
from orthocrm.web.declaring import delivery, public
from orthocrm.web.visitors import Visitor

META_VERIFY: Final = "meta/verify"
"""The name of the secret that the practice has given to Meta, to be asked for it."""

_TEXT: Final = "text/plain; charset=utf-8"
_CALENDAR: Final = "text/calendar; charset=utf-8"
_CHANNELS: Final = (meta.NAME, google.NAME)


@frozen(kw_only=True)
class Taken:
    """The delivery arrived; what came of it is nobody's business outside."""

    accepted: bool = True


@frozen(kw_only=True)
class PublicChoice:
    """One answer on offer: what the form sends, and what people see."""

    value: str
    label: str | None

    @classmethod
    def of(cls, choice: FormChoice) -> "PublicChoice":
        """Leave out what the answer is stored as."""
        return cls(value=choice.value, label=choice.label)


@frozen(kw_only=True)
class PublicField:
    """One field of a form; `fills` is the field of an enquiry that it asks for, if any."""

    name: str
    label: str | None
    fills: str | None
    required: bool
    choices: Sequence[PublicChoice]

    @classmethod
    def of(cls, asked: FormField) -> "PublicField":
        """Tell what a page needs to ask for it."""
        return cls(
            name=asked.name,
            label=asked.label,
            fills=asked.target,
            required=asked.required,
            choices=[PublicChoice.of(choice) for choice in asked.choices],
        )


@frozen(kw_only=True)
class PublicForm:
    """What a form asks, `region` being where phone numbers without a country are from."""

    fields: Sequence[PublicField]
    honeypot: str
    region: str

    @classmethod
    def of(cls, form: FormDefinition, region: str) -> "PublicForm":
        """Leave out what is the practice's own affair: title, source, campaign."""
        asked = [PublicField.of(each) for each in form.fields]
        return cls(fields=asked, honeypot=form.honeypot, region=region)


def show_form(visitor: Visitor, clinic_id: ClinicId, form: str) -> PublicForm:
    """Tell what a form of the practice's web site asks, to the page that shows it.

    One whose deliveries are signed is shown by a server that knows its secret, not from here.
    """
    office = _desk(visitor, clinic_id, Role.WEB_FORM).office
    settings = office.about_oneself(lambda work: work.practice.clinic.settings)
    for known in settings.forms:
        if known.slug == form and known.is_active and not known.signed:
            return PublicForm.of(known, settings.region)
    raise NotFound("form")


def submit_form(visitor: Visitor, clinic_id: ClinicId, form: str, content: bytes) -> Taken:
    """Take in a form of the practice's web site, as its page sends it."""
    desk = _desk(visitor, clinic_id, Role.WEB_FORM)
    headers = visitor.headers
    with _unverified_without_secrets():
        delivered = Delivered(body=content, headers=headers, form=form)
        desk.inbox.take_leads(web_form.NAME, delivered)
    visitor.delivered_to = clinic_id
    return Taken()


def deliver_lead(visitor: Visitor, clinic_id: ClinicId, channel: str, content: bytes) -> Taken:
    """Take in leads of a social network: `meta`, `google`."""
    if channel not in _CHANNELS:
        raise NotFound("channel")
    desk = _desk(visitor, clinic_id, Role.WEB_FORM)
    with _unverified_without_secrets():
        desk.inbox.take_leads(channel, Delivered(body=content, headers=visitor.headers))
    visitor.delivered_to = clinic_id
    return Taken()


def deliver_report(visitor: Visitor, clinic_id: ClinicId, carrier: str, content: bytes) -> Taken:
    """Take in what a carrier reports: deliveries, answers of families, STOP, calls."""
    desk = _desk(visitor, clinic_id, Role.WORKER)
    with _unverified_without_secrets():
        desk.inbox.take_reports(carrier, visitor.headers, content, visitor.url)
    visitor.delivered_to = clinic_id
    return Taken()


def answer_challenge(
    visitor: Visitor,
    clinic_id: ClinicId,
    channel: str,
    *,
    hub_mode: str,
    hub_verify_token: str,
    hub_challenge: str,
) -> str:
    """Answer the question by which Meta makes sure that the address is the practice's."""
    if channel != meta.NAME:
        raise NotFound("channel")
    office = _desk(visitor, clinic_id, Role.WEB_FORM).office
    asked = {
        "hub.mode": hub_mode,
        "hub.verify_token": hub_verify_token,
        "hub.challenge": hub_challenge,
    }
    with _unverified_without_secrets():
        return meta.challenge(asked, office.outside.secrets.live(clinic_id, META_VERIFY))


def feed(visitor: Visitor, token: str) -> str:
    """Give the calendar of a provider to whoever has the private address of it."""
    return visitor.crm.calendar_feed(token)


@contextmanager
def _unverified_without_secrets() -> Iterator[None]:
    """Refuse what nobody can verify here as if it were forged: which it is, strangers do not learn.

    What is missing, `orthocrm check` tells the practice.
    """
    try:
        yield
    except MissingKey:
        raise Unverified from None


def _desk(visitor: Visitor, clinic_id: ClinicId, role: Role) -> Desk:
    return visitor.crm.acting_as(Actor.system(role, clinic_id))


ENDPOINTS = (
    public("GET", "/api/forms/{clinic_id}/{form}", show_form),
    delivery("/api/forms/{clinic_id}/{form}", submit_form),
    delivery("/api/hooks/{clinic_id}/leads/{channel}", deliver_lead),
    public("GET", "/api/hooks/{clinic_id}/leads/{channel}", answer_challenge, media=_TEXT),
    delivery("/api/hooks/{clinic_id}/reports/{carrier}", deliver_report),
    public("GET", "/api/calendars/feeds/{token}", feed, media=_CALENDAR, file="feed.ics"),
)
"""Each answers at once, and says nothing of what it knows of people."""
