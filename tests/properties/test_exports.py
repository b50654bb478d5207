"""What is exported comes in again as it was, by a mapping of the same columns."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from io import BytesIO
from typing import Any

from attrs import evolve
from hypothesis import example, given, settings
from hypothesis import strategies as st

from orthocrm import Channel, Intake, Role
from orthocrm.core.custom_fields import CustomField, FieldKind
from orthocrm.leads.exporting import Cell
from orthocrm.leads.mapping import parse
from tests.flows.practice import House
from tests.hooks.plugins import a_house

COLUMNS = (
    *("external_ref", "source", "campaign", "source_detail", "first_name", "last_name"),
    *("email", "phone", "phone_alt", "preferred_contact", "preferred_time", "address_line1"),
    *("city", "postal_code", "no_contact", "patient_first_name", "patient_last_name"),
    *("patient_born_on", "relationship", "interests", "insurance_member_id", "notes"),
    *("received_at", "custom.pets"),
)
_TIMED = {"patient_born_on": "%Y-%m-%d", "received_at": "%Y-%m-%dT%H:%M:%S%z"}
MAPPING = parse(
    "\n".join(
        [
            'kind = "leads"',
            "[defaults]",
            'channel = "IMPORT"',
            "[columns]",
            *(
                f'"{name}" = {{ column = "{name}", format = "{_TIMED[name]}" }}'
                if name in _TIMED
                else f'"{name}" = "{name}"'
                for name in COLUMNS
            ),
        ]
    )
)

SIGNS = st.sampled_from("=+-@'\"\t,;:!")
LINE = st.text(SIGNS | st.characters(categories=["L", "N", "P", "S", "Zs"]), min_size=1, max_size=9)
PROSE = st.lists(LINE, min_size=1, max_size=3).map("\n".join)
ENQUIRIES = st.fixed_dictionaries(
    {
        "first_name": LINE.filter(str.strip),
        "last_name": LINE.filter(str.strip),
        "phone": st.integers(2_000_000, 9_999_999).map(lambda n: f"+1312{n}"),
    },
    optional={
        "patient_first_name": LINE,
        "patient_last_name": LINE,
        "phone_alt": st.just("+52 55 1234 5678 ext. 7"),
        "email": st.just("Ann.Lee@Example.com"),
        "campaign": LINE,
        "source_detail": LINE,
        "preferred_contact": st.sampled_from(["EMAIL", "TEXT"]),
        "preferred_time": LINE,
        "address_line1": LINE,
        "city": LINE,
        "postal_code": st.just("02138"),
        "patient_born_on": st.dates(date(1930, 1, 1), date(2020, 1, 1)),
        "relationship": st.sampled_from(["CHILD", "OTHER"]),
        "interests": st.just(["BRACES_METAL", "RETAINER"]),
        "insurance_member_id": LINE,
        "notes": PROSE,
        "custom": st.integers(0, 99).map(lambda n: {"pets": n}),
    },
)


PETS = CustomField(name="pets", label="Pets", kind=FieldKind.NUMBER)


@contextmanager
def practice() -> Iterator[House]:
    with a_house() as house:
        known = house.admin.settings.practice().clinic.settings
        house.admin.settings.change(evolve(known, custom_fields=(PETS,)))
        yield house


def exported(house: House) -> list[tuple[Cell, ...]]:
    return sorted(house.front.leads.export(columns=COLUMNS).rows, key=repr)


@settings(max_examples=25, deadline=None)
@given(st.lists(ENQUIRIES, min_size=1, max_size=4))
@example([{"first_name": "=1+1", "last_name": "'=2", "phone": "+13125550142", "notes": "''@x\n-y"}])
def test_exported_leads_come_in_again_as_they_were(enquiries: list[dict[str, Any]]) -> None:
    with practice() as house, practice() as other:
        for number, fields in enumerate(enquiries):
            usual: dict[str, Any] = {"external_ref": f"+{number}", "source": "Walk-in"}
            house.front.leads.capture(Intake(**usual, **fields, channel=Channel.WEB_FORM))
        text = "".join(house.front.leads.export(columns=COLUMNS).csv())

        report = other.desk(Role.ADMIN).imports.run(BytesIO(text.encode()), MAPPING)

        assert (report.tally.created, report.tally.refused) == (len(enquiries), 0)
        assert exported(other) == exported(house)
