"""What a request says beside its body: the version that it means, and the key of a repetition."""

import re
from collections.abc import Mapping
from typing import Any, Final

import attrs

from orthocrm.core import limits
from orthocrm.core.errors import Problem
from orthocrm.web.declaring import Endpoint, Place
from orthocrm.web.requests import Malformed
from orthocrm.web.wire.annotations import Changes

KEY: Final = "Idempotency-Key"
VERSION: Final = "If-Match"
_SAFE: Final = ("GET", "HEAD")
_TAG: Final = re.compile(r'(?:W/)?"([0-9]{1,18})"', re.ASCII)
_KEY: Final = re.compile(r"[\x21-\x7e]+")
_FIELDS: Final = ("delivery_key", "key")


def expected(endpoint: Endpoint, headers: Mapping[str, str], given: dict[str, Any]) -> int | None:
    """Read the version that a change is meant for; a change that holds its version gets it there.

    Raises:
        Malformed: the tag is none of ours.
    """
    tag = headers.get(VERSION.lower())
    if tag is None or tag == "*" or endpoint.method in _SAFE:
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


def takes_version(endpoint: Endpoint) -> bool:
    """Whether an endpoint changes one thing that its path names, and may be asked for a version."""
    named = any(parameter.place is Place.PATH for parameter in endpoint.parameters)
    return named and not endpoint.is_public and endpoint.method not in _SAFE


def keyed(endpoint: Endpoint, headers: Mapping[str, str], given: dict[str, Any]) -> dict[str, Any]:
    """Hand the key of a repetition to the verb, which knows it again.

    Raises:
        Malformed: the key is too long, or nothing here is known again by a key.
    """
    key = headers.get(KEY.lower())
    if key is None or endpoint.method in _SAFE:
        return given
    if len(key) > limits.LABEL or _KEY.fullmatch(key) is None:
        raise Malformed([Problem(KEY, "not_a_key", "give up to 255 visible characters")])
    name = key_field(endpoint)
    if name is None:
        told = "only what makes leads and appointments is known again by a key"
        raise Malformed([Problem(KEY, "not_offered", told)])
    if endpoint.noun is None:
        return {**given, name: key}
    return {**given, endpoint.noun: attrs.evolve(given[endpoint.noun], **{name: key})}


def key_field(endpoint: Endpoint) -> str | None:
    """Name the field that takes the key of a repetition, if an endpoint has one."""
    if endpoint.body is None:
        return None
    names = {part.name for part in endpoint.body.parts.values()}
    return next((name for name in _FIELDS if name in names), None)
