"""`orthocrm report`: the practice's numbers as a table, JSON or CSV."""

from datetime import date, datetime
from typing import TYPE_CHECKING

import click

from orthocrm.cli.options import at_desk, database, of_clinic

if TYPE_CHECKING:
    from orthocrm.analytics.reports import Report
    from orthocrm.core.time import Period

_DAY = click.DateTime(["%Y-%m-%d"])


@click.command()
@click.argument("name", type=click.Choice(["funnel", "sources", "summary", "stages"]))
@database
@of_clinic
@click.option("--from", "first", type=_DAY, metavar="DATE", help="First local date.")
@click.option("--to", "last", type=_DAY, metavar="DATE", help="Last local date, inclusive.")
@click.option(
    "--format",
    "style",
    type=click.Choice(["table", "json", "csv"]),
    default="table",
    show_default=True,
)
def report(
    name: str,
    url: str,
    wanted: str | None,
    first: datetime | None,
    last: datetime | None,
    style: str,
) -> None:
    """Report on the leads that came in during a period, or ever."""
    period = _period(first and first.date(), last and last.date())
    with at_desk(url, wanted) as (_, desk):
        _write(desk.analytics.report(name, period), style)


def _period(first: date | None, last: date | None) -> "Period | None":
    from orthocrm.core.time import Period  # noqa: PLC0415 - slow import

    if first is None and last is None:
        return None
    if first is None or last is None:
        raise click.UsageError("give both --from and --to, or neither")
    return Period.days(first, last)


def _write(made: "Report", style: str) -> None:
    from orthocrm.analytics import reports  # noqa: PLC0415 - slow import
    from orthocrm.cli import views  # noqa: PLC0415 - slow import

    if style == "table":
        views.show(*views.report(made))
    else:
        text = reports.as_json(made) if style == "json" else reports.as_csv(made)
        click.echo(text, nl=False)
