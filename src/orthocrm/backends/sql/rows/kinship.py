"""Links between leads, and merges."""

from orthocrm.backends.sql import tables
from orthocrm.backends.sql.rows.codec import (
    Personal,
    Put,
    Row,
    Take,
    by_value,
    put_at,
    put_json,
    put_objects,
    take_json,
)
from orthocrm.backends.sql.rows.shape import Shape
from orthocrm.backends.sql.rows.whole import put_whole, take_whole
from orthocrm.core.facts import LINKS, MERGES
from orthocrm.core.lead_link import LeadLink, Relation, Verdict
from orthocrm.core.merging import Merge

_RELATION = by_value(Relation)
_VERDICT = by_value(Verdict)


def _write_link(link: LeadLink, put: Put) -> Row:
    return (
        link.clinic_id,
        link.id,
        put.number(link.version),
        link.lead_id,
        link.other_id,
        link.relation.value,
        link.verdict.value,
        put_at(link.found_at),
        None if link.permille is None else put.number(link.permille),
        put_objects(link.reasons),
        put_at(link.decided_at) if link.decided_at else None,
        link.decided_by,
    )


def _read_link(row: Row, _: Personal, take: Take) -> LeadLink:
    return LeadLink(
        clinic_id=row[0],
        id=row[1],
        version=row[2],
        lead_id=row[3],
        other_id=row[4],
        relation=_RELATION[row[5]],
        verdict=_VERDICT[row[6]],
        found_at=take.at(row[7]),
        permille=row[8],
        reasons=tuple(take_json(row[9])),
        decided_at=take.at(row[10]) if row[10] else None,
        decided_by=row[11],
    )


LINK = Shape(kind="link", table=tables.links, schema=LINKS, write=_write_link, read=_read_link)


def _write_merge(merge: Merge, put: Put) -> Row:
    moved = {kind: list(ids) for kind, ids in sorted(merge.moved.items())}
    return (
        merge.clinic_id,
        merge.id,
        put.number(merge.version),
        merge.survivor_id,
        merge.loser_id,
        put_at(merge.at),
        merge.by,
        put.number(merge.survivor_version),
        put_json(moved),
        put_at(merge.undone_at) if merge.undone_at else None,
        merge.undone_by,
    )


def _read_merge(row: Row, personal: Personal, take: Take) -> Merge:
    return Merge(
        clinic_id=row[0],
        id=row[1],
        version=row[2],
        survivor_id=row[3],
        loser_id=row[4],
        at=take.at(row[5]),
        by=row[6],
        survivor_version=row[7],
        moved={kind: tuple(ids) for kind, ids in take_json(row[8]).items()},
        undone_at=take.at(row[9]) if row[9] else None,
        undone_by=row[10],
        survivor_before=take_whole(personal["survivor_before"]),
        survivor_after=take_whole(personal["survivor_after"]),
        loser_before=take_whole(personal["loser_before"]),
    )


def _personal_of_merge(merge: Merge) -> Personal:
    return {
        "survivor_before": put_whole(merge.survivor_before),
        "survivor_after": put_whole(merge.survivor_after),
        "loser_before": put_whole(merge.loser_before),
    }


MERGE = Shape(
    kind="merge",
    table=tables.merges,
    schema=MERGES,
    write=_write_merge,
    read=_read_merge,
    personal=_personal_of_merge,
    sealed_for=lambda merge: merge.survivor_id,
    sealed_by="survivor_id",
)
