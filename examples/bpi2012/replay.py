"""Replay the event log of a bank's loan applications as the history of a practice.

`python examples/bpi2012/replay.py FOLDER [--db URL]`, where FOLDER holds `cases.csv.gz` and
`events.csv.gz`. The states of an application are the stages, whoever worked on it holds the lead,
work items are tasks, and calls about an offer are calls.
"""

import argparse
import csv
import gzip
from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import groupby
from pathlib import Path

from orthocrm import (
    Actor,
    Channel,
    CustomField,
    Desk,
    FieldKind,
    History,
    Intake,
    OrthoCRM,
    Past,
    PastKind,
    Role,
    Settings,
    connect,
)
from orthocrm.cli import views
from orthocrm.core.activity import CallOutcome
from orthocrm.core.ids import ClinicId
from orthocrm.core.lead import LostReason

Row = dict[str, str]

ZONE = "Europe/Amsterdam"
STAGES = {
    "new_lead": "A_SUBMITTED",
    "contacted": "A_PARTLYSUBMITTED",
    "consultation_scheduled": "A_PREACCEPTED",
    "consultation_completed": "A_ACCEPTED",
    "pending_decision": "A_FINALIZED",
    "treatment_started": "A_APPROVED",
}
"""The stages of the practice, and the states of an application that they stand for."""

LOST = {"A_DECLINED": LostReason.NOT_A_CANDIDATE, "A_CANCELLED": LostReason.NO_RESPONSE}
CALL, FIRST_WORK = "W_Nabellen offertes", "W_Completeren aanvraag"
AMOUNT = CustomField(name="amount", label="Amount asked for", kind=FieldKind.NUMBER)

_SLUGS = {state: slug for slug, state in STAGES.items()}


def practice(crm: OrthoCRM) -> ClinicId:
    """Set up a clinic whose stages are the states of an application."""
    settings = Settings(custom_fields=(AMOUNT,))
    clinic = crm.create_clinic(name="Loans", timezone=ZONE, settings=settings)
    desk = crm.acting_as(Actor.system(Role.OPERATOR, clinic.id))
    desk.settings.remove_stage("treatment_accepted")
    return clinic.id


def cases(folder: Path) -> Iterator[tuple[str, Row, list[Row]]]:
    """Give each application with its events; the log keeps those of one together, in order."""
    with gzip.open(folder / "cases.csv.gz", "rt", newline="") as stream:
        known = {row["case_id"]: row for row in csv.DictReader(stream)}
    with gzip.open(folder / "events.csv.gz", "rt", newline="") as stream:
        for case, rows in groupby(csv.DictReader(stream), key=lambda row: row["case_id"]):
            yield case, known[case], list(rows)


def histories(folder: Path, *, with_work: bool = True) -> Iterator[History]:
    """Give every application as the history of a lead, without tasks and calls if asked for."""
    for case, known, rows in cases(folder):
        submitted = next(row for row in rows if row["activity"] == "A_SUBMITTED")
        asked = Intake(
            channel=Channel.IMPORT,
            no_contact=True,
            external_ref=case,
            received_at=_at(submitted),
            custom={"amount": known["amount_req"]},
        )
        yield History(intake=asked, events=(*_steps(rows), *(_work(rows) if with_work else ())))


def first_works(folder: Path) -> Iterator[History]:
    """Give the applications that had to be completed, as leads that waited for the first work."""
    for case, _, rows in cases(folder):
        of_work = [row for row in rows if row["activity"] == FIRST_WORK]
        planned = next((row for row in of_work if row["lifecycle"] == "SCHEDULE"), None)
        begun = next((row for row in of_work if row["lifecycle"] == "START"), None)
        if planned is not None and begun is not None:
            asked = Intake(
                channel=Channel.IMPORT,
                no_contact=True,
                external_ref=case,
                received_at=_at(planned),
            )
            yield History(intake=asked, events=(_call(begun),))


def _steps(rows: Iterable[Row]) -> Iterator[Past]:
    """Give the way through the states, and who came to hold the lead."""
    owner = ""
    for row in rows:
        state, by = row["activity"], row["resource"] or None
        if by is not None and by != owner and row["lifecycle"] != "SCHEDULE":
            owner = by
            yield Past(kind=PastKind.ASSIGNED, at=_at(row), owner=by, by=by)
        if state == "A_APPROVED":
            yield Past(kind=PastKind.CONVERTED, at=_at(row), by=by)
            return
        if state in LOST:
            yield Past(kind=PastKind.LOST, at=_at(row), by=by, reason=LOST[state])
            return
        if state in _SLUGS and state != "A_SUBMITTED":
            yield Past(kind=PastKind.MOVED, at=_at(row), by=by, stage=_SLUGS[state])


def _work(rows: Iterable[Row]) -> Iterator[Past]:
    """Give calls about offers, and what was to be done with when it was first done."""
    by_kind: dict[str, list[Row]] = {}
    for row in rows:
        if row["activity"].startswith("W_"):
            by_kind.setdefault(row["activity"], []).append(row)
            if row["activity"] == CALL and row["lifecycle"] == "START":
                yield _call(row)
    for kind, of_kind in by_kind.items():
        planned = next((row for row in of_kind if row["lifecycle"] == "SCHEDULE"), None)
        done = next((row for row in of_kind if row["lifecycle"] == "COMPLETE"), None)
        if planned is not None:
            yield Past(
                kind=PastKind.TASK,
                at=_at(planned),
                owner=(done or planned)["resource"] or "somebody",
                title=kind,
                done_at=None if done is None else _at(done),
            )


def _call(row: Row) -> Past:
    """Give a call; the log does not say how it ended."""
    return Past(
        kind=PastKind.CONTACTED,
        at=_at(row),
        by=row["resource"] or None,
        call_outcome=CallOutcome.NO_ANSWER,
    )


def _at(row: Row) -> datetime:
    return datetime.fromisoformat(row["timestamp"])


def replay(desk: Desk, past: Iterable[History]) -> None:
    """Bring the histories, and say what became of them."""
    tally = desk.imports.backfill(past).tally
    print(f"{tally.created} leads, {tally.refused} refused, {len(tally.problems)} problems")


def main(arguments: list[str] | None = None) -> None:
    """Replay the log and show where applications are held up."""
    parser = argparse.ArgumentParser(description="Replay the BPI Challenge 2012 event log.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--db", default="memory://")
    given = parser.parse_args(arguments)
    with connect(given.db) as crm:
        clinic = practice(crm)
        desk = crm.acting_as(Actor.system(Role.OPERATOR, clinic))
        replay(desk, histories(given.folder))
        for name in ("funnel", "stages"):
            views.show(*views.report(desk.analytics.report(name)))


if __name__ == "__main__":
    main()
