"""What the practice does to be found: touches, spend, campaigns and referrers."""

from orthocrm.backends.sql import tables
from orthocrm.backends.sql.rows.codec import Personal, Put, Row, Take, by_value, put_at, put_day
from orthocrm.backends.sql.rows.shape import Shape
from orthocrm.core.facts import CAMPAIGNS, REFERRERS, SPEND, TOUCHES
from orthocrm.core.lead import Channel
from orthocrm.core.marketing import (
    Campaign,
    ReferrerKind,
    ReferrerRecord,
    Spend,
    SpendKind,
    Touch,
)
from orthocrm.core.money import Money

_CHANNEL = by_value(Channel)
_COST = by_value(SpendKind)
_REFERRER = by_value(ReferrerKind)


def _write_touch(touch: Touch, put: Put) -> Row:
    seen = put_at(touch.at)
    return (
        touch.clinic_id,
        touch.id,
        put.number(touch.version),
        touch.lead_id,
        seen,
        touch.channel.value,
        seen if touch.created_at is touch.at else put_at(touch.created_at),
        touch.source_id,
        touch.campaign,
        touch.referring_provider_ref,
        touch.referring_patient_ref,
    )


def _read_touch(row: Row, personal: Personal, take: Take) -> Touch:
    return Touch(
        clinic_id=row[0],
        id=row[1],
        version=row[2],
        lead_id=row[3],
        at=take.at(row[4]),
        channel=_CHANNEL[row[5]],
        created_at=take.at(row[6]),
        source_id=row[7],
        campaign=row[8],
        referring_provider_ref=row[9],
        referring_patient_ref=row[10],
        detail=personal.get("detail"),
    )


def _personal_of_touch(touch: Touch) -> Personal:
    return {} if touch.detail is None else {"detail": touch.detail}


TOUCH = Shape(
    kind="touch",
    table=tables.touches,
    schema=TOUCHES,
    write=_write_touch,
    read=_read_touch,
    personal=_personal_of_touch,
    sealed_for=lambda touch: touch.lead_id,
)


def _write_spend(cost: Spend, put: Put) -> Row:
    return (
        cost.clinic_id,
        cost.id,
        put.number(cost.version),
        cost.source_id,
        cost.kind.value,
        put.number(cost.amount.minor),
        cost.amount.currency,
        put_day(cost.starts_on),
        put_at(cost.created_at),
        put_day(cost.ends_on) if cost.ends_on else None,
        cost.campaign,
        cost.note,
    )


def _read_spend(row: Row, _: Personal, take: Take) -> Spend:
    return Spend(
        clinic_id=row[0],
        id=row[1],
        version=row[2],
        source_id=row[3],
        kind=_COST[row[4]],
        amount=Money(row[5], row[6]),
        starts_on=take.day(row[7]),
        created_at=take.at(row[8]),
        ends_on=take.day(row[9]) if row[9] else None,
        campaign=row[10],
        note=row[11],
    )


SPENDING = Shape(
    kind="spend", table=tables.spend, schema=SPEND, write=_write_spend, read=_read_spend
)


def _write_campaign(campaign: Campaign, put: Put) -> Row:
    return (
        campaign.clinic_id,
        campaign.id,
        put.number(campaign.version),
        campaign.name,
        campaign.name.casefold(),
        put_at(campaign.created_at),
        campaign.source_id,
        put_day(campaign.starts_on) if campaign.starts_on else None,
        put_day(campaign.ends_on) if campaign.ends_on else None,
        put.flag(campaign.is_active),
    )


def _read_campaign(row: Row, _: Personal, take: Take) -> Campaign:
    return Campaign(
        clinic_id=row[0],
        id=row[1],
        version=row[2],
        name=row[3],
        created_at=take.at(row[5]),
        source_id=row[6],
        starts_on=take.day(row[7]) if row[7] else None,
        ends_on=take.day(row[8]) if row[8] else None,
        is_active=bool(row[9]),
    )


CAMPAIGN = Shape(
    kind="campaign",
    table=tables.campaigns,
    schema=CAMPAIGNS,
    write=_write_campaign,
    read=_read_campaign,
)


def _write_referrer(referrer: ReferrerRecord, put: Put) -> Row:
    return (
        referrer.clinic_id,
        referrer.id,
        put.number(referrer.version),
        referrer.kind.value,
        referrer.ref,
        put_at(referrer.created_at),
        put_at(referrer.updated_at),
        put.flag(referrer.is_active),
    )


def _read_referrer(row: Row, personal: Personal, take: Take) -> ReferrerRecord:
    return ReferrerRecord(
        clinic_id=row[0],
        id=row[1],
        version=row[2],
        kind=_REFERRER[row[3]],
        ref=row[4],
        created_at=take.at(row[5]),
        updated_at=take.at(row[6]),
        is_active=bool(row[7]),
        **personal,
    )


def _personal_of_referrer(referrer: ReferrerRecord) -> Personal:
    fields = {
        "name": referrer.name,
        "organisation": referrer.organisation,
        "phone": referrer.phone,
        "email": referrer.email,
        "notes": referrer.notes,
    }
    return {path: value for path, value in fields.items() if value is not None}


REFERRER = Shape(
    kind="referrer",
    table=tables.referrers,
    schema=REFERRERS,
    write=_write_referrer,
    read=_read_referrer,
    personal=_personal_of_referrer,
)
