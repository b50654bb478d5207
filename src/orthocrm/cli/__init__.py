"""`orthocrm`: the command line."""

import click

from orthocrm.cli.auditing import audit
from orthocrm.cli.checking import check
from orthocrm.cli.demonstrating import demo
from orthocrm.cli.entering import key, user
from orthocrm.cli.exporting import export
from orthocrm.cli.importing import import_file, import_revert
from orthocrm.cli.keeping import keys, person, retain
from orthocrm.cli.operating import board, clinic, migrate, work
from orthocrm.cli.options import Commands, logging_options
from orthocrm.cli.reporting import report
from orthocrm.cli.serving import serve

__all__ = ["main"]


@click.group(cls=Commands)
@click.version_option(package_name="orthocrm")
@logging_options
def main() -> None:
    """Lead management and scheduling for orthodontic practices.

    Give the database by --db or by the environment variable ORTHOCRM_DB, for example
    sqlite:///practice.db or postgresql+psycopg://user@host/name.
    """


COMMANDS = (
    demo,
    serve,
    migrate,
    clinic,
    user,
    key,
    import_file,
    import_revert,
    export,
    report,
    work,
    board,
    audit,
    keys,
    person,
    retain,
    check,
)

for command in COMMANDS:
    main.add_command(command)
