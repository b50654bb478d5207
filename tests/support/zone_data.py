"""Other zone data than this system's, as a government's new law would bring them."""

import struct
import sys
import zoneinfo
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

CHICAGO = "CST6CDT,M3.2.0,M11.1.0"
"""The rules of Chicago since 2007, as POSIX writes them."""

READ_BY = ("orthocrm.core", "orthocrm.scheduling", "orthocrm.followup")
"""Modules that keep in mind what they read of zones."""

ALWAYS_WINTER, ALWAYS_SUMMER = "CST6", "CDT5"


def compiled(rules: str) -> bytes:
    """Compile POSIX rules that hold for all times into zone data (RFC 8536, version 2)."""
    head = b"TZif2" + bytes(15) + struct.pack(">6l", 0, 0, 0, 0, 1, 4)
    block = head + struct.pack(">lbb", 0, 0, 0) + b"LMT\0"
    return block + block + b"\n" + rules.encode() + b"\n"


@contextmanager
def zone_data(folder: Path, rules: str, name: str = "America/Chicago") -> Iterator[None]:
    """Let a zone go by these rules, as if the process had begun with such data."""
    file = folder / rules.replace(",", "_") / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(compiled(rules))
    before = zoneinfo.TZPATH
    begin_anew([str(file.parents[name.count("/")]), *before])
    try:
        yield
    finally:
        begin_anew(before)


def begin_anew(places: "list[str] | tuple[str, ...]") -> None:
    """Look for zone data in these places, and forget what was read before."""
    zoneinfo.reset_tzpath(places)
    zoneinfo.ZoneInfo.clear_cache()
    for module in [one for name, one in sys.modules.items() if name.startswith(READ_BY)]:
        for thing in vars(module).values():
            if callable(getattr(thing, "cache_clear", None)):
                thing.cache_clear()
