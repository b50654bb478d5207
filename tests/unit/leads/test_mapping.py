import io
import json
import re
from collections import Counter
from datetime import UTC, date, datetime
from pathlib import Path

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from orthocrm.core.errors import InvalidInput
from orthocrm.core.lead import Channel, LostReason, TreatmentInterest
from orthocrm.core.people import PatientRelationship, PreferredContact
from orthocrm.core.source import LeadSourceCategory
from orthocrm.leads.intake import Intake
from orthocrm.leads.mapping import (
    LEAD_KINDS,
    OUTCOME_KINDS,
    FileFormat,
    LeadMapping,
    LeadRow,
    NewClinic,
    NewSource,
    Outcome,
    OutcomeMapping,
    OutcomeRow,
    parse,
)
from orthocrm.leads.tabular import BadRow, Table, rows

PROJECT = Path(__file__).parents[3]
OLIST = PROJECT / "examples" / "olist"
SHARED = PROJECT.parent / "shared" / "data"

needs_shared = pytest.mark.skipif(not SHARED.is_dir(), reason="needs the data sets in shared/data")

LEADS = 'kind = "leads"\n'
OUTCOMES = 'kind = "outcomes"\n'
AT = 'at = { column = "when", format = "%Y-%m-%d", timezone = "UTC" }\n'


def table(text: str) -> Table:
    return rows(io.BytesIO(text.encode()))


def leads(mapping: str, text: str) -> list[LeadRow | BadRow]:
    parsed = parse(LEADS + mapping)
    assert isinstance(parsed, LeadMapping)
    return list(parsed.read(table(text)))


def outcomes(mapping: str, text: str) -> list[OutcomeRow | BadRow]:
    parsed = parse(OUTCOMES + mapping)
    assert isinstance(parsed, OutcomeMapping)
    return list(parsed.read(table(text)))


def intakes(mapping: str, text: str) -> list[Intake]:
    found = leads(mapping, text)
    assert [row for row in found if isinstance(row, BadRow)] == []
    return [row.intake for row in found if isinstance(row, LeadRow)]


def problems(mapping: str) -> list[tuple[str, str]]:
    with pytest.raises(InvalidInput) as caught:
        parse(mapping)
    return [(problem.path, problem.code) for problem in caught.value.problems]


class TestLeads:
    def test_columns_fill_fields(self) -> None:
        mapping = """
            [columns]
            first_name = "First"
            phone = "Phone"
        """
        assert leads(mapping, "Phone,Else,First\n1,x, Ann \n2,x,Bob\n") == [
            LeadRow(number=1, line=2, intake=Intake(first_name="Ann", phone="1")),
            LeadRow(number=2, line=3, intake=Intake(first_name="Bob", phone="2")),
        ]

    def test_every_field_of_an_enquiry_can_be_mapped(self) -> None:
        assert [name for name in LEAD_KINDS if name != "stage"] == [
            field.name for field in attrs.fields(Intake) if field.name != "custom"
        ]

    def test_every_kind_of_field_is_read_as_it_is_held(self) -> None:
        mapping = """
            [columns]
            channel = "channel"
            relationship = "who"
            preferred_contact = "way"
            patient_born_on = { column = "dob", format = "%m/%d/%Y" }
            patient_age = "age"
            no_contact = "anonymous"
            [columns.received_at]
            column = "came"
            format = "%Y-%m-%d %H:%M"
            timezone = "America/Chicago"
            [columns.interests]
            column = "wishes"
            separator = "/"
            values = { clear = "invisalign", metal = "BRACES_METAL" }
        """
        header = "channel,who,way,wishes,dob,age,anonymous,came\n"
        row = "walk in,child,Text,Clear / METAL,02/01/2015,11,no,2026-07-01 09:30\n"
        assert intakes(mapping, header + row) == [
            Intake(
                channel=Channel.WALK_IN,
                relationship=PatientRelationship.CHILD,
                preferred_contact=PreferredContact.TEXT,
                interests=(TreatmentInterest.INVISALIGN, TreatmentInterest.BRACES_METAL),
                patient_born_on=date(2015, 2, 1),
                patient_age=11,
                no_contact=False,
                received_at=datetime(2026, 7, 1, 14, 30, tzinfo=UTC),
            )
        ]

    def test_a_blank_cell_leaves_the_default(self) -> None:
        mapping = """
            [defaults]
            channel = "IMPORT"
            city = "Austin"
            interests = ["retainer"]
            [columns]
            city = "city"
            notes = "notes"
        """
        usual = Intake(channel=Channel.IMPORT, interests=(TreatmentInterest.RETAINER,))
        assert intakes(mapping, "city,notes\nWaco,\n  ,x\n") == [
            attrs.evolve(usual, city="Waco"),
            attrs.evolve(usual, city="Austin", notes="x"),
        ]

    def test_a_blank_source_is_the_default_one_unless_it_is_said_to_be_missing(self) -> None:
        usual = parse(LEADS + '[columns]\nsource = "origin"\n')
        missing = parse(
            LEADS + '[columns]\nsource = { column = "origin", blank = "missing" }\nnotes = "n"\n'
        )
        assert isinstance(usual, LeadMapping)
        assert isinstance(missing, LeadMapping)
        assert (usual.blank_source_ok, missing.blank_source_ok) == (False, True)

    def test_a_blank_cell_may_be_refused(self) -> None:
        mapping = '[columns]\nemail = { column = "mail", blank = "refuse" }\nnotes = "n"\n'
        assert leads(mapping, "mail,n\n ,x\n") == [
            BadRow(1, 2, "mail", "required", "the cell must not be blank")
        ]

    def test_the_key_must_stand_in_every_row(self) -> None:
        mapping = 'key = "phone"\n[columns]\nphone = { column = "tel", prefix = "p:" }\nnotes = "n"'
        assert leads(mapping, "tel,n\np:,x\np:1,x\n") == [
            BadRow(1, 2, "tel", "required", "the cell must not be blank"),
            LeadRow(number=2, line=3, intake=Intake(phone="1", notes="x")),
        ]

    def test_the_stage_that_a_lead_holds_stands_beside_the_enquiry(self) -> None:
        mapping = """
            [columns]
            notes = "n"
            [columns.stage]
            column = "status"
            values = { Working = "contacted", New = "" }
        """
        assert leads(mapping, "status,n\nworking,x\nnew,y\n") == [
            LeadRow(number=1, line=2, intake=Intake(notes="x"), stage="contacted"),
            LeadRow(number=2, line=3, intake=Intake(notes="y")),
        ]

    def test_one_column_may_fill_several_fields(self) -> None:
        mapping = """
            [columns]
            first_name = { column = "name", part = "first" }
            last_name = { column = "name", part = "last" }
        """
        assert intakes(mapping, "name\nAna Maria Ruiz\n") == [
            Intake(first_name="Ana Maria", last_name="Ruiz")
        ]

    def test_everything_that_is_wrong_with_a_row_is_told(self) -> None:
        mapping = """
            [columns]
            patient_age = "age"
            no_contact = "anonymous"
            notes = "n"
        """
        found = leads(mapping, "age,n,anonymous\nold,x,perhaps\n9,y,no\n")
        assert found == [
            BadRow(1, 2, "age", "not_a_number", "the cell must hold a whole number"),
            BadRow(1, 2, "anonymous", "not_a_truth_value", "the cell must say yes or no"),
            LeadRow(number=2, line=3, intake=Intake(patient_age=9, notes="y", no_contact=False)),
        ]

    def test_bad_rows_of_the_table_stay_in_their_place(self) -> None:
        found = leads('[columns]\nnotes = "n"', "n,m\nx,1\nx\ny,2\n")
        assert [(type(row), row.number) for row in found] == [
            (LeadRow, 1),
            (BadRow, 2),
            (LeadRow, 3),
        ]

    def test_a_table_that_lacks_columns_is_refused_before_its_first_row(self) -> None:
        mapping = parse(LEADS + '[columns]\nphone = "tel"\nemail = "mail"\nnotes = "n"')
        with pytest.raises(InvalidInput) as caught:
            mapping.read(table("n,Tel\n1,2\n"))
        assert [(each.path, each.code) for each in caught.value.problems] == [
            ("columns.phone", "no_such_column"),
            ("columns.email", "no_such_column"),
        ]

    def test_columns_that_fill_nothing_can_be_named(self) -> None:
        mapping = parse(LEADS + '[columns]\nphone = "tel"')
        assert mapping.fields.unused(table("a,tel,b\n")) == ("a", "b")

    def test_a_refused_field_leads_back_to_its_column(self) -> None:
        fields = parse(LEADS + '[columns]\nphone = "tel"').fields
        assert (fields.column_of("phone"), fields.column_of("email")) == ("tel", None)

    def test_settings_beside_the_columns(self) -> None:
        mapping = """
            key = "email"
            follow_up = true
            assign = false
            [file]
            encoding = "cp1252"
            delimiter = "\\t"
            [clinic]
            name = "Bright Smiles"
            timezone = "America/Chicago"
            [sources]
            Radio = { category = "other" }
            [sources."Open day"]
            category = "COMMUNITY_EVENT"
            [columns]
            email = "mail"
        """
        parsed = parse(LEADS + mapping)
        assert isinstance(parsed, LeadMapping)
        assert attrs.evolve(parsed, fields=NOTHING) == LeadMapping(
            fields=NOTHING,
            key="email",
            follow_up=True,
            assign=False,
            file=FileFormat(encoding="cp1252", delimiter="\t"),
            clinic=NewClinic("Bright Smiles", "America/Chicago"),
            sources=(
                NewSource("Radio", LeadSourceCategory.OTHER),
                NewSource("Open day", LeadSourceCategory.COMMUNITY_EVENT),
            ),
        )

    def test_settings_that_are_left_out(self) -> None:
        parsed = parse(LEADS + '[columns]\nemail = "mail"')
        assert isinstance(parsed, LeadMapping)
        assert attrs.evolve(parsed, fields=NOTHING) == LeadMapping(
            fields=NOTHING, key=None, follow_up=False, assign=True
        )


NOTHING = parse(LEADS + '[columns]\nnotes = "n"').fields


class TestOutcomes:
    MAPPING = f"""
        [columns]
        reference = "id"
        patient_ref = "patient"
        lost_reason = {{ column = "why", values = {{ Price = "COST_FINANCIAL" }}, other = "keep" }}
        lost_notes = "note"
        {AT}
        [columns.outcome]
        column = "status"
        values = {{ Won = "converted", Dead = "lost", New = "open" }}
    """

    def test_rows_say_how_an_enquiry_ended(self) -> None:
        text = (
            "id,status,when,patient,why,note\n"
            "1,won,2026-02-01,P-1,,\n"
            "2,Dead,2026-02-02,,price,too dear\n"
            "3,dead,2026-02-03,,no response,\n"
            "4,New,,,,\n"
        )
        assert outcomes(self.MAPPING, text) == [
            OutcomeRow(
                number=1,
                line=2,
                reference="1",
                outcome=Outcome.CONVERTED,
                at=datetime(2026, 2, 1, tzinfo=UTC),
                patient_ref="P-1",
            ),
            OutcomeRow(
                number=2,
                line=3,
                reference="2",
                outcome=Outcome.LOST,
                at=datetime(2026, 2, 2, tzinfo=UTC),
                lost_reason=LostReason.COST_FINANCIAL,
                lost_notes="too dear",
            ),
            OutcomeRow(
                number=3,
                line=4,
                reference="3",
                outcome=Outcome.LOST,
                at=datetime(2026, 2, 3, tzinfo=UTC),
                lost_reason=LostReason.NO_RESPONSE,
            ),
            OutcomeRow(number=4, line=5, reference="4", outcome=Outcome.OPEN),
        ]

    @pytest.mark.parametrize(
        "row,lacking",
        [
            (",won,2026-02-01,P,,", ["id"]),
            ("1,,2026-02-01,P,,", ["status"]),
            ("1,won,,P,,", ["when"]),
            ("1,dead,,,,", ["when", "why"]),
        ],
    )
    def test_an_outcome_needs_what_makes_it_one(self, row: str, lacking: list[str]) -> None:
        found = outcomes(self.MAPPING, f"id,status,when,patient,why,note\n{row}\n")
        assert [(bad.column, bad.code) for bad in found if isinstance(bad, BadRow)] == [
            (column, "required") for column in lacking
        ]

    def test_a_constant_outcome_needs_no_column(self) -> None:
        mapping = f'[defaults]\noutcome = "converted"\n[columns]\nreference = "id"\n{AT}'
        (row,) = outcomes(mapping, "id,when\n7,2026-02-01\n")
        assert isinstance(row, OutcomeRow)
        assert (row.reference, row.outcome) == ("7", Outcome.CONVERTED)

    def test_a_loss_without_a_column_for_its_reason_is_told(self) -> None:
        mapping = f'[defaults]\noutcome = "lost"\n[columns]\nreference = "id"\n{AT}'
        (row,) = outcomes(mapping, "id,when\n7,2026-02-01\n")
        assert isinstance(row, BadRow)
        assert (row.column, row.code) == (None, "required")

    def test_what_outcomes_need_is_asked_for_at_once(self) -> None:
        assert problems(OUTCOMES) == [
            ("columns.reference", "required"),
            ("columns", "required"),
            ("columns.outcome", "required"),
            ("columns.at", "required"),
        ]

    def test_a_reference_cannot_be_a_constant(self) -> None:
        mapping = OUTCOMES + f'[defaults]\nreference = "1"\noutcome = "lost"\n[columns]\n{AT}'
        assert problems(mapping) == [("columns.reference", "required")]


class TestRefusedMappings:
    @pytest.mark.parametrize(
        "text", ["kind =", "\0", "[columns]\n[columns]", '{"kind": "leads"}', "a = " + "[" * 5000]
    )
    def test_what_is_no_toml(self, text: str) -> None:
        assert problems(text) == [("mapping", "not_toml")]

    def test_the_place_of_a_mistake_is_told_without_its_text(self) -> None:
        with pytest.raises(InvalidInput) as caught:
            parse('kind = "leads"\nsesame sesame\n')
        (problem,) = caught.value.problems
        assert problem.message == "the file is not TOML (at line 2, column 8)"

    @pytest.mark.parametrize(
        "text,code",
        [("", "required"), ('kind = "people"', "unknown_value"), ("kind = 1", "wrong_type")],
    )
    def test_the_kind_is_needed(self, text: str, code: str) -> None:
        assert problems(text) == [("kind", code)]

    def test_everything_that_is_wrong_is_told_at_once(self) -> None:
        mapping = """
            kind = "leads"
            key = "name"
            follow_up = "yes"
            assign = 1
            colour = "red"
            [file]
            encoding = ""
            size = 1
            [clinic]
            timezone = "Mars/Olympus"
            [sources]
            Radio = "OTHER"
            Paper = {}
            Stall = { category = "STALL", cost = 1 }
            [defaults]
            channel = "PIGEON"
            shoe_size = 44
            city = 1
            [columns]
            hat = "hat"
            phone = 1
            email = { name = "mail" }
            city = { column = "city", blank = "missing", other = "keep", separator = ";" }
            state = { column = "state", blank = "maybe", timezone = "UTC", part = "middle" }
            patient_born_on = "dob"
            patient_age = { column = "age", format = "%Y-%m-%d", part = "first" }
            received_at = { column = "came", format = "%H:%M", timezone = "Mars/Olympus" }
            source = { column = "origin", values = { a = 1, B = "x", b = "y" }, other = "drop" }
            relationship = { column = "who", values = { kid = "COUSIN" } }
            no_contact = { column = "anon", values = "none" }
        """
        assert sorted(problems(mapping)) == sorted(
            [
                ("key", "unknown_value"),
                ("follow_up", "wrong_type"),
                ("assign", "wrong_type"),
                ("colour", "unknown_key"),
                ("file.encoding", "wrong_type"),
                ("file.size", "unknown_key"),
                ("clinic.name", "required"),
                ("clinic.timezone", "unknown_zone"),
                ("sources.Radio", "wrong_type"),
                ("sources.Paper.category", "required"),
                ("sources.Stall.category", "unknown_value"),
                ("sources.Stall.cost", "unknown_key"),
                ("defaults.channel", "unknown_value"),
                ("defaults.shoe_size", "unknown_field"),
                ("defaults.city", "wrong_type"),
                ("columns.hat", "unknown_field"),
                ("columns.phone", "wrong_type"),
                ("columns.email.column", "required"),
                ("columns.email.name", "unknown_key"),
                ("columns.city.other", "unknown_key"),
                ("columns.city.separator", "unknown_key"),
                ("columns.state.blank", "unknown_value"),
                ("columns.state.timezone", "unknown_key"),
                ("columns.state.part", "unknown_value"),
                ("columns.patient_born_on.format", "required"),
                ("columns.patient_age.format", "unknown_key"),
                ("columns.patient_age.part", "unknown_key"),
                ("columns.received_at.format", "bad_format"),
                ("columns.received_at.timezone", "unknown_zone"),
                ("columns.source.values.a", "wrong_type"),
                ("columns.source.values.b", "duplicate_value"),
                ("columns.source.other", "unknown_value"),
                ("columns.relationship.values.kid", "unknown_value"),
                ("columns.no_contact.values", "wrong_type"),
            ]
        )

    def test_a_blank_cell_cannot_be_missing_and_have_a_default(self) -> None:
        mapping = """
            [defaults]
            source = "Radio"
            [columns]
            source = { column = "origin", blank = "missing" }
        """
        assert problems(LEADS + mapping) == [("columns.source.blank", "contradiction")]

    def test_local_times_need_a_zone(self) -> None:
        mapping = '[columns]\nreceived_at = { column = "came", format = "%Y-%m-%d %H:%M" }'
        assert problems(LEADS + mapping) == [("columns.received_at.timezone", "required")]

    def test_the_key_needs_its_column(self) -> None:
        mapping = 'key = "external_ref"\n[columns]\nphone = "tel"\n'
        assert problems(LEADS + mapping) == [("columns.external_ref", "required")]

    def test_a_mapping_needs_columns(self) -> None:
        assert problems(LEADS) == [("columns", "required")]

    @given(st.text(max_size=60))
    def test_any_text_is_a_mapping_or_is_refused(self, text: str) -> None:
        with pytest.raises(InvalidInput):
            parse(LEADS + text)


@needs_shared
class TestOlistFunnel:
    def test_every_lead_maps_and_the_blank_origins_stay_apart(self) -> None:
        mapping = parse((OLIST / "leads.toml").read_text())
        truth = json.loads((SHARED / "olist_funnel" / "truth.json").read_text())
        file = SHARED / "olist_funnel" / "olist_marketing_qualified_leads_dataset.csv"
        with file.open("rb") as stream:
            found = [row for row in mapping.read(rows(stream)) if isinstance(row, LeadRow)]
        counts = Counter(row.intake.source for row in found)
        assert isinstance(mapping, LeadMapping)
        assert mapping.blank_source_ok
        assert (len(found), counts[None], counts["Unknown"]) == (8000, 60, 1099)
        assert sorted(counts.values()) == sorted(each["leads"] for each in truth["by_origin"])
        assert {source.name for source in mapping.sources} == set(counts) - {None}
        assert len({row.intake.external_ref for row in found}) == 8000
        assert {row.intake.no_contact for row in found} == {True}

    def test_every_deal_maps_and_the_days_to_win_are_exact(self) -> None:
        truth = json.loads((SHARED / "olist_funnel" / "truth.json").read_text())
        days = sorted(_days_to_win())
        assert len(days) == truth["totals"]["won"]
        assert days[0] == pytest.approx(truth["days_to_won"]["min"], abs=1e-6)
        assert days[-1] == pytest.approx(truth["days_to_won"]["max"], abs=1e-6)
        assert sum(days[420:422]) / 2 == pytest.approx(truth["days_to_won"]["median"], abs=1e-6)
        assert sum(day < 0 for day in days) == len(truth["negative_days_to_won"])


def _days_to_win() -> list[float]:
    folder = SHARED / "olist_funnel"
    leads_mapping = parse((OLIST / "leads.toml").read_text())
    outcome_mapping = parse((OLIST / "outcomes.toml").read_text())
    with (folder / "olist_marketing_qualified_leads_dataset.csv").open("rb") as stream:
        came = {
            row.intake.external_ref: row.intake.received_at
            for row in leads_mapping.read(rows(stream))
            if isinstance(row, LeadRow)
        }
    with (folder / "olist_closed_deals_dataset.csv").open("rb") as stream:
        won = [row for row in outcome_mapping.read(rows(stream)) if isinstance(row, OutcomeRow)]
    return [_days(came[row.reference], row.at) for row in won]


def _days(start: datetime | None, end: datetime | None) -> float:
    assert start is not None
    assert end is not None
    return (end - start).total_seconds() / 86_400


@needs_shared
@pytest.mark.parametrize("name", ["meta_leads_export.csv", "meta_leads_export_utf16.tsv"])
def test_the_export_of_an_advertiser_maps_as_its_truth_says(name: str) -> None:
    folder = SHARED / "webhook_samples"
    truth = json.loads((folder / "truth.json").read_text())["meta_export"]["expect"]
    mapping = parse(
        LEADS
        + """
        [columns]
        external_ref = { column = "id", prefix = "l:" }
        received_at = { column = "created_time", format = "%Y-%m-%dT%H:%M:%S%z" }
        first_name = { column = "full_name", part = "first" }
        last_name = { column = "full_name", part = "last" }
        phone = { column = "phone_number", prefix = "p:" }
        postal_code = { column = "zip_code", prefix = "z:" }
        campaign = "campaign_name"
        """
    )
    with (folder / name).open("rb") as stream:
        found = [row.intake for row in mapping.read(rows(stream)) if isinstance(row, LeadRow)]
    real = found[: truth["real_leads"]]
    assert len(found) == truth["rows"]
    assert [each.phone for each in real] == truth["phones"]
    assert [each.postal_code for each in real] == truth["zips"]
    assert [_written(each.received_at) for each in real] == truth["created_utc"]
    assert [(each.first_name, each.last_name) for each in real] == [
        ("Jane", "Example"),
        ("Łukasz", "O’Neil"),  # noqa: RUF001 - as the person writes it
    ]


def _written(at: datetime | None) -> str:
    assert at is not None
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def test_the_reference_describes_every_field_and_option() -> None:
    page = (PROJECT / "docs" / "reference" / "import-mapping.md").read_text()
    options = ("column", "blank", "prefix", "values", "other", "format", "timezone", "separator")
    named = (*LEAD_KINDS, *OUTCOME_KINDS, *options, "part", "key", "follow_up", "assign")
    assert [name for name in named if f"`{name}`" not in page] == []


@pytest.mark.parametrize(
    "page", ["docs/how-to/import-leads.md", "docs/reference/import-mapping.md"]
)
def test_mappings_in_the_documentation_are_right(page: str) -> None:
    fences = re.findall(r"```toml\n(.*?)```", (PROJECT / page).read_text(), re.DOTALL)
    assert [type(parse(fence)).__name__ for fence in fences][:1] == ["LeadMapping"]
