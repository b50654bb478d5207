"""`orthocrm audit`: who did what, whether that can be believed, and who was told."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from orthocrm.cli.options import Failed, at_desk, database, database_of_group, of_clinic
from orthocrm.core.wording import counted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from orthocrm.privacy.chain import Finding
    from orthocrm.privacy.verdicts import Verdict

_NOT_SOUND = 1

_FAULTS = {
    "changed": "the entry is not the one that was sealed here",
    "missing": "the entry is gone",
    "unsealed": "the entry was never sealed",
    "foreign": "the entry was not written by this installation",
    "personal_changed": "what it changed in personal fields is not what it stands for",
    "personal_missing": "what it changed in personal fields is gone, though nobody was erased",
    "cut_off": "a checkpoint knows of this entry; the trail ends before it: it was cut off, or an "
    "older backup was restored",
    "rewritten": "the trail is another one than a checkpoint knows from here on: it was written "
    "anew, or an older backup was restored and went on",
    "checkpoint_forged": "the checkpoint of this position bears no signature of this installation",
    "checkpoint_missing": "a checkpoint before that of this position was left out",
}
_LIMITS = {
    "after_last_checkpoint": "entries after position {confirmed}, which the last checkpoint "
    "confirms, can be cut off without a trace",
    "no_checkpoints": "there is no checkpoint: the newest entries can be cut off, and an older "
    "backup restored, without a trace",
    "not_sealed_yet": "of {waiting} that wait for the sealer, one can be taken out without a trace",
    "no_key": "the database is kept in clear: whoever writes to it can compute every seal",
}


@click.group(invoke_without_command=True)
@database_of_group
@of_clinic
@click.option("--size", default=20, show_default=True, help="How many entries.")
@click.pass_context
def audit(context: click.Context, url: str | None, wanted: str | None, size: int) -> None:
    """Show the newest entries of the audit trail, or do what a command says with it."""
    if context.invoked_subcommand is not None:
        context.default_map = {name: {"url": url, "wanted": wanted} for name in audit.commands}
        return
    if url is None:
        raise click.UsageError("Missing option '--db'.")
    from orthocrm.cli import views  # noqa: PLC0415 - slow import

    with at_desk(url, wanted) as (clinic, desk):
        views.show(views.trail(desk.privacy.trail(size=size).entries, clinic.timezone))


@audit.command("verify")
@database
@of_clinic
@click.option(
    "--public-key",
    "pems",
    multiple=True,
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="A key that signed checkpoints once, in PEM; may be given several times.",
)
def audit_verify(url: str, wanted: str | None, pems: tuple[Path, ...]) -> None:
    """Check the chain, personal digests and checkpoints; name the first bad position.

    It ends with 1 when something is wrong. What no check can show is said as well.
    """
    from orthocrm.privacy.signing import read_public_pem  # noqa: PLC0415 - slow import

    keys = [read_public_pem(path.read_bytes()) for path in pems]
    with at_desk(url, wanted) as (_, desk):
        verdict = desk.privacy.verify(public_keys=keys)
    for line in _said(verdict):
        click.echo(line)
    if not verdict.is_sound:
        raise click.exceptions.Exit(_NOT_SOUND)


def _said(verdict: "Verdict") -> "Iterator[str]":
    if verdict.is_sound:
        yield f"sound: {counted(verdict.entries, 'entry', 'entries')} in the chain"
    elif verdict.first_bad is None:
        yield "not sound"
    else:
        yield f"not sound: the first bad position is {verdict.first_bad}"
    yield from map(_found, verdict.findings)
    yield (
        f"checkpoints: {verdict.checkpoints}, confirmed up to position {verdict.confirmed}; "
        f"waiting for the sealer: {verdict.waiting}"
    )
    for one in verdict.given_up:
        yield f"given up: the checkpoint of position {one.position}, by a restore that was stated"
    for limit in verdict.limits:
        said = _LIMITS[limit].format(confirmed=verdict.confirmed, waiting=verdict.waiting)
        yield f"cannot show: {said}"


def _found(finding: "Finding") -> str:
    where = "" if finding.position is None else f"position {finding.position}"
    if finding.upto is not None:
        where += f" to {finding.upto}"
    named = "" if finding.entry_id is None else f"entry {finding.entry_id}"
    place = ", ".join(filter(None, (where, named)))
    return f"  {place}: {_FAULTS[finding.fault]}"


@audit.command("seal")
@database
@of_clinic
def audit_seal(url: str, wanted: str | None) -> None:
    """Seal the entries that wait, as the worker does."""
    with at_desk(url, wanted) as (_, desk):
        sealed = desk.privacy.seal()
        count = sealed.entries
        while sealed.is_more:
            sealed = desk.privacy.seal()
            count += sealed.entries
    click.echo(f"sealed: {count}, not of this installation: {sealed.foreign}")


@audit.command("checkpoint")
@database
@of_clinic
@click.option(
    "--after-restore",
    is_flag=True,
    help="The database was put back to an older state, and that is known.",
)
def audit_checkpoint(url: str, wanted: str | None, *, after_restore: bool) -> None:
    """Sign where the chain stands, into the file that ORTHOCRM_CHECKPOINTS names."""
    with at_desk(url, wanted) as (_, desk):
        made = desk.privacy.checkpoint(after_restore=after_restore)
    if made is None:
        click.echo("no checkpoint: there is no file for it, or nothing new")
    else:
        click.echo(f"checkpoint of position {made.position}")


@audit.command("public-key")
@database
@of_clinic
def audit_public_key(url: str, wanted: str | None) -> None:
    """Print the public key that verifies checkpoints, in PEM."""
    with at_desk(url, wanted) as (_, desk):
        pem = desk.privacy.public_key()
    if pem is None:
        raise Failed("nothing is signed here: set ORTHOCRM_CHECKPOINTS")
    click.echo(pem, nl=False)


@audit.command("disclosures")
@database
@of_clinic
@click.option("--lead", metavar="ID", help="Of one person only.")
def audit_disclosures(url: str, wanted: str | None, lead: str | None) -> None:
    """Account for the disclosures of the last six years, as CSV."""
    from orthocrm.core.ids import LeadId  # noqa: PLC0415 - slow import
    from orthocrm.privacy.reports import Disclosure, as_csv  # noqa: PLC0415 - slow import

    with at_desk(url, wanted) as (_, desk):
        rows = desk.privacy.disclosures(None if lead is None else LeadId(lead))
    click.echo(as_csv(rows, Disclosure), nl=False)


@audit.command("accesses")
@click.argument("lead", metavar="ID")
@database
@of_clinic
def audit_accesses(url: str, wanted: str | None, lead: str) -> None:
    """Tell who looked at a person's data or changed them in the last six years, as CSV."""
    from orthocrm.core.ids import LeadId  # noqa: PLC0415 - slow import
    from orthocrm.privacy.reports import Access, as_csv  # noqa: PLC0415 - slow import

    with at_desk(url, wanted) as (_, desk):
        rows = desk.privacy.access_report(LeadId(lead))
    click.echo(as_csv(rows, Access), nl=False)


@audit.command("glass")
@database
@of_clinic
def audit_glass(url: str, wanted: str | None) -> None:
    """Tell who broke the glass in the last six years, and why, as CSV."""
    from orthocrm.privacy.reports import GlassBroken, as_csv  # noqa: PLC0415 - slow import

    with at_desk(url, wanted) as (_, desk):
        rows = desk.privacy.glass_broken()
    click.echo(as_csv(rows, GlassBroken), nl=False)
