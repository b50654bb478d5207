"""The floor: what a good programmer would write by hand for the same job on plain columns.

One practice per database, no audit trail, no outbox, no encryption, no versions. Statements are
prepared by the drivers; there is an index for everything that is looked up.
"""

import csv
import io
import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from attrs import frozen

from benchmarks.people import Family
from orthocrm import Intake

COORDINATORS = ("tc-1", "tc-2", "tc-3", "tc-4")
ORDER = {
    "new_lead": 1,
    "contacted": 2,
    "consultation_scheduled": 3,
    "consultation_completed": 4,
    "pending_decision": 5,
    "treatment_accepted": 6,
    "treatment_started": 7,
    "lost": 8,
}
_ENDS = {"CONVERTED": "treatment_started", "LOST": "lost"}
_DUE = timedelta(hours=1)


class Cursor(Protocol):
    """What both drivers' cursors can do."""

    def fetchone(self) -> Sequence[object] | None:
        """Give the next row."""
        ...

    def fetchall(self) -> list[Sequence[object]]:
        """Give all rows."""
        ...

    def executemany(self, sql: str, rows: Iterable[Sequence[object]], /) -> object:
        """Run a statement for every row."""
        ...


class Connection(Protocol):
    """What both drivers' connections can do."""

    def execute(self, sql: str, given: Sequence[object] = (), /) -> Cursor:
        """Run a statement."""
        ...

    def cursor(self) -> Cursor:
        """Open a cursor."""
        ...

    def commit(self) -> None:
        """Commit."""
        ...

    def close(self) -> None:
        """Close."""
        ...


@frozen(kw_only=True)
class Words:
    """What the engines say differently."""

    mark: str
    key: str
    instant: str
    lock: str
    begin: str
    analyse: str
    stamp: Callable[[datetime], object]


TABLES = (
    "CREATE TABLE coordinators (id TEXT PRIMARY KEY, place INTEGER NOT NULL UNIQUE)",
    "CREATE TABLE rotation (id INTEGER PRIMARY KEY, turn INTEGER NOT NULL)",
    """CREATE TABLE leads (
        id {key}, external_ref TEXT UNIQUE,
        first_name TEXT NOT NULL, last_name TEXT NOT NULL,
        patient_first_name TEXT, patient_last_name TEXT, relationship TEXT,
        phone TEXT, email TEXT, city TEXT, postal_code TEXT, notes TEXT,
        source TEXT NOT NULL, source_detail TEXT, channel TEXT NOT NULL,
        status TEXT NOT NULL, stage TEXT NOT NULL, owner TEXT REFERENCES coordinators,
        created_at {instant} NOT NULL, updated_at {instant} NOT NULL)""",
    "CREATE INDEX leads_phone ON leads (phone)",
    "CREATE INDEX leads_email ON leads (email)",
    "CREATE INDEX leads_newest ON leads (status, created_at DESC, id DESC)",
    "CREATE INDEX leads_owner ON leads (owner, status)",
    """CREATE TABLE stage_history (
        id {key}, lead_id BIGINT NOT NULL REFERENCES leads, stage TEXT NOT NULL,
        stage_order INTEGER NOT NULL, entered_at {instant} NOT NULL, left_at {instant})""",
    "CREATE INDEX stage_history_lead ON stage_history (lead_id)",
    """CREATE TABLE activities (
        id {key}, lead_id BIGINT NOT NULL REFERENCES leads, type TEXT NOT NULL,
        occurred_at {instant} NOT NULL, created_by TEXT NOT NULL, detail TEXT)""",
    "CREATE INDEX activities_lead ON activities (lead_id, occurred_at)",
    """CREATE TABLE tasks (
        id {key}, lead_id BIGINT NOT NULL REFERENCES leads, type TEXT NOT NULL,
        assigned_to TEXT NOT NULL, due_at {instant} NOT NULL, status TEXT NOT NULL)""",
    "CREATE INDEX tasks_lead ON tasks (lead_id)",
    "CREATE INDEX tasks_assigned ON tasks (assigned_to, status, due_at)",
    """CREATE TABLE touches (
        id {key}, lead_id BIGINT NOT NULL REFERENCES leads, at {instant} NOT NULL,
        channel TEXT NOT NULL, source TEXT NOT NULL, detail TEXT)""",
    "CREATE INDEX touches_lead ON touches (lead_id, at)",
    "CREATE TABLE doctors (id TEXT PRIMARY KEY, opens INTEGER NOT NULL, closes INTEGER NOT NULL)",
    """CREATE TABLE visits (
        id {key}, doctor TEXT NOT NULL REFERENCES doctors, patient TEXT NOT NULL,
        type TEXT NOT NULL, status TEXT NOT NULL,
        starts_at {instant} NOT NULL, ends_at {instant} NOT NULL, created_at {instant} NOT NULL)""",
    "CREATE INDEX visits_doctor ON visits (doctor, starts_at)",
    """CREATE TABLE visit_events (
        id {key}, visit_id BIGINT NOT NULL REFERENCES visits, what TEXT NOT NULL,
        by_user TEXT NOT NULL, at {instant} NOT NULL)""",
)

_SHARING = "SELECT id, first_name, last_name FROM leads WHERE phone = ? OR email = ? LIMIT 50"
_PICK = "UPDATE rotation SET turn = turn + 1 WHERE id = 1 RETURNING turn"
_LEAD = """INSERT INTO leads (
        first_name, last_name, patient_first_name, patient_last_name, relationship, phone, email,
        city, postal_code, notes, source, source_detail, channel, status, stage, owner,
        created_at, updated_at)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'NEW', 'new_lead', ?, ?, ?) RETURNING id"""
_VISIT = "INSERT INTO stage_history (lead_id, stage, stage_order, entered_at) VALUES (?, ?, ?, ?)"
_TOUCH = "INSERT INTO touches (lead_id, at, channel, source, detail) VALUES (?, ?, ?, ?, ?)"
_ACTIVITY = """INSERT INTO activities (lead_id, type, occurred_at, created_by, detail)
    VALUES (?, ?, ?, ?, ?)"""
_TASK = """INSERT INTO tasks (lead_id, type, assigned_to, due_at, status)
    VALUES (?, 'CALL', ?, ?, 'OPEN')"""
_CURRENT = "SELECT status, stage, owner FROM leads WHERE id = ?"
_MOVE = "UPDATE leads SET status = 'ACTIVE', stage = ?, updated_at = ? WHERE id = ?"
_LEAVE = "UPDATE stage_history SET left_at = ? WHERE lead_id = ? AND left_at IS NULL"
_PAGE = "SELECT * FROM leads WHERE status = ? ORDER BY created_at DESC, id DESC LIMIT 50"
_FUNNEL = """SELECT furthest, status, count(*)
    FROM (SELECT lead_id, max(stage_order) AS furthest FROM stage_history
          WHERE stage <> 'lost' GROUP BY lead_id) AS reached
    JOIN leads ON leads.id = reached.lead_id GROUP BY furthest, status"""
_STAND = "UPDATE leads SET stage = ?, status = ? WHERE external_ref = ?"
_LEFT = """UPDATE stage_history SET left_at = ?
    WHERE lead_id = (SELECT id FROM leads WHERE external_ref = ?) AND left_at IS NULL"""
_ENTER = """INSERT INTO stage_history (lead_id, stage, stage_order, entered_at)
    SELECT id, ?, ?, ? FROM leads WHERE external_ref = ?"""


_HIRE = "INSERT INTO doctors (id, opens, closes) VALUES (?, 480, 1020)"
_HOURS = "SELECT opens, closes FROM doctors WHERE id = ?"
_BUSY = """SELECT starts_at, ends_at FROM visits
    WHERE doctor = ? AND status <> 'CANCELLED' AND starts_at < ? AND ends_at > ?"""
_BOOK = """INSERT INTO visits (doctor, patient, type, status, starts_at, ends_at, created_at)
    VALUES (?, ?, 'check', 'BOOKED', ?, ?, ?) RETURNING id"""
_TELL = "INSERT INTO visit_events (visit_id, what, by_user, at) VALUES (?, 'BOOKED', 'front', ?)"


class Floor(ABC):
    """Hand-written SQL over one connection; `reading` is where single selects go."""

    def __init__(self, words: Words, connection: Connection, reading: Connection) -> None:
        self._words = words
        self.connection = connection
        self.reading = reading
        self._texts: dict[str, str] = {}

    def make_tables(self) -> None:
        """Make the tables and the four coordinators."""
        words = self._words
        for table in TABLES:
            self.connection.execute(table.format(key=words.key, instant=words.instant))
        for place, user in enumerate(COORDINATORS):
            self._run("INSERT INTO coordinators (id, place) VALUES (?, ?)", user, place)
        self._run("INSERT INTO rotation (id, turn) VALUES (1, 0)")
        self.connection.commit()

    def capture(self, enquiry: Intake, now: datetime) -> int:
        """Look for duplicates, pick a coordinator, insert lead, touch, history, activity, task."""
        at = self._words.stamp(now)
        self._begin()
        self._run(_SHARING, *shared(enquiry)).fetchall()
        owner = self._picked()
        values = (*lead_values(enquiry), owner, at, at)
        lead = _number(self._run(_LEAD, *values).fetchone())
        channel, source, detail = enquiry.channel.value, enquiry.source, enquiry.source_detail
        self._run(_TOUCH, lead, at, channel, source, detail)
        self._run(_VISIT, lead, "new_lead", 1, at)
        self._run(_ACTIVITY, lead, "ASSIGNED", at, "tc-1", owner)
        self._run(_TASK, lead, owner, self._words.stamp(now + _DUE))
        self.connection.commit()
        return lead

    def _picked(self) -> str:
        turn = _number(self._run(_PICK).fetchone())
        return COORDINATORS[turn % len(COORDINATORS)]

    def move(self, lead: int, stage: str, now: datetime) -> None:
        """Lock the lead, update it, close and open its history, and log it."""
        at = self._words.stamp(now)
        self._begin()
        before = self._run(_CURRENT + self._words.lock, lead).fetchone()
        assert before is not None
        self._run(_MOVE, stage, at, lead)
        self._run(_LEAVE, at, lead)
        self._run(_VISIT, lead, stage, ORDER[stage], at)
        self._run(_ACTIVITY, lead, "STAGE_CHANGED", at, "tc-1", stage)
        self.connection.commit()

    def hire(self, doctors: Iterable[str]) -> None:
        """Write down who can be booked, from eight to five."""
        self._many(_HIRE, [(doctor,) for doctor in doctors])
        self.connection.commit()

    def book(
        self, doctor: str, patient: str, time: tuple[datetime, datetime], now: datetime
    ) -> None:
        """Lock the doctor, look whether the time is free, and write it down."""
        stamp = self._words.stamp
        start, end = stamp(time[0]), stamp(time[1])
        self._begin()
        self._run(_HOURS + self._words.lock, doctor).fetchone()
        busy = self._run(_BUSY, doctor, end, start).fetchall()
        assert not busy
        visit = _number(self._run(_BOOK, doctor, patient, start, end, stamp(now)).fetchone())
        self._run(_TELL, visit, stamp(now))
        self.connection.commit()

    def page(self, status: str) -> list[Sequence[object]]:
        """Give the newest fifty leads of a status."""
        return self.reading.execute(self._text(_PAGE), (status,)).fetchall()

    def duplicates(self, enquiry: Intake) -> list[Sequence[object]]:
        """Give the leads that share a phone or an e-mail."""
        return self.reading.execute(self._text(_SHARING), shared(enquiry)).fetchall()

    def funnel(self) -> list[Sequence[object]]:
        """Count leads by the furthest stage of their history, and by status."""
        return self.reading.execute(self._text(_FUNNEL)).fetchall()

    @abstractmethod
    def load(self, file: bytes, now: datetime) -> None:
        """Load a CSV file of leads, each reference once."""

    def spread(self, families: Iterable[Family]) -> None:
        """Bring loaded leads to the stages and ends of their families."""
        stamp, steps = self._words.stamp, list(families)
        moved = [f for f in steps if f.stage != "new_lead"]
        ended = [f for f in steps if f.outcome]
        self._begin()
        self._many(_LEFT, ((stamp(f.received_at), f.ref) for f in moved))
        self._many(_ENTER, ((f.stage, ORDER[f.stage], stamp(f.received_at), f.ref) for f in moved))
        self._many(_STAND, ((f.stage, "ACTIVE", f.ref) for f in moved))
        self._many(_LEFT, ((stamp(f.decided_at), f.ref) for f in ended))
        self._many(
            _ENTER,
            (
                (_ENDS[f.outcome], ORDER[_ENDS[f.outcome]], stamp(f.decided_at), f.ref)
                for f in ended
            ),
        )
        self._many(_STAND, ((_ENDS[f.outcome], f.outcome, f.ref) for f in ended))
        self.connection.commit()

    def analyse(self) -> None:
        """Measure the tables."""
        self.reading.execute(self._words.analyse)

    def close(self) -> None:
        """Close the connections."""
        self.connection.close()
        self.reading.close()

    def _begin(self) -> None:
        if self._words.begin:
            self.connection.execute(self._words.begin)

    def _run(self, sql: str, *given: object) -> Cursor:
        return self.connection.execute(self._text(sql), given)

    def _many(self, sql: str, rows: Iterable[Sequence[object]]) -> None:
        self.connection.cursor().executemany(self._text(sql), rows)

    def _text(self, sql: str) -> str:
        text = self._texts.get(sql)
        if text is None:
            text = self._texts[sql] = sql.replace("?", self._words.mark)
        return text


_NO_DIGIT = re.compile(r"\D+")


def phone_of(typed: str) -> str:
    """Bring a phone number of the United States to one form."""
    return "+1" + _NO_DIGIT.sub("", typed)


def shared(enquiry: Intake) -> tuple[str, str]:
    """Give phone and e-mail as they are stored."""
    return phone_of(enquiry.phone or ""), (enquiry.email or "").strip().lower()


def lead_values(enquiry: Intake) -> tuple[object, ...]:
    """Give the columns of a lead that an enquiry fills."""
    return (
        enquiry.first_name,
        enquiry.last_name,
        enquiry.patient_first_name,
        enquiry.patient_last_name,
        enquiry.relationship,
        *shared(enquiry),
        enquiry.city,
        enquiry.postal_code,
        enquiry.notes,
        enquiry.source,
        enquiry.source_detail,
        enquiry.channel.value,
    )


def loaded_rows(file: bytes, now: object) -> Iterable[tuple[object, ...]]:
    """Read the rows of a file as columns of leads, phone and e-mail brought to one form."""
    rows = csv.reader(io.StringIO(file.decode(), newline=""))
    next(rows)
    for number, (ref, first, last, phone, email, source, notes, received, *_) in enumerate(rows):
        yield (
            ref,
            first,
            last,
            phone_of(phone),
            email.strip().lower(),
            notes,
            source,
            COORDINATORS[number % len(COORDINATORS)],
            received,
            now,
        )


def _number(row: Sequence[object] | None) -> int:
    assert row is not None
    number = row[0]
    assert isinstance(number, int)
    return number
