"""Hooks: what a plug-in may contribute, refuse, or be told of.

The kind of a hook is told by its name:

- `register_…` returns contributions and is called once, when the installation starts;
- `before_…` runs inside the transaction and may raise `Vetoed`, which drops all of it;
- a past tense (`lead_captured`) is told after the commit, from the outbox: it cannot break
  anything, and is repeated until it succeeds or has failed too often.

Parameters are passed by name, and a hook may take any subset of them.
"""

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from functools import cached_property
from importlib.metadata import entry_points
from itertools import chain, count
from typing import Any, cast

import pluggy
from attrs import frozen

from orthocrm.core import events
from orthocrm.core.actor import Actor
from orthocrm.core.appointment import Appointment
from orthocrm.core.errors import PluginError, Vetoed
from orthocrm.core.follow_up_checks import brought_rule_problems
from orthocrm.core.lead import Lead
from orthocrm.core.messaging import QuietHours
from orthocrm.core.messaging_checks import are_quiet_hours
from orthocrm.core.notifying import Notifier
from orthocrm.core.ports import Backend
from orthocrm.core.rules import FollowUpRule
from orthocrm.core.stage import Stage

_STATE = re.compile("[A-Z]{2}")

PROJECT = "orthocrm"
ENTRY_POINTS = "orthocrm.plugins"

spec = pluggy.HookspecMarker(PROJECT)
hook = pluggy.HookimplMarker(PROJECT)
"""Marks a plug-in's function or method as the implementation of the hook of the same name."""


class Specs:
    """Every hook, with its parameters."""

    @spec
    def register_backends(self) -> Mapping[str, Callable[[str], Backend]]:  # type: ignore[empty-body] # a spec has no body
        """Return backends by URL scheme: each is called with the URL given to `connect`."""

    @spec
    def register_assignment_strategies(self) -> Mapping[str, Callable[..., Any]]:  # type: ignore[empty-body] # a spec has no body
        """Return strategies by name: each takes a `Choice`, gives a user, `Narrowed` or None."""

    @spec
    def register_channels(self) -> Mapping[str, Any]:  # type: ignore[empty-body] # a spec has no body
        """Return channels by name: each has `read`, from a `Delivered` to enquiries."""

    @spec
    def register_notifiers(self) -> Mapping[str, Notifier]:  # type: ignore[empty-body] # a spec has no body
        """Return carriers of messages by name: each has `channel`, `seconds` and `send`."""

    @spec
    def register_places(self) -> Mapping[str, tuple[float, float]]:  # type: ignore[empty-body] # a spec has no body
        """Return degrees north and east by postal code, for territories around a place."""

    @spec
    def register_quiet_hours(self) -> Mapping[str, QuietHours]:  # type: ignore[empty-body] # a spec has no body
        """Return hours without texts by state of the USA (two letters), beside the clinic's own."""

    @spec
    def register_metrics(self) -> Mapping[str, Any]:  # type: ignore[empty-body] # a spec has no body
        """Return metrics by their names, each a `Declared`: what it asks, and its formula."""

    @spec
    def register_followup_rules(self) -> Mapping[str, FollowUpRule]:  # type: ignore[empty-body] # a spec has no body
        """Return follow-up rules by their names; they speak in every clinic beside its own."""

    @spec
    def register_sentiment(self) -> Mapping[str, Callable[[str], Any]]:  # type: ignore[empty-body] # a spec has no body
        """Return readers of tone by name: each takes a text and gives a `Sentiment`."""

    @spec
    def before_stage_change(self, lead: Lead, stage: Stage, actor: Actor) -> None:
        """Raise `Vetoed` to keep a lead out of a stage (won and lost stages included)."""

    @spec
    def before_booking(self, appointment: Appointment, actor: Actor) -> None:
        """Raise `Vetoed` to refuse an appointment: booked, held, requested, accepted or moved."""

    @spec
    def clinic_created(self, event: events.ClinicCreated) -> None:
        """A practice was set up."""

    @spec
    def clinic_configured(self, event: events.ClinicConfigured) -> None:
        """A practice's settings changed."""

    @spec
    def access_changed(self, event: events.AccessChanged) -> None:
        """A user, their roles or password, or an API key changed."""

    @spec
    def lead_captured(self, event: events.LeadCaptured) -> None:
        """An enquiry became a lead."""

    @spec
    def lead_updated(self, event: events.LeadUpdated) -> None:
        """Fields of a lead changed."""

    @spec
    def touch_added(self, event: events.TouchAdded) -> None:
        """A lead has a further touch."""

    @spec
    def duplicate_rejected(self, event: events.DuplicateRejected) -> None:
        """Somebody said that two leads do not belong together."""

    @spec
    def household_linked(self, event: events.HouseholdLinked) -> None:
        """Somebody said that leads are one household."""

    @spec
    def leads_unlinked(self, event: events.LeadsUnlinked) -> None:
        """What was found or decided about two leads was forgotten."""

    @spec
    def leads_merged(self, event: events.LeadsMerged) -> None:
        """Two leads became one."""

    @spec
    def leads_unmerged(self, event: events.LeadsUnmerged) -> None:
        """A merge was undone."""

    @spec
    def lead_assigned(self, event: events.LeadAssigned) -> None:
        """A lead got a coordinator."""

    @spec
    def leads_assigned(self, event: events.LeadsAssigned) -> None:
        """Many leads got coordinators in one act: one notice for all of them."""

    @spec
    def stage_changed(self, event: events.StageChanged) -> None:
        """A lead moved to another open stage."""

    @spec
    def lead_lost(self, event: events.LeadLost) -> None:
        """A lead did not convert."""

    @spec
    def lead_converted(self, event: events.LeadConverted) -> None:
        """Treatment started."""

    @spec
    def lead_reopened(self, event: events.LeadReopened) -> None:
        """A lost lead is back."""

    @spec
    def lead_observed(self, event: events.LeadObserved) -> None:
        """A patient is not ready yet: the lead waits for its recall."""

    @spec
    def lead_recalled(self, event: events.LeadRecalled) -> None:
        """A lead came back from observation."""

    @spec
    def activity_logged(self, event: events.ActivityLogged) -> None:
        """An activity was logged."""

    @spec
    def task_created(self, event: events.TaskCreated) -> None:
        """A task waits for somebody."""

    @spec
    def task_completed(self, event: events.TaskCompleted) -> None:
        """A task is done."""

    @spec
    def task_cancelled(self, event: events.TaskCancelled) -> None:
        """A task is not needed any more."""

    @spec
    def task_edited(self, event: events.TaskEdited) -> None:
        """Fields of an open task changed."""

    @spec
    def task_snoozed(self, event: events.TaskSnoozed) -> None:
        """A task was put off."""

    @spec
    def task_escalated(self, event: events.TaskEscalated) -> None:
        """A task is long overdue: the fallback person should know."""

    @spec
    def sequence_started(self, event: events.SequenceStarted) -> None:
        """A lead began a sequence of touches."""

    @spec
    def sequence_ended(self, event: events.SequenceEnded) -> None:
        """A lead's sequence ended, by itself or for a reason."""

    @spec
    def lost_suggested(self, event: events.LostSuggested) -> None:
        """Several attempts stayed without an answer."""

    @spec
    def upset_noticed(self, event: events.UpsetNoticed) -> None:
        """Something clearly negative was written by a family, or noted about it."""

    @spec
    def consent_recorded(self, event: events.ConsentRecorded) -> None:
        """A family agreed to be written to, or objected."""

    @spec
    def emergency_begun(self, event: events.EmergencyBegun) -> None:
        """Somebody opened one record without the right to read: an administrator should look."""

    @spec
    def emergency_ended(self, event: events.EmergencyEnded) -> None:
        """A record that was opened in an emergency was closed before its time."""

    @spec
    def message_parked(self, event: events.MessageParked) -> None:
        """A message failed too often: somebody should look at it."""

    @spec
    def delivery_parked(self, event: events.DeliveryParked) -> None:
        """Something that was delivered came to nothing: somebody should look at it."""

    @spec
    def appointment_booked(self, event: events.AppointmentBooked) -> None:
        """An appointment is fixed."""

    @spec
    def appointment_requested(self, event: events.AppointmentRequested) -> None:
        """Somebody asks for an appointment: the practice should answer."""

    @spec
    def appointment_confirmed(self, event: events.AppointmentConfirmed) -> None:
        """The family said that they will come."""

    @spec
    def appointment_moved(self, event: events.AppointmentMoved) -> None:
        """An appointment has another time or another provider."""

    @spec
    def appointment_shifted(self, event: events.AppointmentShifted) -> None:
        """Clocks go by new rules: an appointment keeps its local time, at another instant."""

    @spec
    def appointment_stranded(self, event: events.AppointmentStranded) -> None:
        """Clocks go by new rules, and at an appointment's local time the place is taken."""

    @spec
    def appointment_cancelled(self, event: events.AppointmentCancelled) -> None:
        """An appointment does not take place."""

    @spec
    def appointment_declined(self, event: events.AppointmentDeclined) -> None:
        """The practice did not accept a request."""

    @spec
    def appointment_completed(self, event: events.AppointmentCompleted) -> None:
        """An appointment took place."""

    @spec
    def appointment_no_show(self, event: events.AppointmentNoShow) -> None:
        """Nobody came to an appointment."""

    @spec
    def reminder_sent(self, event: events.ReminderSent) -> None:
        """A carrier took a reminder of an appointment."""

    @spec
    def slot_offered(self, event: events.SlotOffered) -> None:
        """A freed time is held for somebody on the waitlist."""

    @spec
    def import_progressed(self, event: events.ImportProgressed) -> None:
        """A batch of an import was written: one notice for all of its leads."""

    @spec
    def import_finished(self, event: events.ImportFinished) -> None:
        """An import is done: one notice for all of its batches."""

    @spec
    def model_trained(self, event: events.ModelTrained) -> None:
        """A model was trained on the clinic's own past: `number` counts those of its purpose."""

    @spec
    def import_reverted(self, event: events.ImportReverted) -> None:
        """An import was taken back."""

    @spec
    def key_rotation_begun(self, event: events.KeyRotationBegun) -> None:
        """A new key of the clinic writes from now on."""

    @spec
    def keys_destroyed(self, event: events.KeysDestroyed) -> None:
        """Keys of the clinic that nothing needed any more are gone."""

    @spec
    def lead_archived(self, event: events.LeadArchived) -> None:
        """A lost lead was archived by the clinic's rules of retention."""

    @spec
    def lead_erased(self, event: events.LeadErased) -> None:
        """A person was erased: forget here too what was known of the lead."""


@frozen
class Failure:
    """A plug-in that raised while it was told of an event; `error` names the class of it."""

    plugin: str
    kind: str
    error: str


@frozen
class Told:
    """The plug-ins that have heard an event by now, and those that failed this time."""

    heard: tuple[str, ...] = ()
    failures: tuple[Failure, ...] = ()


class Plugins:
    """The plug-ins of one installation."""

    def __init__(self, given: Iterable[object] = (), *, discover: bool = True) -> None:
        self._manager = pluggy.PluginManager(PROJECT)
        self._manager.add_hookspecs(Specs)
        for plugin in given:
            self._register(plugin)
        if discover:
            self._discover()
        self._check()
        registering = [name for name in vars(Specs) if name.startswith("register_")]
        self._contributed = {name: self._joined(name) for name in registering}
        for name, notifier in self.notifiers.items():
            if not isinstance(notifier, Notifier):
                raise PluginError(name, "register_notifiers: give channel, seconds and send")
        for name, hours in self.quiet_hours.items():
            if not (_STATE.fullmatch(name) and are_quiet_hours(hours)):
                raise PluginError(name, "register_quiet_hours: give QuietHours by two letters")
        for name, rule in self.collect("register_followup_rules").items():
            for problem in brought_rule_problems(rule, name):
                raise PluginError(name, f"register_followup_rules: {problem}")

    @cached_property
    def strategies(self) -> Mapping[str, Callable[..., Any]]:
        """The assignment strategies that plug-ins bring."""
        return self.collect("register_assignment_strategies")

    @cached_property
    def channels(self) -> Mapping[str, Any]:
        """The channels by which enquiries come in, ours and those of plug-ins."""
        return self.collect("register_channels")

    @cached_property
    def notifiers(self) -> Mapping[str, Notifier]:
        """The carriers of messages, which the clinic's settings name."""
        return self.collect("register_notifiers")

    @cached_property
    def metrics(self) -> Mapping[str, Any]:
        """The metrics that can be asked for, ours and those of plug-ins."""
        return self.collect("register_metrics")

    @cached_property
    def followup_rules(self) -> tuple[FollowUpRule, ...]:
        """The follow-up rules that plug-ins bring."""
        return tuple(self.collect("register_followup_rules").values())

    @cached_property
    def sentiment(self) -> Mapping[str, Callable[[str], Any]]:
        """The readers of tone, ours and those of plug-ins; the clinic's settings name one."""
        return self.collect("register_sentiment")

    @cached_property
    def places(self) -> Mapping[str, tuple[float, float]]:
        """Where postal codes lie, as plug-ins know it."""
        return self.collect("register_places")

    @cached_property
    def quiet_hours(self) -> Mapping[str, QuietHours]:
        """Hours without texts by state, as plug-ins know them."""
        return self.collect("register_quiet_hours")

    def collect(self, name: str) -> dict[str, Any]:
        """Give what a `register_` hook contributed when the installation started, by name."""
        return self._contributed[name]

    def ask(self, name: str, **arguments: object) -> None:
        """Call a `before_` hook; a `Vetoed` passes through, anything else becomes `PluginError`."""
        for implementation in self._implementations(name):
            try:
                _called(implementation, arguments)
            except Vetoed:
                raise
            except (Exception, SystemExit) as error:
                message = f"{name} raised {type(error).__name__}"
                raise PluginError(implementation.plugin_name, message) from error

    def listens(self, kind: str) -> bool:
        """Tell whether any plug-in wants to hear of events of a kind."""
        return bool(self._implementations(kind))

    def tell(self, event: events.Event, heard: Collection[str] = ()) -> Told:
        """Tell every plug-in of an event, each by itself, but for those that have heard it."""
        listening, failures = [], []
        for implementation in self._implementations(event.kind):
            plugin = implementation.plugin_name
            if plugin in heard:
                continue
            try:
                _called(implementation, {"event": event})
            except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever a plug-in raises must not spread
                failures.append(Failure(plugin, event.kind, type(error).__name__))
            else:
                listening.append(plugin)
        return Told(heard=(*heard, *listening), failures=tuple(failures))

    def _joined(self, name: str) -> dict[str, Any]:
        """Join the mappings that plug-ins contribute; two of one name are refused."""
        joined: dict[str, Any] = {}
        for implementation in self._implementations(name):
            for key, value in _contribution(implementation, name).items():
                if key in joined:
                    raise PluginError(implementation.plugin_name, f"{name}: {key} is taken")
                joined[key] = value
        return joined

    def _register(self, plugin: object) -> None:
        name = self._name(plugin)
        try:
            self._manager.register(plugin, name)
        except ValueError as error:
            raise PluginError(name, "it is registered twice") from error
        except pluggy.PluginValidationError as error:
            raise PluginError(name, "a hook of it takes a parameter that does not exist") from error

    def _name(self, plugin: object) -> str:
        """Name a plug-in after its class or module, the same in every process."""
        name = str(getattr(plugin, "__name__", type(plugin).__name__))
        taken = self._manager.has_plugin
        others = (f"{name}-{number}" for number in count(2))
        return next(free for free in chain([name], others) if not taken(free))

    def _discover(self) -> None:
        for entry_point in entry_points(group=ENTRY_POINTS):
            try:
                self._manager.register(entry_point.load(), name=entry_point.name)
            except Exception as error:
                raise PluginError(entry_point.name, "it could not be loaded") from error

    def _check(self) -> None:
        try:
            self._manager.check_pending()
        except pluggy.PluginValidationError as error:
            name = self._manager.get_name(error.plugin) or type(error.plugin).__name__
            raise PluginError(name, "it implements a hook that does not exist") from error

    def _implementations(self, name: str) -> list[pluggy.HookImpl]:
        caller: pluggy.HookCaller = getattr(self._manager.hook, name)
        return caller.get_hookimpls()


def _contribution(implementation: pluggy.HookImpl, name: str) -> Mapping[str, Any]:
    try:
        given = _called(implementation, {})
    except (Exception, SystemExit) as error:
        message = f"{name} raised {type(error).__name__}"
        raise PluginError(implementation.plugin_name, message) from error
    if not isinstance(given, Mapping):
        raise PluginError(implementation.plugin_name, f"{name} gives no mapping")
    return given


def _called(implementation: pluggy.HookImpl, arguments: Mapping[str, object]) -> Any:  # noqa: ANN401 - a hook's own result
    known = {name: arguments[name] for name in implementation.argnames if name in arguments}
    return cast("Callable[..., Any]", implementation.function)(**known)
