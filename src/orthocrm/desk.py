"""Everything that one actor may do, area by area."""

from collections.abc import Callable, Mapping
from functools import cached_property

from attrs import evolve, field, frozen

from orthocrm.core.actor import Permission, Scope
from orthocrm.services.access.desk import Access
from orthocrm.services.analytics.desk import Analytics
from orthocrm.services.assignment.desk import Assignment
from orthocrm.services.followups.desk import FollowUps
from orthocrm.services.imports.desk import Imports
from orthocrm.services.inbox.desk import Inbox
from orthocrm.services.intelligence.desk import Intelligence
from orthocrm.services.leads.desk import Leads
from orthocrm.services.live import seeing
from orthocrm.services.live.desk import Live
from orthocrm.services.live.seeing import Sight
from orthocrm.services.notifications.desk import Notifications
from orthocrm.services.pipeline.desk import Pipeline
from orthocrm.services.privacy.desk import Privacy
from orthocrm.services.privacy.keyrings import Keys
from orthocrm.services.scheduling.desk import Scheduling
from orthocrm.services.settings.desk import ClinicSettings
from orthocrm.services.sources.desk import Sources
from orthocrm.services.work import Need, Office, Work


@frozen(kw_only=True, slots=False)
class Desk:
    """Every verb, on behalf of one actor; each call is one unit of work."""

    office: Office = field(repr=False)

    def rights(self) -> Mapping[Permission, frozenset[Scope]]:
        """Tell what the actor may do, and how far each permission reaches."""
        return self.office.rights()

    def sight(self) -> Sight:
        """Tell which events of the clinic the actor may see: for those who tell them on."""
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
    def leads(self) -> Leads:
        """Capture, look up, edit."""
        return Leads(self.office)

    @cached_property
    def sources(self) -> Sources:
        """Where leads come from."""
        return Sources(self.office)

    @cached_property
    def pipeline(self) -> Pipeline:
        """Move, lose, convert, reopen; the board."""
        return Pipeline(self.office)

    @cached_property
    def assignment(self) -> Assignment:
        """Who takes care of which lead."""
        return Assignment(self.office)

    @cached_property
    def followups(self) -> FollowUps:
        """Activities and tasks."""
        return FollowUps(self.office)

    @cached_property
    def scheduling(self) -> Scheduling:
        """Schedules, free times, appointments."""
        return Scheduling(self.office)

    @cached_property
    def analytics(self) -> Analytics:
        """Numbers and reports."""
        return Analytics(self.office)

    @cached_property
    def intelligence(self) -> Intelligence:
        """What the clinic's own past says, and what to do next."""
        return Intelligence(self.office)

    @cached_property
    def imports(self) -> Imports:
        """Files of leads and of outcomes."""
        return Imports(self.office)

    @cached_property
    def inbox(self) -> Inbox:
        """What others deliver."""
        return Inbox(self.office)

    @cached_property
    def notifications(self) -> Notifications:
        """Notices, consent, and messages on their way."""
        return Notifications(self.office)

    @cached_property
    def live(self) -> Live:
        """What happens, as it happens."""
        return Live(self.office)

    @cached_property
    def privacy(self) -> Privacy:
        """The audit trail."""
        return Privacy(self.office)

    @cached_property
    def access(self) -> Access:
        """Users, API keys and sessions; the own account."""
        return Access(self.office)

    @cached_property
    def keys(self) -> Keys:
        """The keys of the clinic's data, and their replacement."""
        return Keys(self.office)

    @cached_property
    def settings(self) -> ClinicSettings:
        """What the practice decides for itself."""
        return ClinicSettings(self.office)
