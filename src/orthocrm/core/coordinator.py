"""Treatment coordinators, and the state of the rotation among them."""

from attrs import frozen

from orthocrm.core.ids import ClinicId, UserId


@frozen(kw_only=True)
class Coordinator:
    """Somebody who takes leads: `weight` is the share in a rotation, `capacity` the most leads.

    `id` is the user of the host application.
    """

    id: UserId
    clinic_id: ClinicId
    name: str
    weight: int = 1
    capacity: int | None = None
    is_active: bool = True
    version: int = 1


@frozen(kw_only=True)
class Turn:
    """A member's virtual time in a rotation: the least one is next, and grows by 1/weight.

    `time` counts in units of 1/TURN_SCALE, so that the arithmetic is exact for usual weights; that
    of somebody who is away is carried along with the others'.
    `present` tells whether the member could be chosen at the last decision.
    """

    user: UserId
    time: int
    present: bool = True


TURN_SCALE = 2**7 * 3**4 * 5**2 * 7 * 11 * 13
"""Divisible by every weight from 1 to 16 and most round ones up to 100."""


@frozen(kw_only=True)
class Rotation:
    """The turns of one pool. Read it with a lock, decide, save it in the same unit of work."""

    id: str
    clinic_id: ClinicId
    turns: tuple[Turn, ...] = ()
    version: int = 1
