"""What the tests of channels share: a reception, forms, secrets, and signed deliveries."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import attrs
import pytest

from orthocrm.core.forms import FormChoice, FormDefinition, FormField
from orthocrm.core.settings import Practice, Settings
from orthocrm.leads.channels.delivery import Delivered, Reception
from orthocrm.leads.channels.signatures import sign
from orthocrm.testing.clock import MONDAY_MORNING
from orthocrm.testing.factories import a_clinic, the_default_sources, the_default_stages

SAMPLES = Path(__file__).parents[4] / ".." / "shared" / "data" / "webhook_samples"
with_samples = pytest.mark.skipif(
    not SAMPLES.exists(), reason="the webhook samples are not beside the checkout"
)

SECRET = b"a secret of the form"
OLD_SECRET = b"the secret before it"
GOOGLE_KEY = b"REPLACE_WITH_TEST_GOOGLE_KEY"
SECRETS = {
    "web_form/contact": (SECRET, OLD_SECRET),
    "meta": (b"test-app-secret",),
    "google": (b"another key", GOOGLE_KEY),
}

CHILD = FormChoice(value="my_child", label="My child", means="CHILD")
MYSELF = FormChoice(value="myself", label="Myself", means="SELF")
WHO = FormField(
    name="who", label="Who is it for?", fills="relationship", choices=(CHILD, MYSELF), required=True
)
CONTACT = FormDefinition(
    slug="contact",
    title="Contact",
    fields=(
        FormField(name="name", fills="full_name"),
        WHO,
        FormField(name="child", fills="patient_full_name"),
        FormField(name="patient_born_on"),
        FormField(name="patient_age"),
        FormField(name="email"),
        FormField(name="phone"),
        FormField(name="interests"),
        FormField(name="notes"),
        FormField(name="school", label="Which school?"),
    ),
    campaign="autumn",
)
POST = {"name": "Maria Lopez", "who": "my_child", "child": "Sofia Lopez", "phone": "312-555-0142"}


def reception(*forms: FormDefinition, secrets: Mapping[str, Any] = SECRETS) -> Reception:
    """A practice with forms, and every secret."""
    clinic = a_clinic(settings=Settings(forms=forms or (CONTACT,)))
    practice = Practice(
        clinic=clinic,
        stages=the_default_stages(clinic),
        sources=the_default_sources(clinic),
        coordinators=(),
    )
    return Reception(
        practice=practice, now=MONDAY_MORNING, secrets=lambda name: secrets.get(name, ())
    )


def unsigned(form: FormDefinition = CONTACT) -> FormDefinition:
    """The form, for posts that the host application takes itself."""
    return attrs.evolve(form, signed=False)


def signed(
    body: bytes, content_type: str = "application/x-www-form-urlencoded", identity: str = "msg_1"
) -> Delivered:
    """A signed post of the contact form."""
    made = sign(body, identity=identity, secret=SECRET, now=MONDAY_MORNING)
    return Delivered(body=body, form="contact", headers={"Content-Type": content_type, **made})


def posted(**fields: str) -> Delivered:
    """A signed, form-encoded post."""
    return signed(urlencode({**POST, **fields}).encode())


def sample(name: str) -> bytes:
    """The bytes of a sample."""
    return (SAMPLES / name).read_bytes()


def truth(name: str) -> Any:
    """What is known of the samples."""
    return json.loads(sample("truth.json"))[name]
