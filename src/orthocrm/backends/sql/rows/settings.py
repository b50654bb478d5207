"""A clinic's settings as one JSON document."""

from typing import Any

from orthocrm.backends.sql.rows.codec import put_json, take_json
from orthocrm.backends.sql.rows.documents import converter
from orthocrm.core.settings import Settings


def put_settings(settings: Settings) -> str:
    """Write settings."""
    return put_json(converter().unstructure(settings))


def take_settings(stored: Any) -> Settings:  # noqa: ANN401 - text, or what a driver parsed
    """Read settings."""
    return converter().structure(take_json(stored), Settings)
