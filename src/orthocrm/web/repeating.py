"""`Idempotency-Key`: a request that comes again has no second effect, and gets the first answer.

As the draft says that is to become an RFC (draft-ietf-httpapi-idempotency-key-header-07): the same
key with another request is refused by 422, one whose first request is not answered yet by 409.
What the server could not do (5xx) is not kept, so that the request may be made again.
"""

import hashlib
import re
from collections.abc import Callable, Mapping
from functools import partial
from http import HTTPStatus
from typing import Any, Final

import attrs
from attrs import frozen
from litestar import Response

from orthocrm.core import limits
from orthocrm.core.actor import Actor
from orthocrm.core.answers import KeptAnswer
from orthocrm.core.errors import Problem
from orthocrm.desk import Desk
from orthocrm.services import answers
from orthocrm.services.answers import KeptAnswers, Said
from orthocrm.services.work import Work
from orthocrm.web import callers
from orthocrm.web.callers import AnyRequest
from orthocrm.web.declaring import Endpoint
from orthocrm.web.requests import Malformed

KEY: Final = "Idempotency-Key"
REPLAYED: Final = "Idempotency-Replayed"

_KEY: Final = re.compile(r"[\x21-\x7e]+")
_FIELDS: Final = ("delivery_key", "key")
_SECRETS: Final = ("access.", "scheduling.make_link", "scheduling.feed")
"""Operations whose answers open something: they are told once, and kept by nobody."""

_TOLD_ANEW: Final = ("ratelimit", "retry-after", "set-cookie", "www-authenticate")

Answer = Response[bytes]


def takes_key(endpoint: Endpoint) -> bool:
    """Whether an endpoint knows a request again by a key: whatever changes something for a caller.

    Strangers are not told apart, so what is public has no keys.
    """
    return endpoint.method not in callers.SAFE and not endpoint.is_public


def key_of(endpoint: Endpoint, headers: Mapping[str, str]) -> str | None:
    """Read the key of a request; what changes nothing may be asked again anyway.

    Raises:
        Malformed: it is too long, or holds what cannot be seen.
    """
    key = headers.get(KEY.lower())
    if key is None or endpoint.method in callers.SAFE:
        return None
    if len(key) > limits.LABEL or _KEY.fullmatch(key) is None:
        raise Malformed([Problem(KEY, "not_a_key", "give up to 255 visible characters")])
    return key


def ensure_offered(endpoint: Endpoint, headers: Mapping[str, str]) -> None:
    """Refuse a key where none is known: silence would promise what is not kept.

    Raises:
        Malformed: nothing here is known again by a key.
    """
    if key_of(endpoint, headers) is not None:
        raise Malformed([Problem(KEY, "not_offered", "strangers are not known again by a key")])


def keyed(endpoint: Endpoint, headers: Mapping[str, str], given: dict[str, Any]) -> dict[str, Any]:
    """Hand the key to a verb that has keys of its own, which outlast the kept answer."""
    key, name = key_of(endpoint, headers), _field(endpoint)
    if key is None or name is None:
        return given
    if endpoint.noun is None:
        return {**given, name: key}
    return {**given, endpoint.noun: attrs.evolve(given[endpoint.noun], **{name: key})}


def _field(endpoint: Endpoint) -> str | None:
    """Name the field that takes the key, if a verb has one."""
    if endpoint.body is None or endpoint.is_public:
        return None
    names = {part.name for part in endpoint.body.parts.values()}
    return next((name for name in _FIELDS if name in names), None)


def fingerprint(request: AnyRequest, body: bytes) -> str:
    """Give a digest of everything that a request asks for."""
    told = hashlib.sha256()
    for part in (
        request.method,
        request.scope.get("path", ""),
        request.scope.get("query_string", b"").decode("latin-1"),
        request.headers.get("if-match", ""),
        request.headers.get("content-type", ""),
    ):
        told.update(f"{len(part)}:{part}".encode("utf-8", "surrogateescape"))
    told.update(body)
    return told.hexdigest()


@frozen(kw_only=True)
class Repeatable:
    """A request with a key: `write` gives the answer of a result, `request` its fingerprint."""

    kept: KeptAnswers
    actor: Actor
    endpoint: Endpoint
    key: str
    request: str
    write: Callable[[Any], Answer]

    def answered(self, desk: Desk, act: Callable[[Desk], Answer]) -> Answer:
        """Carry a request out by `act`, or give the answer that it got before.

        The answer to one verb is kept in the unit of work of that verb. Where there are several,
        or the answer is a secret, the first change is marked there, and the answer kept after all.
        """
        begun = self.kept.begin(self.actor, self.key, self.request)
        if isinstance(begun, Said):
            return _again(begun)
        try:
            answer = act(desk.closing(partial(self._close, begun)))
        except BaseException:
            self.kept.drop(begun)
            raise
        if _status(answer) >= HTTPStatus.INTERNAL_SERVER_ERROR:
            self.kept.drop(begun)
        elif not self._is_secret or _status(answer) >= HTTPStatus.BAD_REQUEST:
            self.kept.end(begun, _said(answer))
        return answer

    def _close(self, begun: KeptAnswer, work: Work, result: object) -> None:
        if self._is_secret:
            answers.done(work.store, begun, None)
        elif not self.endpoint.is_composed:
            answers.done(work.store, begun, _said(self.write(result)))
        elif work.events:
            answers.done(work.store, begun, None)

    @property
    def _is_secret(self) -> bool:
        return (self.endpoint.operation or "").startswith(_SECRETS)


def _status(answer: Answer) -> int:
    return answer.status_code or int(HTTPStatus.OK)


def _said(answer: Answer) -> Said:
    headers = {
        name: value
        for name, value in answer.headers.items()
        if not name.lower().startswith(_TOLD_ANEW)
    }
    headers["Content-Type"] = answer.headers.get("Content-Type") or answer.media_type or ""
    body = (answer.content or b"").decode()
    return Said(status=_status(answer), headers=headers, body=body)


def _again(said: Said) -> Answer:
    """Give a kept answer, and say that it is one."""
    headers = {name: value for name, value in said.headers.items() if value}
    media = headers.pop("Content-Type", None)
    return Response(
        said.body.encode(),
        status_code=said.status,
        media_type=media,
        headers={**headers, REPLAYED: "true"},
    )
