"""What the verbs answer: frozen values, one per verb."""

from attrs import field, frozen

from orthocrm.core.activity import Activity, Decision
from orthocrm.core.lead import Lead
from orthocrm.core.lead_link import LeadLink
from orthocrm.core.masking import PERSONAL, mask
from orthocrm.core.people import Phone
from orthocrm.core.task import Task
from orthocrm.leads.dedupe import Duplicate


@frozen(kw_only=True)
class Captured:
    """What came of an enquiry.

    `duplicates` are the leads that may be the same person or family (rule 6: a warning, never a
    refusal); `hidden_duplicates` counts those that the actor may not read. `replayed` tells that
    this delivery had arrived before and nothing new was made of it.
    """

    lead: Lead
    duplicates: tuple[Duplicate, ...] = ()
    hidden_duplicates: int = 0
    tasks: tuple[Task, ...] = ()
    decision: Decision | None = None
    replayed: bool = False


@frozen(kw_only=True)
class Moved:
    """A lead that changed its stage, and the tasks that the clinic's rules made of it."""

    lead: Lead
    activity: Activity
    tasks: tuple[Task, ...] = ()


@frozen(kw_only=True)
class Observed:
    """A lead under observation until `lead.recall_due_on`, and the note that says so."""

    lead: Lead
    activity: Activity


@frozen(kw_only=True)
class Recalled:
    """A lead that came back from observation, and the task of its coordinator."""

    lead: Lead
    activity: Activity
    task: Task


@frozen(kw_only=True)
class Assigned:
    """A lead with its coordinator, and why it is that one."""

    lead: Lead
    decision: Decision


@frozen(kw_only=True)
class Logged:
    """An activity on record.

    `suggest_lost` follows from too many attempts without an answer, `call_instead` is the other
    number of a family whose first one was wrong.
    """

    lead: Lead
    activity: Activity
    tasks: tuple[Task, ...] = ()
    suggest_lost: bool = False
    call_instead: Phone | None = field(default=None, repr=mask, metadata=PERSONAL)


@frozen(kw_only=True)
class LeadPage:
    """One page of leads; `cursor` opens the next one, None at the end."""

    leads: tuple[Lead, ...]
    cursor: str | None = None


@frozen(kw_only=True)
class Duplicates:
    """Leads that may be the same person or family; `hidden` counts those out of reach."""

    found: tuple[Duplicate, ...] = ()
    hidden: int = 0


@frozen(kw_only=True)
class Links:
    """The links of a lead; `hidden` counts those to leads out of reach."""

    links: tuple[LeadLink, ...] = ()
    hidden: int = 0


@frozen(kw_only=True)
class Household:
    """The other leads of a household; `hidden` counts those out of reach."""

    leads: tuple[Lead, ...] = ()
    hidden: int = 0
