"""Puts the sections of the documentation in reading order."""

from typing import Any

from mkdocs.structure.nav import Navigation, Section

ORDER = ("tutorial", "how-to", "reference", "explanation", "decisions")


def on_nav(nav: Navigation, **_: Any) -> Navigation:  # noqa: ANN401 - mkdocs passes more than we use
    """Called by mkdocs once it has collected the pages."""
    nav.items.sort(key=_place)
    return nav


def _place(item: Any) -> int:  # noqa: ANN401 - pages, sections and links share no base class
    if not isinstance(item, Section):
        return -1
    folder = item.title.lower().replace(" ", "-")
    return ORDER.index(folder) if folder in ORDER else len(ORDER)
