"""Headers of requests that come from outside."""

from collections.abc import Mapping

MOST_HEADERS = 100
MOST_HEADER_VALUE = 4_096


def one_header(headers: Mapping[str, str], name: str) -> str | None:
    """Give a header, whatever its case; one that stands there twice, or is long, counts as none."""
    if not isinstance(headers, Mapping) or len(headers) > MOST_HEADERS:
        return None
    wanted = name.lower()
    found = [
        value for key, value in headers.items() if isinstance(key, str) and key.lower() == wanted
    ]
    text = found[0] if len(found) == 1 else None
    return text if isinstance(text, str) and len(text) <= MOST_HEADER_VALUE else None
