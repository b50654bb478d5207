"""The version that a change is meant for."""

import re
from collections.abc import Mapping
from typing import Any, Final

from orthocrm.core.errors import Problem
from orthocrm.web import callers
from orthocrm.web.declaring import Endpoint, Place
from orthocrm.web.requests import Malformed
from orthocrm.web.wire.annotations import Changes

VERSION: Final = "If-Match"
LAST: Final = "Last-Event-ID"
_TAG: Final = re.compile(r'(?:W/)?"([0-9]{1,18})"', re.ASCII)


def expected(endpoint: Endpoint, headers: Mapping[str, str], given: dict[str, Any]) -> int | None:
    """Read the version that a change is meant for; a change that holds its version gets it there.

    Raises:
        Malformed: the tag is none of ours.
    """
    tag = headers.get(VERSION.lower())
    if tag is None or tag == "*" or endpoint.method in callers.SAFE:
        return None
    found = _TAG.fullmatch(tag)
    if found is None:
        raise Malformed([Problem(VERSION, "not_a_tag", "give the ETag as it was told")])
    version = int(found[1])
    change = given.get(endpoint.noun or "")
    if isinstance(change, Changes):
        change["version"] = version
        return None
    return version


def resumed(
    endpoint: Endpoint, headers: Mapping[str, str], given: dict[str, Any]
) -> dict[str, Any]:
    """Let a stream go on after what its reader heard last, as browsers say when they come back."""
    last = headers.get(LAST.lower())
    return {**given, "after": last} if endpoint.is_stream and last else given


def takes_version(endpoint: Endpoint) -> bool:
    """Whether an endpoint changes one thing that its path names, and may be asked for a version."""
    named = any(parameter.place is Place.PATH for parameter in endpoint.parameters)
    return named and not endpoint.is_public and endpoint.method not in callers.SAFE
