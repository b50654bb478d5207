"""How far two values of one field agree, and what two leads are to each other."""

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


class Relation(StrEnum):
    """What two leads are to each other."""

    SAME_INQUIRY = "same_inquiry"
    SAME_PERSON = "same_person"
    SAME_HOUSEHOLD = "same_household"
    POSSIBLE = "possible"
