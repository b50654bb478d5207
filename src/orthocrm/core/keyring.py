"""The keys of a clinic as they are stored, and how far their rotation has come."""

from collections.abc import Collection, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Final

from attrs import field, frozen

from orthocrm.core.ids import LeadId


class KeyPurpose(StrEnum):
    """What a key of a clinic is for."""

    SEAL = "SEAL"
    """Wraps the keys of leads, and seals what belongs to no lead."""
    INDEX = "INDEX"
    """Makes the blind indexes by which numbers and addresses are found."""
    TRAIL = "TRAIL"
    """Proves the audit trail. It is never replaced: a proof must outlive what it proves."""


class KeyLayer(StrEnum):
    """What an operator asks to have replaced."""

    OUTERMOST = "outermost"
    """The clinic's keys are wrapped by the provider's active key; nothing else moves."""
    CLINIC = "clinic"
    """A new key of the clinic wraps the keys of leads, and seals what belongs to no lead."""
    LEADS = "leads"
    """As CLINIC, and each lead gets a new key too, with which everything of it is sealed."""
    INDEX = "index"
    """A new key makes the blind indexes."""


@frozen(kw_only=True)
class ClinicKey:
    """One key of a clinic, wrapped. Of each purpose the highest number is the one that writes.

    With `renews`, leads that come under this key get a new key of their own. What is `kept` is
    for look-ups only, of what cannot be moved.
    """

    number: int
    purpose: KeyPurpose
    wrapped: bytes = field(repr=False)
    made_at: datetime
    renews: bool = False
    kept: bool = False


@frozen(kw_only=True)
class KeyStanding:
    """How one key of a clinic stands; nothing of the key itself.

    Attributes:
        outer_id: The outermost key that wraps it, None without encryption.
        writes: Whether new data come under it.
        left: How many rows need it, beside those of the key that writes.
        kept: How many of these nobody can move: opt-outs of addresses that no lead has any more,
            and answers to deliveries. The key is kept for look-ups as long as there are some.
    """

    number: int
    purpose: KeyPurpose
    made_at: datetime
    outer_id: int | None
    writes: bool
    left: int
    kept: int = 0


@frozen(kw_only=True)
class KeysStatus:
    """How the keys of a clinic stand; `active` is the outermost key that wraps from now on."""

    active: int | None
    keys: tuple[KeyStanding, ...]

    @property
    def is_done(self) -> bool:
        """Whether nothing is left to move, and no key is left that nothing needs."""
        outer = all(key.outer_id == self.active for key in self.keys)
        return outer and all(key.writes or (key.kept and not key.left) for key in self.keys)


@frozen(kw_only=True)
class KeysMoved:
    """What one batch of a rotation did: how many rows moved, which keys were destroyed.

    `more` says that there is something left to do at once.
    """

    rows: int = 0
    destroyed: tuple[int, ...] = ()
    more: bool = False


NOTHING_MOVED: Final = KeysMoved()


class NoKeyring:
    """The keyring of a storage that encrypts nothing."""

    def begin(self, layer: KeyLayer, at: datetime) -> ClinicKey | None:  # noqa: ARG002 - as `Keyring` asks
        """Give None: there is no key to replace."""
        return None

    def status(self) -> KeysStatus:
        """Give no keys."""
        return KeysStatus(active=None, keys=())

    def waits(self) -> bool:
        """Give False."""
        return False

    def move(self, most: int, now: datetime) -> KeysMoved:  # noqa: ARG002 - as `Keyring` asks
        """Move nothing."""
        return NOTHING_MOVED

    def alone(self) -> None:
        """Do nothing: without keys nobody is in the way of another."""

    def forget(self, leads: Collection[LeadId]) -> None:
        """Destroy nothing: what is in clear is gone when it is removed."""


def writing(keys: Sequence[ClinicKey], purpose: KeyPurpose) -> ClinicKey:
    """Give the key that writes for a purpose."""
    return max((key for key in keys if key.purpose is purpose), key=lambda key: key.number)
