"""`orthocrm import`: a file of leads or of outcomes, and back again."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click
from attrs import asdict

from orthocrm.cli.options import (
    Failed,
    database,
    is_missing,
    of_clinic,
    opened,
    operating,
    the_clinic,
)
from orthocrm.core.wording import counted

if TYPE_CHECKING:
    from orthocrm.core.settings import Clinic
    from orthocrm.crm import OrthoCRM
    from orthocrm.leads.mapping import LeadMapping, OutcomeMapping
    from orthocrm.services.imports.runs import ImportReport

    Mapping = LeadMapping | OutcomeMapping

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_SCRATCH = "memory://"


@click.command("import")
@click.argument("file", type=_FILE)
@click.option(
    "--mapping",
    "named",
    required=True,
    metavar="FILE|NAME",
    help="Which column is what: a mapping file, or the name of a saved mapping.",
)
@click.option("--dry-run", is_flag=True, help="Say what would happen, and store nothing.")
@click.option(
    "--format", "style", type=click.Choice(["table", "json"]), default="table", show_default=True
)
@database
@of_clinic
def import_file(
    file: Path, named: str, url: str, wanted: str | None, style: str, *, dry_run: bool
) -> None:
    """Import a file of leads or of outcomes.

    Every row that can be read goes in, and every other one is reported. The exit code is 1 when
    rows were refused and none went in.
    """
    written = _written(named)
    with _installation(url, dry_run=dry_run) as crm:
        mapping = written or _saved(crm, wanted, named)
        clinic = _clinic(crm, wanted, mapping)
        report = _run(crm, clinic, file, mapping, dry_run=dry_run)
    _tell(report, style)
    tally = report.tally
    if tally.refused and tally.refused == tally.rows:
        raise SystemExit(1)


@click.command("import-revert")
@click.argument("import_id")
@database
@of_clinic
def import_revert(import_id: str, url: str, wanted: str | None) -> None:
    """Take an import back; leads that somebody worked on since then are kept."""
    from orthocrm.core.ids import ImportId  # noqa: PLC0415 - slow import

    with opened(url) as crm:
        desk = operating(crm, the_clinic(crm, wanted))
        done = desk.imports.revert(ImportId(import_id))
    click.echo(f"removed: {done.removed}, restored: {done.restored}, kept: {done.kept}")


def _written(named: str) -> "Mapping | None":
    """Read a mapping file; without one of this name, a saved mapping is meant."""
    from orthocrm.leads import mapping  # noqa: PLC0415 - slow import

    file = Path(named)
    if not file.is_file():
        return None
    try:
        return mapping.parse(file.read_text(encoding="utf-8-sig"))
    except UnicodeDecodeError:
        raise Failed("mapping: the file is not UTF-8") from None


def _saved(crm: "OrthoCRM", wanted: str | None, named: str) -> "Mapping":
    """Find a mapping among those that the clinic saved, whatever the case of its name."""
    from orthocrm.leads import mapping  # noqa: PLC0415 - slow import

    known = operating(crm, the_clinic(crm, wanted)).settings.mappings() if crm.clinics() else ()
    for saved in known:
        if saved.name.casefold() == named.casefold():
            return mapping.parse(saved.text)
    raise Failed("mapping: there is neither a file nor a saved mapping of this name")


@contextmanager
def _installation(url: str, *, dry_run: bool) -> "Iterator[OrthoCRM]":
    """Open the database; a dry run where there is no clinic yet gets one that does not last."""
    if dry_run and is_missing(url):
        url = _SCRATCH
    with opened(url, make=True) as crm:
        if not dry_run or crm.clinics():
            yield crm
            return
    with opened(_SCRATCH) as crm:
        yield crm


def _clinic(crm: "OrthoCRM", wanted: str | None, mapping: "Mapping") -> "Clinic":
    """Choose the clinic; the first one is made as the mapping says."""
    if crm.clinics():
        return the_clinic(crm, wanted)
    name, timezone = "My practice", "UTC"
    if mapping.clinic is not None:
        name, timezone = mapping.clinic.name, mapping.clinic.timezone
    clinic = crm.create_clinic(name=name, timezone=timezone)
    click.echo(f"no clinic yet: made {clinic.name} in {clinic.timezone}", err=True)
    return clinic


def _run(
    crm: "OrthoCRM", clinic: "Clinic", file: Path, mapping: "Mapping", *, dry_run: bool
) -> "ImportReport":
    from orthocrm.cli import views  # noqa: PLC0415 - slow import

    imports = operating(crm, clinic).imports
    with views.reading(file) as (stream, tell):
        return imports.run(stream, mapping, dry_run=dry_run, progress=tell)


def _tell(report: "ImportReport", style: str) -> None:
    from orthocrm.cli import views  # noqa: PLC0415 - slow import

    if style == "json":
        counts = asdict(report.tally)
        click.echo(
            json.dumps({"kind": report.kind, "import_id": report.import_id, **counts}, indent=2)
        )
        return
    views.show(*views.imported(report))
    if report.tally.refused:
        click.echo(
            f"warning: {counted(report.tally.refused, 'row was', 'rows were')} refused", err=True
        )
