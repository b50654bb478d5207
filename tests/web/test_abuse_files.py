"""Files and deliveries: too large, too slow, of another kind, unsigned, and what is taken away."""

import csv
import io
import zipfile
from typing import Any

import pytest
from anyio import run, sleep_forever
from attrs import evolve

from orthocrm.services.notifications.callbacks import MOST_BYTES as LARGEST_DELIVERY
from orthocrm.web import application
from orthocrm.web.declaring import LARGEST_FILE, LARGEST_JSON
from tests.flows.practice import House
from tests.security.digest import digest
from tests.security.operations import MAPPING_TEXT
from tests.web.knocking import FAMILY, PATIENT, ByName, Knocking

ADMIN = {"Authorization": "Bearer admin manager"}
FORMULAS = ("=1+1", "+1+1", "-2+3", "@SUM(1)", "\uff1d1+1", "\uff0b1", "\uff0d1", "\uff20a", "'=1")


def workbook(size: int) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("[Content_Types].xml", "<Types/>")
        packed.writestr("xl/workbook.xml", b"0" * size)
    return file.getvalue()


def test_files_that_are_no_tables_are_refused(desk: Knocking, here: House) -> None:
    here.admin.settings.save_mapping("kept", MAPPING_TEXT)
    before = digest(here.crm)
    for content in (
        workbook(60 * 1024 * 1024),
        b"PK\x03\x04" + b"x" * 200,
        b"%PDF-1.4 x",
        b"\0" * 1_000,
        b'"' * 100_000,
        b"a" * 2_000_000,
        b",".join(b"c%d" % number for number in range(20_000)) + b"\n1",
        b'<!DOCTYPE a [<!ENTITY x "y">]>',
        b"",
    ):
        refused = desk.client.post("/api/imports?mapping=kept", content=content, headers=ADMIN)
        assert refused.status_code == 422, content[:20]
    assert digest(here.crm) == before


@pytest.mark.parametrize(
    "path, size, headers",
    [
        ("/api/imports?mapping=kept", LARGEST_FILE, ADMIN),
        ("/api/leads", LARGEST_JSON, ADMIN),
        ("/api/session", LARGEST_JSON, {}),
        ("/api/hooks/some/leads/meta", LARGEST_DELIVERY, {}),
    ],
)
def test_bodies_have_a_limit_of_their_kind(
    desk: Knocking, path: str, size: int, headers: dict[str, str]
) -> None:
    refused = desk.client.post(path, content=b" " * (size + 1), headers=headers)
    assert (refused.status_code, refused.json()["status"]) == (413, 413)


def test_a_file_of_nobody_is_not_even_read(desk: Knocking) -> None:
    refused = desk.client.post("/api/imports?mapping=kept", content=b" " * (LARGEST_FILE + 1))
    assert refused.status_code == 401


def test_a_body_that_does_not_come_in_time_is_refused(here: House) -> None:
    settings = evolve(PATIENT, body_seconds=0)
    app = application(here.crm, [ByName(here)], settings=settings, clock=here.clock)
    told: list[dict[str, Any]] = []

    async def receive() -> Any:
        await sleep_forever()

    async def send(message: Any) -> None:
        told.append(message)

    scope: Any = {
        "type": "http",
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": "/api/leads",
        "raw_path": b"/api/leads",
        "query_string": b"",
        "root_path": "",
        "headers": [(b"host", b"crm.example")],
        "client": ("10.0.0.1", 1),
        "server": ("crm.example", 80),
        "extensions": {},
        "state": {},
    }
    run(app, scope, receive, send)
    assert told[0]["status"] == 408


def test_no_download_holds_a_formula(desk: Knocking) -> None:
    for number, text in enumerate(FORMULAS):
        family = {**FAMILY, "lastName": text, "notes": text, "phone": f"+1312555{number + 1000}"}
        assert desk.ask("POST", "/api/leads", family).status_code == 201
    taken = desk.ask("GET", "/api/exports/leads")
    assert taken.headers["content-disposition"] == 'attachment; filename="leads.csv"'
    assert taken.headers["content-type"] == "text/csv; charset=utf-8"
    cells = {cell for row in csv.reader(io.StringIO(taken.text)) for cell in row}
    assert {f"'{text}" for text in FORMULAS} <= cells
    assert not [cell for cell in cells if cell[:1] in set("=+-@\t\r\uff1d\uff0b\uff0d\uff20")]


@pytest.mark.parametrize("kind, name", [("csv", "report.csv"), ("page", "report.html")])
def test_a_report_is_a_file_of_our_name_in_which_nothing_runs(
    desk: Knocking, kind: str, name: str
) -> None:
    taken = desk.ask("GET", f"/api/reports/daily/{kind}")
    assert taken.headers["content-disposition"] == f'attachment; filename="{name}"'
    assert "default-src 'none'" in taken.headers["content-security-policy"]
    assert "script-src" not in taken.headers["content-security-policy"]
    assert desk.ask("GET", f"/api/reports/daily%0d%0aX: y/{kind}").status_code in (400, 404, 422)


@pytest.mark.parametrize("channel", ["leads/meta", "leads/google", "reports/twilio", "leads/none"])
def test_what_nobody_can_verify_is_refused_and_nothing_changes(
    desk: Knocking, here: House, channel: str
) -> None:
    before = digest(here.crm)
    for content in (b"{}", b"a=1", b"\xff\x00", b"[" * 50_000, b'{"google_key":"x"}'):
        for clinic in (here.clinic.id, "nobody"):
            refused = desk.client.post(f"/api/hooks/{clinic}/{channel}", content=content)
            assert refused.status_code in (400, 401, 404, 422)
    challenge = {"hub.mode": "subscribe", "hub.verify_token": "", "hub.challenge": "<script>"}
    told = desk.client.get(f"/api/hooks/{here.clinic.id}/{channel}", params=challenge)
    assert told.status_code in (401, 404, 405)
    assert "<script>" not in told.text
    assert digest(here.crm) == before
