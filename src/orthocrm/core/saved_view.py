"""Saved views: a condition with a name."""

from datetime import datetime

from attrs import frozen

from orthocrm.core.ids import ClinicId, UserId, ViewId
from orthocrm.core.query import EVERYTHING, Sort, Where


@frozen(kw_only=True)
class SavedView:
    """A list that somebody keeps: which leads or tasks (`subject`), in which order.

    The name is unique by owner, whatever the case; `is_shared` shows it to all who may read leads.
    """

    id: ViewId
    clinic_id: ClinicId
    name: str
    subject: str
    owner: UserId
    created_at: datetime
    updated_at: datetime
    where: Where = EVERYTHING
    sort: tuple[Sort, ...] = ()
    is_shared: bool = False
    version: int = 1
