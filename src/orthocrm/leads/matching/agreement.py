"""How far two values of one field agree."""

from enum import StrEnum


class Agreement(StrEnum):
    """The degree to which two values agree; the words mean the same in every field."""

    SAME = "same"
    NICKNAME = "nickname"
    SLIP = "slip"
    NEAR = "near"
    PART = "part"
    INITIAL = "initial"
    SWAPPED = "swapped"
    DIFFERENT = "different"
    UNKNOWN = "unknown"
