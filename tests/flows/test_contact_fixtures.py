"""Collected lists of phones, e-mail addresses and a CRM export, through the real import.

What is accepted and refused of each list stands in the reference, and these tests hold it there.
"""

import csv
import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any

import pytest

from orthocrm import Desk, Role, Settings
from orthocrm.core.lead import Lead
from orthocrm.leads.mapping import LeadMapping, parse
from orthocrm.services.imports.ledger import Tally
from tests.flows.practice import House
from tests.support.workbooks import filled, saved

PROJECT = Path(__file__).parents[2]
DATA = PROJECT.parent / "shared" / "data"
PAGE = PROJECT / "docs" / "reference" / "accepted-and-refused.md"
ROW = re.compile(r"^\| `([a-z0-9_]+)` \| (\d+) \| (\d+) \| (.*) \|$", re.MULTILINE)
REASON = re.compile(r"`([a-z_]+)` (\d+)")

pytestmark = pytest.mark.skipif(
    not (DATA / "contact_fixtures").is_dir(),
    reason="the collected contact lists are not beside the repository",
)

LIST = """
kind = "leads"
[columns]
external_ref = "row"
first_name = "name"
{field} = {{ column = "value", blank = "refuse" }}
"""

EXPORT = """
kind = "leads"
key = "external_ref"
[defaults]
channel = "IMPORT"
[sources]
"Cold Call" = { category = "OTHER" }
"Online Form" = { category = "WEB_ORGANIC" }
"Referral" = { category = "OTHER" }
[columns]
external_ref = "External_id__c"
first_name = "FirstName"
last_name = "LastName"
email = "Email"
phone = "Phone"
phone_alt = "Home_Phone__c"
address_line1 = "Street"
city = "City"
state = "State"
postal_code = "PostalCode"
source = "LeadSource"
[columns.stage]
column = "Status"
values = { New = "new_lead", Working = "contacted", Qualified = "consultation_scheduled" }
[columns.received_at]
column = "CreatedDate"
format = "%Y-%m-%dT%H:%M:%S.%f%z"
"""

Told = tuple[int, int, dict[str, int]]


def promised() -> dict[str, Told]:
    """Read the reference: entries, accepted, and how many are refused by which reason."""
    return {
        name: (int(entries), int(accepted), {c: int(n) for c, n in REASON.findall(refused)})
        for name, entries, accepted, refused in ROW.findall(PAGE.read_text(encoding="utf-8"))
    }


def told(tally: Tally) -> Told:
    """Count rows by their reason; those of the lists have one each."""
    assert len({problem.number for problem in tally.problems}) == len(tally.problems)
    return tally.rows, tally.created, dict(Counter(p.code for p in tally.problems))


def together(parts: Iterable[Told]) -> Told:
    entries, accepted, reasons = 0, 0, Counter[str]()
    for part in parts:
        entries, accepted = entries + part[0], accepted + part[1]
        reasons.update(part[2])
    return entries, accepted, dict(reasons)


def mapping(text: str) -> LeadMapping:
    parsed = parse(text)
    assert isinstance(parsed, LeadMapping)
    return parsed


def written(values: Sequence[str]) -> BytesIO:
    """Write values as a file: half pairs become bytes that are no text."""
    out = StringIO(newline="")
    writer = csv.writer(out, quoting=csv.QUOTE_ALL)
    writer.writerow(["row", "name", "value"])
    writer.writerows([i, "Ann", value] for i, value in enumerate(values, 1))
    return BytesIO(out.getvalue().encode("utf-8", "surrogatepass"))


def imported(house: House, field: str, values: Sequence[str], region: str) -> tuple[Desk, Tally]:
    """Import values in a clinic of their own."""
    settings = Settings(region=region)
    clinic = house.crm.create_clinic(name=region, timezone="UTC", settings=settings)
    desk = house.desk(Role.IMPORTER, clinic=clinic)
    tally = desk.imports.run(written(values), mapping(LIST.format(field=field))).tally
    return desk, tally


def stored(desk: Desk) -> Iterator[Lead]:
    yield from desk.leads.find(size=500, mine=False).leads


def listed(name: str) -> Any:
    return json.loads((DATA / "contact_fixtures" / name).read_text(encoding="utf-8"))


def test_phones_as_software_tests_them(house: House) -> None:
    by_region: Mapping[str, list[Any]] = defaultdict(list)
    for case in listed("phones.json")["java_test_inputs"]:
        by_region[case["region"] or "US"].append(case)
    parts = []
    for region, cases in by_region.items():
        desk, tally = imported(house, "phone", [case["input"] for case in cases], region)
        parts.append(told(tally))
        for lead in stored(desk):
            case = cases[int(lead.origin.external_ref or "0") - 1]
            assert lead.contact.phone is not None
            if case["region"]:
                assert case["possible"]
                assert lead.contact.phone.number == case["e164"]
    assert together(parts) == promised()["java_test_inputs"]


def test_a_number_as_people_type_it(house: House) -> None:
    cases = listed("phones.json")["us_typed_variants"]
    desk, tally = imported(house, "phone", [case["input"] for case in cases], "US")
    assert told(tally) == promised()["us_typed_variants"]
    possible = [case["e164"] for case in cases if case["possible"]]
    numbers = [lead.contact.phone.number for lead in stored(desk) if lead.contact.phone]
    assert Counter(numbers) == Counter(possible)


def _address(name: str, case: Any) -> str:
    text = case if isinstance(case, str) else case[0]
    return f"n{text}n@example.com" if name == "test_email_unsafe_character" else str(text)


def test_e_mail_addresses_as_software_tests_them(house: House) -> None:
    known = {}
    for name, cases in listed("emails.json").items():
        desk, tally = imported(house, "email", [_address(name, case) for case in cases], "US")
        known[name] = told(tally)
        assert len(list(stored(desk))) == tally.created
    assert known == {name: promised()[name] for name in known}


def export() -> bytes:
    return (DATA / "crm_exports" / "salesforce_lead_export.csv").read_bytes()


@pytest.mark.parametrize("is_workbook", [False, True])
def test_the_export_of_another_system(house: House, *, is_workbook: bool) -> None:
    content, wanted = export(), mapping(EXPORT)
    rows = list(csv.DictReader(StringIO(content.decode("utf-8-sig"))))
    if is_workbook:
        content = saved(filled([list(rows[0]), *(list(row.values()) for row in rows)]))
    desk = house.desk(Role.IMPORTER)
    dry = desk.imports.run(BytesIO(content), wanted, dry_run=True).tally
    tally = desk.imports.run(BytesIO(content), wanted).tally
    again = desk.imports.run(BytesIO(content), wanted).tally

    refused = {problem.number for problem in tally.problems}
    reasons = Counter((problem.column, problem.code) for problem in tally.problems)
    entries, accepted, codes = promised()["salesforce_lead_export"]
    assert (len(rows), tally.created, sum(reasons.values())) == (
        entries,
        accepted,
        codes["not_a_phone"],
    )
    assert {code for _, code in reasons} == {"not_a_phone"}
    assert (dry.created, dry.problems) == (tally.created, tally.problems)
    assert (again.unchanged, again.problems) == (tally.created, tally.problems)
    _as_exported(house, list(stored(desk)), [r for i, r in enumerate(rows, 1) if i not in refused])


def _as_exported(house: House, leads: Sequence[Lead], rows: Sequence[Mapping[str, str]]) -> None:
    """Compare what is stored with the file, read by other means."""
    sources = house.admin.settings.practice().source_by_id
    by_ref = {lead.origin.external_ref: lead for lead in leads}
    assert sorted(filter(None, by_ref)) == sorted(row["External_id__c"] for row in rows)
    for row in rows:
        lead = by_ref[row["External_id__c"]]
        assert lead.contact.email is not None
        assert lead.contact.phone is not None
        assert lead.contact.email.typed == row["Email"]
        assert lead.contact.phone.number == f"+1{row['Phone']}"
        assert lead.contact.address.postal_code == row["PostalCode"]
        assert lead.stamps.created_at.isoformat() == row["CreatedDate"][:19] + "+00:00"
        assert lead.origin.source_id is not None
        assert sources[lead.origin.source_id].name == row["LeadSource"]


def test_the_figures_of_the_export_are_those_of_its_truth() -> None:
    truth = json.loads((DATA / "crm_exports" / "truth.json").read_text(encoding="utf-8"))
    entries, accepted, codes = promised()["salesforce_lead_export"]
    assert entries == truth["rows"]
    assert accepted <= truth["phones_possible_US"]
    assert codes["not_a_phone"] >= entries - accepted
