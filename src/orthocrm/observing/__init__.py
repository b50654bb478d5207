"""What an installation tells of itself: its logs and traces, without personal data."""

from orthocrm.observing.logs import JsonLines, Redacting, TextLines, log_to
from orthocrm.observing.redaction import MASK, masked
from orthocrm.observing.tracing import Spans, exporting_to

__all__ = [
    "MASK",
    "JsonLines",
    "Redacting",
    "Spans",
    "TextLines",
    "exporting_to",
    "log_to",
    "masked",
]
