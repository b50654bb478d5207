"""Token buckets: so many at once, so many on the long run, each by itself."""

from hypothesis import given
from hypothesis import strategies as st

from orthocrm.web.limiting import Limiter, Rate

RATE = Rate(per_minute=60, burst=5)


class Watch:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.at = 0.0

    def __call__(self) -> float:
        return self.at


def test_a_burst_is_answered_and_what_comes_beyond_it_has_to_wait() -> None:
    watch = Watch()
    limiter = Limiter(now=watch)
    assert [limiter.take(("a",), RATE).is_allowed for _ in range(6)] == [True] * 5 + [False]
    assert limiter.take(("b",), RATE).is_allowed
    refused = limiter.take(("a",), RATE)
    assert refused.headers["Retry-After"] == "1"
    watch.at = 1.0
    assert limiter.take(("a",), RATE).is_allowed


@given(st.lists(st.floats(0, 10), max_size=60))
def test_nobody_gets_more_than_the_rate_allows(pauses: list[float]) -> None:
    watch = Watch()
    limiter = Limiter(now=watch)
    allowed = 0
    for pause in pauses:
        watch.at += pause
        allowed += limiter.take(("a",), RATE).is_allowed
    assert allowed <= RATE.burst + watch.at * RATE.per_second + 1e-6
