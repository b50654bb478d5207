"""One request: who asks, for what, and what the desk answers."""

import logging
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from http import HTTPStatus
from typing import Any

from anyio import to_thread
from attrs import field, frozen
from litestar import Response
from litestar.exceptions import HTTPException

from orthocrm.core.actor import Actor
from orthocrm.core.errors import InvalidInput, OrthoCRMError
from orthocrm.core.ports import Authenticator, Clock
from orthocrm.crm import OrthoCRM, utc_now
from orthocrm.web import answering, callers, problems, requests
from orthocrm.web.callers import AnyRequest
from orthocrm.web.declaring import Endpoint
from orthocrm.web.shapes.work import AS_OF

_LOG = logging.getLogger("orthocrm.web")

Handler = Callable[[AnyRequest], Awaitable[Response[bytes]]]


@frozen(kw_only=True)
class Counter:
    """Where requests come in: the installation, and what tells who asks."""

    crm: OrthoCRM
    authenticators: Sequence[Authenticator] = field(repr=False)
    clock: Clock = utc_now

    def handler(self, endpoint: Endpoint) -> Handler:
        """Give what answers the requests of one endpoint."""

        async def handle(request: AnyRequest) -> Response[bytes]:
            body = await request.body()
            return await to_thread.run_sync(partial(self._answer, endpoint, request, body))

        return handle

    def _answer(self, endpoint: Endpoint, request: AnyRequest, body: bytes) -> Response[bytes]:
        AS_OF.set(self.clock())
        try:
            actor = callers.actor_of(self.authenticators, request)
            if actor is None:
                return unknown_caller()
            query = request.query_params.dict()
            given = requests.arguments(endpoint, request.path_params, query, body)
            return answering.written(endpoint, self._call(endpoint, actor, given))
        except requests.Malformed as malformed:
            return answering.problem(problems.malformed(malformed.problems))
        except OrthoCRMError as error:
            return answering.problem(problems.of(error))

    def _call(self, endpoint: Endpoint, actor: Actor, given: dict[str, Any]) -> Any:  # noqa: ANN401 - any verb
        try:
            return endpoint.call(self.crm.acting_as(actor), **given)
        except InvalidInput as error:
            raise requests.refused(error, endpoint) from error


def unknown_caller() -> Response[bytes]:
    """Ask for credentials."""
    told = problems.plain(HTTPStatus.UNAUTHORIZED, "unauthenticated", "say who you are")
    return answering.problem(told, {"WWW-Authenticate": "Bearer"})


def refused_by_http(request: AnyRequest, error: HTTPException) -> Response[bytes]:  # noqa: ARG001 - the handler's face
    """Say as a problem what HTTP refuses: no such path, no such method, a body too large."""
    status = HTTPStatus(error.status_code)
    return answering.problem(
        problems.plain(status, status.name.lower(), status.description or status.phrase),
        dict(error.headers or {}),
    )


def failed(request: AnyRequest, error: Exception) -> Response[bytes]:
    """Say that something is broken, and nothing of what; the log names its kind and place."""
    _LOG.error(
        "%s %s failed: %s",
        request.method,
        request.scope.get("path_template", ""),
        type(error).__name__,
    )
    status = HTTPStatus.INTERNAL_SERVER_ERROR
    return answering.problem(problems.plain(status, "internal", "something went wrong here"))
