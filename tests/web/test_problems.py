"""Every error of the library has a status, and nothing that breaks says what."""

import logging
from collections.abc import Iterator

import pytest

from orthocrm.core.errors import BackendError, MissingKey, OrthoCRMError
from orthocrm.web import problems
from tests.flows.practice import House
from tests.web.knocking import Knocking


def kinds(kind: type[OrthoCRMError] = OrthoCRMError) -> Iterator[type[OrthoCRMError]]:
    for each in kind.__subclasses__():
        yield each
        yield from kinds(each)


def test_every_error_of_the_library_has_a_status() -> None:
    ours = {kind for kind in kinds() if kind.__module__.startswith("orthocrm.")}
    without = {kind for kind in ours if not set(kind.__mro__) & problems.STATUSES.keys()}
    assert without == set()


@pytest.mark.parametrize("error", [MissingKey("hush: no key"), BackendError("hush: no disk")])
def test_what_is_out_of_order_here_is_nobodys_business(error: OrthoCRMError) -> None:
    told = problems.of(error)
    assert told.status == 503
    assert "hush" not in repr(told)


def test_what_breaks_says_nothing_of_it(
    desk: Knocking, here: House, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ValueError("hush 312 555 0142")

    monkeypatch.setattr(type(here.crm), "acting_as", broken)
    with caplog.at_level(logging.DEBUG, logger="orthocrm"):
        told = desk.ask("GET", "/api/leads")
    assert (told.status_code, told.json()["code"]) == (500, "internal")
    assert "hush" not in told.text + caplog.text
    assert "ValueError" in caplog.text
