"""Measures the library against hand-written SQL: `python benchmarks/run.py --help`."""

import sys
from importlib import import_module
from pathlib import Path

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parent.parent)
    sys.exit(import_module("benchmarks.command").main())
