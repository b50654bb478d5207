"""Logs that hold no personal data, whoever writes them: a filter, and lines of JSON or text.

Exceptions become their types and the places in which they arose. Their texts are shown only where
the library wrote them, since those of drivers and plug-ins quote what they were given.
"""

import json
import logging
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, TextIO

from orthocrm.core.errors import OrthoCRMError
from orthocrm.observing.redaction import masked, masked_value

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
_MOST_CAUSES = 8
_MOST_FRAMES = 30


class Redacting(logging.Filter):
    """Masks a record in place: put it on handlers, and nothing they write is personal.

    Whoever gets the same record afterwards gets it masked as well.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Mask the record; it is always written."""
        record.msg, record.args = said(record), None
        for name in vars(record).keys() - _STANDARD:
            setattr(record, name, masked_value(name, getattr(record, name)))
        if record.exc_info and record.exc_info[1] is not None:
            record.exc_text = "\n".join(_lines(record.exc_info[1]))
        elif record.exc_text:
            record.exc_text = masked(record.exc_text)
        if record.stack_info:
            record.stack_info = masked(record.stack_info)
        record.exc_info = None
        return True


class JsonLines(logging.Formatter):
    """Writes a record as one line of JSON: `at`, `level`, `logger`, `message`, what came with it.

    It masks by itself, with the filter or without.
    """

    def format(self, record: logging.LogRecord) -> str:
        """Write the record."""
        told: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": masked(record.name),
            "message": said(record),
        }
        for name in sorted(vars(record).keys() - _STANDARD - told.keys()):
            told[name] = masked_value(name, getattr(record, name))
        if record.exc_info and record.exc_info[1] is not None:
            told["error"] = _lines(record.exc_info[1])
        elif record.exc_text:
            told["error"] = masked(record.exc_text).split("\n")
        return json.dumps(told, ensure_ascii=True, default=str)


class TextLines(logging.Formatter):
    """Writes a record for people to read, an error below it; it masks by itself as well."""

    def format(self, record: logging.LogRecord) -> str:
        """Write the record."""
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="seconds")
        head = f"{at} {record.levelname} {masked(record.name)}: {said(record)}"
        if record.exc_info and record.exc_info[1] is not None:
            return "\n  ".join([head, *_lines(record.exc_info[1])])
        return "\n  ".join([head, *masked(record.exc_text or "").split("\n")]).rstrip()


class _ToStream(logging.StreamHandler[TextIO]):
    """Writes to a stream, or to standard error wherever that is at the time."""

    def __init__(self, stream: TextIO | None) -> None:
        super().__init__(stream)
        self._given = stream

    def emit(self, record: logging.LogRecord) -> None:
        if self._given is None:
            self.stream = sys.stderr
        super().emit(record)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - as logging calls it
        """Say that a line is lost, and not what stood in it."""
        sys.stderr.write(f"a line of {masked(record.name)} could not be written\n")


@contextmanager
def log_to(
    stream: TextIO | None = None, *, level: int | str = logging.INFO, as_json: bool = True
) -> Iterator[logging.Handler]:
    r"""Write the logs of everybody to a stream, masked, until the block ends.

    Args:
        stream: standard error when it is left open.
        level: the lowest that is written, for every logger that says nothing else.
        as_json: one line of JSON for each record, else text.

    >>> import io
    >>> out = io.StringIO()
    >>> with log_to(out, as_json=False):
    ...     logging.getLogger("plugin").info("called %s", "+1 312 555 0142")
    >>> out.getvalue().endswith("INFO plugin: called ***\n")
    True
    """
    root, before = logging.getLogger(), logging.getLogger().level
    handler = _ToStream(stream)
    handler.addFilter(Redacting())
    handler.setFormatter(JsonLines() if as_json else TextLines())
    handler.setLevel(level)
    root.addHandler(handler)
    root.setLevel(min(handler.level, before or handler.level))
    try:
        yield handler
    finally:
        root.removeHandler(handler)
        root.setLevel(before)
        handler.close()


def said(record: logging.LogRecord) -> str:
    """Give the masked message; one that does not fit its arguments goes without them."""
    try:
        return masked(record.getMessage())
    except Exception:  # noqa: BLE001 - whatever an argument raises, its text must not come out
        return f"{masked(str(record.msg))} (its arguments do not fit)"


def _lines(error: BaseException) -> list[str]:
    """Tell an error and what led to it, without what it says unless the words are ours."""
    lines: list[str] = []
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen and len(seen) < _MOST_CAUSES:
        seen.add(id(current))
        lines.append(_named(current))
        frames = traceback.extract_tb(current.__traceback__, limit=-_MOST_FRAMES)
        lines += [f"  at {frame.filename}:{frame.lineno} {frame.name}" for frame in frames]
        led = None if current.__suppress_context__ else current.__context__
        current = current.__cause__ or led
    return lines


def _named(error: BaseException) -> str:
    kind = f"{type(error).__module__}.{type(error).__qualname__}"
    return f"{kind}: {masked(str(error))}" if isinstance(error, OrthoCRMError) else kind
