"""What is kept of one person, given out."""

from collections.abc import Mapping, Sequence
from typing import Any

from attrs import evolve

from orthocrm.core.merging import Merge
from orthocrm.privacy import portrait
from orthocrm.privacy.portrait import PersonalExport
from orthocrm.services.privacy.known import Known
from orthocrm.services.work import Work


def export(work: Work, person: Known) -> PersonalExport:
    """Write everything that is known of a person."""
    work.touch(person.ids)
    clinic = work.practice.clinic
    return portrait.export(person.ids[0], _kinds(person), work.now, work.actor.user, clinic.name)


def _kinds(person: Known) -> Mapping[str, Sequence[Any]]:
    return {
        "leads": [evolve(lead, keys=()) for lead in person.leads],
        **person.plain,
        "appointments": person.appointments,
        "messages": person.messages,
        "links": person.links,
        "merges": [_merge(one, person) for one in person.merges],
        "consents": person.consents,
        "referrers": person.referrers,
        "changes": person.changes,
    }


def _merge(merge: Merge, person: Known) -> Mapping[str, Any]:
    """Tell of a merge; of a lead that is somebody else again, nothing but that there was one."""
    told: dict[str, Any] = {"id": merge.id, "at": merge.at, "by": merge.by}
    if merge.undone_at is not None:
        told["undone_at"] = merge.undone_at
    if merge.loser_id in person.ids:
        told["lead_before"] = merge.loser_before
    if merge.survivor_id in person.ids:
        told["survivor_before"] = merge.survivor_before
    return told
