"""Many questions in one pass: what is asked about the same rows is asked in one statement."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from attrs import define, evolve, field

from orthocrm.analytics.asking import Ask, Rows
from orthocrm.analytics.metrics import Metric
from orthocrm.analytics.results import R
from orthocrm.core.query import Aggregate, Group, Measure


@define
class _Pass:
    """The measures of all questions about the same rows in the same groups."""

    query: Aggregate
    measures: list[Measure] = field(factory=list)

    def takes(self, query: Aggregate) -> bool:
        """Whether a question is about the same rows in the same groups."""
        mine = self.query
        return (mine.of, mine.by, mine.where) == (query.of, query.by, query.where)

    def names(self, query: Aggregate) -> Mapping[str, str]:
        """Add the measures of a question, and tell what they are called here."""
        return {measure.name: self._name(measure) for measure in query.measures}

    def _name(self, measure: Measure) -> str:
        for known in self.measures:
            if evolve(known, name="") == evolve(measure, name=""):
                return known.name
        self.measures.append(evolve(measure, name=f"m{len(self.measures)}"))
        return self.measures[-1].name


def together(
    asked: Sequence[tuple[Metric[R], Ask]], aggregate: Callable[[Aggregate], Sequence[Group]]
) -> tuple[R, ...]:
    """Answer several questions with as few aggregates as they need, in their order.

    A question that is asked again is answered once.
    """
    places, different = _different(asked)
    queries = [metric.queries(ask) for metric, ask in different]
    answers = iter(_answers([query for some in queries for query in some], aggregate))
    found = [
        metric.read(ask, [next(answers) for _ in some])
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


def _answers(
    queries: Sequence[Aggregate], aggregate: Callable[[Aggregate], Sequence[Group]]
) -> Iterable[Rows]:
    passes: list[_Pass] = []
    places: list[tuple[_Pass, Mapping[str, str]]] = []
    for query in queries:
        found = next((one for one in passes if one.takes(query)), None)
        if found is None:
            found = _Pass(query)
            passes.append(found)
        places.append((found, found.names(query)))
    results = {
        id(one): aggregate(evolve(one.query, measures=tuple(one.measures))) for one in passes
    }
    return [_renamed(results[id(one)], names) for one, names in places]


def _renamed(groups: Sequence[Group], names: Mapping[str, str]) -> Rows:
    """Give the groups under the names that the question used."""
    return [Group(group.key, _values(group.values, names)) for group in groups]


def _values(values: Mapping[str, Any], names: Mapping[str, str]) -> Mapping[str, Any]:
    return {name: values[own] for name, own in names.items()}
