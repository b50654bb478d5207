"""`orthocrm report`: the practice's numbers as a table, JSON, CSV or a page to print."""

from datetime import date, datetime
from typing import TYPE_CHECKING

import click

from orthocrm.cli.options import at_desk, database, of_clinic

if TYPE_CHECKING:
    from orthocrm.analytics.reports import Report
    from orthocrm.core.time import Period

_DAY = click.DateTime(["%Y-%m-%d"])


@click.command()
@click.argument("name")
@database
@of_clinic
@click.option("--from", "first", type=_DAY, metavar="DATE", help="First local date.")
@click.option("--to", "last", type=_DAY, metavar="DATE", help="Last local date, inclusive.")
@click.option(
    "--format",
    "style",
    type=click.Choice(["table", "json", "csv", "html"]),
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
    """Make a report about a period, or about all time where a report can do without one.

    NAME is daily, weekly, funnel, months, sources, summary, stages, coordinators, agents,
    workload, losses, roi, speed or appointments. HTML is one page with charts, made to print.
    """
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
        write = {"json": reports.as_json, "csv": reports.as_csv, "html": reports.as_html}[style]
        click.echo(write(made), nl=False)
