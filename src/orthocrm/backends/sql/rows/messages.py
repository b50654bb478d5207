"""Messages and notices, consent, and how staff are reached."""

from orthocrm.backends.sql import tables
from orthocrm.backends.sql.rows.codec import (
    Personal,
    Put,
    Row,
    Take,
    by_value,
    put_at,
    put_codes,
    put_objects,
    take_json,
    taking_codes,
)
from orthocrm.backends.sql.rows.shape import Shape
from orthocrm.core.facts import CONTACTS, MESSAGES, NOTICES
from orthocrm.core.notifying import (
    ConsentEntry,
    Message,
    MessageChannel,
    MessageState,
    Notice,
    Purpose,
    PushTarget,
    StaffContact,
)
from orthocrm.core.query import Schema

_CHANNEL = by_value(MessageChannel)
_PURPOSE = by_value(Purpose)
_STATE = by_value(MessageState)
_take_channels = taking_codes(MessageChannel)


def _write_message(message: Message, put: Put) -> Row:
    return (
        message.clinic_id,
        message.id,
        put.number(message.version),
        message.key,
        message.channel.value,
        message.purpose.value,
        put_at(message.due_at),
        put_at(message.created_at),
        message.created_by,
        message.lead_id,
        message.user,
        message.template,
        message.about,
        message.appointment_id,
        put_at(message.not_after) if message.not_after else None,
        message.state.value,
        message.because,
        put.number(message.attempts),
        put.number(message.fence),
        message.carrier,
        message.carrier_ref,
        put_at(message.sent_at) if message.sent_at else None,
        put_at(message.settled_at) if message.settled_at else None,
    )


def _read_message(row: Row, personal: Personal, take: Take) -> Message:
    return Message(
        clinic_id=row[0],
        id=row[1],
        version=row[2],
        key=row[3],
        channel=_CHANNEL[row[4]],
        purpose=_PURPOSE[row[5]],
        due_at=take.at(row[6]),
        created_at=take.at(row[7]),
        created_by=row[8],
        lead_id=row[9],
        user=row[10],
        template=row[11],
        about=row[12],
        appointment_id=row[13],
        not_after=take.at(row[14]) if row[14] else None,
        state=_STATE[row[15]],
        because=row[16],
        attempts=row[17],
        fence=row[18],
        carrier=row[19],
        carrier_ref=row[20],
        sent_at=take.at(row[21]) if row[21] else None,
        settled_at=take.at(row[22]) if row[22] else None,
        to=personal["to"],
        subject=personal.get("subject"),
        body=personal["body"],
    )


def _personal_of_message(message: Message) -> Personal:
    fields = {"to": message.to, "subject": message.subject, "body": message.body}
    return {path: value for path, value in fields.items() if value is not None}


MESSAGE = Shape(
    kind="message",
    table=tables.messages,
    schema=MESSAGES,
    write=_write_message,
    read=_read_message,
    personal=_personal_of_message,
    sealed_for=lambda message: message.lead_id,
)


def _write_notice(notice: Notice, put: Put) -> Row:
    return (
        notice.clinic_id,
        notice.id,
        put.number(notice.version),
        notice.user,
        notice.kind,
        notice.key,
        put_at(notice.created_at),
        notice.lead_id,
        notice.object_id,
        put.number(notice.count),
        put_at(notice.read_at) if notice.read_at else None,
    )


def _read_notice(row: Row, _: Personal, take: Take) -> Notice:
    return Notice(
        clinic_id=row[0],
        id=row[1],
        version=row[2],
        user=row[3],
        kind=row[4],
        key=row[5],
        created_at=take.at(row[6]),
        lead_id=row[7],
        object_id=row[8],
        count=row[9],
        read_at=take.at(row[10]) if row[10] else None,
    )


NOTICE = Shape(
    kind="notice", table=tables.notices, schema=NOTICES, write=_write_notice, read=_read_notice
)


def _write_consent(entry: ConsentEntry, put: Put) -> Row:
    return (
        entry.clinic_id,
        entry.id,
        put.number(entry.version),
        entry.channel.value,
        put.flag(entry.granted),
        put_at(entry.at),
        put_at(entry.created_at),
        entry.created_by,
        entry.purpose.value if entry.purpose else None,
        entry.lead_id,
    )


def _read_consent(row: Row, personal: Personal, take: Take) -> ConsentEntry:
    """Read an entry; its address is among what was opened, put there by whoever asked for it."""
    return ConsentEntry(
        clinic_id=row[0],
        id=row[1],
        version=row[2],
        channel=_CHANNEL[row[3]],
        granted=bool(row[4]),
        at=take.at(row[5]),
        created_at=take.at(row[6]),
        created_by=row[7],
        purpose=_PURPOSE[row[8]] if row[8] else None,
        lead_id=row[9],
        address=personal["address"],
        evidence=personal.get("evidence"),
    )


def _personal_of_consent(entry: ConsentEntry) -> Personal:
    return {} if entry.evidence is None else {"evidence": entry.evidence}


CONSENT = Shape(
    kind="consent",
    table=tables.consents,
    schema=Schema("consents"),
    write=_write_consent,
    read=_read_consent,
    personal=_personal_of_consent,
    sealed_for=lambda entry: entry.lead_id,
    blind=lambda entry: entry.address,
)


def _write_contact(contact: StaffContact, put: Put) -> Row:
    return (
        contact.clinic_id,
        contact.id,
        put.number(contact.version),
        put_codes(contact.channels),
        put_objects(contact.muted),
    )


def _read_contact(row: Row, personal: Personal, _: Take) -> StaffContact:
    clinic_id, user, version, channels, muted = row
    return StaffContact(
        clinic_id=clinic_id,
        id=user,
        version=version,
        channels=_take_channels(channels),
        muted=tuple(take_json(muted)),
        email=personal.get("email"),
        phone=personal.get("phone"),
        push=tuple(PushTarget(**target) for target in personal.get("push", ())),
    )


def _personal_of_contact(contact: StaffContact) -> Personal:
    fields = {
        "email": contact.email,
        "phone": contact.phone,
        "push": [_written_target(target) for target in contact.push] or None,
    }
    return {path: value for path, value in fields.items() if value is not None}


def _written_target(target: PushTarget) -> Personal:
    return {"endpoint": target.endpoint, "p256dh": target.p256dh, "auth": target.auth}


CONTACT = Shape(
    kind="staff contact",
    table=tables.staff_contacts,
    schema=CONTACTS,
    write=_write_contact,
    read=_read_contact,
    personal=_personal_of_contact,
)
