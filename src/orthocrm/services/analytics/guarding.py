"""Metrics that plug-ins brought: one that fails says so, and the others still stand."""

from collections.abc import Callable, Sequence
from typing import Any, Final, TypeVar

from attrs import frozen

from orthocrm.analytics.asking import Ask
from orthocrm.analytics.catalogue import METRICS
from orthocrm.analytics.declaring import Declared, Figure, Measured, measured, unanswered
from orthocrm.analytics.metrics import Metric
from orthocrm.analytics.results import Figures
from orthocrm.analytics.together import together
from orthocrm.core.errors import BackendError, InvalidInput, PluginError
from orthocrm.core.query import Aggregate, Group

T = TypeVar("T")

_OF_THE_QUESTION: Final = frozenset({"period", "by", "part", "group"})
"""What a metric may refuse of a question; whatever else it raises is a fault of its own."""


@frozen
class Question:
    """A metric, and what it is asked."""

    declared: Declared
    ask: Ask


def answered(
    questions: Sequence[Question], aggregate: Callable[[Aggregate], Sequence[Group]]
) -> tuple[Measured, ...]:
    """Answer questions in one pass; if that fails, what plug-ins brought is asked one by one.

    Raises:
        InvalidInput: a metric cannot be asked of such a period, or cut in such a way.
    """
    try:
        return _together(questions, aggregate)
    except BackendError:
        raise
    except (Exception, SystemExit):
        if not any(is_brought(one.declared) for one in questions):
            raise
    ours = [one for one in questions if not is_brought(one.declared)]
    given = iter(_together(ours, aggregate))
    return tuple(
        _alone(one, aggregate) if is_brought(one.declared) else next(given) for one in questions
    )


def is_brought(declared: Declared) -> bool:
    """Whether a metric is a plug-in's, and none of the library."""
    return METRICS.get(declared.name) is not declared


def guarded(name: str, act: Callable[[], T]) -> T:
    """Do something with a plug-in's metric; whatever goes wrong names it, and shows no value.

    Raises:
        PluginError: it failed.
        InvalidInput: it refuses the question.
    """
    try:
        return act()
    except (Exception, SystemExit) as error:
        if not _is_its_own(error):
            raise
        raise PluginError(name, _fault(error)) from error


def _is_its_own(error: BaseException) -> bool:
    """Whether the metric is at fault, rather than the storage or the question."""
    if isinstance(error, InvalidInput):
        return not {problem.path for problem in error.problems} <= _OF_THE_QUESTION
    return not isinstance(error, BackendError)


def _fault(error: BaseException) -> str:
    """Say what went wrong, without the values that may stand in the error."""
    return f"its metric raised {type(error).__name__}"


def _alone(one: Question, aggregate: Callable[[Aggregate], Sequence[Group]]) -> Measured:
    try:
        return _together([one], aggregate)[0]
    except (Exception, SystemExit) as error:
        if not _is_its_own(error):
            raise
        return unanswered(one.declared, one.ask, _fault(error))


def _together(
    questions: Sequence[Question], aggregate: Callable[[Aggregate], Sequence[Group]]
) -> tuple[Measured, ...]:
    asked: list[tuple[Metric[Figures[Any]], Ask]] = [
        (one.declared.metric, one.ask) for one in questions
    ]
    given = together(asked, aggregate)
    return tuple(
        _checked(measured(one.declared, answer, one.ask))
        for one, answer in zip(questions, given, strict=True)
    )


def _checked(said: Measured) -> Measured:
    """Refuse what is no figure, before somebody reads it."""
    if not all(isinstance(one, Figure) for one in (said.total, *dict(said.groups).values())):
        raise TypeError("figure gives no Figure")
    return said
