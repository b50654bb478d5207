"""The example of a carrier as a package of its own: found, sending, and passing the suite."""

import json
import shutil
import sys
import tomllib
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest

from orthocrm import connect
from orthocrm.core.notifying import Notifier
from orthocrm.hooks import Plugins
from orthocrm.testing.plugin_suite import HttpCarrier, NotifierSuite, PluginSuite, Received
from tests.notifiers.arranged import HERE, a_letter, refusal

EXAMPLE = Path(__file__).parents[2] / "examples" / "slack_notifier"


@pytest.fixture
def slack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """The package, where an installer puts it, with the entry points that it declares."""
    project = tomllib.loads((EXAMPLE / "pyproject.toml").read_text())["project"]
    shutil.copytree(EXAMPLE / "src" / "orthocrm_slack", tmp_path / "orthocrm_slack")
    told = tmp_path / f"orthocrm_slack-{project['version']}.dist-info"
    told.mkdir()
    (told / "METADATA").write_text(f"Name: {project['name']}\nVersion: {project['version']}\n")
    points = project["entry-points"]["orthocrm.plugins"]
    lines = [f"{name} = {target}" for name, target in points.items()]
    (told / "entry_points.txt").write_text("\n".join(["[orthocrm.plugins]", *lines, ""]))
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("ORTHOCRM_SLACK_WEBHOOK", "https://hooks.slack.com/services/T0/B0/x")
    yield import_module("orthocrm_slack")
    sys.modules.pop("orthocrm_slack")


class TestCarrier(NotifierSuite):
    to = "#front-desk of zanzibarcanary"

    @pytest.fixture
    def notifier(self, slack: ModuleType, carrier: HttpCarrier, seconds: float) -> Notifier:
        made: Notifier = slack.Slack(url=f"{carrier.url}/services/x", wire=HERE, seconds=seconds)
        return made

    def key_of(self, received: Received) -> str | None:
        told = json.loads(received.body)
        return str(told["metadata"]["event_payload"]["identity"])


class TestPlugin(PluginSuite):
    @pytest.fixture
    def plugin(self, slack: ModuleType) -> object:
        return slack.plugin


@pytest.mark.usefixtures("slack")
def test_an_installed_carrier_is_found() -> None:
    connect("memory://").close()
    carrier = Plugins().notifiers["slack"]
    assert "hooks.slack.com" not in repr(carrier)


@pytest.mark.parametrize(
    "body, text",
    [
        ('{"type": "lead_captured", "data": {"lead_id": "1"}}', "lead captured"),
        (
            "Three <!channel> leads & <https://x|y>",
            "News\nThree &lt;!channel&gt; leads &amp; &lt;https://x|y&gt;",
        ),
        ("[7]", "News\n[7]"),
    ],
)
def test_slack_shows_words_and_nobody_is_mentioned(slack: ModuleType, body: str, text: str) -> None:
    with HttpCarrier() as server:
        slack.Slack(url=server.url, wire=HERE).send(a_letter(subject="News", body=body))
        (received,) = server.received
    assert json.loads(received.body)["text"] == text


def test_without_an_address_nothing_is_sent(slack: ModuleType) -> None:
    assert refusal(slack.Slack(), a_letter()).reason == "no_secret"
