"""`orthocrm demo`: a practice with a year behind it, to look at and to play with."""

import json
import os
import sys
import tempfile
import webbrowser
from datetime import timedelta
from pathlib import Path
from shutil import which
from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.progress import Progress

from orthocrm.cli.options import LARGEST_PORT, Failed, operating, stored_plainly
from orthocrm.core.errors import MissingExtra

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from orthocrm.core.ids import LeadId
    from orthocrm.core.settings import Clinic
    from orthocrm.core.task import Task
    from orthocrm.crm import OrthoCRM
    from orthocrm.demo import SetClock
    from orthocrm.desk import Desk
    from orthocrm.services.scheduling.daybook import DaySheet


_MOST_TASKS = 15


@click.command()
@click.option("--db", "url", metavar="URL", help="An empty database; a temporary one if left out.")
@click.option("--seed", default=1, show_default=True, help="Another number, another practice.")
@click.option("--leads", default=2500, show_default=True, type=click.IntRange(20, 20_000))
@click.option("--terminal", is_flag=True, help="Show the practice here, and serve nothing.")
@click.option("--no-browser", is_flag=True, help="Open no browser at the address.")
@click.option(
    "--port",
    type=click.IntRange(0, LARGEST_PORT),
    default=0,
    help="The port of the loopback; any that is free if left out.",
)
def demo(
    url: str | None, seed: int, leads: int, port: int, *, terminal: bool, no_browser: bool
) -> None:
    """Fill a practice with an invented year, and offer it in the browser until Ctrl+C."""
    from orthocrm.crm import connect, utc_now  # noqa: PLC0415 - slow import
    from orthocrm.demo import SetClock, SetIds, let_in  # noqa: PLC0415 - slow import

    if not terminal:
        _ensure_servable()
    url = url or _temporary()
    now = utc_now()
    clock = SetClock(now)
    with connect(url, clock=clock, ids=SetIds(clock, seed), discover_plugins=False) as crm:
        if crm.clinics():
            raise Failed("db: the database holds a clinic already; the demo wants an empty one")
        clinic = _filled(crm, clock, seed, leads)
        let_in(crm, clinic)
        if terminal:
            _show(operating(crm, clinic), clinic, now)
    if terminal:
        _say_what_next(url)
    else:
        _offer(url, port, opens=not no_browser)


def _ensure_servable() -> None:
    try:
        import orthocrm.web.serving  # noqa: F401, PLC0415 - optional dependency
    except ModuleNotFoundError:
        raise MissingExtra("web", "the demo in a browser (--terminal shows it here)") from None


def _filled(crm: "OrthoCRM", clock: "SetClock", seed: int, leads: int) -> "Clinic":
    """Play the year, and show on standard error how far it is."""
    from orthocrm.demo import fill  # noqa: PLC0415 - slow import

    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as shown:
        task = shown.add_task("Inventing a year", total=1)
        return fill(
            crm,
            clock,
            seed=seed,
            leads=leads,
            tell=lambda share: shown.update(task, completed=share),
        )


def _offer(url: str, port: int, *, opens: bool) -> None:
    """Serve the application to this machine alone, with everybody whom it can be tried as."""
    from orthocrm.demo import PASSWORD, PEOPLE  # noqa: PLC0415 - slow import
    from orthocrm.web import serving  # noqa: PLC0415 - optional dependency

    people = [(one.email, one.name, one.role.value, PASSWORD) for one in PEOPLE]
    os.environ.update(
        {
            serving.DATABASE: url,
            serving.PLAINTEXT: "1" if stored_plainly() else "0",
            serving.PLAIN_COOKIES: "1",
            serving.DEMO: json.dumps(people),
        }
    )

    def announce(address: str) -> None:
        click.echo(f"{address}/\n")
        click.echo(f"Everybody in it is invented; the password of all is: {PASSWORD}")
        for email, name, role, _ in people:
            click.echo(f"  {email:<26} {name} ({role.replace('_', ' ')})")
        click.echo(f"\nThe practice is in {url}; Ctrl+C ends the demo.")
        if opens and _has_screen():
            webbrowser.open(f"{address}/")

    serving.serve(host="127.0.0.1", port=port, workers=1, announce=announce)


def _has_screen() -> bool:
    """Whether a browser would be seen, rather than take this terminal."""
    shown = ("DISPLAY", "WAYLAND_DISPLAY")
    return not sys.platform.startswith("linux") or any(os.environ.get(name) for name in shown)


def _temporary() -> str:
    folder = Path(tempfile.mkdtemp(prefix="orthocrm-demo-"))
    return f"sqlite:///{folder / 'practice.db'}"


def _show(desk: "Desk", clinic: "Clinic", now: "datetime") -> None:
    from orthocrm.cli import views  # noqa: PLC0415 - slow import

    views.show(views.board(desk.pipeline.board(cards=3)), "")
    sheet = _diary(desk)
    if sheet is not None:
        views.show(views.diary(sheet, _patients(desk, sheet), clinic.timezone), "")
    views.show(views.tasks(*_tasks_of_today(desk, clinic, now), now, clinic.timezone), "")
    for name in ("funnel", "sources"):
        views.show(*views.report(desk.analytics.report(name)), "")


def _diary(desk: "Desk") -> "DaySheet | None":
    """Give today's diary, or the next one on which something stands."""
    today = desk.scheduling.day()
    days = (today, *(desk.scheduling.day(today.day + timedelta(days=n)) for n in range(1, 8)))
    return next((sheet for sheet in days if sheet.appointments), None)


def _patients(desk: "Desk", sheet: "DaySheet") -> "dict[LeadId, str]":
    """Give the names of those who come."""
    return _names(desk, [one.lead_id for one in sheet.appointments if one.lead_id is not None])


def _names(desk: "Desk", ids: "Sequence[LeadId]") -> "dict[LeadId, str]":
    from orthocrm.core.query import Cond  # noqa: PLC0415 - slow import

    found = desk.leads.find(Cond("id", "in", ids), size=100) if ids else None
    leads = () if found is None else found.leads
    return {lead.id: f"{lead.patient.first_name} {lead.patient.last_name}" for lead in leads}


def _tasks_of_today(
    desk: "Desk", clinic: "Clinic", now: "datetime"
) -> "tuple[Sequence[Task], dict[LeadId, str]]":
    """Give the tasks that are due before the day ends, and the names of their leads."""
    from orthocrm.core.time import DAY, midnight, zone  # noqa: PLC0415 - slow import

    today = now.astimezone(zone(clinic.timezone)).date()
    due = desk.followups.open_tasks(due_before=midnight(today + DAY, clinic.timezone))[
        -_MOST_TASKS:
    ]
    return due, _names(desk, [task.lead_id for task in due])


def _say_what_next(url: str) -> None:
    command = "orthocrm" if which("orthocrm") else sys.argv[0]
    click.echo(f"The practice is in {url}, and everybody in it is invented. Try next:\n")
    for rest in ("report summary", "report funnel --format json", "board --cards 8", "audit"):
        click.echo(f"  {command} {rest} --db {url}")
    click.echo(f"  {command} work --once --db {url}")
