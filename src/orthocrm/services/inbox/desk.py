"""`desk.inbox`: what others deliver, from its arrival until it is worked off."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Final

from attrs import evolve, field, frozen

from orthocrm.core.actor import Actor, Permission, Role
from orthocrm.core.errors import InvalidInput, OrthoCRMError
from orthocrm.core.facts import INBOX
from orthocrm.core.ids import ClinicId, InboundId
from orthocrm.core.inbox import Inbound, InboundKind, InboundState
from orthocrm.core.masking import PERSONAL, mask
from orthocrm.core.outside import MetaLeads
from orthocrm.core.query import Cond, Page, Sort, both
from orthocrm.leads.channels import meta
from orthocrm.leads.channels.delivery import Delivered
from orthocrm.services.batch import checked
from orthocrm.services.gate import Area, composed, verb
from orthocrm.services.inbox import arriving, keeping, working
from orthocrm.services.inbox.arriving import Arrived
from orthocrm.services.inbox.working import Awaiting, Details, NotYours
from orthocrm.services.work import Work

_IN_TURN: Final = (Sort("received_at"),)


@frozen(kw_only=True)
class InboxDelivery:
    """A delivery in the inbox: what it is and where it stands, and nothing of what it says.

    `because` is the code of what stands in its way; it is tried at `due_at`.
    """

    id: InboundId
    kind: InboundKind
    name: str
    form: str | None
    received_at: datetime
    state: InboundState
    because: str | None
    attempts: int
    due_at: datetime


@frozen(kw_only=True)
class Opened:
    """A delivery with what it says: its body as text, whatever is unreadable replaced."""

    delivery: InboxDelivery
    text: str = field(repr=mask, metadata=PERSONAL)


@frozen(kw_only=True)
class DeliveryPage:
    """Some deliveries, the longest waiting first; `cursor` opens the next page, None at the end."""

    deliveries: tuple[InboxDelivery, ...]
    cursor: str | None = None


@frozen(kw_only=True)
class Processed:
    """How many deliveries took effect, wait for another try, or wait for a person."""

    done: int = 0
    retried: int = 0
    parked: int = 0

    def __add__(self, other: "Processed") -> "Processed":
        return Processed(
            done=self.done + other.done,
            retried=self.retried + other.retried,
            parked=self.parked + other.parked,
        )


def never() -> bool:
    """Never stop early."""
    return False


class Inbox(Area, area="inbox"):
    """What others deliver: taken in when it is verified, and worked off exactly once."""

    @verb(Permission.LEAD_CREATE)
    def take_leads(self, work: Work, channel: str, delivered: Delivered) -> Arrived:
        """Verify a delivery of leads and keep it until it is worked off.

        The same delivery again is no new one, also when the person was erased since.

        Raises:
            Unverified: the delivery is not signed as it has to be.
            InvalidInput: it cannot be read at all.
            NotFound: there is no such channel or form.
        """
        checked(delivered, Delivered, "delivered")
        return arriving.leads(work, self._office.outside.secrets, channel, delivered)

    @verb(Permission.MESSAGE_SEND)
    def take_reports(
        self, work: Work, carrier: str, headers: Mapping[str, str], body: bytes, url: str
    ) -> Arrived:
        """Verify what a carrier reports and keep it until it is worked off.

        `url` is the address as the carrier knows it, with its query.

        Raises:
            Unverified: it is not signed as it has to be.
            InvalidInput: it cannot be read.
            NotFound: there is no such carrier, or it reports nothing.
        """
        return arriving.reports(work, carrier, headers, body, url)

    @composed
    def process(self, stop: Callable[[], bool] = never) -> Processed:
        """Work off what is due, each delivery in a unit of work of its own, until nothing is.

        Any number of processes may do so at once and be killed at any time: a delivery takes effect
        together with its settlement, or not at all.

        Args:
            stop: asked before each delivery whether to end early.
        """
        total = Processed()
        while not stop() and self._waits() and (found := self.claim()):
            for inbound in found:
                if stop():  # what is left is free again when the lease has run out
                    return total
                total += self._processed(inbound)
        return total

    def _waits(self) -> bool:
        """Look whether anything is due, so that an idle round leaves no trace."""
        pending = Cond("state", "eq", InboundState.PENDING)
        due = both(pending, Cond("due_at", "le", self._office.clock()))
        with self._office.backend.begin(self._office.actor.clinic) as store:
            return bool(store.inbox.find(due, _IN_TURN, Page(1)).items)

    def _processed(self, inbound: Inbound) -> Processed:
        try:
            after = self._worked(inbound)
        except NotYours:
            return Processed()
        except OrthoCRMError as error:
            try:
                after = self.fail(inbound, error)
            except NotYours:
                return Processed()
        return _counted(after)

    def _worked(self, inbound: Inbound) -> Inbound:
        if inbound.kind is InboundKind.REPORTS:
            return self.apply(inbound)
        clinic = self._office.actor.clinic
        form = evolve(self._office, actor=Actor.system(Role.WEB_FORM, clinic))
        desk = Inbox(form)  # leads are made by whoever takes in what strangers write
        result = desk.capture(inbound)
        if isinstance(result, Awaiting):
            result = desk.capture(inbound, self._details(inbound, result))
        if isinstance(result, Awaiting):  # pragma: no cover - with details there is a result
            raise TypeError("a delivery still waits for details")
        return result

    def _details(self, inbound: Inbound, awaiting: Awaiting) -> Details:
        """Fetch leads that were only announced; one that cannot be had now is left out."""
        port, clinic = self._office.outside.meta_leads, self._office.actor.clinic
        if port is None or inbound.name != meta.NAME:
            return {}
        return {
            reference: told
            for reference in awaiting.references
            if isinstance(told := _asked(port, clinic, reference), Mapping)
        }

    @verb(Permission.MESSAGE_SEND)
    def claim(self, work: Work, most: int = working.BATCH) -> tuple[Inbound, ...]:
        """Claim deliveries that are due, for a worker, who works them off within five minutes."""
        return working.claimed(work, most)

    @verb(Permission.LEAD_CREATE)
    def capture(
        self, work: Work, inbound: Inbound, details: Details | None = None
    ) -> Inbound | Awaiting:
        """Make leads of a claimed delivery and settle it, or tell which leads to fetch before.

        Raises:
            NotYours: somebody else claimed it since, or it is settled.
        """
        checked(inbound, Inbound, "inbound")
        return working.leads(work, self._office.outside.secrets, inbound, details)

    @verb(Permission.MESSAGE_SEND)
    def apply(self, work: Work, inbound: Inbound) -> Inbound:
        """Act on what a carrier reported in a claimed delivery, and settle it.

        Raises:
            NotYours: as for `capture`.
        """
        return working.reports(work, checked(inbound, Inbound, "inbound"))

    @verb(Permission.MESSAGE_SEND)
    def fail(self, work: Work, inbound: Inbound, error: OrthoCRMError) -> Inbound:
        """Write down that a claimed delivery could not be worked off.

        It is tried again after a pause where that may help, eight times in all; else it is parked.

        Raises:
            NotYours: as for `capture`.
        """
        checked(error, OrthoCRMError, "error")
        return working.failed(work, checked(inbound, Inbound, "inbound"), error)

    @verb(Permission.LEAD_CONFIGURE)
    def deliveries(
        self,
        work: Work,
        state: InboundState = InboundState.PARKED,
        *,
        size: int = 50,
        cursor: str | None = None,
    ) -> DeliveryPage:
        """List the deliveries that are in a state, the first that came first."""
        if not isinstance(state, InboundState):
            raise InvalidInput.at("state", "wrong_type", "give an InboundState")
        where = INBOX.checked(Cond("state", "eq", state))
        cursors, after = work.cursors, None
        if cursor is not None:
            after = cursors.read(work.clinic_id, where, _IN_TURN, cursor, INBOX)
        found = work.store.inbox.find(where, _IN_TURN, Page(size, after))
        work.touch(one.id for one in found.items)
        following = None
        if found.after is not None:
            following = cursors.write(work.clinic_id, where, _IN_TURN, found.after)
        return DeliveryPage(deliveries=tuple(map(_shown, found.items)), cursor=following)

    @verb(Permission.LEAD_CONFIGURE)
    def open(self, work: Work, inbound_id: InboundId) -> Opened:
        """Read what a delivery says, so that a family is not lost over a form that was wrong."""
        held = working.one(work, inbound_id)
        return Opened(delivery=_shown(held), text=held.body.decode("utf-8", "replace"))

    @verb(Permission.LEAD_CONFIGURE)
    def retry(self, work: Work, inbound_ids: Sequence[InboundId]) -> tuple[InboxDelivery, ...]:
        """Let parked deliveries be tried again from the beginning.

        Raises:
            NotFound: one of them is gone; none is tried then.
            InvalidInput: one of them is not parked.
        """
        held = [working.one(work, one) for one in _ids(inbound_ids)]
        saved = work.store.inbox.save([working.again(one, work.now) for one in held])
        return tuple(map(_shown, saved))

    @verb(Permission.LEAD_CONFIGURE)
    def drop(self, work: Work, inbound_ids: Sequence[InboundId]) -> int:
        """Forget deliveries that nothing shall come of; the same ones again are no new ones."""
        held = [working.one(work, one).id for one in _ids(inbound_ids)]
        work.store.inbox.remove(held)
        return len(held)

    @composed
    def tidy(self) -> int:
        """Forget what has been kept long enough; gives how many deliveries and answers went."""
        count = 0
        while self._overdue() and (gone := self.forget()):
            count += gone
        return count

    def _overdue(self) -> bool:
        """Look whether anything is to be forgotten, so that an idle round leaves no trace."""
        now, clinic = self._office.clock(), self._office.actor.clinic
        with self._office.backend.begin(clinic) as store:
            held = store.clinics.get([clinic]).get(clinic)
            return held is not None and keeping.is_due(store, held.settings.retention, now)

    @verb(Permission.MESSAGE_SEND)
    def forget(self, work: Work) -> int:
        """Forget deliveries and answers that have been kept long enough.

        What was worked off is kept for as many days as `settings.retention` says, what waits for a
        person for 90. That a delivery came stays known.
        """
        return keeping.forget(work)


def _ids(given: Sequence[InboundId]) -> Sequence[InboundId]:
    """Give ids in the order in which everybody locks them."""
    if not isinstance(given, Sequence) or isinstance(given, str | bytes):
        raise InvalidInput.at("inbound_ids", "not_a_list", "give a list")
    return sorted({InboundId(checked(one, str, f"inbound_ids.{i}")) for i, one in enumerate(given)})


def _asked(port: MetaLeads, clinic: ClinicId, reference: str) -> object:
    """Ask the host application for a lead; whatever it raises, the others are asked for too."""
    try:
        return port.detail(clinic, reference)
    except Exception:  # noqa: BLE001 - the host application's port may raise anything
        return None


def _counted(after: Inbound) -> Processed:
    if after.state is InboundState.DONE:
        return Processed(done=1)
    return Processed(parked=1) if after.state is InboundState.PARKED else Processed(retried=1)


def _shown(held: Inbound) -> InboxDelivery:
    return InboxDelivery(
        id=held.id,
        kind=held.kind,
        name=held.name,
        form=held.form,
        received_at=held.received_at,
        state=held.state,
        because=held.because,
        attempts=held.attempts,
        due_at=held.due_at,
    )
