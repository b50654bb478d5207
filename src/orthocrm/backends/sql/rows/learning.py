"""What clinics learnt."""

from orthocrm.backends.sql import tables
from orthocrm.backends.sql.rows.codec import (
    Personal,
    Put,
    Row,
    Take,
    by_value,
    put_at,
    put_json,
    take_json,
)
from orthocrm.backends.sql.rows.shape import Shape
from orthocrm.core.facts import MODELS
from orthocrm.core.trained_model import ModelPurpose, TrainedModel

_PURPOSE = by_value(ModelPurpose)


def _write_model(model: TrainedModel, put: Put) -> Row:
    return (
        model.clinic_id,
        model.id,
        put.number(model.version),
        model.purpose.value,
        put.number(model.number),
        put_at(model.trained_at),
        model.trained_by,
        put_json(model.document),
        put_json(model.report),
    )


def _read_model(row: Row, _: Personal, take: Take) -> TrainedModel:
    return TrainedModel(
        clinic_id=row[0],
        id=row[1],
        version=row[2],
        purpose=_PURPOSE[row[3]],
        number=row[4],
        trained_at=take.at(row[5]),
        trained_by=row[6],
        document=take_json(row[7]),
        report=take_json(row[8]),
    )


MODEL = Shape(
    kind="model",
    table=tables.trained_models,
    schema=MODELS,
    write=_write_model,
    read=_read_model,
)
