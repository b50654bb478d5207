"""What a check of an installation found: one line each, and what to do about it."""

from enum import StrEnum

from attrs import frozen

from orthocrm.core.ids import ClinicId


class Health(StrEnum):
    """How something stands: in order, in need of attention, or not working."""

    OK = "ok"
    WARNING = "warning"
    FAILING = "failing"


@frozen(kw_only=True)
class Finding:
    """How one thing of an installation stands; nothing in it is personal.

    Attributes:
        name: What was looked at: `database`, `keys`, `queues` and so on.
        says: What was found, in one line.
        do: What to do about it; None where all is well.
        clinic: Whose it is; None for what the whole installation shares.
    """

    name: str
    health: Health
    says: str
    do: str | None = None
    clinic: ClinicId | None = None


def fine(name: str, says: str, clinic: ClinicId | None = None) -> Finding:
    """Say that something is in order."""
    return Finding(name=name, health=Health.OK, says=says, clinic=clinic)


def warning(name: str, says: str, do: str, clinic: ClinicId | None = None) -> Finding:
    """Say that something needs attention, and which."""
    return Finding(name=name, health=Health.WARNING, says=says, do=do, clinic=clinic)


def failing(name: str, says: str, do: str, clinic: ClinicId | None = None) -> Finding:
    """Say that something does not work, and what to do."""
    return Finding(name=name, health=Health.FAILING, says=says, do=do, clinic=clinic)
