"""`orthocrm export`: what the practice takes away."""

import json
from typing import TYPE_CHECKING

import click

from orthocrm.cli.options import Failed, at_desk, database, of_clinic

if TYPE_CHECKING:
    from orthocrm.core.ids import ViewId
    from orthocrm.core.query import Where
    from orthocrm.desk import Desk


@click.group()
def export() -> None:
    """Write what the database holds as CSV or JSON."""


@export.command("leads")
@database
@of_clinic
@click.option(
    "--where",
    "condition",
    metavar="JSON",
    help='For example {"field": "stage", "op": "eq", "value": "contacted"}.',
)
@click.option("--view", "named", metavar="NAME", help="A saved view that is shared.")
@click.option("--columns", metavar="NAME,...", help="Which columns, in this order.")
@click.option(
    "--format", "style", type=click.Choice(["csv", "json"]), default="csv", show_default=True
)
def export_leads(
    url: str,
    wanted: str | None,
    condition: str | None,
    named: str | None,
    columns: str | None,
    style: str,
) -> None:
    """Write leads, a row at a time, under the names that mapping files know.

    In CSV a text that a spreadsheet would take for a formula gets a quote in front, which an
    import takes off again.
    """
    where = None if condition is None else _condition(condition)
    chosen = None if columns is None else [name.strip() for name in columns.split(",")]
    with at_desk(url, wanted) as (_, desk):
        view = None if named is None else _view(desk, named)
        table = desk.leads.export(where, view=view, columns=chosen)
        for row in table.json() if style == "json" else table.csv():
            click.echo(row, nl=False)


@export.command("deidentified")
@database
@of_clinic
@click.option("--where", "condition", metavar="JSON", help="Which leads.")
@click.option(
    "--purpose",
    metavar="NAME",
    help="What for: later exports of the same name have the same pseudonyms.",
)
@click.option(
    "--ages-by",
    type=click.IntRange(1, 30),
    default=1,
    show_default=True,
    metavar="YEARS",
    help="Bands of ages of so many years.",
)
@click.option(
    "--at-least",
    type=click.IntRange(1, 1000),
    default=1,
    show_default=True,
    metavar="ROWS",
    help="Leave out those of whom fewer look alike.",
)
@click.option(
    "--format", "style", type=click.Choice(["csv", "json"]), default="csv", show_default=True
)
def export_deidentified(
    url: str,
    wanted: str | None,
    condition: str | None,
    purpose: str | None,
    ages_by: int,
    at_least: int,
    style: str,
) -> None:
    """Write leads without the 18 identifiers of the Safe Harbor (45 CFR 164.514(b)(2)).

    How many rows at least look alike is told on standard error, and in JSON beside the rows.
    """
    where = None if condition is None else _condition(condition)
    with at_desk(url, wanted) as (_, desk):
        found = desk.privacy.deidentified(
            where, purpose=purpose, ages_by=ages_by, at_least=at_least
        )
        for row in found.json() if style == "json" else found.csv():
            click.echo(row, nl=False)
        click.echo(str(found.anonymity), err=True)


def _condition(text: str) -> "Where":
    from orthocrm.core.query_text import loaded  # noqa: PLC0415 - slow import

    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        raise Failed("where: give a condition as JSON") from None
    return loaded(value)


def _view(desk: "Desk", named: str) -> "ViewId":
    found = [view for view in desk.leads.views() if view.name.casefold() == named.casefold()]
    if len(found) != 1:
        raise Failed("view: no shared view has this name, or several have it")
    return found[0].id
