"""One request: who asks, for what, and what the desk answers."""

import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from http import HTTPStatus
from typing import Any, Final, TypeVar

from anyio import CapacityLimiter, fail_after, to_thread
from attrs import Factory, define, field
from litestar import Response
from litestar.background_tasks import BackgroundTask
from litestar.exceptions import HTTPException

from orthocrm.core.actor import Actor
from orthocrm.core.errors import InvalidInput, OrthoCRMError, StaleVersion
from orthocrm.core.ids import ClinicId
from orthocrm.core.ports import Authenticator, Clock
from orthocrm.crm import OrthoCRM, utc_now
from orthocrm.desk import Desk
from orthocrm.services.live.seeing import Sight
from orthocrm.web import answering, callers, conditions, problems, repeating, requests
from orthocrm.web.callers import AnyRequest
from orthocrm.web.declaring import Endpoint
from orthocrm.web.limiting import Limiter, Rate, Told
from orthocrm.web.live.newsroom import Newsroom
from orthocrm.web.live.opening import Opening
from orthocrm.web.live.streaming import LiveStream, Reader
from orthocrm.web.repeating import Repeatable
from orthocrm.web.settings import WebSettings
from orthocrm.web.shapes.work import AS_OF
from orthocrm.web.visitors import TurnedAway, Visitor

_LOG = logging.getLogger("orthocrm.web")
_DEVICE: Final = 200

T = TypeVar("T")
Handler = Callable[[AnyRequest], Awaitable[Response[bytes]]]


@define(kw_only=True)
class Counter:
    """Where requests come in: the installation, what tells who asks, and how often they may."""

    crm: OrthoCRM
    authenticators: Sequence[Authenticator] = field(repr=False)
    settings: WebSettings = field(factory=WebSettings)
    clock: Clock = utc_now
    limiter: Limiter = field(factory=Limiter)
    document: Callable[[], Mapping[str, Any]] = field(default=dict, repr=False)
    newsroom: Newsroom = field(
        default=Factory(lambda self: Newsroom(self.crm, self.settings.streams), takes_self=True)
    )
    _threads: CapacityLimiter | None = field(default=None, init=False, repr=False)
    _inbox: CapacityLimiter | None = field(default=None, init=False, repr=False)

    def handler(self, endpoint: Endpoint) -> Handler:
        """Give what answers the requests of one endpoint."""

        async def handle(request: AnyRequest) -> Response[bytes]:
            known = None
            try:
                told = self._admitted(endpoint, request)
                if endpoint.is_upload:  # nobody's file is read before we know whose it is
                    known = await self._away(partial(self._known, request))
                body = await self._body(request)
            except (requests.Malformed, TurnedAway) as refusal:
                return refused(refusal)
            return await self._away(partial(self._answer, endpoint, request, body, told, known))

        return handle

    async def _away(self, act: Callable[[], T]) -> T:
        """Do something in a thread, so that others are heard meanwhile."""
        if self._threads is None:  # made here, where the loop runs
            self._threads = CapacityLimiter(self.settings.threads)
        return await to_thread.run_sync(act, limiter=self._threads)

    async def _body(self, request: AnyRequest) -> bytes:
        """Read the whole body, unless it takes somebody too long to send it."""
        try:
            with fail_after(self.settings.body_seconds):
                return await request.body()
        except TimeoutError:
            status = HTTPStatus.REQUEST_TIMEOUT
            told = problems.plain(status, "too_slow", "the body took too long to come")
            raise TurnedAway(told, {"Connection": "close"}) from None

    def _admitted(self, endpoint: Endpoint, request: AnyRequest) -> Told:
        """Count a request by where it comes from, before anything of it is read."""
        whence, rates = callers.address(request, self.settings), self.settings.rates
        comes_anew = request.method in callers.SAFE and self.settings.cookie in request.cookies
        if endpoint.is_public and not comes_anew:
            return self._take(("visitor", whence), rates.visitor)
        return self._take(("address", whence), rates.address)

    def _answer(
        self,
        endpoint: Endpoint,
        request: AnyRequest,
        body: bytes,
        admitted: Told,
        known: Actor | None,
    ) -> Response[bytes]:
        AS_OF.set(self.clock())
        try:
            if endpoint.is_public:
                answer, told = self._visited(endpoint, request, body), admitted
            else:
                answer, told = self._asked(endpoint, request, body, known or self._known(request))
        except (requests.Malformed, TurnedAway, OrthoCRMError) as refusal:
            return refused(refusal)
        answer.headers.update(told.headers)
        return answer

    def _visited(self, endpoint: Endpoint, request: AnyRequest, body: bytes) -> Response[bytes]:
        """Answer a stranger; what they delivered is worked off when they have their answer."""
        repeating.ensure_offered(endpoint, request.headers)
        visitor = self._visitor(endpoint, request)
        answer = answering.written(endpoint, self._call(endpoint, visitor, request, body))
        answer.cookies.extend(visitor.cookies)
        if visitor.delivered_to is not None:
            answer.background = BackgroundTask(self._work_off, visitor.delivered_to)
        return answer

    async def _work_off(self, clinic: ClinicId) -> None:
        """Work off the inbox of a clinic, one clinic after the other, beside what people ask."""
        if self._inbox is None:
            self._inbox = CapacityLimiter(1)
        await to_thread.run_sync(partial(work_off, self.crm, clinic), limiter=self._inbox)

    def _asked(
        self, endpoint: Endpoint, request: AnyRequest, body: bytes, actor: Actor
    ) -> tuple[Response[bytes], Told]:
        self._take(("clinic", actor.clinic), self.settings.rates.clinic)
        told = self._take(("actor", actor.clinic, actor.user), self.settings.rates.actor)
        desk = needing(endpoint, self.crm.acting_as(actor))
        if endpoint.is_stream:
            return self._opened(endpoint, request, body, desk), told
        key = repeating.key_of(endpoint, request.headers)
        if key is None:
            return answering.written(endpoint, self._call(endpoint, desk, request, body)), told
        repeatable = Repeatable(
            kept=self.crm.answers,
            actor=actor,
            endpoint=endpoint,
            key=key,
            request=repeating.fingerprint(request, body),
            write=partial(answering.written, endpoint),
        )
        return repeatable.answered(desk, partial(self._told, endpoint, request, body)), told

    def _opened(
        self, endpoint: Endpoint, request: AnyRequest, body: bytes, desk: Desk
    ) -> LiveStream:
        """Open a live stream, of which everybody has a few at most."""
        actor = desk.office.actor
        if not self.newsroom.has_room(actor.clinic, actor.user):
            raise too_many_streams()
        opening: Opening = self._call(endpoint, desk, request, body)
        return LiveStream(
            Reader(
                clinic=actor.clinic,
                user=actor.user,
                sight=desk.sight(),
                mark=opening.mark,
                is_reset=opening.is_reset,
                newsroom=self.newsroom,
                limits=self.settings.streams,
                look=partial(self._sight, request, actor),
                away=self._away,
            )
        )

    def _sight(self, request: AnyRequest, actor: Actor) -> Sight | None:
        """Tell how far somebody sees who opened a stream, None when they are not them any more."""
        brought = callers.credentials(request, self.settings)
        if actor.session is not None or actor.key is not None:
            now = self.crm.access.standing(brought.bearer or brought.session or "")
        else:
            now = callers.actor_of(self.authenticators, brought)
        if now is None or (now.clinic, now.user) != (actor.clinic, actor.user):
            return None
        return self.crm.acting_as(now).sight()

    def _told(
        self, endpoint: Endpoint, request: AnyRequest, body: bytes, desk: Desk
    ) -> Response[bytes]:
        """Answer a request with a key, also by what is wrong with it; but what is no request."""
        try:
            return answering.written(endpoint, self._call(endpoint, desk, request, body))
        except (TurnedAway, OrthoCRMError) as refusal:
            return refused(refusal)

    def _known(self, request: AnyRequest) -> Actor:
        """Tell who asks, from what a request brings."""
        requests.ensure_told_once(request.headers)
        actor = callers.actor_of(self.authenticators, callers.credentials(request, self.settings))
        if actor is None:
            raise unknown_caller()
        return actor

    def _take(self, key: tuple[str, ...], rate: Rate) -> Told:
        told = self.limiter.take(key, rate)
        if told.is_allowed:
            return told
        status = HTTPStatus.TOO_MANY_REQUESTS
        detail = "too many requests: wait as long as Retry-After says"
        raise TurnedAway(problems.plain(status, "too_many_requests", detail), told.headers)

    def _call(self, endpoint: Endpoint, whom: Any, request: AnyRequest, body: bytes) -> Any:  # noqa: ANN401 - desk or visitor, any verb
        requests.ensure_told_once(request.headers)
        requests.ensure_readable(endpoint, request.headers, body)
        query = request.query_params.dict()
        given = requests.arguments(endpoint, request.path_params, query, body)
        version = conditions.expected(endpoint, request.headers, given)
        given = repeating.keyed(endpoint, request.headers, given)
        given = conditions.resumed(endpoint, request.headers, given)
        try:
            result = endpoint.call(whom if version is None else whom.expecting(version), **given)
            if isinstance(whom, Desk):
                whom.office.ensure_met()
        except InvalidInput as error:
            raise requests.refused(error, endpoint) from error
        except StaleVersion as stale:
            if conditions.VERSION.lower() not in request.headers:
                raise
            raise TurnedAway(problems.of(stale, HTTPStatus.PRECONDITION_FAILED)) from stale
        return result

    def _visitor(self, endpoint: Endpoint, request: AnyRequest) -> Visitor:
        """Give whoever asks; what is delivered comes from other sites and uses no session."""
        session = request.cookies.get(self.settings.cookie)
        if endpoint.raw is None and request.method not in callers.SAFE:
            callers.ensure_own_site(request, self.settings)
        return Visitor(
            crm=self.crm,
            cookie=self.settings.cookie,
            is_secure=self.settings.secure_cookies,
            session=session,
            device=request.headers.get("user-agent", "")[:_DEVICE] or None,
            headers=dict(request.headers),
            url=callers.asked_url(request, self.settings),
            now=AS_OF.get(),
            document=partial(self._document_at, request.scope.get("root_path", "")),
        )

    def _document_at(self, root: str) -> Mapping[str, Any]:
        """Give the document, with the place where another application has mounted this one."""
        told = self.document()
        return {**told, "servers": [{"url": root}]} if root else told


def refused(refusal: requests.Malformed | TurnedAway | OrthoCRMError) -> Response[bytes]:
    """Say as a problem why a request is not carried out."""
    if isinstance(refusal, requests.Malformed):
        return answering.problem(problems.malformed(refusal.problems))
    if isinstance(refusal, TurnedAway):
        return answering.problem(refusal.told, refusal.headers)
    return answering.problem(problems.of(refusal))


def work_off(crm: OrthoCRM, clinic: ClinicId) -> None:
    """Work off the inbox of a clinic; what fails waits there for the next one who does."""
    try:
        crm.process_inbox(clinic)
    except Exception as error:  # noqa: BLE001 - nobody waits for it who could be told
        _LOG.error("the inbox of clinic %s waits: %s", clinic, type(error).__name__)


def needing(endpoint: Endpoint, desk: Desk) -> Desk:
    """Let the first verb of an endpoint of several ask for the right to what the endpoint is for.

    An endpoint of one verb leaves that to the gate.
    """
    needed = endpoint.permission
    if not endpoint.is_composed or endpoint.operation is None or needed is None:
        return desk
    return desk.needing(endpoint.operation, needed)


def too_many_streams() -> TurnedAway:
    """Refuse another live stream."""
    told = "close another live stream first: there are as many as there may be"
    status = HTTPStatus.TOO_MANY_REQUESTS
    return TurnedAway(problems.plain(status, "too_many_streams", told), {"Retry-After": "30"})


def unknown_caller() -> TurnedAway:
    """Ask for credentials."""
    told = problems.plain(HTTPStatus.UNAUTHORIZED, "unauthenticated", "say who you are")
    return TurnedAway(told, {"WWW-Authenticate": "Bearer"})


def refused_by_http(request: AnyRequest, error: HTTPException) -> Response[bytes]:  # noqa: ARG001 - the handler's face
    """Say as a problem what HTTP refuses: no such path, no such method, a body too large."""
    status = HTTPStatus(error.status_code)
    return answering.problem(
        problems.plain(status, status.name.lower(), status.description or status.phrase),
        dict(error.headers or {}),
    )


def failed(request: AnyRequest, error: Exception) -> Response[bytes]:
    """Say that something is broken, and nothing of what; the log names its kind and place."""
    place = request.scope.get("path_template", "")
    _LOG.error("%s %s failed: %s", request.method, place, type(error).__name__)
    status = HTTPStatus.INTERNAL_SERVER_ERROR
    return answering.problem(problems.plain(status, "internal", "something went wrong here"))
