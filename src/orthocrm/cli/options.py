"""What the commands share: the database, the clinic, and how they fail."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, TypeVar
from urllib.parse import unquote

import click

from orthocrm.core.errors import OrthoCRMError

if TYPE_CHECKING:
    from orthocrm.core.settings import Clinic
    from orthocrm.core.tracing import Tracer
    from orthocrm.crm import OrthoCRM
    from orthocrm.desk import Desk

F = TypeVar("F", bound=Callable[..., Any])

LARGEST_PORT = 65_535

_SQLITE = "sqlite:///"
_PLAINTEXT = "orthocrm.allow_plaintext"
_OTLP = "ORTHOCRM_OTLP"
_LEVEL = "orthocrm.log_level"


class Failed(click.ClickException):
    """A command that cannot go on: one line on standard error, and exit code 2."""

    exit_code = 2

    def show(self, file: IO[Any] | None = None) -> None:
        """Say so."""
        click.echo(f"error: {self.message}", err=True, file=file)


class Commands(click.Group):
    """A group whose commands fail in one line: errors name fields, never values."""

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401 - what click gives
        """Run a command."""
        try:
            return super().invoke(ctx)
        except OrthoCRMError as error:
            raise Failed(str(error)) from error


def database(command: F) -> F:
    """Add the options that name the database, and say how its data are kept."""
    return _naming(command, required=True)


def database_of_group(command: F) -> F:
    """Add them to a group that does something by itself; its commands may have them as well."""
    return _naming(command, required=False)


def _naming(command: F, *, required: bool) -> F:
    named = click.option(
        "--db", "url", envvar="ORTHOCRM_DB", required=required, metavar="URL", help="The database."
    )
    plain = click.option(
        "--allow-plaintext",
        is_flag=True,
        expose_value=False,
        callback=_allow_plaintext,
        help="Keep personal data unencrypted, for trials only.",
    )
    return named(plain(command))


def _allow_plaintext(context: click.Context, _: click.Parameter, value: bool) -> None:  # noqa: FBT001 - as click calls it
    context.meta[_PLAINTEXT] = value or context.meta.get(_PLAINTEXT, False)


def logging_options(command: F) -> F:
    """Add the options that say what is logged, on standard error and without personal data."""
    level = click.option(
        "--log-level",
        envvar="ORTHOCRM_LOG_LEVEL",
        type=click.Choice(["debug", "info", "warning", "error"]),
        default="warning",
        show_default=True,
        expose_value=False,
        is_eager=True,
        callback=_note,
        help="The lowest level that is logged.",
    )
    style = click.option(
        "--log-format",
        envvar="ORTHOCRM_LOG_FORMAT",
        type=click.Choice(["text", "json"]),
        default="text",
        show_default=True,
        expose_value=False,
        callback=_log,
        help="Lines for people, or one JSON object for each.",
    )
    return level(style(command))


def _note(context: click.Context, _: click.Parameter, value: str) -> None:
    context.meta[_LEVEL] = value


def _log(context: click.Context, _: click.Parameter, value: str) -> None:
    """Log to standard error until the command has ended."""
    from orthocrm.observing import log_to  # noqa: PLC0415 - slow import

    level = context.meta[_LEVEL].upper()
    context.with_resource(log_to(level=level, as_json=value == "json"))


def of_clinic(command: F) -> F:
    """Add the option that chooses a clinic."""
    add = click.option(
        "--clinic", "wanted", metavar="ID|NAME", help="The clinic, if there are several."
    )
    return add(command)


@contextmanager
def opened(url: str, *, make: bool = False) -> Iterator["OrthoCRM"]:
    """Open an installation; a mistyped file name makes no new database unless `make`."""
    from orthocrm.crm import connect  # noqa: PLC0415 - slow import

    if not make and is_missing(url):
        raise Failed("db: there is no such file; clinic add, import and migrate make one")
    with connect(url, allow_plaintext=stored_plainly(), tracer=_tracer()) as crm:
        yield crm


def _tracer() -> "Tracer":
    """Give what is told of what is under way, where the environment asks for it."""
    from orthocrm.observing.tracing import tracer_of_environment  # noqa: PLC0415 - slow import

    return tracer_of_environment()


def send_traces(command: F) -> F:
    """Add the option that says where traces go; processes that are started inherit it."""
    return click.option(
        "--otlp",
        envvar=_OTLP,
        expose_value=False,
        is_eager=True,
        callback=_send_traces,
        metavar="URL",
        help="Send traces to this collector of OpenTelemetry.",
    )(command)


def _send_traces(_: click.Context, __: click.Parameter, address: str | None) -> None:
    if address:
        os.environ[_OTLP] = address


def stored_plainly() -> bool:
    """Whether personal data are kept unencrypted, as the command was told."""
    return bool(click.get_current_context().meta.get(_PLAINTEXT, False))


def is_missing(url: str) -> bool:
    """Whether a URL names an SQLite file that does not exist."""
    name = unquote(url.removeprefix(_SQLITE).partition("?")[0])
    in_memory = name in ("", ":memory:")
    return url.startswith(_SQLITE) and not in_memory and not Path(name).exists()


def the_clinic(crm: "OrthoCRM", wanted: str | None) -> "Clinic":
    """Find the clinic that was asked for, or the only one."""
    clinics = crm.clinics()
    chosen = [one for one in clinics if wanted is None or wanted in (one.id, one.name)]
    if len(chosen) == 1:
        return chosen[0]
    if not clinics:
        raise Failed("the database holds no clinic: make one with orthocrm clinic add")
    if not chosen:
        raise Failed("clinic: no such clinic; orthocrm clinic list shows them")
    raise Failed("several clinics: choose by --clinic ID; orthocrm clinic list shows the ids")


def operating(crm: "OrthoCRM", clinic: "Clinic") -> "Desk":
    """Give the desk of whoever runs the command line: the operator of the installation."""
    from orthocrm.core.actor import Actor, Role  # noqa: PLC0415 - slow import

    return crm.acting_as(Actor.system(Role.OPERATOR, clinic.id))


@contextmanager
def at_desk(url: str, wanted: str | None) -> Iterator[tuple["Clinic", "Desk"]]:
    """Open an installation that is there already, at the operator's desk of one clinic."""
    with opened(url) as crm:
        clinic = the_clinic(crm, wanted)
        yield clinic, operating(crm, clinic)
