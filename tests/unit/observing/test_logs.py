"""Logs without personal data, whoever writes them and whatever goes wrong with it."""

import io
import json
import logging
from typing import Any

import pytest
from attrs import frozen

from orthocrm.core.errors import BackendError, InvalidInput
from orthocrm.observing import JsonLines, Redacting, TextLines, log_to

PHONE, MAIL = "+1 312 555 0142", "maria@example.com"
LOG = logging.getLogger("some.plugin")


def lines(out: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in out.getvalue().splitlines()]


def test_a_record_is_one_line_of_json() -> None:
    out = io.StringIO()
    with log_to(out):
        LOG.info("called %s\nabout %d things", PHONE, 3, extra={"lead_id": "l-1", "email": MAIL})
    (line,) = lines(out)
    assert line.pop("at").endswith("+00:00")
    assert line == {
        "level": "INFO",
        "logger": "some.plugin",
        "message": "called ***\nabout 3 things",
        "lead_id": "l-1",
        "email": "***",
    }


def test_text_is_for_people() -> None:
    out = io.StringIO()
    with log_to(out, as_json=False):
        LOG.warning("no answer from %(to)s", {"to": MAIL})
    assert out.getvalue().split(" ", 1)[1] == "WARNING some.plugin: no answer from ***\n"


def fail() -> None:
    try:
        int("Maria Lopez")
    except ValueError as error:
        raise BackendError("the database is busy") from error


@pytest.mark.parametrize("as_json", [True, False])
def test_an_error_tells_its_place_and_only_our_own_words(*, as_json: bool) -> None:
    out = io.StringIO()
    with log_to(out, as_json=as_json):
        try:
            fail()
        except BackendError:
            LOG.exception("failed")
    told = out.getvalue()
    assert "Maria" not in told
    assert "orthocrm.core.errors.BackendError: the database is busy" in told
    assert "builtins.ValueError" in told
    assert "test_logs.py:" in told


def test_errors_that_led_to_each_other_in_a_circle_come_to_an_end() -> None:
    first, second = ValueError("Maria"), KeyError("Lopez")
    first.__cause__, second.__cause__ = second, first
    out = io.StringIO()
    with log_to(out):
        LOG.error("failed", exc_info=first)
    assert lines(out)[0]["error"] == ["builtins.ValueError", "builtins.KeyError"]


def test_an_error_of_ours_names_the_field() -> None:
    out = io.StringIO()
    with log_to(out):
        LOG.error("refused", exc_info=InvalidInput.at("stage", "required", "give a stage"))
    assert "give a stage" in lines(out)[0]["error"][0]


@frozen
class Loud:
    """Something whose text raises, and quotes what it should not."""

    def __str__(self) -> str:
        raise RuntimeError(PHONE)


@pytest.mark.parametrize("args", [(), (PHONE,), (1, 2, PHONE), (Loud(),)])
def test_arguments_that_do_not_fit_are_left_out(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    args: tuple[object, ...],
) -> None:
    out = io.StringIO()
    apart = logging.getLogger("apart")
    monkeypatch.setattr(apart, "propagate", False)  # pytest's handler raises what does not fit
    with log_to(out, level=logging.INFO) as handler:
        apart.addHandler(handler)
        apart.info("called %d", *args)
        apart.removeHandler(handler)
    shown = capsys.readouterr()
    assert "0142" not in out.getvalue() + shown.out + shown.err
    assert lines(out)[0]["message"] == "called %d" + (" (its arguments do not fit)" if args else "")


def test_a_stream_that_fails_loses_a_line_and_shows_nothing(
    capsys: pytest.CaptureFixture[str],
) -> None:
    out = io.StringIO()
    with log_to(out):
        out.close()
        LOG.info("called %s", PHONE)
    assert capsys.readouterr().err == "a line of some.plugin could not be written\n"


def test_the_filter_masks_for_the_handlers_of_others() -> None:
    out = io.StringIO()
    handler = logging.StreamHandler(out)
    handler.addFilter(Redacting())
    LOG.addHandler(handler)
    error = ValueError(MAIL)
    try:
        LOG.error("to %s", PHONE, exc_info=error, stack_info=True, extra={"notes": "secret"})
    finally:
        LOG.removeHandler(handler)
    told = out.getvalue()
    assert told.startswith("to ***\nbuiltins.ValueError")
    assert MAIL not in told


@pytest.mark.parametrize("formatter", [JsonLines(), TextLines()])
def test_the_formatters_mask_without_the_filter(formatter: logging.Formatter) -> None:
    record = logging.makeLogRecord(
        {"name": f"a.{MAIL}", "msg": "to %s", "args": (PHONE,), "exc_text": f"ValueError: {MAIL}"}
    )
    told = formatter.format(record)
    assert (MAIL in told, "0142" in told, "***" in told) == (False, False, True)


def test_logging_is_as_it_was_afterwards() -> None:
    root = logging.getLogger()
    before = (root.level, list(root.handlers))
    with log_to(io.StringIO(), level="DEBUG"):
        assert root.level == logging.DEBUG
    assert (root.level, list(root.handlers)) == before


def test_the_level_is_the_lowest_that_is_written() -> None:
    out = io.StringIO()
    with log_to(out, level=logging.WARNING):
        LOG.info("not this")
        LOG.warning("this")
    assert [line["message"] for line in lines(out)] == ["this"]
