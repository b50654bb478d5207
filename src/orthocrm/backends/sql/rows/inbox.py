"""What others delivered, and answers that are kept."""

from base64 import b64decode, b64encode

from orthocrm.backends.sql import tables
from orthocrm.backends.sql.rows.codec import (
    Personal,
    Put,
    Row,
    Take,
    by_value,
    put_at,
    put_objects,
    take_json,
)
from orthocrm.backends.sql.rows.shape import Shape
from orthocrm.core.answers import AnswerState, KeptAnswer
from orthocrm.core.facts import ANSWERS, INBOX
from orthocrm.core.inbox import Inbound, InboundKind, InboundState

_KIND = by_value(InboundKind)
_STATE = by_value(InboundState)
_ANSWERED = by_value(AnswerState)


def _write_inbound(one: Inbound, put: Put) -> Row:
    return (
        one.clinic_id,
        one.id,
        put.number(one.version),
        one.kind.value,
        one.name,
        put_at(one.received_at),
        put_at(one.due_at),
        one.line,
        put_objects(one.whose),
        one.form,
        one.state.value,
        one.because,
        put.number(one.attempts),
        put.number(one.fence),
        put_at(one.settled_at) if one.settled_at else None,
    )


def _read_inbound(row: Row, personal: Personal, take: Take) -> Inbound:
    return Inbound(
        clinic_id=row[0],
        id=row[1],
        version=row[2],
        kind=_KIND[row[3]],
        name=row[4],
        received_at=take.at(row[5]),
        due_at=take.at(row[6]),
        line=row[7],
        whose=tuple(take_json(row[8])),
        form=row[9],
        state=_STATE[row[10]],
        because=row[11],
        attempts=row[12],
        fence=row[13],
        settled_at=take.at(row[14]) if row[14] else None,
        url=personal["url"],
        headers=personal["headers"],
        body=b64decode(personal["body"]),
    )


def _personal_of_inbound(one: Inbound) -> Personal:
    body = b64encode(one.body).decode("ascii")
    return {"url": one.url, "headers": dict(one.headers), "body": body}


INBOUND = Shape(
    kind="delivery",
    table=tables.inbox,
    schema=INBOX,
    write=_write_inbound,
    read=_read_inbound,
    personal=_personal_of_inbound,
)


def _write_answer(answer: KeptAnswer, put: Put) -> Row:
    return (
        answer.clinic_id,
        answer.id,
        put.number(answer.version),
        answer.key,
        answer.request,
        answer.state.value,
        put_at(answer.made_at),
        put_at(answer.until),
        put.number(answer.status),
    )


def _read_answer(row: Row, personal: Personal, take: Take) -> KeptAnswer:
    return KeptAnswer(
        clinic_id=row[0],
        id=row[1],
        version=row[2],
        key=row[3],
        request=row[4],
        state=_ANSWERED[row[5]],
        made_at=take.at(row[6]),
        until=take.at(row[7]),
        status=row[8],
        headers=personal["headers"],
        body=personal["body"],
    )


ANSWER = Shape(
    kind="answer",
    table=tables.answers,
    schema=ANSWERS,
    write=_write_answer,
    read=_read_answer,
    personal=lambda answer: {"headers": dict(answer.headers), "body": answer.body},
)
