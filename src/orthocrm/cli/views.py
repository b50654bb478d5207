"""What the commands show in a terminal. Texts of the practice are shown as they are, not styled."""

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import BinaryIO
from zoneinfo import ZoneInfo

from rich.console import Console, RenderableType
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from orthocrm.analytics import reports
from orthocrm.analytics.reports import showing, values
from orthocrm.core.appointment import AppointmentStatus
from orthocrm.core.audit import DONE, AuditEntry
from orthocrm.core.ids import LeadId
from orthocrm.core.task import Task
from orthocrm.core.wording import counted
from orthocrm.leads.tables import SIGNATURE
from orthocrm.pipeline.board import Board, Card, Column
from orthocrm.services.imports.runs import ImportReport
from orthocrm.services.scheduling.daybook import DaySheet

_WIDE = 120
_EMPTY = "-"
_STATUS = {
    AppointmentStatus.CONFIRMED: "green",
    AppointmentStatus.COMPLETED: "dim",
    AppointmentStatus.NO_SHOW: "red",
}


def show(*parts: RenderableType) -> None:
    """Print parts below each other; away from a terminal, 120 columns wide."""
    console = Console(highlight=False, width=None if sys.stdout.isatty() else _WIDE)
    for part in parts:
        console.print(part)


def board(shown: Board) -> Table:
    """Lay the open columns beside each other, and count the closed ones below."""
    open_columns = [column for column in shown.columns if not column.stage.is_terminal]
    closed = [column for column in shown.columns if column.stage.is_terminal]
    below = ", ".join(f"{column.stage.name}: {column.count}" for column in closed)
    table = Table(title="Pipeline", caption=Text(below), title_justify="left", expand=True)
    for column in open_columns:
        heading = Text(f"{column.stage.name}\n{column.count}", style=column.stage.color or "")
        table.add_column(heading, ratio=1, overflow="fold")
    table.add_row(*(_cards(column) for column in open_columns))
    return table


def _cards(column: Column) -> Text:
    more = column.count - len(column.cards)
    parts = [_card(card) for card in column.cards]
    if more > 0:
        parts.append(Text(f"and {more} more", style="dim"))
    return Text("\n").join(parts)


def _card(card: Card) -> Text:
    late = " overdue" if card.overdue else " too long" if card.over_age else ""
    text = Text(card.patient or card.contact or "(no name)", style="bold")
    text.append(f"\n{card.owner or 'nobody'}, {card.age.days} d", style="dim")
    text.append(late + "\n", style="red")
    return text


def tasks(
    shown: Sequence[Task], names: Mapping[LeadId, str], now: datetime, timezone: str
) -> Table:
    """List tasks with their leads, in local time, the overdue ones marked."""
    table = Table("Due", "", "Task", "Lead", "Who", title="Tasks of today", title_justify="left")
    for task in shown:
        late = Text("overdue", style="red") if task.is_overdue(now) else Text("")
        lead = Text(names.get(task.lead_id, _EMPTY))
        table.add_row(_local(task.due_at, timezone), late, Text(task.title), lead, task.assigned_to)
    return table


def diary(sheet: DaySheet, names: Mapping[LeadId, str], timezone: str) -> Table:
    """List the appointments of a day by doctor and chair, in local time."""
    title = f"Diary of {sheet.day:%A}, {sheet.day.isoformat()}"
    table = Table("Time", "Doctor", "Chair", "What", "Whom", "", title=title, title_justify="left")
    for one in sheet.appointments:
        whom = names.get(one.lead_id, _EMPTY) if one.lead_id else one.patient_ref or _EMPTY
        status = one.status.lower().replace("_", " ")
        table.add_row(
            f"{one.starts_at.astimezone(ZoneInfo(timezone)):%H:%M}",
            Text(", ".join(one.providers)),
            Text(", ".join(one.resources)),
            Text(one.type.replace("_", " ")),
            Text(whom),
            Text(status, style=_STATUS.get(one.status, "")),
        )
    return table


def report(made: reports.Report) -> Iterator[RenderableType]:
    """Show the tables of a report, and what a reader has to know."""
    yield Text(f"{made.title}, {showing.dates(made)}", style="bold")
    for table in made.tables:
        yield _report_table(table)
    for note in made.notes:
        yield Text(f"note: {note}")


def _report_table(shown: reports.Table) -> Table:
    columns = [i for i, column in enumerate(shown.columns) if column.kind is not reports.Kind.ID]
    table = Table(title=shown.title, title_justify="left", show_footer=shown.total is not None)
    for i in columns:
        column = shown.columns[i]
        footer = showing.text(shown, shown.total, i) if shown.total else ""
        justify = "right" if column.kind in values.NUMBERS else "left"
        table.add_column(Text(column.title), footer=Text(footer), justify=justify)  # type: ignore[arg-type] # two of rich's words
    for row in shown.rows:
        table.add_row(*(Text(showing.text(shown, row, i)) for i in columns))
    return table


def trail(entries: Sequence[AuditEntry], timezone: str) -> Table:
    """List audit entries: when, who, what, how it ended, and on how many objects."""
    table = Table("At", "User", "Operation", "Outcome", "Objects", "Events", title="Audit trail")
    for entry in entries:
        table.add_row(
            _local(entry.at, timezone),
            Text(entry.user),
            entry.operation,
            Text(entry.outcome, style="" if entry.outcome == DONE else "red"),
            str(len(entry.objects)),
            str(len(entry.changes)),
        )
    return table


def imported(made: ImportReport) -> Iterator[RenderableType]:
    """Tell what an import did, and every row that it refused."""
    tally = made.tally
    head = "dry run, nothing was stored" if made.import_id is None else f"import {made.import_id}"
    yield Text(head, style="bold")
    counts = (
        f"created: {tally.created}, updated: {tally.updated}, unchanged: {tally.unchanged}, "
        f"refused: {tally.refused}, possible duplicates: {tally.duplicates}"
    )
    yield Text(counts)
    if tally.problems:
        table = Table("Row", "Line", "Column", "Reason", title="Refused", title_justify="left")
        for bad in tally.problems:
            column = Text(bad.column or _EMPTY)
            table.add_row(str(bad.number), str(bad.line), column, Text(bad.message))
        yield table


@contextmanager
def reading(file: Path) -> Iterator[tuple[BinaryIO, Callable[[int], None]]]:
    """Open a file under a progress bar on standard error, which a pipe does not get to see."""
    console = Console(file=sys.stderr)
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TimeRemainingColumn(),
        console=console,
        disable=not console.is_terminal,
    )
    with bar, file.open("rb") as stream:
        is_whole = stream.read(len(SIGNATURE)) == SIGNATURE  # a workbook is read at once
        stream.seek(0)
        task = bar.add_task("reading", total=None if is_whole else file.stat().st_size)

        def tell(rows: int) -> None:
            bar.update(task, completed=stream.tell(), description=counted(rows, "row"))

        yield stream, tell


def _local(at: datetime, timezone: str) -> str:
    return f"{at.astimezone(ZoneInfo(timezone)):%Y-%m-%d %H:%M}"
