"""What a clinic keeps about its channels: the forms that it publishes, and saved mappings."""

import re
from collections.abc import Iterable, Iterator
from typing import Any, TypeGuard

from attrs import field, frozen

from orthocrm.core import limits
from orthocrm.core.custom_fields import CustomField
from orthocrm.core.errors import Problem

FORM_FIELDS = (
    "full_name",
    "first_name",
    "last_name",
    "patient_full_name",
    "patient_first_name",
    "patient_last_name",
    "patient_born_on",
    "patient_age",
    "relationship",
    "email",
    "phone",
    "phone_alt",
    "preferred_contact",
    "preferred_time",
    "address_line1",
    "address_line2",
    "city",
    "state",
    "postal_code",
    "interests",
    "insurance_carrier",
    "insurance_member_id",
    "notes",
)
"""The fields of an enquiry that the public may fill; the others are the practice's own affair.

A full name is parted at its last space.
"""

TRACKING_FIELDS = (
    "utm_source",
    "utm_medium",
    "utm_campaign",
    "utm_term",
    "utm_content",
    "referrer",
)
"""What every form may send beside its own fields, to tell how the family came to it."""

MOST_FORMS = 100
MOST_FIELDS = 100
MOST_MAPPINGS = 100
MAPPING_TEXT = 65_536

_SLUG = re.compile("[a-z0-9][a-z0-9_-]{0,62}")
_OWN = re.compile("custom[.]([a-z][a-z0-9_]{0,39})")
_NAME = re.compile("[^\\x00-\\x20&=]{1,100}")


@frozen(kw_only=True)
class FormChoice:
    """One of the answers that a field offers.

    `value` is what the form sends, `label` what people see, and `means` what is stored, where
    that differs: a form may send `my_child` for the relationship `CHILD`.
    """

    value: str
    label: str | None = None
    means: str | None = None

    @property
    def stored(self) -> str:
        """What the answer stands for."""
        return self.value if self.means is None else self.means


@frozen(kw_only=True)
class FormField:
    """A field that a form may send.

    `fills` is one of `FORM_FIELDS`, or `custom.NAME` for one of the clinic's own fields. Left open
    it is the field of the same name; a field that fills none goes to the notes, under its label.
    With `choices` every other answer is refused.
    """

    name: str
    label: str | None = None
    fills: str | None = None
    required: bool = False
    choices: tuple[FormChoice, ...] = ()

    @property
    def target(self) -> str | None:
        """The field of the enquiry that is filled; None for the notes."""
        if self.fills is not None:
            return self.fills
        return self.name if self.name in FORM_FIELDS else None

    @property
    def shown(self) -> str:
        """What people see beside the field."""
        return self.label or self.name


@frozen(kw_only=True)
class FormDefinition:
    """A form on the practice's own site, or a lead form that a provider shows for it.

    Attributes:
        slug: How deliveries name the form; its lasting key.
        title: What staff call it.
        fields: All that it may send; anything else is refused by name.
        source: Name or id of the clinic's source; the channel's own choice when open.
        campaign: The campaign of enquiries that name none.
        honeypot: A field that people do not see: whoever fills it in is a machine.
        signed: Whether deliveries are signed, as they are from another server. A form whose posts
            the host application takes itself, behind its own token, is not.
        provider_ref: The id of the form at Meta or Google, whose questions `fields` then explains.
        is_active: Whether it still takes deliveries.
    """

    slug: str
    title: str
    fields: tuple[FormField, ...]
    source: str | None = None
    campaign: str | None = None
    honeypot: str = "website"
    signed: bool = True
    provider_ref: str | None = None
    is_active: bool = True


@frozen(kw_only=True)
class SavedMapping:
    """A mapping file that the clinic uses again, by name."""

    name: str
    text: str = field(repr=False)


def own_field(target: object) -> str | None:
    """Give the name of the clinic's own field that is filled, None for another target."""
    match = _OWN.fullmatch(target) if isinstance(target, str) else None
    return match[1] if match else None


def unknown_fills(
    forms: Iterable[FormDefinition], fields: Iterable[CustomField]
) -> Iterator[Problem]:
    """Name forms that fill a field of the clinic that is not there, or takes no new values."""
    taking = {each.name for each in fields if each.is_active}
    asked = (own_field(each.target) for form in forms if form.is_active for each in form.fields)
    if any(name is not None and name not in taking for name in asked):
        yield _bad("forms.fields.fills", "fill a field that the clinic has, and that is active")


def form_problems(forms: object) -> Iterator[Problem]:
    """Name everything by which forms contradict themselves or each other."""
    if not _all(forms, FormDefinition) or len(forms) > MOST_FORMS:
        yield _bad("forms", f"give at most {MOST_FORMS} form definitions")
        return
    if len({form.slug for form in forms}) < len(forms):
        yield _bad("forms.slug", "give each form a slug of its own")
    refs = [form.provider_ref for form in forms if form.provider_ref is not None]
    if len(set(refs)) < len(refs):
        yield _bad("forms.provider_ref", "explain each form of a provider once")
    for form in forms:
        yield from _form(form)


def mapping_problems(mappings: object) -> Iterator[Problem]:
    """Name everything that is wrong about the list of saved mappings, not with their texts."""
    if not _all(mappings, SavedMapping) or len(mappings) > MOST_MAPPINGS:
        yield _bad("mappings", f"give at most {MOST_MAPPINGS} saved mappings")
        return
    if len({mapping.name.casefold() for mapping in mappings}) < len(mappings):
        yield _bad("mappings.name", "give each mapping a name of its own")
    if any(len(mapping.text) > MAPPING_TEXT for mapping in mappings):
        yield _bad("mappings.text", f"give at most {MAPPING_TEXT} characters")


def _form(form: FormDefinition) -> Iterator[Problem]:
    if not _matches(_SLUG, form.slug):
        yield _bad("forms.slug", "give lower-case letters, digits, hyphens and underscores")
    texts = {"source": form.source, "campaign": form.campaign, "provider_ref": form.provider_ref}
    for path, value in {"title": form.title or "", **texts}.items():
        if value is not None and not _short(value):
            yield _bad(f"forms.{path}", f"give 1 to {limits.LABEL} printable characters")
    if not _all(form.fields, FormField) or not 0 < len(form.fields) <= MOST_FIELDS:
        yield _bad("forms.fields", f"give 1 to {MOST_FIELDS} fields")
        return
    yield from _names(form)
    for each in form.fields:
        yield from _field(each)


def _names(form: FormDefinition) -> Iterator[Problem]:
    names = [each.name for each in form.fields]
    if len({*names, form.honeypot, *TRACKING_FIELDS}) < len(names) + 1 + len(TRACKING_FIELDS):
        yield _bad("forms.fields", "name each field once, and none like the honeypot or a tag")
    filled = [each.target for each in form.fields if each.target is not None]
    if len(set(filled)) < len(filled):
        yield _bad("forms.fields.fills", "fill each field of the enquiry once")
    if not _matches(_NAME, form.honeypot):
        yield _bad("forms.honeypot", "give a name without spaces")


def _field(each: FormField) -> Iterator[Problem]:
    if not _matches(_NAME, each.name):
        yield _bad("forms.fields.name", "give a name without spaces")
    if each.target is not None and each.target not in FORM_FIELDS and not own_field(each.target):
        yield _bad("forms.fields.fills", "give a field that the public may fill, or none")
    if each.label is not None and not _short(each.label):
        yield _bad("forms.fields.label", f"give 1 to {limits.LABEL} printable characters")
    if not _all((*each.choices,), FormChoice) or len(each.choices) > MOST_FIELDS:
        yield _bad("forms.fields.choices", f"give at most {MOST_FIELDS} choices")
    elif len({choice.value for choice in each.choices}) < len(each.choices):
        yield _bad("forms.fields.choices", "offer each answer once")


def _all(given: object, kind: type) -> TypeGuard[tuple[Any, ...]]:
    return isinstance(given, tuple) and all(isinstance(each, kind) for each in given)


def _short(text: object) -> bool:
    return isinstance(text, str) and 0 < len(text) <= limits.LABEL and text.isprintable()


def _matches(pattern: re.Pattern[str], text: object) -> bool:
    return isinstance(text, str) and pattern.fullmatch(text) is not None


def _bad(path: str, message: str) -> Problem:
    return Problem(path, "bad_setting", message)
