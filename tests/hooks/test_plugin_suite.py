"""The suite for authors of plug-ins, on the example of a rule and on our own links and channels."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from orthocrm import Delivered, Pool, Routing, Settings
from orthocrm.assignment.strategies import STRATEGIES
from orthocrm.core.ids import UserId
from orthocrm.leads.channels.delivery import Channel, Reception
from orthocrm.leads.channels.registry import CHANNELS
from orthocrm.testing.plugin_suite import ChannelSuite, PluginSuite, StrategySuite
from orthocrm.testing.plugin_suite.strategies import Strategy
from tests.unit.leads.channels import arranged

EXAMPLE = Path(__file__).parents[2] / "examples" / "assignment_rule_plugin" / "src"


@pytest.fixture(scope="module")
def language_first() -> ModuleType:
    """The example's module."""
    path = EXAMPLE / "language_first" / "__init__.py"
    spec = importlib.util.spec_from_file_location("language_first", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class TestExample(PluginSuite):
    @pytest.fixture
    def plugin(self, language_first: ModuleType) -> object:
        return language_first.LanguageFirst


class TestExamplesRule(StrategySuite):
    @pytest.fixture
    def strategy(self, language_first: ModuleType) -> Strategy:
        found: Strategy = language_first.language
        return found

    @pytest.fixture
    def settings(self) -> Settings:
        pool = Pool(name="language-es", members=(UserId("ana"), UserId("ben")))
        return Settings(fallback=UserId("manager"), routing=Routing(pools=(pool,)))


class TestOurLinks(StrategySuite):
    @pytest.fixture(params=STRATEGIES)
    def strategy(self, request: pytest.FixtureRequest) -> Strategy:
        return STRATEGIES[request.param]


class TestWalkIn(ChannelSuite):
    """A channel of ours for which the desk vouches."""

    @pytest.fixture
    def channel(self) -> Channel:
        return CHANNELS["walk_in"]

    @pytest.fixture
    def delivered(self) -> Delivered:
        return Delivered(body={"name": "Maria Lopez", "phone": "312-555-0142"})


class TestWebForm(ChannelSuite):
    """A channel of ours that is signed."""

    signed = True

    @pytest.fixture
    def channel(self) -> Channel:
        return CHANNELS["web_form"]

    @pytest.fixture
    def reception(self) -> Reception:
        return arranged.reception()

    @pytest.fixture
    def delivered(self) -> Delivered:
        return arranged.posted()
