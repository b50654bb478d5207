"""`desk.live`: what happened since somebody last looked."""

from attrs import frozen

from orthocrm.core.actor import Permission
from orthocrm.core.errors import InvalidInput
from orthocrm.core.happening import Happened
from orthocrm.services.gate import Area, verb
from orthocrm.services.live import marks, reading, seeing
from orthocrm.services.live.marks import MOST, Mark
from orthocrm.services.work import Work


@frozen(kw_only=True)
class Followed:
    """Somebody follows from `mark` on; with `is_reset`, what happened before it is not known."""

    mark: Mark
    is_reset: bool = False


class Live(Area, area="live"):
    """Following what happens, an event at a time, as far as one may see."""

    @verb(Permission.NOTICE_READ)
    def since(self, work: Work, after: str | None = None, *, size: int = 100) -> Happened:
        """Tell what happened after a mark, oldest first, as far as the actor may see.

        Without a mark nothing is told but where to begin. What happened lies in the order in which
        it was committed, whoever did it, and nothing is left out or told twice to those who go on
        from the mark that they were given last. Leads, appointments and settings themselves are
        asked for by their own verbs.

        `after` is the mark of the answer before, or the id of a happening; `size` is how many
        events of the clinic are looked at, 1 to 500.

        Raises:
            InvalidInput: at `after`, it is no mark; at `size`, it is out of range.
        """
        mark = None if after is None else _mark(after)
        if isinstance(size, bool) or not isinstance(size, int) or not 1 <= size <= MOST:
            raise InvalidInput.at("size", "out_of_range", f"give 1 to {MOST}")
        found = reading.news(work.store, mark, size)
        sight = seeing.sight(work)
        seen = (sight.of(item) for item in found.items)
        return Happened(
            happenings=tuple(told for told in seen if told is not None),
            mark=str(found.mark),
            is_more=found.is_more,
            is_reset=found.is_reset,
        )

    @verb(Permission.NOTICE_READ)
    def follow(self, work: Work, after: str | None = None) -> Followed:
        """Begin to follow what happens, after a mark or from now on: a part of every live stream.

        This is what stands on the audit trail of a stream, once. A mark that is none, or too old,
        is no error: such a stream begins with a reset.
        """
        mark = marks.read(after)
        found = reading.news(work.store, mark, 1)
        is_lost = found.is_reset or (after is not None and mark is None)
        return Followed(mark=found.mark if mark is None or is_lost else mark, is_reset=is_lost)


def _mark(text: object) -> Mark:
    mark = marks.read(text)
    if mark is None:
        raise InvalidInput.at("after", "not_a_mark", "give the mark as it was told")
    return mark
