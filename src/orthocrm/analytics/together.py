"""Many questions in one pass: what is asked about the same table is asked in one statement."""

from collections.abc import Callable, Sequence

from orthocrm.analytics.asking import Ask
from orthocrm.analytics.metrics import Metric
from orthocrm.analytics.passes import answers
from orthocrm.analytics.results import R
from orthocrm.core.query import Aggregate, Group


def together(
    asked: Sequence[tuple[Metric[R], Ask]], aggregate: Callable[[Aggregate], Sequence[Group]]
) -> tuple[R, ...]:
    """Answer several questions with as few aggregates as they need, in their order.

    A question that is asked again is answered once.
    """
    places, different = _different(asked)
    queries = [metric.queries(ask) for metric, ask in different]
    given = iter(answers([query for some in queries for query in some], aggregate))
    found = [
        metric.read(ask, [next(given) for _ in some])
        for (metric, ask), some in zip(different, queries, strict=True)
    ]
    return tuple(found[place] for place in places)


def _different(
    asked: Sequence[tuple[Metric[R], Ask]],
) -> tuple[list[int], list[tuple[Metric[R], Ask]]]:
    """Give the questions without repetitions, and where each of those asked is among them."""
    different: list[tuple[Metric[R], Ask]] = []
    places: list[int] = []
    for metric, ask in asked:
        same = (i for i, (one, of) in enumerate(different) if one is metric and of == ask)
        place = next(same, len(different))
        if place == len(different):
            different.append((metric, ask))
        places.append(place)
    return places, different
