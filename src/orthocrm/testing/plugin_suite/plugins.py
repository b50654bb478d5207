"""What every plug-in promises, whatever it brings."""

import logging
from collections.abc import Iterator
from contextlib import suppress
from datetime import date, datetime, timedelta
from enum import Enum
from typing import Any, get_args, get_origin

import attrs
import pytest

from orthocrm.core.actor import Actor, Role
from orthocrm.core.errors import Vetoed
from orthocrm.core.events import KINDS, Event
from orthocrm.core.ids import UserId
from orthocrm.core.lead import LostReason
from orthocrm.core.settings import Settings
from orthocrm.core.task import LeadTaskType
from orthocrm.crm import OrthoCRM, connect
from orthocrm.desk import Desk
from orthocrm.followup.tasks import NewTask
from orthocrm.hooks import Plugins, Specs
from orthocrm.leads.editing import LeadEdit
from orthocrm.leads.intake import Intake
from orthocrm.testing.clock import MONDAY_MORNING, FrozenClock

_HOOKS = tuple(name for name in vars(Specs) if not name.startswith("_"))
_MOST_NAME = 100
_PERSONAL = ("Zanzibarcanary", "zanzibarcanary", "555-0142", "5550142")


class PluginSuite:
    """Tests of any plug-in; give `plugin`: the object, class or module that has the hooks."""

    @pytest.fixture
    def plugin(self) -> object:
        """Give the plug-in, fresh."""
        raise NotImplementedError("give the fixture `plugin`")

    @pytest.fixture
    def crm(self, plugin: object) -> Iterator[OrthoCRM]:
        """Open an installation with the plug-in."""
        with connect(
            "memory://", plugins=[plugin], discover_plugins=False, clock=FrozenClock()
        ) as crm:
            yield crm

    @pytest.fixture
    def desk(self, crm: OrthoCRM) -> Desk:
        """Give a desk that may do everything, in a practice with one coordinator."""
        settings = Settings(fallback=UserId("manager"))
        clinic = crm.create_clinic(name="Bright Smiles", timezone="UTC", settings=settings)
        desk = crm.acting_as(Actor.system(Role.OPERATOR, clinic.id))
        desk.settings.add_coordinator("tc-1", "Ana")
        return desk

    def test_it_starts(self, plugin: object) -> None:
        """Its hooks exist, and so do their parameters; what it brings has the right form."""
        found = Plugins([plugin], discover=False)
        assert [name for name in _HOOKS if found.listens(name)], "no method is marked by hook"

    def test_what_it_brings_has_names(self, plugin: object) -> None:
        """Settings name contributions, so each name is one line."""
        found = Plugins([plugin], discover=False)
        names = [key for name in _contributions() for key in found.collect(name)]
        odd = [n for n in names if not isinstance(n, str) or not _is_name(n)]
        assert odd == []

    def test_it_brings_the_same_at_every_start(self, plugin: object) -> None:
        """Several processes serve one practice."""
        starts = [Plugins([plugin], discover=False) for _ in range(2)]
        first, second = [[list(one.collect(n)) for n in _contributions()] for one in starts]
        assert first == second

    @pytest.mark.parametrize("kind", KINDS)
    def test_it_hears_every_event_twice(self, plugin: object, kind: str) -> None:
        """An event may be told again after a crash, and a hook that raises is told again."""
        found = Plugins([plugin], discover=False)
        event = an_event(kind)
        assert [found.tell(event).failures for _ in range(2)] == [(), ()]

    def test_it_refuses_politely(self, desk: Desk) -> None:
        """What is raised from a `before_` hook is `Vetoed`, with a reason for whoever reads it."""
        lead = desk.leads.capture(_enquiry()).lead
        for stage in ("contacted", "consultation_scheduled", "pending_decision"):
            try:
                desk.pipeline.move(lead.id, stage)
            except Vetoed as veto:
                told = (veto.plugin, veto.reason)
                assert all(map(_is_name, told)), "name the plug-in and the reason"

    def test_a_day_at_the_practice_goes_well(
        self,
        crm: OrthoCRM,
        desk: Desk,
        caplog: pytest.LogCaptureFixture,
        capfd: pytest.CaptureFixture[str],
    ) -> None:
        """Nothing it is told of fails, and nothing personal is printed or logged."""
        caplog.set_level(logging.DEBUG)
        _a_day(desk)
        assert crm.work().failures == ()
        assert "raised" not in "\n".join(r.getMessage() for r in caplog.records if _is_ours(r))
        printed = "".join([*capfd.readouterr(), *(r.getMessage() for r in caplog.records)])
        assert [word for word in _PERSONAL if word in printed] == []


def _contributions() -> list[str]:
    return [name for name in _HOOKS if name.startswith("register_")]


def _is_name(text: str) -> bool:
    return 0 < len(text) <= _MOST_NAME and text.isprintable() and text == text.strip()


def _is_ours(record: logging.LogRecord) -> bool:
    return record.name == "orthocrm" and record.levelno >= logging.ERROR


def _enquiry() -> Intake:
    return Intake(
        first_name="Zanzibarcanary",
        last_name="Lopez",
        email="zanzibarcanary@example.com",
        phone="+1 312-555-0142",
        notes="Zanzibarcanary",
    )


def _a_day(desk: Desk) -> None:
    """Do a little of everything; what the plug-in vetoes stays undone."""
    lead = desk.leads.capture(_enquiry()).lead
    desk.leads.edit(lead.id, LeadEdit(notes="Zanzibarcanary wants mornings"))
    due = MONDAY_MORNING + timedelta(days=1)
    new = NewTask(type=LeadTaskType.CALL, title="Call Zanzibarcanary", due_at=due)
    desk.followups.complete(desk.followups.add_task(lead.id, new).id)
    with suppress(Vetoed):
        desk.pipeline.move(lead.id, "contacted")
        desk.pipeline.lose(lead.id, LostReason.RELOCATED)
        desk.pipeline.reopen(lead.id, "they came back")
        desk.pipeline.convert(lead.id)


def an_event(kind: str) -> Event:
    """Make an event of a kind, with a value of the right type in every field.

    >>> an_event("lead_lost").at == MONDAY_MORNING
    True
    """
    cls = attrs.resolve_types(KINDS[kind])
    return cls(**{field.name: _sample(field.type) for field in attrs.fields(cls)})


def _sample(annotation: Any) -> Any:  # noqa: ANN401 - any field of an event
    if get_origin(annotation) is tuple:
        return (_sample(get_args(annotation)[0]),)
    for candidate in get_args(annotation) or (annotation,):
        plain = getattr(candidate, "__supertype__", candidate)
        if isinstance(plain, type) and issubclass(plain, Enum):
            return next(iter(plain))
        if plain in _SAMPLES:
            return _SAMPLES[plain]
    raise TypeError(f"no sample of {annotation}")


_SAMPLES: dict[Any, Any] = {
    str: "00000000-0001-7000-8000-00000000000c",
    bool: True,
    int: 1,
    datetime: MONDAY_MORNING,
    date: MONDAY_MORNING.date(),
}
