"""Where the secrets of channels come from: values, or the environment.

Both hold secrets by clinic and name; those of the clinic `*` are live in every clinic. In the
environment they are a JSON object, `{"CLINIC": {"NAME": ["SECRET", "OLDER SECRET"]}}`. Errors name
the place and never a secret.
"""

import json
import os
from collections.abc import Mapping, Sequence
from typing import Final

from attrs import field, frozen

from orthocrm.core.errors import MissingKey
from orthocrm.core.ids import ClinicId
from orthocrm.core.outside import NoSecrets, Secrets

SECRETS_VARIABLE: Final = "ORTHOCRM_SECRETS"
EVERY_CLINIC: Final = "*"

Kept = Mapping[str, Mapping[str, Sequence[str]]]


def _encoded(kept: Kept) -> dict[tuple[str, str], tuple[bytes, ...]]:
    return {
        (clinic, name): tuple(secret.encode() for secret in secrets)
        for clinic, by_name in kept.items()
        for name, secrets in by_name.items()
    }


@frozen(repr=False)
class StaticSecrets:
    """`Secrets` over texts by clinic and name, the newest first.

    >>> secrets = StaticSecrets({"*": {"google": ["the new key", "the old key"]}})
    >>> secrets.live("any clinic", "google")
    (b'the new key', b'the old key')
    """

    _kept: Mapping[tuple[str, str], tuple[bytes, ...]] = field(converter=_encoded)

    def __attrs_post_init__(self) -> None:
        if not all(secret for secrets in self._kept.values() for secret in secrets):
            raise MissingKey("the given secrets: a blank text is no secret")

    def live(self, clinic: ClinicId, name: str) -> Sequence[bytes]:
        """Give the secrets of the clinic, then those of every clinic."""
        return (*self._kept.get((clinic, name), ()), *self._kept.get((EVERY_CLINIC, name), ()))


def environment_secrets(variable: str = SECRETS_VARIABLE) -> Secrets:
    """Read the secrets of the environment, once; without the variable there are none."""
    text = os.environ.get(variable)
    return NoSecrets() if text is None else StaticSecrets(_parsed(text, variable))


def _parsed(text: str, variable: str) -> Kept:
    try:
        kept = json.loads(text)
    except ValueError:
        kept = None
    if _is_kept(kept):
        return dict(kept)
    raise MissingKey(f"environment variable {variable}: give secrets by clinic and name, as JSON")


def _is_kept(kept: object) -> bool:
    return isinstance(kept, dict) and all(
        isinstance(by_name, dict) and all(map(_are_texts, by_name.values()))
        for by_name in kept.values()
    )


def _are_texts(secrets: object) -> bool:
    return isinstance(secrets, list) and all(isinstance(secret, str) for secret in secrets)
