"""What running processes have used, as Linux tells it."""

import os
from collections.abc import Iterable
from pathlib import Path

from attrs import frozen

_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")


@frozen(kw_only=True)
class Used:
    """Processor time in seconds, and memory in MB, of some processes together."""

    seconds: float
    memory: float


def children(parent: int) -> list[int]:
    """Give the processes that a process has started and that still run."""
    return [number for number in _all() if _parent(number) == parent]


def used(numbers: Iterable[int]) -> Used:
    """Add up what processes and those that they have waited for have used so far."""
    taken = [found for found in map(_fields, numbers) if found]
    return Used(
        seconds=sum(sum(map(int, one[11:15])) for one in taken) / _TICKS,
        memory=sum(int(one[21]) for one in taken) * _PAGE / 1e6,
    )


def command(number: int) -> str:
    """Give the command line of a process."""
    try:
        return Path(f"/proc/{number}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    except OSError:
        return ""


def _all() -> Iterable[int]:
    return (int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit())


def _parent(number: int) -> int | None:
    found = _fields(number)
    return int(found[1]) if found else None


def _fields(number: int) -> list[str]:
    """Give what `proc_pid_stat(5)` lists after the name, beginning with the state."""
    try:
        return Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []
