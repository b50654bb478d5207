"""What a fresh process pays: the import of the package, and memory."""

import subprocess
import sys
from pathlib import Path
from statistics import median
from time import perf_counter

from benchmarks import people
from benchmarks.measuring import Pace
from benchmarks.practice import desk, opened
from benchmarks.results import Result, Target, Unit
from orthocrm import Role

_START = Target(limit=150)
_MEMORY = Target(limit=90)
_SMALL = 500

_ROOT = Path(__file__).resolve().parent.parent.parent
_BARE = "pass"
_BARE_PEAK = """
with open("/proc/self/status") as status:
    print(*(int(line.split()[1]) / 1024 for line in status if line.startswith("VmHWM")))
"""
_STARTS = {
    "import orthocrm": "import orthocrm",
    "import orthocrm, all names": "from orthocrm import *",
}


def start(pace: Pace) -> list[Result]:
    """Time fresh interpreters that import the package, in turns with ones that do nothing."""
    codes = {"bare": _BARE, **_STARTS}
    times: dict[str, list[float]] = {name: [] for name in codes}
    for _ in range(3 if pace.quick else 10):
        for name, code in codes.items():
            times[name].append(_milliseconds(code))
    bare = median(times.pop("bare"))
    return [
        Result(
            case=name,
            on="process",
            ours=median(taken),
            floor=bare,
            target=_START if name == "import orthocrm" else None,
            remark=f"{median(taken) - bare:.0f} ms above python -c pass",
        )
        for name, taken in times.items()
    ]


def _milliseconds(code: str) -> float:
    started = perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True)
    return 1000 * (perf_counter() - started)


def memory(pace: Pace, directory: Path) -> list[Result]:
    """Measure the peak of processes that open a small database, and that import a file."""
    url = f"sqlite:///{directory / 'small.db'}"
    _small(url)
    rows = 2_000 if pace.quick else 10_000
    file = directory / "leads.csv"
    file.write_bytes(people.leads_file(range(rows)))
    bare = _told("-c", _BARE_PEAK)
    return [
        _memory("memory, small database", _peak(url), bare),
        _memory(
            f"memory, import of {rows:,} leads",
            _peak(f"sqlite:///{directory / 'imported.db'}", str(file)),
            bare,
        ),
    ]


def _small(url: str) -> None:
    crm, clinic = opened(url)
    coordinator = desk(crm, clinic, Role.TREATMENT_COORDINATOR, "tc-1")
    coordinator.leads.capture_many([people.enquiry(number) for number in range(_SMALL)])
    crm.close()


def _peak(*arguments: str) -> float:
    return _told("-m", "benchmarks.footprint", *arguments)


def _told(*arguments: str) -> float:
    told = subprocess.run(
        [sys.executable, *arguments], check=True, stdout=subprocess.PIPE, text=True, cwd=_ROOT
    )
    return float(told.stdout)


def _memory(case: str, peak: float, bare: float) -> Result:
    return Result(
        case=case,
        on="SQLite",
        unit=Unit.MB,
        ours=peak,
        floor=bare,
        target=_MEMORY,
        remark=f"{peak - bare:.0f} MB above a bare interpreter",
    )
