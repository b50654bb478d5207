"""What an installation tells of itself: its logs, without personal data."""

from orthocrm.observing.logs import JsonLines, Redacting, TextLines, log_to
from orthocrm.observing.redaction import MASK, masked

__all__ = ["MASK", "JsonLines", "Redacting", "TextLines", "log_to", "masked"]
