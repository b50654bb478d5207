"""What a server tells Prometheus: how much was asked, how long it took, and what waits.

Labels are names that the API itself gives: endpoints, methods, statuses, queues. So there are never
more of them than the API has, and none says anything of a family, a user or a clinic.
"""

import os
import time
from collections.abc import Awaitable, Callable, Iterator
from http import HTTPStatus
from typing import Final

from attrs import asdict, define, field
from litestar import Response, get
from litestar.exceptions import HTTPException
from litestar.handlers import HTTPRouteHandler
from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from orthocrm.core.errors import OrthoCRMError
from orthocrm.crm import OrthoCRM
from orthocrm.web.callers import AnyRequest
from orthocrm.web.declaring import Endpoint

SHARED: Final = "PROMETHEUS_MULTIPROC_DIR"
"""The variable of prometheus-client that names where the processes of one server count together.

It has to be set before a process imports prometheus-client.
"""

_SECONDS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)

Handler = Callable[[AnyRequest], Awaitable[Response[bytes]]]


@define(eq=False)
class Waits(Collector):
    """Counts the queues of an installation whenever somebody looks."""

    crm: OrthoCRM

    def collect(self) -> Iterator[Metric]:
        """Give how much waits, and whether that could be read."""
        depth = GaugeMetricFamily(
            "orthocrm_queue_depth", "What waits, in all clinics together.", labels=["queue"]
        )
        readable = True
        try:
            for queue, number in asdict(self.crm.waiting()).items():
                depth.add_metric([queue], number)
        except OrthoCRMError:
            readable = False
        told = "Whether the queues could be read: 1, or 0."
        yield depth
        yield GaugeMetricFamily("orthocrm_queues_readable", told, value=int(readable))

    def describe(self) -> Iterator[Metric]:
        """Name nothing before somebody looks: that would read the database."""
        return iter(())


@define(eq=False)
class Metrics:
    """The counts of one application, in a registry of its own."""

    crm: OrthoCRM
    registry: CollectorRegistry = field(factory=CollectorRegistry, init=False)
    _requests: Counter = field(init=False)
    _seconds: Histogram = field(init=False)
    _limited: Counter = field(init=False)

    def __attrs_post_init__(self) -> None:
        """Register what is counted."""
        self._requests = Counter(
            "orthocrm_http_requests",
            "Requests that were answered.",
            ["endpoint", "method", "status"],
            registry=self.registry,
        )
        self._seconds = Histogram(
            "orthocrm_http_request_seconds",
            "From the head of a request to its answer.",
            ["endpoint"],
            registry=self.registry,
            buckets=_SECONDS,
        )
        self._limited = Counter(
            "orthocrm_http_rate_limited",
            "Requests that were refused because there were too many.",
            ["endpoint"],
            registry=self.registry,
        )

    def counted(self, endpoint: Endpoint, handle: Handler) -> Handler:
        """Count what the handler of an endpoint answers."""

        async def count(request: AnyRequest) -> Response[bytes]:
            begun, status = time.perf_counter(), int(HTTPStatus.INTERNAL_SERVER_ERROR)
            try:
                answer = await handle(request)
                status = answer.status_code or status
            except HTTPException as refused:
                status = refused.status_code
                raise
            finally:
                self._note(endpoint, status, time.perf_counter() - begun)
            return answer

        return count

    def _note(self, endpoint: Endpoint, status: int, seconds: float) -> None:
        self._requests.labels(endpoint.id, endpoint.method, str(status)).inc()
        self._seconds.labels(endpoint.id).observe(seconds)
        if status == HTTPStatus.TOO_MANY_REQUESTS:
            self._limited.labels(endpoint.id).inc()

    def text(self) -> bytes:
        """Give all of it in the text format of Prometheus, of all processes that count together."""
        told = self.registry
        if os.environ.get(SHARED):
            told = CollectorRegistry()
            MultiProcessCollector(told)  # type: ignore[no-untyped-call] # it has no types
        waits = CollectorRegistry()
        waits.register(Waits(self.crm))
        return generate_latest(told) + generate_latest(waits)

    def route(self) -> HTTPRouteHandler:
        """Give `GET /metrics`. It asks nobody who they are: let the proxy keep it from outside."""

        @get("/metrics", name="metrics", sync_to_thread=True)
        def metrics() -> Response[bytes]:
            return Response(self.text(), headers={"Content-Type": CONTENT_TYPE_PLAIN_0_0_4})

        return metrics
