"""Where the data of an installation lie."""

from pathlib import Path

from attrs import frozen


@frozen(kw_only=True)
class Place:
    """Where an installation keeps its data: the file, if it is one; whether it is in clear."""

    file: Path | None = None
    is_plain: bool = False
