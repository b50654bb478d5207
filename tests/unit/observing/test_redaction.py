"""What is masked in texts that somebody else wrote, and what is left as it was."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orthocrm.core.lead import Lead
from orthocrm.core.masking import personal_paths
from orthocrm.observing import MASK, masked
from orthocrm.observing.redaction import masked_value


@pytest.mark.parametrize(
    "text",
    [
        "+13125550142",
        "+1 312 555 0142",
        "+1 (312) 555-0142",
        "+1.312.555.0142",
        "(312) 555-0142",
        "312-555-0142",
        "312.555.0142",
        "312 555 0142",
        "3125550142",
        "13125550142",
        "+49 30 123456",
        "+442071838750",
        "0049 30 1234567",
        "%2B13125550142",
        "maria@example.com",
        "Maria.Lopez+ortho@mail.example.co.uk",
        "m\u00fcller@ex\u00e4mple.example",
        "maria%40example.com",
        "123-45-6789",
        "Gx2bqLW9gWk0Z0d7r1vYb3mJ0h1n5c8sQ2tE4uA6oIk",
    ],
)
@pytest.mark.parametrize(
    "around", ["{}", "sent to {}", "to={}, again", "<{}>", "'{}' failed", "{}."]
)
def test_numbers_addresses_and_tokens_are_masked_wherever_they_stand(
    text: str, around: str
) -> None:
    told = masked(around.format(text))
    assert MASK in told
    assert not any(part in told for part in (text, "555", "example", "1234567", "bqLW", "1838"))


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-21T19:45:24.123456+00:00",
        "2026-11-21 19:45:24,123",
        "[21/Nov/2026:19:45:24 +0000]",
        "lead 00000000-0001-7000-8000-000000000001 was captured",
        "019aa0b7-2f6e-7c31-b0aa-0a9b6b3f1d11",
        "took 1234.5678 ms, 48213 rows",
        "listening on 127.0.0.1:8000",
        "GET /api/leads 200",
        "SELECT leads.id FROM leads WHERE leads.clinic_id = ?",
        "orthocrm.core.errors.NotFound: lead",
        "sha256 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0bba8d4b7e36a8cbbd1c7f",
        "version 3.11.7, protocol HTTP/1.1",
        "1763754324.123456",
        "",
    ],
)
def test_what_is_neither_stays_as_it_was(text: str) -> None:
    assert masked(text) == text


@pytest.mark.parametrize(
    "text, told",
    [
        ("first_name='Maria' stage='new'", "first_name=*** stage='new'"),
        ('{"firstName": "Maria", "id": 5}', '{"firstName": ***, "id": 5}'),
        ("{'last_name': 'O\\'Hara', 'x': 1}", "{'last_name': ***, 'x': 1}"),
        ("notes: she fears pain, stage=new", "notes: ***, stage=new"),
        ("Lead(patient_first_name=Sofia Maria)", "Lead(patient_first_name=***)"),
        ("body=b'See you', to=7", "body=***, to=***"),
        ("EMAIL='x'", "EMAIL=***"),
        ("Authorization: Bearer abc.def", "Authorization: ***"),
        ("(b'Set-Cookie', b'session=1; Path=/')", "(b'Set-Cookie', b***)"),
        ("used Bearer eyJhbGciOi.x", "used Bearer ***"),
        ("GET /api/leads?q=Lopez&size=50 HTTP/1.1", "GET /api/leads?q=***&size=*** HTTP/1.1"),
        ("postgresql+psycopg://ann:pw@db.example/crm", "postgresql+psycopg://***@db.example/crm"),
    ],
)
def test_known_fields_are_masked_by_their_names(text: str, told: str) -> None:
    assert masked(text) == told


@pytest.mark.parametrize("path", personal_paths(Lead))
def test_every_personal_field_of_a_lead_is_known(path: str) -> None:
    name = path.rpartition(".")[2]
    for text in (f"{name}='Zebra'", f'"{name}": "Zebra"', f"{name}=Zebra"):
        assert "Zebra" not in masked(text)
    assert masked_value(name, "Zebra") == MASK


def test_values_of_any_depth_are_masked_by_name_and_by_content() -> None:
    given_ = {
        "lead": {"firstName": "Maria", "stage": "new", "calls": ["312-555-0142", 3]},
        "notes": ["a", "b"],
        "size": 5,
        "ok": True,
        "phone": None,
        "deep": {"a": {"b": {"c": {"d": {"e": "x"}}}}},
    }
    assert masked_value("extra", given_) == {
        "lead": {"firstName": MASK, "stage": "new", "calls": [MASK, 3]},
        "notes": MASK,
        "size": 5,
        "ok": True,
        "phone": None,
        "deep": {"a": {"b": {"c": {"d": MASK}}}},
    }


@given(st.text(max_size=300))
def test_any_text_can_be_masked_and_masking_again_changes_nothing_personal(text: str) -> None:
    once = masked(text)
    assert isinstance(masked(once), str)


@pytest.mark.parametrize(
    "long",
    ["a@" * 50_000, "name=" * 40_000, "'" * 100_000, "1-" * 90_000, "A1a" * 60_000, "?a=" * 50_000,
     "Bearer " * 30_000, "(" * 100_000 + "555", "notes: " * 30_000, "://" * 50_000],
)  # fmt: skip
def test_a_long_text_is_cut_and_not_searched_for_ever(long: str) -> None:
    assert len(masked(long)) <= 100_000
