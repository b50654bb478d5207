"""How long a text may be, checked before any expression, fuzzy match or parser sees it."""

NAME = 100
EMAIL = 254
PHONE = 40
NOTES = 10_000
QUERY = 100
LABEL = 255
REFERENCE = 255
PAGE = 500
"""The most rows that one page may hold."""

YEARS = range(1000, 9000)
"""Years of dates and instants: what is reckoned from one stays within those that Python knows."""

MOST_MOVED = 5_000
"""How many rows one unit of work brings under another key at most."""
