"""Stopping the PostgreSQL server of a test run, also when the run was killed.

Run as a script it waits until the process that holds the directory's `owner` file is gone.
A lock tells that better than a process id, which a zombie keeps.
"""

import fcntl
import os
import shutil
import signal
import sys
import time
from pathlib import Path

PATIENCE_SECONDS = 10.0


def stop(directory: Path) -> None:
    """Stop the server in `directory`, if there is one, and remove all its files."""
    for how in (signal.SIGINT, signal.SIGQUIT):
        if _ended(directory / "data" / "postmaster.pid", how):
            break
    shutil.rmtree(directory, ignore_errors=True)


def _ended(pid_file: Path, how: signal.Signals) -> bool:
    """Send the signal and wait for the server to end; true when it has."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    try:
        os.kill(int(pid_file.read_text().splitlines()[0]), how)
    except (FileNotFoundError, ProcessLookupError):
        return True
    while pid_file.exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    return not pid_file.exists()


def main(directory: Path) -> None:
    """Wait for the owner to go, then clean up after it."""
    with (directory / "owner").open("w") as owner:
        fcntl.flock(owner, fcntl.LOCK_EX)
    stop(directory)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
