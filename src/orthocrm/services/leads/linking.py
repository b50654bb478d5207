"""Links between leads: what was found, and what people decided about it.

One link for each pair. What somebody rejected is never found again; what somebody confirmed stays
as it is, whatever the comparison says.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence

from attrs import evolve

from orthocrm.core.ids import LeadId, LinkId
from orthocrm.core.lead import Lead
from orthocrm.core.lead_link import LeadLink, Verdict
from orthocrm.core.query import AnyOf, Cond
from orthocrm.leads.dedupe import Duplicate, DuplicatePair, Relation
from orthocrm.services.work import Work, everything

MOST = 5
"""Links that one capture leaves behind, the surest ones; a household is joined by any of them."""

CLOSEST = (Relation.SAME_INQUIRY, Relation.SAME_PERSON, Relation.SAME_HOUSEHOLD)

LARGEST = 50
"""Leads to which a household is followed over its links; beyond, links have gone wrong."""

_Pair = tuple[LeadId, LeadId]


def pair_of(one: LeadId, other: LeadId) -> _Pair:
    """Bring a pair into the order in which it is stored."""
    return (one, other) if one < other else (other, one)


def keep_captured(work: Work, found: Iterable[tuple[Lead, Sequence[Duplicate]]]) -> None:
    """Link new leads to the persons and households that they were warned of.

    A household is confirmed by the rule itself; that two leads are one person is a suggestion.
    """
    links = [
        _new(work, _paired(lead, duplicate), by_rule=True)
        for lead, duplicates in found
        for duplicate in [one for one in duplicates if one.relation in CLOSEST][:MOST]
    ]
    if links:
        work.store.links.add(links)


def _paired(lead: Lead, duplicate: Duplicate) -> DuplicatePair:
    one, other = pair_of(lead.id, duplicate.lead_id)
    return DuplicatePair(
        one=one,
        other=other,
        relation=duplicate.relation,
        reasons=duplicate.reasons,
        score=duplicate.score,
    )


def _new(work: Work, pair: DuplicatePair, *, by_rule: bool) -> LeadLink:
    confirmed = by_rule and pair.relation is Relation.SAME_HOUSEHOLD
    return LeadLink(
        id=LinkId(work.ids()),
        clinic_id=work.clinic_id,
        lead_id=pair.one,
        other_id=pair.other,
        relation=pair.relation,
        verdict=Verdict.CONFIRMED if confirmed else Verdict.SUGGESTED,
        found_at=work.now,
        permille=_permille(pair.score),
        reasons=pair.reasons,
    )


def _permille(score: float) -> int:
    return round(score * 1000)


def undecided(
    pairs: Iterable[DuplicatePair], links: Mapping[_Pair, LeadLink]
) -> list[DuplicatePair]:
    """Leave out the pairs about which somebody has decided."""
    return [pair for pair in pairs if not _is_decided(links.get((pair.one, pair.other)))]


def _is_decided(link: LeadLink | None) -> bool:
    return link is not None and link.decided_by is not None


def suggest(work: Work, pairs: Sequence[DuplicatePair], links: Mapping[_Pair, LeadLink]) -> None:
    """Store undecided pairs as suggestions; a suggestion that is there follows what was found."""
    stored = [(pair, links.get((pair.one, pair.other))) for pair in pairs]
    work.store.links.add([_new(work, pair, by_rule=False) for pair, link in stored if link is None])
    again = [_found_again(pair, link) for pair, link in stored if link is not None]
    work.store.links.save([link for link in again if link is not None])


def _found_again(pair: DuplicatePair, link: LeadLink) -> LeadLink | None:
    """Give the link as it was found now; None where nothing is new."""
    found = evolve(
        link,
        relation=pair.relation,
        verdict=link.verdict if link.relation is pair.relation else Verdict.SUGGESTED,
        permille=_permille(pair.score),
        reasons=pair.reasons,
    )
    return None if found == link else found


def decide(
    work: Work, pairs: Collection[_Pair], relation: Relation | None, verdict: Verdict
) -> list[LeadLink]:
    """Record what somebody decided about pairs; without a relation, what was found stays."""
    present = between(work, pairs)
    decided = {pair: _decided(work, pair, present.get(pair), relation, verdict) for pair in pairs}
    work.store.links.add([link for pair, link in decided.items() if pair not in present])
    known = [pair for pair in decided if pair in present]
    changed = [decided[pair] for pair in known if decided[pair] != present[pair]]
    saved = {(link.lead_id, link.other_id): link for link in work.store.links.save(changed)}
    return [saved.get(pair, link) for pair, link in decided.items()]


def _decided(
    work: Work, pair: _Pair, link: LeadLink | None, relation: Relation | None, verdict: Verdict
) -> LeadLink:
    if link is None:
        link = LeadLink(
            id=LinkId(work.ids()),
            clinic_id=work.clinic_id,
            lead_id=pair[0],
            other_id=pair[1],
            relation=relation or Relation.POSSIBLE,
            verdict=verdict,
            found_at=work.now,
        )
    same = (link.verdict, link.relation) == (verdict, relation or link.relation)
    if same and _is_decided(link):
        return link
    return evolve(
        link,
        relation=relation or link.relation,
        verdict=verdict,
        decided_at=work.now,
        decided_by=work.actor.user,
    )


def between(work: Work, pairs: Collection[_Pair]) -> dict[_Pair, LeadLink]:
    """Read the links of pairs; one read for all of them."""
    if not pairs:
        return {}
    firsts = tuple(sorted({one for one, _ in pairs}))
    links = everything(work.store.links, Cond("lead_id", "in", firsts))
    wanted = set(pairs)
    found = {(link.lead_id, link.other_id): link for link in links}
    return {pair: link for pair, link in found.items() if pair in wanted}


def of(work: Work, leads: Collection[LeadId]) -> tuple[LeadLink, ...]:
    """Read the links of leads, from either end."""
    ids = tuple(sorted(leads))
    ends = (Cond("lead_id", "in", ids), Cond("other_id", "in", ids))
    return everything(work.store.links, AnyOf(ends))


def rejected(links: Iterable[LeadLink], lead: LeadId) -> set[LeadId]:
    """Tell which leads somebody has said do not belong to one."""
    return {link.other_than(lead) for link in links if link.verdict is Verdict.REJECTED}


def household(work: Work, lead: LeadId) -> list[LeadId]:
    """Follow confirmed links to everybody of a household, the lead itself first.

    It goes no further than `LARGEST` leads. Whom somebody has rejected for the lead itself is left
    out, also where others lead to them.
    """
    links = of(work, [lead])
    strangers = rejected(links, lead)
    met: dict[LeadId, None] = {lead: None}
    while links and len(met) < LARGEST:
        joined = [i for link in links if _joins(link) for i in (link.lead_id, link.other_id)]
        beyond = [i for i in dict.fromkeys(joined) if i not in met and i not in strangers]
        edge = beyond[: LARGEST - len(met)]
        met.update(dict.fromkeys(edge))
        links = of(work, edge) if edge else ()
    return list(met)


def _joins(link: LeadLink) -> bool:
    return link.verdict is Verdict.CONFIRMED and link.relation in CLOSEST
