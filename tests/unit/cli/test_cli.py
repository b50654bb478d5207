"""The command line: what it prints, how it fails, and with which exit code."""

import csv
import io
import json
import re
import signal
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from orthocrm import Actor, BackendError, Cond, Intake, Role, connect, crm
from orthocrm.analytics.reports import REPORTS
from orthocrm.cli import main, operating
from orthocrm.rounds.worked import Worked
from tests.support.workbooks import filled, saved

Run = Callable[..., Result]

MAPPING = """
kind = "leads"
key = "external_ref"

[clinic]
name = "Bright Smiles"
timezone = "America/Chicago"

[defaults]
channel = "IMPORT"

[columns]
external_ref = "id"
first_name = "first"
last_name = "last"
email = "mail"
"""

ENQUIRIES = "id,first,last,mail\n1,Ann,Lee,ann@example.com\n2,Bo,Diaz,bo@example.com\n"


@pytest.fixture
def run(sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ORTHOCRM_DB", sqlite_url)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))

    def run(*arguments: str) -> Result:
        return CliRunner().invoke(main, arguments, catch_exceptions=False)

    return run


@pytest.fixture
def files(tmp_path: Path) -> Path:
    (tmp_path / "leads.csv").write_text(ENQUIRIES)
    (tmp_path / "leads.toml").write_text(MAPPING)
    return tmp_path


@pytest.fixture
def clinic(run: Run) -> str:
    return run("clinic", "add", "Bright Smiles", "--timezone", "America/Chicago").stdout.strip()


def test_clinics_are_made_and_listed(run: Run, clinic: str) -> None:
    assert run("clinic", "list").stdout == f"{clinic}  America/Chicago  Bright Smiles\n"


def test_the_database_may_be_named_by_the_option(run: Run, tmp_path: Path) -> None:
    other = f"sqlite:///{tmp_path / 'other.db'}"
    run("clinic", "add", "Elsewhere", "--timezone", "UTC", "--db", other)
    assert "Elsewhere" in run("clinic", "list", "--db", other).stdout


def test_migrate_makes_the_schema(run: Run, tmp_path: Path) -> None:
    assert run("migrate").exit_code == 0
    assert (tmp_path / "practice.db").exists()


def test_a_mistyped_file_name_makes_no_database(run: Run, tmp_path: Path) -> None:
    result = run("board")
    assert (result.exit_code, result.stderr) == (
        2,
        "error: db: there is no such file; clinic add, import and migrate make one\n",
    )
    assert list(tmp_path.glob("practice.db*")) == []


def test_a_database_without_a_clinic_says_how_to_make_one(run: Run) -> None:
    run("migrate")
    result = run("board")
    assert (result.exit_code, result.stderr) == (
        2,
        "error: the database holds no clinic: make one with orthocrm clinic add\n",
    )


def test_of_several_clinics_one_is_chosen_by_id_or_name(run: Run, clinic: str) -> None:
    run("clinic", "add", "Harbor Kids", "--timezone", "UTC")
    undecided = run("board")
    assert (undecided.exit_code, undecided.stderr) == (
        2,
        "error: several clinics: choose by --clinic ID; orthocrm clinic list shows the ids\n",
    )
    assert run("board", "--clinic", clinic).exit_code == 0
    assert run("board", "--clinic", "Harbor Kids").exit_code == 0
    assert run("board", "--clinic", "Harbor").exit_code == 2


def test_an_error_is_one_line_that_holds_no_value(run: Run) -> None:
    result = run("clinic", "add", "X", "--timezone", "Mars/Olympus")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.endswith("error: timezone: give an IANA time zone\n")
    assert "Mars" not in result.stderr


def test_an_unknown_backend_is_refused(run: Run) -> None:
    result = run("board", "--db", "oracle://x")
    assert (result.exit_code, result.stderr) == (2, "error: no backend for oracle://\n")


def test_a_folder_that_does_not_exist_is_an_error_and_no_traceback(run: Run) -> None:
    result = run("migrate", "--db", "sqlite:///nowhere/practice.db")
    assert result.exit_code == 2
    assert result.stderr.startswith("error: ")
    assert result.stderr.count("\n") == 1


def test_import_makes_the_clinic_of_the_mapping_and_stores_every_row(run: Run, files: Path) -> None:
    result = run("import", "leads.csv", "--mapping", "leads.toml")
    assert result.exit_code == 0
    assert "created: 2, updated: 0, unchanged: 0, refused: 0" in result.stdout
    assert "no clinic yet: made Bright Smiles in America/Chicago" in result.stderr
    assert "Bright Smiles" in run("clinic", "list").stdout
    assert (files / "practice.db").exists()


def test_import_without_a_clinic_in_the_mapping_makes_one_in_utc(run: Run, files: Path) -> None:
    (files / "plain.toml").write_text(re.sub(r"\[clinic\].*?\n\n", "", MAPPING, flags=re.DOTALL))
    run("import", "leads.csv", "--mapping", "plain.toml")
    assert run("clinic", "list").stdout.endswith("  UTC  My practice\n")


def test_import_twice_changes_nothing(run: Run, files: Path) -> None:
    run("import", "leads.csv", "--mapping", "leads.toml")
    result = run("import", str(files / "leads.csv"), "--mapping", "leads.toml", "--format", "json")
    told = json.loads(result.stdout)
    assert (told["created"], told["updated"], told["unchanged"]) == (0, 0, 2)


def test_a_dry_run_stores_nothing_not_even_the_database(run: Run, files: Path) -> None:
    result = run("import", "leads.csv", "--mapping", "leads.toml", "--dry-run", "--format", "json")
    told = json.loads(result.stdout)
    assert (told["created"], told["import_id"]) == (2, None)
    assert not (files / "practice.db").exists()


def test_a_dry_run_against_an_empty_database_makes_no_clinic(run: Run, files: Path) -> None:
    run("migrate")
    assert run("import", "leads.csv", "--mapping", "leads.toml", "--dry-run").exit_code == 0
    assert files.exists()
    assert run("clinic", "list").stdout == ""


def test_a_dry_run_knows_what_is_there(run: Run, files: Path) -> None:
    run("import", "leads.csv", "--mapping", "leads.toml")
    (files / "leads.csv").write_text(ENQUIRIES + "3,Cy,Ode,cy@example.com\n")
    result = run("import", "leads.csv", "--mapping", "leads.toml", "--dry-run", "--format", "json")
    told = json.loads(result.stdout)
    assert (told["created"], told["unchanged"]) == (1, 2)


def test_refused_rows_are_listed_and_the_others_go_in(run: Run, files: Path) -> None:
    (files / "leads.csv").write_text(ENQUIRIES + "3,Cy,Ode,cy@@example.com\n")
    result = run("import", "leads.csv", "--mapping", "leads.toml", "--format", "json")
    told = json.loads(result.stdout)
    assert (result.exit_code, told["created"], told["refused"]) == (0, 2, 1)
    assert [(bad["number"], bad["line"], bad["column"]) for bad in told["problems"]] == [
        (3, 4, "mail")
    ]
    assert "cy@@" not in result.output


def test_the_table_of_refused_rows_comes_with_a_warning(run: Run, files: Path) -> None:
    (files / "leads.csv").write_text(ENQUIRIES + "3,Cy,Ode,cy@@example.com\n")
    result = run("import", "leads.csv", "--mapping", "leads.toml")
    assert "warning: 1 row was refused\n" in result.stderr
    assert re.search(r"3 .* 4 .* mail ", result.stdout)


def test_the_exit_code_is_1_when_no_row_went_in(run: Run, files: Path) -> None:
    (files / "leads.csv").write_text("id,first,last,mail\n3,Cy,Ode,cy@@example.com\n")
    assert run("import", "leads.csv", "--mapping", "leads.toml").exit_code == 1


@pytest.mark.parametrize(
    "content,message",
    [
        (b"kind = 'leads'\nnope = 1\n", "nope: there is no such key here"),
        (b"kind = ", "mapping: the file is not TOML"),
        (b"\xff\xfe\x00", "mapping: the file is not UTF-8"),
    ],
)
def test_a_mapping_that_cannot_be_read_is_refused(
    run: Run, files: Path, content: bytes, message: str
) -> None:
    (files / "leads.toml").write_bytes(content)
    result = run("import", "leads.csv", "--mapping", "leads.toml")
    assert result.exit_code == 2
    assert message in result.stderr


def test_a_saved_mapping_is_named_whatever_its_case(run: Run, files: Path, sqlite_url: str) -> None:
    run("import", "leads.csv", "--mapping", "leads.toml")
    with connect(sqlite_url) as crm:
        clinic = crm.clinics()[0]
        admin = crm.acting_as(Actor(user="admin", clinic=clinic.id, roles={Role.CLINIC_ADMIN}))
        admin.settings.save_mapping("Weekly list", MAPPING)
    result = run("import", str(files / "leads.csv"), "--mapping", "weekly LIST")
    assert (result.exit_code, "unchanged: 2" in result.stdout) == (0, True)


def test_a_mapping_that_is_neither_a_file_nor_saved_is_an_error(
    run: Run, files: Path, clinic: str
) -> None:
    for arguments in ([], ["--dry-run"], ["--clinic", clinic]):
        result = run("import", str(files / "leads.csv"), "--mapping", "Monthly", *arguments)
        assert (result.exit_code, result.stderr) == (
            2,
            "error: mapping: there is neither a file nor a saved mapping of this name\n",
        )


def test_without_a_clinic_no_mapping_is_saved(run: Run, files: Path) -> None:
    result = run("import", str(files / "leads.csv"), "--mapping", "Monthly", "--dry-run")
    assert (result.exit_code, result.stderr.count("\n")) == (2, 1)
    assert not (files / "practice.db").exists()


def test_a_workbook_is_imported_as_a_text_is(run: Run, files: Path) -> None:
    rows: list[list[Any]] = [
        ["id", "first", "last", "mail"],
        [1.0, "Ann", "Lee", "ann@example.com"],
        ["=1"],
    ]
    (files / "leads.xlsx").write_bytes(saved(filled(rows)))
    told = json.loads(
        run("import", "leads.xlsx", "--mapping", "leads.toml", "--format", "json").stdout
    )
    assert (told["created"], told["refused"]) == (1, 1)
    assert {
        (bad["number"], bad["line"], bad["column"], bad["code"]) for bad in told["problems"]
    } == {(2, 3, "id", "formula_without_value")}


@pytest.mark.usefixtures("files")
def test_leads_are_exported_as_csv_and_json(run: Run) -> None:
    run("import", "leads.csv", "--mapping", "leads.toml")
    chosen = ("export", "leads", "--columns", "external_ref, first_name,email")
    assert run(*chosen).stdout_bytes.decode() == (
        "external_ref,first_name,email\r\n1,Ann,ann@example.com\r\n2,Bo,bo@example.com\r\n"
    )
    lost = '{"field": "status", "op": "eq", "value": "LOST"}'
    only = run(*chosen, "--format", "json", "--where", lost)
    assert json.loads(only.stdout) == []
    assert json.loads(run(*chosen, "--format", "json").stdout)[1] == {
        "external_ref": "2",
        "first_name": "Bo",
        "email": "bo@example.com",
    }


@pytest.mark.usefixtures("files")
def test_the_leads_of_a_shared_view_are_exported(run: Run, sqlite_url: str) -> None:
    run("import", "leads.csv", "--mapping", "leads.toml")
    with connect(sqlite_url) as crm:
        clinic = crm.clinics()[0]
        admin = crm.acting_as(Actor(user="admin", clinic=clinic.id, roles={Role.CLINIC_ADMIN}))
        admin.leads.save_view("Lost", Cond("status", "eq", "LOST"), is_shared=True)
        admin.leads.save_view("Mine")
    told = run("export", "leads", "--view", "LOST", "--columns", "id")
    assert (told.exit_code, told.stdout_bytes) == (0, b"id\r\n")
    hidden = run("export", "leads", "--view", "Mine")
    assert (hidden.exit_code, hidden.stderr) == (
        2,
        "error: view: no shared view has this name, or several have it\n",
    )


@pytest.mark.parametrize(
    "arguments, message",
    [
        (["--where", "{"], "where: give a condition as JSON"),
        (["--where", "[]"], "where: "),
        (["--where", '{"field": "notes", "op": "eq", "value": "x"}'], "field: "),
        (["--columns", "shoe_size"], "columns: leads have no such column"),
    ],
)
@pytest.mark.usefixtures("clinic")
def test_an_export_that_makes_no_sense_is_refused(
    run: Run, arguments: list[str], message: str
) -> None:
    result = run("export", "leads", *arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert message in result.stderr


def test_plaintext_is_allowed_by_an_option(run: Run, files: Path) -> None:
    encrypted = run("import", "leads.csv", "--mapping", "leads.toml")
    assert encrypted.exit_code == 0
    plain = f"sqlite:///{files / 'plain.db'}"
    result = run(
        "import", "leads.csv", "--mapping", "leads.toml", "--db", plain, "--allow-plaintext"
    )
    assert (result.exit_code, "created: 2" in result.stdout) == (0, True)
    assert not (files / "plain.db.keys").exists()
    assert b"ann@example.com" in (files / "plain.db").read_bytes() + _journal(files)
    assert b"ann@example.com" not in (files / "practice.db").read_bytes()
    again = run("import", "leads.csv", "--mapping", "leads.toml", "--db", plain)
    assert (again.exit_code, "key" in again.stderr) == (2, True)


def _journal(files: Path) -> bytes:
    journal = files / "plain.db-wal"
    return journal.read_bytes() if journal.exists() else b""


def test_an_import_is_taken_back(run: Run, files: Path) -> None:
    told = run("import", str(files / "leads.csv"), "--mapping", "leads.toml", "--format", "json")
    result = run("import-revert", json.loads(told.stdout)["import_id"])
    assert result.stdout == "removed: 2, restored: 0, kept: 0\n"


def test_an_unknown_import_is_not_found(run: Run, clinic: str) -> None:
    result = run("import-revert", clinic)
    assert (result.exit_code, result.stderr) == (2, "error: no such import\n")


@pytest.fixture
def imported(run: Run, files: Path) -> Path:
    run("import", "leads.csv", "--mapping", "leads.toml")
    return files


@pytest.mark.usefixtures("imported")
def test_a_report_is_shown_as_a_table_json_or_csv(run: Run) -> None:
    table = run("report", "sources").stdout
    told = json.loads(run("report", "sources", "--format", "json").stdout)
    rows = list(csv.DictReader(io.StringIO(run("report", "sources", "--format", "csv").stdout)))
    assert "Lead sources by cohort, all time" in table
    assert told["tables"]["sources"]["total"]["leads"] == 2
    assert [row["leads"] for row in rows] == ["2", "2"]


@pytest.mark.usefixtures("imported")
@pytest.mark.parametrize("name", REPORTS)
def test_every_report_has_a_table(run: Run, name: str) -> None:
    result = run("report", name, "--from", "2020-01-01", "--to", "2020-01-31")
    assert result.exit_code == 0
    assert "2020-01-01 until before 2020-02-01, America/Chicago" in result.stdout


@pytest.mark.usefixtures("imported")
def test_a_report_is_a_page_to_print(run: Run) -> None:
    page = run("report", "coordinators", "--format", "html").stdout
    assert page.startswith("<!doctype html>")
    assert page.count('role="img"') == 1


@pytest.mark.usefixtures("imported")
def test_a_report_that_there_is_not_is_refused(run: Run) -> None:
    result = run("report", "Qz")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "give one of daily, weekly" in result.stderr
    assert "Qz" not in result.stderr


@pytest.mark.usefixtures("imported")
@pytest.mark.parametrize(
    "period", [("--from", "2026-01-01"), ("--from", "2026-02-01", "--to", "2026-01-01")]
)
def test_a_period_that_is_none_is_refused(run: Run, period: tuple[str, ...]) -> None:
    assert run("report", "funnel", *period).exit_code == 2


def test_data_errors_are_noted_below_a_report(run: Run, files: Path) -> None:
    dated = MAPPING + '\n[columns.received_at]\ncolumn = "day"\nformat = "%Y-%m-%d"\n'
    (files / "leads.toml").write_text(dated + 'timezone = "UTC"\n')
    (files / "leads.csv").write_text("id,first,last,mail,day\n1,A,B,a@example.com,2026-02-02\n")
    (files / "won.csv").write_text("id,day\n1,2026-02-01\n")
    (files / "won.toml").write_text(
        'kind = "outcomes"\n[defaults]\noutcome = "converted"\n[columns]\nreference = "id"\n'
        '[columns.at]\ncolumn = "day"\nformat = "%Y-%m-%d"\ntimezone = "UTC"\n'
    )
    run("import", "leads.csv", "--mapping", "leads.toml")
    run("import", "won.csv", "--mapping", "won.toml")
    assert "note: 1 lead was converted before it was created" in run("report", "sources").stdout


@pytest.mark.usefixtures("imported")
def test_the_board_shows_names_as_they_are(run: Run, sqlite_url: str) -> None:
    with connect(sqlite_url) as crm:
        desk = crm.acting_as(Actor.system(Role.OPERATOR, crm.clinics()[0].id))
        desk.leads.capture(Intake(first_name="[red]Ann", last_name="Lee", email="a@example.com"))
    shown = run("board").stdout
    assert "[red]Ann Lee" in shown
    assert "Treatment Started: 0, Lost: 0" in shown


@pytest.mark.usefixtures("imported")
def test_the_board_counts_the_cards_that_it_leaves_out(run: Run) -> None:
    assert "and 1 more" in run("board", "--cards", "1").stdout


NOTHING_DONE = (
    "tasks made: 0, messages sent: 0, to be tried again: 0, parked: 0, plug-in failures: 0, "
    "failed steps: 0\n"
)


@pytest.mark.usefixtures("imported")
def test_work_says_what_was_done(run: Run) -> None:
    assert run("work", "--once").stdout == NOTHING_DONE


@pytest.mark.usefixtures("imported")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_work_goes_on_until_it_is_told_to_end(
    run: Run, monkeypatch: pytest.MonkeyPatch, number: signal.Signals
) -> None:
    rounds: list[Worked] = []
    tell = operating._tell

    def told(done: Worked) -> None:
        rounds.append(done)
        tell(done)
        if len(rounds) > 1:
            signal.raise_signal(number)

    monkeypatch.setattr(operating, "_tell", told)
    result = run("work", "--interval", "0.1")
    assert (result.exit_code, len(rounds)) == (0, 2)
    assert result.stdout == NOTHING_DONE * 2


@pytest.mark.usefixtures("imported")
def test_work_waits_for_a_database_that_does_not_answer(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, refusals = crm.connect, iter((True, True, False))

    def connect(*args: Any, **choices: Any) -> crm.OrthoCRM:
        if next(refusals):
            raise BackendError("SQLite refused a statement")
        return real(*args, **choices)

    def told(_: Worked) -> None:
        signal.raise_signal(signal.SIGTERM)

    monkeypatch.setattr(crm, "connect", connect)
    monkeypatch.setattr(operating, "_tell", told)
    result = run("work", "--interval", "0.1")
    assert result.exit_code == 0
    assert result.stderr == "error: SQLite refused a statement; trying again\n" * 2


@pytest.mark.usefixtures("imported")
def test_work_that_is_done_once_says_that_the_database_does_not_answer(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def connect(*_: Any, **__: Any) -> crm.OrthoCRM:
        raise BackendError("SQLite refused a statement")

    monkeypatch.setattr(crm, "connect", connect)
    result = run("work", "--once")
    assert (result.exit_code, result.stderr) == (2, "error: SQLite refused a statement\n")


@pytest.mark.usefixtures("imported")
def test_the_audit_trail_shows_the_newest_entries(run: Run) -> None:
    run("report", "funnel")
    shown = run("audit", "--size", "1").stdout
    assert "analytics.report" in shown
    assert "imports.rows" not in shown


def test_the_demo_fills_a_database_and_says_what_to_try(run: Run) -> None:
    result = run("demo", "--terminal", "--leads", "40")
    database = re.search(r"sqlite:///\S+practice\.db", result.stdout)
    assert result.exit_code == 0
    assert database is not None
    for heading in ("Pipeline", "Diary of", "Tasks of today", "Lead funnel", "Lead sources"):
        assert heading in result.stdout
    assert f"board --cards 8 --db {database.group()}" in result.stdout
    assert run("board", "--db", database.group()).exit_code == 0


def test_the_demo_leaves_a_practice_alone(run: Run, sqlite_url: str, clinic: str) -> None:
    result = run("demo", "--terminal", "--db", sqlite_url, "--leads", "40")
    assert (result.exit_code, result.stderr) == (
        2,
        "error: db: the database holds a clinic already; the demo wants an empty one\n",
    )
    assert clinic in run("clinic", "list").stdout


def test_what_is_logged_goes_to_standard_error_as_lines_of_json(run: Run) -> None:
    result = run("--log-format", "json", "clinic", "add", "Bright", "--timezone", "UTC")
    (line,) = [json.loads(line) for line in result.stderr.splitlines()]
    assert (result.exit_code, line["level"], line["logger"]) == (0, "WARNING", "orthocrm")
    assert line["message"].startswith("a key file was made")


def test_errors_only_are_logged_where_that_is_asked_for(run: Run) -> None:
    result = run("--log-level", "error", "clinic", "add", "Bright", "--timezone", "UTC")
    assert (result.exit_code, result.stderr) == (0, "")
