"""What a live stream is opened with."""

from attrs import frozen

from orthocrm.desk import Desk
from orthocrm.services.live.marks import Mark


@frozen(kw_only=True)
class Opening:
    """Somebody follows from a mark on; with `is_reset`, what happened before it is not known."""

    desk: Desk
    mark: Mark
    is_reset: bool
