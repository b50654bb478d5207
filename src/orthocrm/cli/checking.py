"""`orthocrm check`: whether an installation is in order, one line each."""

import json
from typing import TYPE_CHECKING

import click

from orthocrm.cli.options import database, opened

if TYPE_CHECKING:
    from orthocrm.core.finding import Finding

_SHOWN = {"ok": "ok     ", "warning": "warning", "failing": "FAILING"}


@click.command()
@database
@click.option("--json", "as_json", is_flag=True, help="One JSON list instead of lines.")
@click.option("--no-audit", is_flag=True, help="Leave the audit trail out: it takes its time.")
@click.pass_context
def check(context: click.Context, url: str, *, as_json: bool, no_audit: bool) -> None:
    """Look whether all is in order: files, database, keys, clocks, queues, carriers, audit.

    It changes nothing. The exit code is 1 when something does not work.
    """
    with opened(url) as crm:
        found = crm.check(audit=not no_audit)
    if as_json:
        click.echo(json.dumps([_as_json(one) for one in found], indent=2))
    else:
        for one in found:
            click.echo(_line(one))
    if any(one.health == "failing" for one in found):
        context.exit(1)


def _as_json(finding: "Finding") -> dict[str, str | None]:
    return {
        "name": finding.name,
        "health": finding.health.value,
        "says": finding.says,
        "do": finding.do,
        "clinic": finding.clinic,
    }


def _line(finding: "Finding") -> str:
    whose = f" [{finding.clinic}]" if finding.clinic else ""
    do = f" -> {finding.do}" if finding.do else ""
    return f"{_SHOWN[finding.health]}  {finding.name}{whose}: {finding.says}{do}"
