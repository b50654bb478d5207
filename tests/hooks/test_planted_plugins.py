"""Plug-ins with one fault each: the suite for authors of plug-ins finds every one of them."""

import inspect
import logging
import random
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import pytest
from attrs import evolve

from orthocrm import (
    Choice,
    Delivered,
    Intake,
    InvalidInput,
    Narrowed,
    Settings,
    Vetoed,
    hook,
)
from orthocrm.core.ids import UserId
from orthocrm.leads.channels.delivery import Reception
from orthocrm.testing.plugin_suite import (
    ChannelSuite,
    PluginSuite,
    StrategySuite,
)
from orthocrm.testing.plugin_suite.channels import BODIES
from orthocrm.testing.plugin_suite.plugins import an_event
from orthocrm.testing.plugin_suite.strategies import SITUATIONS
from tests.support.rules import fails


def first(choice: Choice) -> UserId:
    return choice.candidates[0].id


def narrowed(**fields: Any) -> Callable[[Choice], Narrowed]:
    usual: dict[str, Any] = {"users": frozenset({"ana"}), "reason": "planted"}
    return lambda _: Narrowed(**{**usual, **fields})


TURNS = iter(range(1_000_000))
STRATEGIES: dict[str, tuple[Any, str, str]] = {
    "names somebody else": (lambda _: "nobody", "it_answers_as_strategies_do", "usual"),
    "gives the person": (lambda c: c.candidates[0], "it_answers_as_strategies_do", "usual"),
    "needs a source": (
        lambda c: c.candidates[len(c.lead.origin.source_id) % 1].id,
        "it_answers_as_strategies_do",
        "nothing_known",
    ),
    "needs loads": (
        lambda c: min(c.candidates, key=lambda one: c.loads[one.id]).id,
        "it_answers_as_strategies_do",
        "first_of_all",
    ),
    "needs two": (lambda c: c.candidates[1].id, "it_answers_as_strategies_do", "alone"),
    "gives a list of users": (
        narrowed(users=["ana"]),
        "it_answers_as_strategies_do",
        "usual",
    ),
    "explains in prose": (
        narrowed(reason="Because Ana knows Maria"),
        "it_answers_as_strategies_do",
        "usual",
    ),
    "asks a pool that is not there": (
        narrowed(pool="north"),
        "it_answers_as_strategies_do",
        "usual",
    ),
    "throws dice": (
        lambda c: c.candidates[next(TURNS) % 3].id,
        "it_answers_the_same_again",
        "usual",
    ),
    "sends everybody away": (
        lambda _: Narrowed(users=frozenset(), reason="planted", absent=True),
        "every_lead_gets_somebody",
        "usual",
    ),
    "raises": (lambda c: c.nothing, "every_lead_gets_somebody", "usual"),
}


def strategy_fails(strategy: Any, rule: str, situation: str) -> bool:
    given = {
        "strategy": strategy,
        "settings": Settings(fallback=UserId("manager")),
        "situation": situation,
    }
    return fails(getattr(StrategySuite(), f"test_{rule}"), given)


@pytest.mark.parametrize("fault", STRATEGIES)
def test_the_fault_of_a_strategy_is_found(fault: str) -> None:
    strategy, rule, situation = STRATEGIES[fault]
    assert strategy_fails(strategy, rule, situation)
    assert not strategy_fails(first, rule, situation)
    assert not strategy_fails(narrowed(), rule, situation)


class Fax:
    """A channel without a fault."""

    def read(self, delivered: Delivered, reception: Reception) -> Sequence[Any]:
        raw = delivered.raw(1_000)
        try:
            name = raw.decode()
        except ValueError:
            raise InvalidInput.at("body", "unreadable", "give UTF-8") from None
        at = reception.arrived(delivered.received_at)
        return (Intake(first_name=name, no_contact=True, received_at=at),)


class ReadsNothing(Fax):
    def read(self, delivered: Delivered, reception: Reception) -> Sequence[Any]:
        super().read(delivered, reception)
        return ()


class GivesDictionaries(Fax):
    def read(self, delivered: Delivered, reception: Reception) -> Sequence[Any]:
        return ({"first_name": str(super().read(delivered, reception))},)


class BelievesClocks(Fax):
    def read(self, delivered: Delivered, reception: Reception) -> Sequence[Any]:
        (item,) = super().read(delivered, reception)
        return (evolve(item, received_at=delivered.received_at),)


class NamesAtRandom(Fax):
    def read(self, delivered: Delivered, reception: Reception) -> Sequence[Any]:
        (item,) = super().read(delivered, reception)
        return (evolve(item, delivery_key=str(random.random())),)


class Trusts(Fax):
    def read(self, delivered: Delivered, reception: Reception) -> Sequence[Any]:  # noqa: ARG002 - that is the fault
        assert isinstance(delivered.body, bytes)
        return (Intake(first_name=delivered.body.decode(), no_contact=True),)


class Quotes(Fax):
    def read(self, delivered: Delivered, reception: Reception) -> Sequence[Any]:
        try:
            return super().read(delivered, reception)
        except InvalidInput:
            raise InvalidInput.at("body", "bad", f"what is {delivered.body!r}") from None


def channel_fails(channel: Any, rule: str, **given: Any) -> bool:
    suite = type("Suite", (ChannelSuite,), {"signed": given.pop("signed", False)})()
    later = evolve(
        Delivered(body=b"Maria"),
        received_at=None if rule != "an_enquiry_is_read" else FUTURE,
    )
    plain = inspect.unwrap(ChannelSuite.reception)
    every = {"channel": channel, "delivered": later, "reception": plain(suite), **given}
    return fails(getattr(suite, f"test_{rule}"), every)


FUTURE = an_event("clinic_created").at.replace(year=2099)
NONE_GOOD = "a_body_that_is_none_is_refused_in_good_order"
CHANNEL_FAULTS: dict[str, tuple[Any, str, dict[str, Any]]] = {
    "reads nothing": (ReadsNothing(), "an_enquiry_is_read", {}),
    "gives dictionaries": (GivesDictionaries(), "an_enquiry_is_read", {}),
    "believes clocks": (BelievesClocks(), "an_enquiry_is_read", {}),
    "names at random": (NamesAtRandom(), "the_same_delivery_reads_the_same", {}),
    "decodes blindly": (Trusts(), NONE_GOOD, {"body": BODIES["no text"]}),
    "quotes": (Quotes(), NONE_GOOD, {"body": BODIES["no text"]}),
}


@pytest.mark.parametrize("fault", CHANNEL_FAULTS)
def test_the_fault_of_a_channel_is_found(fault: str) -> None:
    channel, rule, given = CHANNEL_FAULTS[fault]
    assert channel_fails(channel, rule, **given)
    assert not channel_fails(Fax(), rule, **given)


def test_a_channel_that_believes_anybody_is_found() -> None:
    assert channel_fails(Fax(), "an_unsigned_delivery_is_not_believed", signed=True)


class OddMapping:
    def read(self, delivered: Delivered, reception: Reception) -> Sequence[Any]:
        name = str(delivered.vouched()["name"].strip())
        return (Intake(first_name=name, no_contact=True, received_at=reception.now),)


def test_a_channel_that_trips_over_types_is_found() -> None:
    vouched = Delivered(body={"name": "Maria"})
    rule = "values_of_another_type_are_refused_in_good_order"
    assert channel_fails(OddMapping(), rule, delivered=vouched)


class Quiet:
    """A plug-in without a fault."""

    @hook
    def lead_captured(self, event: Any) -> None:
        """Hear of it."""


class Empty:
    """No hook at all."""


class Misspelt:
    @hook
    def lead_capturd(self) -> None:
        """Never called."""


class Greedy:
    @hook
    def lead_captured(self, lead: Any) -> None:
        """Never called."""


class NamesNothing:
    @hook
    def register_places(self) -> Mapping[str, Any]:
        return {" \n": (0.0, 0.0)}


class ChangesItsMind:
    @hook
    def register_places(self) -> Mapping[str, Any]:
        return {str(next(TURNS)): (0.0, 0.0)}


class Deaf:
    @hook
    def lead_lost(self, event: Any) -> None:
        raise RuntimeError(event.reason)


class HearsOnce:
    def __init__(self) -> None:
        self.heard: set[Any] = set()

    @hook
    def lead_lost(self, event: Any) -> None:
        if event.lead_id in self.heard:
            raise RuntimeError("again")
        self.heard.add(event.lead_id)


class Rude:
    @hook
    def before_stage_change(self, lead: Any) -> None:
        raise ValueError(lead.contact.first_name)


class RefusesWithoutAReason:
    @hook
    def before_stage_change(self) -> None:
        raise Vetoed("rude", "")


class Prints:
    @hook
    def before_stage_change(self, lead: Any) -> None:
        sys.stdout.write(lead.contact.first_name)


class Logs:
    @hook
    def before_stage_change(self, lead: Any) -> None:
        logging.getLogger("planted").info("%s moves", lead.contact.first_name)


HEARS = "it_hears_every_event_twice"
DAY = "a_day_at_the_practice_goes_well"
PLUGINS: dict[str, tuple[type, str, dict[str, Any]]] = {
    "no hook at all": (Empty, "it_starts", {}),
    "a hook that does not exist": (Misspelt, "it_starts", {}),
    "a parameter that does not exist": (Greedy, "it_starts", {}),
    "names nothing": (NamesNothing, "what_it_brings_has_names", {}),
    "changes its mind": (ChangesItsMind, "it_brings_the_same_at_every_start", {}),
    "raises": (Deaf, HEARS, {"kind": "lead_lost"}),
    "hears once": (HearsOnce, HEARS, {"kind": "lead_lost"}),
    "raises before": (Rude, "it_refuses_politely", {}),
    "refuses without a reason": (RefusesWithoutAReason, "it_refuses_politely", {}),
    "fails on a common day": (Deaf, DAY, {}),
    "prints": (Prints, DAY, {}),
    "logs": (Logs, DAY, {}),
}


@contextmanager
def opened(plugin: object) -> Iterator[dict[str, Any]]:
    """What the rules of `PluginSuite` ask for, as far as the plug-in lets an installation start."""
    suite = PluginSuite()
    crm = inspect.unwrap(PluginSuite.crm)(suite, plugin)
    desk = inspect.unwrap(PluginSuite.desk)
    given: dict[str, Any] = {"plugin": plugin}
    try:
        given["crm"] = next(crm)
        given["desk"] = desk(suite, given["crm"])
    except Exception:  # noqa: BLE001 - rules that need it fail
        given.setdefault("crm", None)
    yield given
    crm.close()


def plugin_fails(kind: type, rule: str, given: Mapping[str, Any]) -> bool:
    with opened(kind()) as every:
        return fails(getattr(PluginSuite(), f"test_{rule}"), {**every, **given})


@pytest.mark.parametrize("fault", PLUGINS)
def test_the_fault_of_a_plug_in_is_found(
    fault: str, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    kind, rule, given = PLUGINS[fault]
    captured = {"caplog": caplog, "capfd": capfd, **given}
    assert plugin_fails(kind, rule, captured)
    caplog.clear()
    assert not plugin_fails(Quiet, rule, captured)


def test_rules_are_judged_in_situations_that_the_suite_knows() -> None:
    assert {situation for _, _, situation in STRATEGIES.values()} <= set(SITUATIONS)
