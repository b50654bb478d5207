"""A Slack channel as a carrier for orthocrm, through an incoming webhook of Slack's.

The address of an incoming webhook is a secret, so it comes from the environment and stands neither
in a letter nor in a clinic's settings. Slack sees the kind of an event, or subject and body of a
message to staff; no name, number or address of a family belongs into either.
"""

import json
import os
from collections.abc import Mapping
from typing import ClassVar

from attrs import field, frozen

from orthocrm import CarrierError, Letter, MessageChannel, Notifier, Sent, hook
from orthocrm.notifiers.wire import Answered, Wire, a_request

VARIABLE = "ORTHOCRM_SLACK_WEBHOOK"

_MOST_SIGNS = 3_000
_ESCAPED = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
_OF_THE_WEBHOOK = frozenset({403, 404, 410})
"""Answers that say something about the webhook and nothing about the letter."""


@frozen(kw_only=True)
class Slack:
    """Posts letters to one channel; the metadata of a message carry the letter's identity."""

    channel: ClassVar[MessageChannel] = MessageChannel.WEBHOOK

    url: str | None = field(default=None, repr=False)
    seconds: float = 10.0
    wire: Wire = field(factory=Wire)

    def send(self, letter: Letter) -> Sent:
        """Post a letter; its reference is its identity, since Slack gives none."""
        if not self.url:
            raise CarrierError("no_secret")
        request = a_request(self.url, json=_content(letter))
        answer = self.wire.post(request, seconds=self.seconds)
        if not answer.succeeded:
            raise _refusal(answer)
        return Sent(ref=letter.identity)


def _content(letter: Letter) -> dict[str, object]:
    event = {"event_type": "orthocrm_letter", "event_payload": {"identity": letter.identity}}
    return {"text": _text(letter)[:_MOST_SIGNS], "metadata": event}


def _text(letter: Letter) -> str:
    """Write one message; nothing in it is a mention or a link."""
    try:
        told = json.loads(letter.body)
        words = str(told["type"]).replace("_", " ")
    except (ValueError, TypeError, KeyError, RecursionError):
        words = "\n".join(part for part in (letter.subject, letter.body) if part)
    return words.translate(_ESCAPED)


def _refusal(answer: Answered) -> CarrierError:
    error = answer.refusal()
    if answer.status in _OF_THE_WEBHOOK:
        return CarrierError(error.reason, wait=error.wait)
    return error


@frozen
class Plugin:
    """Brings the carrier `slack`."""

    slack: Slack

    @hook
    def register_notifiers(self) -> Mapping[str, Notifier]:
        """Bring the channel to which the environment points."""
        return {"slack": self.slack}


plugin = Plugin(Slack(url=os.environ.get(VARIABLE)))
