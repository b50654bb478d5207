"""Warning of duplicates (rule 6), in the store and within the batch.

A shared phone number or e-mail address always warns. Names, birth dates and addresses are looked up
beside them, and warn when the comparison says person or household.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

from attrs import field, frozen

from orthocrm.core.actor import Permission
from orthocrm.core.facts import LEADS
from orthocrm.core.ids import LeadId
from orthocrm.core.lead import Lead
from orthocrm.core.query import predicate
from orthocrm.leads import dedupe
from orthocrm.leads.dedupe import Duplicate, Relation
from orthocrm.services.work import Work

Keys = Callable[[Iterable[str]], tuple[str, ...]]


@frozen(kw_only=True)
class Warned:
    """The duplicates of one lead: those that the actor may see, and how many there are beside.

    `all` are both, the surest first: what the practice knows, for its own records.
    """

    duplicates: tuple[Duplicate, ...] = ()
    hidden: int = 0
    all: tuple[Duplicate, ...] = field(default=(), repr=False)

    def without(self, refused: Collection[LeadId]) -> "Warned":
        """Leave out leads of the batch that were not stored after all."""
        return Warned(
            duplicates=_without(self.duplicates, refused),
            hidden=self.hidden,
            all=_without(self.all, refused),
        )


def _without(
    duplicates: tuple[Duplicate, ...], refused: Collection[LeadId]
) -> tuple[Duplicate, ...]:
    return tuple(one for one in duplicates if one.lead_id not in refused)


NOTHING = Warned()


def of(work: Work, leads: Sequence[Lead], *, judge: bool = True) -> list[Warned]:
    """Find the duplicates of every new lead among older ones.

    Without `judge`, by phone and e-mail alone and reading no lead. A key that more than
    `dedupe.CROWD` leads carry tells nothing and is dropped.
    """
    if not judge:
        sharing = _with_batch(work, leads, dedupe.reaching)
        return [_unjudged(lead, sharing) for lead in leads]
    sharing = _with_batch(work, leads, dedupe.shareable)
    if not sharing:
        return [NOTHING] * len(leads)
    batch = {lead.id: lead for lead in leads}
    stored = {i for ids in sharing.values() for i in ids} - batch.keys()
    others = {**work.sharing_leads(stored), **batch}
    shown = _shown(work, others, batch)
    found = [_warned(lead, _older(lead, sharing, others), sharing, shown) for lead in leads]
    work.touch(
        sorted({one.lead_id for warned in found for one in warned.duplicates} - batch.keys())
    )
    return found


def of_stored(work: Work, lead: Lead, strangers: Collection[LeadId] = ()) -> Warned:
    """Find the duplicates of a stored lead among all others, but for those known as strangers."""
    sharing = _with_batch(work, [lead], dedupe.shareable)
    ids = {i for found in sharing.values() for i in found} - {lead.id, *strangers}
    others = work.sharing_leads(ids)
    found = _warned(lead, list(others.values()), sharing, _shown(work, others, {}))
    work.touch(one.lead_id for one in found.duplicates)
    return found


def _with_batch(work: Work, leads: Sequence[Lead], kinds: Keys) -> dict[str, list[LeadId]]:
    """Look up the keys, add the batch's own leads, and drop crowds and keys of one lead."""
    carried = [(lead.id, kinds(lead.keys)) for lead in leads]
    hits = work.sharing({key for _, keys in carried for key in keys})
    sharing: dict[str, list[LeadId]] = {key: list(ids) for key, ids in hits.items()}
    for lead_id, keys in carried:
        for key in keys:
            ids = sharing.setdefault(key, [])
            if lead_id not in ids:
                ids.append(lead_id)
    return {key: ids for key, ids in sharing.items() if 1 < len(ids) <= dedupe.CROWD + 1}


def _unjudged(lead: Lead, sharing: Mapping[str, Sequence[LeadId]]) -> Warned:
    keys = [key for key in lead.keys if key in sharing]
    ids = dict.fromkeys(i for key in keys for i in sharing[key] if i < lead.id)
    return Warned(duplicates=tuple(dedupe.unjudged(i) for i in ids)) if ids else NOTHING


def _older(
    lead: Lead, sharing: Mapping[str, Sequence[LeadId]], others: Mapping[LeadId, Lead]
) -> list[Lead]:
    keys = [key for key in lead.keys if key in sharing]
    ids = dict.fromkeys(i for key in keys for i in sharing[key] if i < lead.id)
    return [others[i] for i in ids if i in others]


def _shown(
    work: Work, others: Mapping[LeadId, Lead], batch: Mapping[LeadId, Lead]
) -> frozenset[LeadId]:
    """Tell which leads the actor may see: what the batch itself holds, the actor knows."""
    if not work.may(Permission.LEAD_READ):
        return frozenset(batch)
    seen = visible(work)
    return frozenset(i for i, lead in others.items() if i in batch or seen(lead))


def visible(work: Work) -> Callable[[Lead], bool]:
    """Give the test of whether the actor may read a living lead."""
    if work.reaches_all(Permission.LEAD_READ):
        return lambda _: True
    return predicate(work.reach(Permission.LEAD_READ), LEADS)


def _warned(
    lead: Lead,
    others: Sequence[Lead],
    sharing: Mapping[str, Sequence[LeadId]],
    shown: frozenset[LeadId],
) -> Warned:
    if not others:
        return NOTHING
    reached = {i for key in dedupe.reaching(lead.keys) for i in sharing.get(key, ())}
    judged = dedupe.judged(lead, others)
    found = tuple(
        one for one in judged if one.relation is not Relation.POSSIBLE or one.lead_id in reached
    )
    duplicates = tuple(one for one in found if one.lead_id in shown)
    return Warned(duplicates=duplicates, hidden=len(found) - len(duplicates), all=found)
