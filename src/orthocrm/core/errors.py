"""Everything that can go wrong, as one tree.

```
OrthoCRMError
├── InvalidInput (ValueError)       the caller's data cannot be read: `problems`
├── NotFound (LookupError)          unknown, or of another clinic: both answer alike
│   └── LeadMerged                  the lead was merged away: `into` says where to
├── Forbidden (PermissionError)     the actor may not do this
├── RuleViolated                    the data are readable, the practice's rules refuse
│   ├── BackwardMove                a stage before the present one, or the present one itself
│   ├── ClosedStage                 a won or lost stage entered by a plain move
│   ├── LostReasonMissing           lost without a reason, or OTHER without a note
│   ├── LeadLocked                  a converted lead is changed
│   ├── LeadClosed                  a lost or archived lead is moved or converted
│   ├── NobodyToAssign              no coordinator and no fallback person
│   ├── StageInUse                  a stage is removed that holds leads, or that rules name
│   ├── TwoPatients                 two converted leads are merged
│   ├── MergedSince                 a merge is undone before a later one into the same lead
│   ├── TrailBroken                 the audit trail is not the one of its last checkpoint
│   ├── NotOffered                  an appointment cannot start then: `why`, `rule`
│   │   ├── InPast                  it would start before now
│   │   └── OutsideHours            nobody works then
│   ├── TooLate                     a patient cancels or moves within the notice
│   ├── TooEarly                    completed or missed before it started
│   ├── MovedTooOften               a patient moved it as often as the type lets them
│   ├── HoldExpired                 what held the time has run out
│   ├── TooLittleHistory            a forecast or a model has too little to go by: `missing`
│   │   └── NotEnoughOutcomes       too few leads or visits came to either end to learn from
│   ├── LockedOut                   the password was wrong too often: `until`
│   ├── LastAdministrator           nobody would be left to administer users
│   └── AppointmentClosed           the state of the appointment refuses
├── Conflict                        somebody else was first
│   ├── StaleVersion                the noun changed since it was read
│   ├── AlreadyExists               the identity or unique name is taken
│   ├── SlotTaken                   somebody has the time, the chair or the patient
│   └── KeyMisused                  an idempotency key came back with another request
├── Vetoed                          a plug-in said no: `plugin`, `reason`
├── ConfigurationError              the installation has to be mended, not the call
│   ├── PluginError                 a plug-in failed to load or broke its contract
│   ├── UnknownBackend              no backend for this URL
│   ├── MissingKey                  encryption at rest has no key
│   ├── MissingExtra                a part of the installation that is optional is not there
│   └── MigrationNeeded             the database schema is not the one of this release
└── BackendError                    the storage failed; the driver's error is its cause
```

No message of these classes ever holds the value that was refused, only the name of its field.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar

from attrs import frozen

from orthocrm.core.wording import counted, with_article


class OrthoCRMError(Exception):
    """Anything that this library raises on purpose; `code` is stable across releases."""

    code: ClassVar[str] = "error"


@frozen
class Problem:
    """One thing that is wrong with one field of the input."""

    path: str
    code: str
    message: str

    def __str__(self) -> str:
        return f"{self.path}: {self.message}"


class InvalidInput(OrthoCRMError, ValueError):
    """The input cannot be accepted; `problems` names every field that is wrong."""

    code = "invalid_input"

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(str(problem) for problem in self.problems))

    @classmethod
    def at(cls, path: str, code: str, message: str) -> "InvalidInput":
        """Build the error for a single field."""
        return cls([Problem(path, code, message)])


class NotFound(OrthoCRMError, LookupError):
    """Nothing of this kind and id is visible to the actor."""

    code = "not_found"

    def __init__(self, kind: str) -> None:
        self.kind = kind
        super().__init__(f"no such {kind}")


class LeadMerged(NotFound):
    """The lead was merged into another one, which the actor may see: `into` is its id."""

    code = "lead_merged"

    def __init__(self, into: str) -> None:
        super().__init__("lead")
        self.into = into
        self.args = ("the lead was merged into another one; work on that one",)


class Forbidden(OrthoCRMError, PermissionError):
    """The actor lacks the permission, or the object is outside the actor's scope."""

    code = "forbidden"

    def __init__(self, operation: str, permission: str) -> None:
        self.operation = operation
        self.permission = permission
        super().__init__(f"{operation} needs {permission}")


class RuleViolated(OrthoCRMError):
    """A business rule refuses; the subclass or `code` says which."""

    code = "rule_violated"


class BackwardMove(RuleViolated):
    """A lead only moves forward (skipping allowed), and never to the stage that it holds."""

    code = "backward_move"

    def __init__(self, held: str, wanted: str) -> None:
        self.held = held
        self.wanted = wanted
        super().__init__(f"a lead in {held} cannot move to {wanted}: stages only go forward")


class ClosedStage(RuleViolated):
    """Won and lost stages are entered by `convert` and `lose` only."""

    code = "closed_stage"

    def __init__(self, wanted: str, verb: str) -> None:
        self.wanted = wanted
        self.verb = verb
        super().__init__(f"{wanted} is entered by {verb}, not by a move")


class LostReasonMissing(RuleViolated):
    """A lead is lost for a reason, and the reason OTHER is explained by a note."""

    code = "lost_reason_missing"

    def __init__(self, path: str) -> None:
        self.path = path
        super().__init__(f"{path}: say why the lead was lost")


class LeadLocked(RuleViolated):
    """A converted lead's own fields, stage, owner and loss cannot change any more."""

    code = "lead_locked"

    def __init__(self) -> None:
        super().__init__("the lead was converted to a patient and is locked")


class LeadClosed(RuleViolated):
    """A lost or archived lead has to be reopened or restored first."""

    code = "lead_closed"

    def __init__(self, status: str) -> None:
        self.status = status
        super().__init__(f"the lead is {status.lower()}; reopen it first")


class NobodyToAssign(RuleViolated):
    """No coordinator is available and the clinic has no fallback person."""

    code = "nobody_to_assign"

    def __init__(self) -> None:
        super().__init__("no coordinator is available; add one or set the fallback person")


class StageInUse(RuleViolated):
    """Leads stand in the stage that should go, or the practice's settings name it.

    `lead_ids` are up to a hundred of the leads, `rules` and `mappings` the names of what speaks of
    the stage.
    """

    code = "stage_in_use"

    def __init__(
        self,
        stage: str,
        leads: int,
        lead_ids: Sequence[str] = (),
        *,
        rules: Sequence[str] = (),
        mappings: Sequence[str] = (),
    ) -> None:
        self.stage = stage
        self.leads = leads
        self.lead_ids = tuple(lead_ids[:100])
        self.rules, self.mappings = tuple(rules), tuple(mappings)
        said = [f"{counted(leads, 'lead stands', 'leads stand')} in {stage}"] if leads else []
        said += [f"the rule {name} names {stage}" for name in rules]
        said += [f"the mapping {name} names {stage}" for name in mappings]
        super().__init__(f"{', '.join(said)}; change that first")


class TwoPatients(RuleViolated):
    """Two converted leads are two patients of the practice, and never become one here."""

    code = "two_patients"

    def __init__(self) -> None:
        super().__init__("both leads were converted to patients; two patients are never merged")


class MergedSince(RuleViolated):
    """Another lead was merged into the same one later: that merge has to be undone first."""

    code = "merged_since"

    def __init__(self, merge_id: str) -> None:
        self.merge_id = merge_id
        super().__init__("another lead was merged into this one later; undo that merge first")


class TrailBroken(RuleViolated):
    """The audit trail is not the one of its last checkpoint: cut off, changed, or restored."""

    code = "trail_broken"

    def __init__(self) -> None:
        super().__init__(
            "the audit trail is not the one of its last checkpoint; run `orthocrm audit verify`"
        )


class NotOffered(RuleViolated):
    """An appointment cannot start then: `why` is the code, `rule` the rule that refuses."""

    code = "not_offered"

    def __init__(self, why: str, rule: str) -> None:
        self.why = why
        self.rule = rule
        super().__init__(f"this start is not offered: {why.replace('_', ' ')} ({rule})")


class InPast(NotOffered):
    """An appointment would start before now; only staff enter past ones, by hand."""

    code = "in_past"


class OutsideHours(NotOffered):
    """Nobody who could take the appointment works then."""

    code = "outside_hours"


class TooLate(RuleViolated):
    """A patient cancels or moves an appointment that starts too soon; the practice still can."""

    code = "too_late"

    def __init__(self) -> None:
        super().__init__("it starts too soon for this; call the practice")


class TooEarly(RuleViolated):
    """An appointment is completed or missed at its start, and not before."""

    code = "too_early"

    def __init__(self) -> None:
        super().__init__("the appointment has not started yet")


class MovedTooOften(RuleViolated):
    """A patient has moved the appointment as often as its type allows; the practice still can."""

    code = "moved_too_often"

    def __init__(self) -> None:
        super().__init__("it was moved too often for this; call the practice")


class TooManyOpen(RuleViolated):
    """A patient has booked as many appointments to come as the clinic's `rule` allows."""

    code = "too_many_open"

    def __init__(self, most: int) -> None:
        self.most = most
        self.rule = "own_bookings"
        super().__init__(f"at most {most} may be open at a time ({self.rule}); call the practice")


class RemindedTooOften(RuleViolated):
    """So many reminders of the appointment were sent by hand in a day as the clinic allows."""

    code = "reminded_too_often"

    def __init__(self) -> None:
        super().__init__("it was reminded of often enough today; call the family")


class HoldExpired(RuleViolated):
    """The time was held only until an instant that has passed; hold it again."""

    code = "hold_expired"

    def __init__(self) -> None:
        super().__init__("the hold has expired; choose a time again")


class TooLittleHistory(RuleViolated):
    """The clinic's past is too short for an answer: `needed` of a `unit`, `given` so many."""

    code = "too_little_history"

    def __init__(self, needed: int, given: int, unit: str = "months") -> None:
        self.needed = needed
        self.given = given
        self.unit = unit
        message = f"{needed} {unit} of history are needed and {given} are there"
        super().__init__(f"{message}: {self.missing} are missing")

    @property
    def missing(self) -> int:
        """How much more is needed."""
        return max(0, self.needed - self.given)


class LockedOut(RuleViolated):
    """The password was wrong too often; another try counts from `until` on."""

    code = "locked_out"

    def __init__(self, until: datetime) -> None:
        self.until = until
        super().__init__("the password was wrong too often; wait, or have it reset")


class LastAdministrator(RuleViolated):
    """Without this user and role nobody could administer the clinic's users any more."""

    code = "last_administrator"

    def __init__(self) -> None:
        super().__init__("nobody else administers users; make somebody an administrator first")


class AppointmentClosed(RuleViolated):
    """An appointment in this state cannot do this; final states refuse everything."""

    code = "appointment_closed"

    def __init__(self, status: str) -> None:
        self.status = status
        super().__init__(f"the appointment is {status.lower().replace('_', ' ')}")


class NotEnoughOutcomes(TooLittleHistory):
    """Too little has happened to learn from: `came` and `not_came` have to reach `least` each."""

    code = "not_enough_outcomes"

    def __init__(self, came: int, not_came: int, least: int) -> None:
        self.came = came
        self.not_came = not_came
        self.least = least
        super().__init__(2 * least, min(came, least) + min(not_came, least), "outcomes")
        message = (
            f"too little has happened to learn from: {came} with the outcome and {not_came} without"
            f" it; {least} of each are needed, so {self.missing} are missing"
        )
        self.args = (message,)


class Conflict(OrthoCRMError):
    """Somebody else was first; read again and decide anew."""

    code = "conflict"


class StaleVersion(Conflict):
    """The noun changed since it was read."""

    code = "stale_version"

    def __init__(self, kind: str) -> None:
        self.kind = kind
        super().__init__(f"the {kind} changed since it was read; read it again")


class AlreadyExists(Conflict):
    """An identity or a unique name is taken."""

    code = "already_exists"

    def __init__(self, kind: str, path: str = "id") -> None:
        self.kind = kind
        self.path = path
        super().__init__(f"{with_article(kind)} with this {path} exists")


class SlotTaken(Conflict):
    """Somebody has the time already; `rule` says whether a person, a chair or the patient."""

    code = "slot_taken"

    def __init__(self, rule: str = "R26") -> None:
        self.rule = rule
        super().__init__(f"the time is taken ({rule}); choose another one")


class KeyMisused(Conflict):
    """An idempotency key came back with another request than the first time."""

    code = "key_misused"

    def __init__(self) -> None:
        super().__init__("key: it was used for another request")


class Vetoed(OrthoCRMError):
    """A plug-in's `before_` hook refused politely; raise it from the hook itself."""

    code = "vetoed"

    def __init__(self, plugin: str, reason: str) -> None:
        self.plugin = plugin
        self.reason = reason
        super().__init__(f"{plugin}: {reason}")


class ConfigurationError(OrthoCRMError):
    """The installation or its settings have to be mended."""

    code = "configuration"


class PluginError(ConfigurationError):
    """A plug-in could not be loaded, or broke its contract."""

    code = "plugin"

    def __init__(self, plugin: str, message: str) -> None:
        self.plugin = plugin
        super().__init__(f"plug-in {plugin}: {message}")


class UnknownBackend(ConfigurationError):
    """No backend is registered for the scheme of the URL."""

    code = "unknown_backend"

    def __init__(self, scheme: str) -> None:
        self.scheme = scheme
        super().__init__(f"no backend for {scheme}://")


class MissingKey(ConfigurationError):
    """Personal data cannot be stored or read without its key."""

    code = "missing_key"


class MissingExtra(ConfigurationError):
    """What was asked for needs an optional part of the installation: an extra of the package."""

    code = "missing_extra"

    def __init__(self, extra: str, what: str) -> None:
        self.extra = extra
        super().__init__(f"{what} needs the extra {extra}: install orthocrm[{extra}]")


class MigrationNeeded(ConfigurationError):
    """The database schema is not the one of this release: run `orthocrm migrate`."""

    code = "migration_needed"


class BackendError(OrthoCRMError):
    """The storage failed; the driver's error is chained as the cause."""

    code = "backend"
