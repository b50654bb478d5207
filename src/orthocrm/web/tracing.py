"""A span for every request, named by its endpoint."""

from litestar import Response

from orthocrm.core.tracing import NO_TRACES, Tracer
from orthocrm.web.callers import AnyRequest
from orthocrm.web.declaring import Endpoint
from orthocrm.web.handling import Handler


def traced(
    tracer: Tracer, endpoint: Endpoint, handle: Handler, *, has_proxies: bool = False
) -> Handler:
    """Tell of what the handler of an endpoint answers.

    What headers say of an outer span is believed of one's own proxies only.
    """
    if tracer is NO_TRACES:
        return handle
    name = f"{endpoint.method} {endpoint.pattern}"
    about = {"http.request.method": endpoint.method, "http.route": endpoint.pattern}

    async def trace(request: AnyRequest) -> Response[bytes]:
        carrier = dict(request.headers) if has_proxies else {}
        with tracer.request(name, about, carrier) as span:
            answer = await handle(request)
            span.tell({"http.response.status_code": int(answer.status_code or 0)})
            return answer

    return trace
