"""What happened in a clinic, as it is told on at once: kinds, ids, versions and instants."""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType

from attrs import frozen

from orthocrm.core.ids import AppointmentId, LeadId, TaskId, UserId

_NO_VERSIONS: Mapping[str, int] = MappingProxyType({})


@frozen(kw_only=True)
class Happening:
    """An event that was committed, without anything personal: whoever may know more asks for it.

    `id` is its place among all events of the clinic, in the order of their commits; by it one
    resumes. `kind` is the name of the event's hook. `object_id` is what it is about beside leads,
    appointments and tasks (an activity, a message, an import, a merge, a user), `subject` what was
    configured. `versions` holds the versions of the leads, tasks and appointments that are named,
    by id, as they are by now or later: whoever has them already needs to ask for nothing.
    """

    id: str
    kind: str
    at: datetime
    by: UserId
    lead_ids: tuple[LeadId, ...] = ()
    appointment_id: AppointmentId | None = None
    task_id: TaskId | None = None
    object_id: str | None = None
    subject: str | None = None
    versions: Mapping[str, int] = _NO_VERSIONS


@frozen(kw_only=True)
class Happened:
    """What happened after a mark, oldest first, and the mark to go on from.

    With `is_more` there is more to read already. With `is_reset` it is not known what happened
    since: the mark is too old, or of a database that was put back to an older state; read anew
    whatever is shown, and go on from `mark`.
    """

    happenings: tuple[Happening, ...]
    mark: str
    is_more: bool = False
    is_reset: bool = False
