"""Everything that one actor may do, area by area; an area is loaded when it is first asked for."""

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING

from attrs import evolve, field, frozen

from orthocrm.core.actor import Permission, Scope
from orthocrm.services.office import Need, Office
from orthocrm.services.work import Work

if TYPE_CHECKING:
    from orthocrm.services.areas import (
        Access,
        Analytics,
        Assignment,
        ClinicSettings,
        FollowUps,
        Imports,
        Inbox,
        Intelligence,
        Keys,
        Leads,
        Live,
        Notifications,
        Pipeline,
        Privacy,
        Scheduling,
        Sources,
    )
    from orthocrm.services.live.seeing import Sight


@frozen(kw_only=True, slots=False)
class Desk:
    """Every verb, on behalf of one actor; each call is one unit of work."""

    office: Office = field(repr=False)

    def rights(self) -> Mapping[Permission, frozenset[Scope]]:
        """Tell what the actor may do, and how far each permission reaches."""
        return self.office.rights()

    def sight(self) -> "Sight":
        """Tell which events of the clinic the actor may see: for those who tell them on."""
        from orthocrm.services.live import seeing

        return self.office.about_oneself(seeing.sight)

    def expecting(self, version: int) -> "Desk":
        """Give a desk whose next verb changes a lead, task or appointment of this version only.

        Raises `StaleVersion` when it changed since, and `InvalidInput` when the verb changes none
        of them: nothing is done then.
        """
        return Desk(office=evolve(self.office, expected=version))

    def needing(self, operation: str, permission: Permission) -> "Desk":
        """Give a desk whose first verb also asks for the right to what it is only a part of."""
        return Desk(
            office=evolve(self.office, needed=Need(operation=operation, permission=permission))
        )

    def closing(self, act: Callable[[Work, object], None]) -> "Desk":
        """Give a desk whose verbs end with `act`, which gets their results in their transaction."""
        return Desk(office=evolve(self.office, closing=act))

    @cached_property
    def leads(self) -> "Leads":
        """Capture, look up, edit."""
        from orthocrm.services.leads import desk

        return desk.Leads(self.office)

    @cached_property
    def sources(self) -> "Sources":
        """Where leads come from."""
        from orthocrm.services.sources import desk

        return desk.Sources(self.office)

    @cached_property
    def pipeline(self) -> "Pipeline":
        """Move, lose, convert, reopen; the board."""
        from orthocrm.services.pipeline import desk

        return desk.Pipeline(self.office)

    @cached_property
    def assignment(self) -> "Assignment":
        """Who takes care of which lead."""
        from orthocrm.services.assignment import desk

        return desk.Assignment(self.office)

    @cached_property
    def followups(self) -> "FollowUps":
        """Activities and tasks."""
        from orthocrm.services.followups import desk

        return desk.FollowUps(self.office)

    @cached_property
    def scheduling(self) -> "Scheduling":
        """Schedules, free times, appointments."""
        from orthocrm.services.scheduling import desk

        return desk.Scheduling(self.office)

    @cached_property
    def analytics(self) -> "Analytics":
        """Numbers and reports."""
        from orthocrm.services.analytics import desk

        return desk.Analytics(self.office)

    @cached_property
    def intelligence(self) -> "Intelligence":
        """What the clinic's own past says, and what to do next."""
        from orthocrm.services.intelligence import desk

        return desk.Intelligence(self.office)

    @cached_property
    def imports(self) -> "Imports":
        """Files of leads and of outcomes."""
        from orthocrm.services.imports import desk

        return desk.Imports(self.office)

    @cached_property
    def inbox(self) -> "Inbox":
        """What others deliver."""
        from orthocrm.services.inbox import desk

        return desk.Inbox(self.office)

    @cached_property
    def notifications(self) -> "Notifications":
        """Notices, consent, and messages on their way."""
        from orthocrm.services.notifications import desk

        return desk.Notifications(self.office)

    @cached_property
    def live(self) -> "Live":
        """What happens, as it happens."""
        from orthocrm.services.live import desk

        return desk.Live(self.office)

    @cached_property
    def privacy(self) -> "Privacy":
        """The audit trail."""
        from orthocrm.services.privacy import desk

        return desk.Privacy(self.office)

    @cached_property
    def access(self) -> "Access":
        """Users, API keys and sessions; the own account."""
        from orthocrm.services.access import desk

        return desk.Access(self.office)

    @cached_property
    def keys(self) -> "Keys":
        """The keys of the clinic's data, and their replacement."""
        from orthocrm.services.privacy import keyrings

        return keyrings.Keys(self.office)

    @cached_property
    def settings(self) -> "ClinicSettings":
        """What the practice decides for itself."""
        from orthocrm.services.settings import desk

        return desk.ClinicSettings(self.office)
