"""Commands about keys, and about what is kept of people: rotate, export, erase, retention."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from time import sleep
from typing import TYPE_CHECKING, TypeVar

import click

from orthocrm.cli.options import Failed, at_desk, database, of_clinic, opened, operating, the_clinic
from orthocrm.core.errors import Conflict
from orthocrm.core.ids import LeadId
from orthocrm.core.keyring import KeyLayer, KeyPurpose, KeysStatus, KeyStanding

if TYPE_CHECKING:
    from orthocrm.desk import Desk
    from orthocrm.privacy.portrait import PersonalExport

T = TypeVar("T")

TRIES = 100
"""So often a batch is tried that others keep from the keys."""

PAUSE = 0.2
"""Seconds between such tries."""


@click.group()
def keys() -> None:
    """Replace the keys of the data, while everybody works."""


@keys.command("add")
@click.argument("path", type=click.Path(dir_okay=False, path_type=Path))
def keys_add(path: Path) -> None:
    """Write a new outermost key into a key file; it wraps from then on."""
    from orthocrm.privacy.keys import KeyFile  # noqa: PLC0415 - slow import

    click.echo(f"key {KeyFile.add(path)} wraps from now on: keep a copy of the file")


@keys.command("drop")
@click.argument("path", type=click.Path(dir_okay=False, path_type=Path))
@click.argument("number", type=click.IntRange(min=0))
@database
def keys_drop(path: Path, number: int, url: str) -> None:
    """Take an old outermost key out of a key file, when nothing needs it any more."""
    from orthocrm.privacy.keys import KeyFile  # noqa: PLC0415 - slow import

    with opened(url) as crm:
        for clinic in crm.clinics():
            status = operating(crm, clinic).keys.status()
            if any(key.outer_id == number for key in status.keys):
                raise Failed(f"clinic {clinic.id} still needs key {number}: rotate outermost first")
    KeyFile.drop(path, number)
    click.echo(f"key {number} is gone: what backups hold under it cannot be read any more")


@keys.command("rotate")
@click.argument("layer", type=click.Choice([layer.value for layer in KeyLayer]))
@click.option("--batch", default=500, show_default=True, type=click.IntRange(1, 5_000))
@database
@of_clinic
def keys_rotate(layer: str, batch: int, url: str, wanted: str | None) -> None:
    """Make a new key of a layer, and bring everything under it.

    It may be ended at any time: the next call, and every worker, goes on where it stopped.
    """
    with _desks(url, wanted) as desks:
        for clinic, desk in desks:
            if not _is_under_way(desk.keys.status(), layer):
                _patiently(partial(desk.keys.rotate, KeyLayer(layer)))
            rows, destroyed = _moved(desk, batch)
            click.echo(f"{clinic}: {rows} rows moved, {destroyed} keys destroyed")


@keys.command("status")
@database
@of_clinic
def keys_status(url: str, wanted: str | None) -> None:
    """Show every key, and how many rows wait to come under another one."""
    with _desks(url, wanted) as desks:
        for clinic, desk in desks:
            status = desk.keys.status()
            state = "nothing waits" if status.is_done else "a rotation is under way"
            click.echo(f"{clinic}: {state}")
            for key in status.keys:
                click.echo(f"  {_line(key)}")


def _moved(desk: "Desk", batch: int) -> tuple[int, int]:
    """Move everything; give how many rows moved, and how many keys were destroyed."""
    rows, destroyed, more = 0, 0, True
    while more:
        moved = _patiently(partial(desk.keys.move, most=batch))
        rows, destroyed = rows + moved.rows, destroyed + len(moved.destroyed)
        more = moved.more
    return rows, destroyed


@click.group()
def person() -> None:
    """What is kept of one person: give it out, hold it, erase it."""


@person.command("export")
@click.argument("lead")
@click.argument("target", type=click.Path(file_okay=False, path_type=Path))
@database
@of_clinic
def person_export(lead: str, target: Path, url: str, wanted: str | None) -> None:
    """Write everything that is known of a person into a directory: person.json, person.html."""
    with at_desk(url, wanted) as (_, desk):
        given = desk.privacy.export(LeadId(lead))
    _write(target, given)


@person.command("erase")
@click.argument("lead")
@click.option(
    "--export", "target", type=click.Path(file_okay=False, path_type=Path), help="Export first."
)
@click.confirmation_option(prompt="Nobody can bring the person back. Erase?")
@database
@of_clinic
def person_erase(lead: str, target: Path | None, url: str, wanted: str | None) -> None:
    """Erase a person; with --export, what was known is written into a directory first."""
    with at_desk(url, wanted) as (_, desk):
        if target is not None:
            _write(target, desk.privacy.export(LeadId(lead)))
        erased = desk.privacy.erase(LeadId(lead), with_export=False)
    click.echo(f"erased: {erased.rows} rows went with the lead")


@person.command("hold")
@click.argument("lead")
@click.option("--lift", is_flag=True, help="Let the lead be erased again.")
@database
@of_clinic
def person_hold(lead: str, url: str, wanted: str | None, *, lift: bool) -> None:
    """Keep a lead from being erased, or lift that."""
    with at_desk(url, wanted) as (_, desk):
        verb = desk.privacy.lift_hold if lift else desk.privacy.hold
        held = verb(LeadId(lead))
    click.echo(f"on hold: {len(held)}")


@click.command()
@click.option("--really", is_flag=True, help="Do it, instead of telling what would be done.")
@database
@of_clinic
def retain(url: str, wanted: str | None, *, really: bool) -> None:
    """Archive and erase lost leads by the clinic's rules of retention."""
    archived = erased = passed = 0
    with at_desk(url, wanted) as (_, desk):
        done = desk.privacy.retain(really=really)
        while True:
            archived, erased = archived + len(done.archived), erased + len(done.erased)
            passed += len(done.passed_over)
            if done.after is None:
                break
            done = desk.privacy.retain(really=really, after=done.after)
    would = "" if really else "would be "
    click.echo(f"{would}archived: {archived}, {would}erased: {erased}, expected here: {passed}")


def _write(target: Path, given: "PersonalExport") -> None:
    """Write an export where only its owner may read it."""
    target.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name, text in (("person.json", given.document), ("person.html", given.page)):
        path = target / name
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        click.echo(str(path))


@contextmanager
def _desks(url: str, wanted: str | None) -> Iterator[list[tuple[str, "Desk"]]]:
    """Open the operator's desks of all clinics, or of the one that is asked for."""
    with opened(url) as crm:
        chosen = crm.clinics() if wanted is None else (the_clinic(crm, wanted),)
        yield [(clinic.id, operating(crm, clinic)) for clinic in chosen]


def _is_under_way(status: KeysStatus, layer: str) -> bool:
    """Whether an earlier rotation of the layer has not come to its end."""
    purpose = KeyPurpose.INDEX if layer == KeyLayer.INDEX else KeyPurpose.SEAL
    return any(
        key.purpose is purpose and not key.writes and (key.left or not key.kept)
        for key in status.keys
    )


def _patiently(act: Callable[[], T]) -> T:
    """Try again while others are at work with the keys."""
    for _ in range(TRIES - 1):
        try:
            return act()
        except Conflict:
            sleep(PAUSE)
    return act()


def _line(key: KeyStanding) -> str:
    parts = [f"{key.number} {key.purpose.lower()}", f"under outermost key {key.outer_id}"]
    parts.append("writes" if key.writes else f"{key.left} rows wait, {key.kept} cannot move")
    return ", ".join(parts)
