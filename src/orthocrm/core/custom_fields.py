"""The clinic's own fields of a lead: names, kinds and what a value must be."""

from enum import StrEnum

from attrs import frozen


class FieldKind(StrEnum):
    """What a custom field holds. A TEXT is always encrypted, so it cannot be filtered by."""

    TEXT = "TEXT"
    CHOICE = "CHOICE"
    NUMBER = "NUMBER"
    DATE = "DATE"
    FLAG = "FLAG"


@frozen(kw_only=True)
class CustomField:
    """One field. `name` is its lasting key (`brace_colour`), `label` what people read.

    A CHOICE is one of `choices` (codes). A NUMBER is whole, or has `decimals` places and is kept
    in units of the last one. `is_personal` encrypts the value, which then cannot be filtered by.
    Whoever types a lead in has to give what `is_required`; from elsewhere it may be missing, and
    the lead is flagged. A field that is not `is_active` takes no new values.
    """

    name: str
    label: str
    kind: FieldKind
    choices: tuple[str, ...] = ()
    decimals: int = 0
    is_required: bool = False
    is_personal: bool = False
    is_active: bool = True

    @property
    def is_encrypted(self) -> bool:
        """Whether values are sealed, so that no query can see them."""
        return self.is_personal or self.kind is FieldKind.TEXT
