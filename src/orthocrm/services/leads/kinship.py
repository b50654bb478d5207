"""`desk.leads`: who belongs together: duplicates of a lead, of a clinic, and households."""

from collections.abc import Callable, Iterable, Sequence
from itertools import combinations, islice
from typing import TypeVar

from orthocrm.core.actor import Permission
from orthocrm.core.errors import Forbidden, InvalidInput, NotFound
from orthocrm.core.events import DuplicateRejected, HouseholdLinked, LeadsUnlinked
from orthocrm.core.ids import LeadId
from orthocrm.core.lead import Lead
from orthocrm.core.lead_link import LeadLink, Verdict
from orthocrm.core.limits import PAGE
from orthocrm.core.query import Cond, Page, both
from orthocrm.leads import dedupe
from orthocrm.leads.dedupe import DuplicatePair, Relation
from orthocrm.leads.matching.pairs import Search
from orthocrm.leads.matching.record import record_of
from orthocrm.services.gate import Area, composed, verb
from orthocrm.services.leads import linking, warnings
from orthocrm.services.results import Duplicates, Household, Links
from orthocrm.services.work import LIVING, Work

T = TypeVar("T")

MOST_TOGETHER = 12
"""Leads that one act links as a household."""

_STANDING = both(LIVING, Cond("merged_into", "absent"))


class Kinship(Area, area="leads"):
    """What leads are to each other, as it was found and as people decided."""

    @verb(Permission.LEAD_READ)
    def duplicates_of(self, work: Work, lead_id: LeadId) -> Duplicates:
        """Look for other leads of the same person or family as a stored one.

        Those of which somebody has said that they do not belong together are left out.

        Raises:
            NotFound: there is no such lead, or it is out of the actor's reach.
        """
        lead = work.standing(lead_id)
        strangers = linking.rejected(linking.of(work, [lead.id]), lead.id)
        found = warnings.of_stored(work, lead, strangers)
        return Duplicates(found=found.duplicates, hidden=found.hidden)

    @composed
    def find_duplicates(
        self,
        *,
        possible: bool = False,
        keep: bool = True,
        progress: Callable[[int], None] | None = None,
    ) -> tuple[DuplicatePair, ...]:
        """Find all duplicates of the clinic: persons first, then households.

        The clinic is read twice, a page at a time and each in a unit of work of its own, so that
        other work goes on meanwhile. Only what is compared stays in memory: 2 kB for each lead that
        shares a name, address, phone or e-mail with another one. Pairs about which somebody has
        decided are left out.

        Args:
            possible: give pairs that share a key and nothing more as well.
            keep: store what is found as suggestions; it needs the permission to update leads.
            progress: told after each page how many leads were read, each of them twice.

        Raises:
            Forbidden: the actor does not reach every lead of the clinic.
        """
        search, after = Search(possible=possible), None
        told = progress or _nobody
        while (after := self.survey(search, after)) is not None:
            told(search.size)
        wanted, read = search.wanted(), search.size
        for some in _batches(wanted, PAGE):
            self.hold(search, some)
            read += len(some)
            told(read)
        found = map(dedupe.described, search.pairs())
        return tuple(
            pair for some in _batches(found, PAGE) for pair in self.settle(some, keep=keep)
        )

    @verb(Permission.LEAD_READ)
    def survey(self, work: Work, search: Search, after: LeadId | None = None) -> LeadId | None:
        """Take a page of leads into a search, and name the last one; None at the end.

        The audit trail names the first and the last lead of the page: all that stand between them
        were compared, and shown to nobody.
        """
        _demand_all(work, search)
        page = Page(PAGE, None if after is None else (after,))
        found = work.store.leads.find(_STANDING, page=page)
        _note(work, found.items)
        search.survey(map(record_of, found.items))
        return found.items[-1].id if found.after is not None else None

    @verb(Permission.LEAD_READ)
    def hold(self, work: Work, search: Search, ids: Sequence[str]) -> None:
        """Take the leads that a search wants to compare into it; those that are gone are left."""
        _demand_all(work, search)
        if len(ids) > PAGE:
            raise InvalidInput.at("ids", "too_many", f"give {PAGE} at the most")
        found = work.sharing_leads(map(LeadId, ids))
        _note(work, list(found.values()))
        search.hold(map(record_of, found.values()))

    @verb(Permission.LEAD_READ)
    def settle(
        self, work: Work, pairs: Sequence[DuplicatePair], *, keep: bool = True
    ) -> tuple[DuplicatePair, ...]:
        """Leave out the pairs about which somebody has decided, and keep the others as suggestions.

        Only persons and households are kept; what is merely possible is no suggestion.
        """
        if not work.reaches_all(Permission.LEAD_READ):
            raise Forbidden(work.operation, Permission.LEAD_READ)
        links = linking.between(work, [(pair.one, pair.other) for pair in pairs])
        open_pairs = linking.undecided(pairs, links)
        work.touch(i for pair in open_pairs for i in (pair.one, pair.other))
        if keep:
            work.demand(Permission.LEAD_UPDATE)
            close = [pair for pair in open_pairs if pair.relation in linking.CLOSEST]
            linking.suggest(work, close, links)
        return tuple(open_pairs)

    @verb(Permission.LEAD_UPDATE)
    def not_duplicate(self, work: Work, lead_id: LeadId, other_id: LeadId) -> LeadLink:
        """Remember that two leads do not belong together: they are never suggested again.

        Children of one family are told apart by `link_household` instead.

        Raises:
            NotFound: one of them does not exist, or is out of the actor's reach.
        """
        pair = _two(work, lead_id, other_id)
        (link,) = linking.decide(work, [pair], None, Verdict.REJECTED)
        work.record(
            DuplicateRejected(
                clinic_id=work.clinic_id,
                at=work.now,
                by=work.actor.user,
                lead_id=link.lead_id,
                other_id=link.other_id,
            )
        )
        return link

    @verb(Permission.LEAD_UPDATE)
    def link_household(self, work: Work, lead_ids: Sequence[LeadId]) -> tuple[LeadLink, ...]:
        """Say of two to twelve leads that they are one household, and not one person.

        Raises:
            InvalidInput: there are fewer or more, or one comes twice.
            NotFound: one of them does not exist, or is out of the actor's reach.
        """
        ids = _several(lead_ids)
        work.leads(ids)
        pairs = [linking.pair_of(one, other) for one, other in combinations(ids, 2)]
        links = linking.decide(work, pairs, Relation.SAME_HOUSEHOLD, Verdict.CONFIRMED)
        work.record(
            HouseholdLinked(
                clinic_id=work.clinic_id, at=work.now, by=work.actor.user, lead_ids=tuple(ids)
            )
        )
        return tuple(links)

    @verb(Permission.LEAD_UPDATE)
    def unlink(self, work: Work, lead_id: LeadId, other_id: LeadId) -> None:
        """Forget what was found or decided about two leads; they may be suggested again.

        Raises:
            NotFound: they are not linked, or one of them is out of the actor's reach.
        """
        pair = _two(work, lead_id, other_id)
        link = linking.between(work, [pair]).get(pair)
        if link is None:
            raise NotFound("link")
        work.store.links.remove([link.id])
        work.record(
            LeadsUnlinked(
                clinic_id=work.clinic_id,
                at=work.now,
                by=work.actor.user,
                lead_id=link.lead_id,
                other_id=link.other_id,
            )
        )

    @verb(Permission.LEAD_READ)
    def links(self, work: Work, lead_id: LeadId) -> Links:
        """Give the links of a lead: suggested, confirmed and rejected, the surest first."""
        lead = work.standing(lead_id)
        links = linking.of(work, [lead.id])
        others = work.sharing_leads(link.other_than(lead.id) for link in links)
        standing = [link for link in links if link.other_than(lead.id) in others]
        shown = {other.id for other in _visible(work, others.values())}
        seen = [link for link in standing if link.other_than(lead.id) in shown]
        work.touch(sorted(shown))
        return Links(
            links=tuple(sorted(seen, key=lambda link: (-(link.permille or 1000), link.id))),
            hidden=len(standing) - len(seen),
        )

    @verb(Permission.LEAD_READ)
    def household_of(self, work: Work, lead_id: LeadId) -> Household:
        """Give the other leads of a lead's household, over confirmed links, the oldest first.

        A parent's enquiries for two children are linked as soon as they are captured.
        """
        lead = work.standing(lead_id)
        others = work.sharing_leads(linking.household(work, lead.id)[1:])
        seen = tuple(_visible(work, others.values()))
        work.touch(other.id for other in seen)
        return Household(leads=seen, hidden=len(others) - len(seen))


def _nobody(_: int) -> None:
    """Tell nobody of the progress."""


def _batches(items: Iterable[T], size: int) -> Iterable[list[T]]:
    rest = iter(items)
    while some := list(islice(rest, size)):
        yield some


def _demand_all(work: Work, search: Search) -> None:
    """Refuse what is no search, and whoever does not reach the whole clinic."""
    if not isinstance(search, Search):
        raise InvalidInput.at("search", "wrong_type", "give a Search")
    if not work.reaches_all(Permission.LEAD_READ):
        raise Forbidden(work.operation, Permission.LEAD_READ)


def _note(work: Work, leads: Sequence[Lead]) -> None:
    """Name the first and the last of many leads for the audit trail."""
    work.touch(lead.id for lead in (*leads[:1], *leads[1:][-1:]))


def _visible(work: Work, leads: Iterable[Lead]) -> list[Lead]:
    visible = warnings.visible(work)
    return [lead for lead in leads if visible(lead)]


def _two(work: Work, lead_id: LeadId, other_id: LeadId) -> tuple[LeadId, LeadId]:
    """Read a pair of different leads within the actor's reach."""
    one, other = _several((lead_id, other_id))
    work.leads([one, other])
    return linking.pair_of(one, other)


def _several(lead_ids: Sequence[LeadId]) -> list[LeadId]:
    """Check that these are some leads, each once."""
    if isinstance(lead_ids, str) or not isinstance(lead_ids, Sequence):
        raise InvalidInput.at("lead_ids", "not_a_list", "give a list of leads")
    ids = list(lead_ids)
    if not 1 < len(ids) <= MOST_TOGETHER:
        raise InvalidInput.at("lead_ids", "out_of_range", f"give 2 to {MOST_TOGETHER} leads")
    if not all(isinstance(one, str) for one in ids):
        raise InvalidInput.at("lead_ids", "wrong_type", "give the ids of leads")
    if len(set(ids)) < len(ids):
        raise InvalidInput.at("lead_ids", "repeated", "give each lead once")
    return ids
