"""Every example runs, and does what it says."""

import importlib.util
import threading
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path
from types import ModuleType
from urllib.parse import urlencode

import pytest

from orthocrm import Actor, Desk, Role, connect
from orthocrm.testing.suite import BackendSuite

PROJECT = Path(__file__).parents[2]
OLIST = PROJECT / ".." / "shared" / "data" / "olist_funnel"


def example(path: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(Path(path).stem, PROJECT / "examples" / path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_quickstart_takes_a_lead_to_treatment(capsys: pytest.CaptureFixture[str]) -> None:
    example("quickstart.py").main()
    assert capsys.readouterr().out.splitlines() == [
        "assigned to tc-1, first task: Call the new lead",
        "warned of 1 lead with the same phone",
        "now a patient: CONVERTED",
        "New Lead                2",
        "Contacted               1",
        "Consultation Scheduled  1",
        "Consultation Completed  1",
        "Pending Decision        1",
        "Treatment Accepted      1",
        "Treatment Started       1",
    ]


def test_the_morning_list_begins_with_who_waits(capsys: pytest.CaptureFixture[str]) -> None:
    example("morning_list.py").main()
    assert capsys.readouterr().out.splitlines() == [
        "CALL  Ann Lee: the family wrote and nobody has answered (also TASK_OVERDUE)",
        "CALL  Omar Haddad: the family wrote and nobody has answered",
        "CALL  Maria Lopez: a task is overdue (also BREAK_UP_DUE)",
    ]


class Site:
    """The form of a practice with one coordinator, on a port of its own."""

    def __init__(self, desk: Desk, port: int) -> None:
        self.desk, self.port = desk, port

    def ask(self, method: str, body: str = "") -> tuple[int, str]:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=10)
        connection.request(method, "/", body)
        answer = connection.getresponse()
        page = answer.read().decode()
        connection.close()
        return answer.status, page

    def post(self, **fields: str) -> tuple[int, str]:
        return self.ask("POST", urlencode(fields))


@pytest.fixture
def site() -> Iterator[Site]:
    with connect("memory://") as crm:
        clinic = crm.create_clinic(name="Bright Smiles", timezone="America/Chicago")
        desk = crm.acting_as(Actor.system(Role.OPERATOR, clinic.id))
        desk.settings.add_coordinator("tc-1", "Dana")
        with example("web_form.py").serving(crm, clinic) as server:
            thread = threading.Thread(target=server.serve_forever)
            thread.start()
            yield Site(desk, server.server_address[1])
            server.shutdown()
            thread.join()


def test_the_web_form_is_shown(site: Site) -> None:
    status, page = site.ask("GET")
    assert (status, 'name="website"' in page) == (200, True)


def test_a_form_post_becomes_an_assigned_lead(site: Site) -> None:
    status, _ = site.post(first_name="Maria", last_name="Lopez", email="m@example.com", stage="x")
    (lead,) = site.desk.leads.find().leads
    assert status == 200
    assert (lead.contact.name, lead.origin.channel.value) == ("Maria Lopez", "WEB_FORM")
    assert lead.ownership.owner == "tc-1"


def test_a_form_post_that_comes_twice_is_one_lead(site: Site) -> None:
    for _ in range(2):
        site.post(first_name="Maria", last_name="Lopez", email="m@example.com")
    assert len(site.desk.leads.find().leads) == 1


def test_a_filled_honeypot_makes_no_lead(site: Site) -> None:
    status, _ = site.post(first_name="Bot", email="b@example.com", website="http://spam.example")
    assert (status, site.desk.leads.find().leads) == (200, ())


def test_a_form_post_without_a_way_to_answer_says_what_is_missing(site: Site) -> None:
    status, page = site.post(first_name="Maria", last_name="Lopez")
    assert (status, site.desk.leads.find().leads) == (422, ())
    assert "phone: give a phone number or an e-mail address" in page


def test_a_post_that_is_too_long_is_refused(site: Site) -> None:
    assert site.post(notes="x" * 30_000)[0] == 413


shelf = example("custom_backend.py")


class TestShelfBackend(BackendSuite):
    """The backend of the example keeps every promise."""

    @pytest.fixture
    def backend(self) -> object:
        return shelf.ShelfBackend()


def test_the_custom_backend_is_found_by_its_scheme(capsys: pytest.CaptureFixture[str]) -> None:
    shelf.main()
    assert capsys.readouterr().out == "['Bright Smiles']\n"


@pytest.mark.skipif(not OLIST.exists(), reason="the Olist data are not beside the checkout")
def test_the_olist_funnel_is_loaded_and_compared(capsys: pytest.CaptureFixture[str]) -> None:
    example("olist/load.py").main([str(OLIST)])
    shown = capsys.readouterr().out
    assert "olist_marketing_qualified_leads_dataset.csv: 8000 new, 0 updated, 0 refused" in shown
    assert "olist_closed_deals_dataset.csv: 0 new, 842 updated, 0 refused" in shown
    assert "note: 1 lead was converted before it was created: a data error, counted" in shown


def test_calendar_feed_is_read_by_a_phone(capsys: pytest.CaptureFixture[str]) -> None:
    example("calendar_feed.py").main()
    assert capsys.readouterr().out.splitlines() == [
        "first free time: Tuesday 09:00",
        "with the hospital's calendar: Tuesday 12:00",
        "the phone shows: DTSTART;TZID=Europe/London:20261103T120000, SUMMARY:Consultation",
        "after revoking: the address opens nothing: 404",
    ]


def test_scores_are_learnt_and_explained(capsys: pytest.CaptureFixture[str]) -> None:
    example("score_leads.py").main(leads=240)
    said = capsys.readouterr().out.splitlines()
    assert said[0].startswith("learnt from 240 leads")
    likely = next(line for line in said if line.startswith("Patient referral: "))
    unlikely = next(line for line in said if line.startswith("Print advertising: "))
    assert int(likely[-3:-1]) > 60
    assert int(unlikely.split()[-1][:-1]) < 40
    assert any(line.startswith("  jaw: ") and "raises the odds" in line for line in said)
