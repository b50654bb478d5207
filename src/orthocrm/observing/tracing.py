"""Traces by OpenTelemetry (extra `telemetry`): off unless somebody names where they go.

Whatever is raised within a span gives it a code and nothing else: texts and tracebacks may hold
what families wrote.
"""

import os
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from attrs import frozen

from orthocrm.core.errors import BackendError, ConfigurationError, MissingExtra, OrthoCRMError
from orthocrm.core.tracing import NO_TRACES, About, Span, Tracer
from orthocrm.core.values import NO_VALUES

if TYPE_CHECKING:
    from opentelemetry import trace

VARIABLE: Final = "ORTHOCRM_OTLP"
OUTCOME: Final = "orthocrm.outcome"
_PARENTS: Final = ("traceparent", "tracestate")


@frozen
class _Told:
    """A span that is under way, by its own face."""

    _span: "trace.Span"

    def tell(self, about: About) -> None:
        """Give it more attributes."""
        self._span.set_attributes(dict(about))


@frozen
class Spans:
    """A `Tracer` over one of OpenTelemetry: `Spans(provider.get_tracer("orthocrm"))`."""

    _tracer: "trace.Tracer"

    def span(self, name: str, about: About = NO_VALUES) -> AbstractContextManager[Span]:
        """Begin a span within the one that is under way."""
        return self._begun(name, about)

    def request(
        self, name: str, about: About, carrier: Mapping[str, str]
    ) -> AbstractContextManager[Span]:
        """Begin the span of a request, within that of a proxy where there is one."""
        from opentelemetry.trace import SpanKind  # noqa: PLC0415 - optional dependency
        from opentelemetry.trace.propagation.tracecontext import (  # noqa: PLC0415 - as above
            TraceContextTextMapPropagator,
        )

        told = {name: carrier[name] for name in _PARENTS if name in carrier}
        context = TraceContextTextMapPropagator().extract(told) if told else None
        return self._begun(name, about, context=context, kind=SpanKind.SERVER)

    @contextmanager
    def _begun(self, name: str, about: About, **how: Any) -> Iterator[Span]:  # noqa: ANN401 - as OpenTelemetry takes it
        with self._tracer.start_as_current_span(
            name,
            attributes=dict(about),
            record_exception=False,
            set_status_on_exception=False,
            **how,
        ) as span:
            try:
                yield _Told(span)
            except Exception as error:
                _end_badly(span, error)
                raise


def _end_badly(span: "trace.Span", error: Exception) -> None:
    """Note the code of what was raised; a refusal is no failure."""
    from opentelemetry.trace import StatusCode  # noqa: PLC0415 - optional dependency

    is_refusal = isinstance(error, OrthoCRMError) and not isinstance(error, BackendError)
    span.set_attribute(OUTCOME, getattr(error, "code", None) or type(error).__name__)
    if not is_refusal:
        span.set_status(StatusCode.ERROR)


def exporting_to(address: str) -> Spans:
    """Send spans to a collector, by OTLP over HTTP: `http://127.0.0.1:4318`.

    They go in batches, and the last ones when the process ends. A collector that is not there costs
    spans and nothing else.

    Raises:
        ConfigurationError: that is no address.
        MissingExtra: OpenTelemetry is not installed.
    """
    parts = urlsplit(address)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ConfigurationError("otlp: give the address of a collector, http://HOST:4318")
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import (  # noqa: PLC0415 - optional dependency
            OTLPSpanExporter,
        )
        from opentelemetry.sdk.resources import Resource  # noqa: PLC0415 - optional dependency
        from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415 - optional dependency
        from opentelemetry.sdk.trace.export import (  # noqa: PLC0415 - optional dependency
            BatchSpanProcessor,
        )
    except ModuleNotFoundError:
        raise MissingExtra("telemetry", "sending traces") from None
    named = {"service.name": "orthocrm", "service.version": version("orthocrm")}
    provider = TracerProvider(resource=Resource.create(named))
    exporter = OTLPSpanExporter(endpoint=f"{address.rstrip('/')}/v1/traces")
    provider.add_span_processor(BatchSpanProcessor(exporter))
    return Spans(provider.get_tracer("orthocrm"))


def tracer_of_environment() -> Tracer:
    """Give what the environment variable `ORTHOCRM_OTLP` asks for: nothing without it."""
    address = os.environ.get(VARIABLE)
    return exporting_to(address) if address else NO_TRACES
