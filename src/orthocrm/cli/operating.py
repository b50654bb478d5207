"""Commands of whoever operates an installation: schema, clinics, work, board."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from time import sleep
from typing import TYPE_CHECKING

import click

from orthocrm.cli.options import at_desk, database, of_clinic, opened, send_traces
from orthocrm.core.errors import BackendError

if TYPE_CHECKING:
    from orthocrm.crm import OrthoCRM
    from orthocrm.rounds.worked import Worked


@click.command()
@database
@click.option(
    "--role",
    metavar="NAME",
    help="On PostgreSQL, the role as which the application connects; made when it is not there.",
)
def migrate(url: str, role: str | None) -> None:
    """Bring the database schema to this release.

    On PostgreSQL, run it as the owner of the database, and the application as another role: the
    one that --role names sees the rows of one clinic at a time.
    """
    with opened(url, make=True) as crm:
        crm.migrate(role=role)
    click.echo("the schema is that of this release")
    if role is not None:
        click.echo("the role may work with it")


@click.group()
def clinic() -> None:
    """Make and list the clinics of a database."""


@clinic.command("add")
@click.argument("name")
@click.option("--timezone", required=True, metavar="ZONE", help="For example America/Chicago.")
@database
def clinic_add(url: str, name: str, timezone: str) -> None:
    """Make a clinic with the default stages and sources, and print its id."""
    with opened(url, make=True) as crm:
        click.echo(crm.create_clinic(name=name, timezone=timezone).id)


@clinic.command("list")
@database
def clinic_list(url: str) -> None:
    """List id, time zone and name of every clinic."""
    with opened(url) as crm:
        for each in crm.clinics():
            click.echo(f"{each.id}  {each.timezone}  {each.name}")


@click.command()
@database
@click.option("--once", is_flag=True, help="Do what waits now, then end.")
@click.option(
    "--interval",
    "--every",
    "interval",
    type=click.FloatRange(min=0.1, max=3_600),
    default=30.0,
    show_default=True,
    metavar="SECONDS",
    help="The pause between rounds.",
)
@send_traces
def work(url: str, interval: float, *, once: bool) -> None:
    """Do what waits: rules, sequences, notices, events, messages.

    SIGTERM and SIGINT end it after what is in hand. A database that is busy or not there yet is
    asked again after the pause, unless --once was given.
    """
    from orthocrm.workers import Worker, stopping_on_signals  # noqa: PLC0415 - slow import

    if once:
        with opened(url) as crm:
            _tell(crm.work())
        return
    with _reached(url, interval) as crm:
        worker = Worker(crm, every=interval)
        with stopping_on_signals(worker):
            worker.run(_tell)


@contextmanager
def _reached(url: str, pause: float) -> Iterator["OrthoCRM"]:
    """Open an installation as soon as its database answers."""
    with ExitStack() as stack:
        while (crm := _opened(stack, url)) is None:
            sleep(pause)
        yield crm


def _opened(stack: ExitStack, url: str) -> "OrthoCRM | None":
    try:
        return stack.enter_context(opened(url))
    except BackendError as error:
        click.echo(f"error: {error}; trying again", err=True)
        return None


def _tell(done: "Worked") -> None:
    parts = {
        "tasks made": len(done.tasks),
        "messages sent": done.sent,
        "to be tried again": done.retried,
        "parked": done.parked,
        "plug-in failures": len(done.failures),
        "failed steps": len(done.errors),
    }
    click.echo(", ".join(f"{name}: {count}" for name, count in parts.items()))


@click.command()
@database
@of_clinic
@click.option("--cards", default=5, show_default=True, help="Cards per column.")
def board(url: str, wanted: str | None, cards: int) -> None:
    """Show the open pipeline."""
    from orthocrm.cli import views  # noqa: PLC0415 - slow import

    with at_desk(url, wanted) as (_, desk):
        views.show(views.board(desk.pipeline.board(cards=cards)))
