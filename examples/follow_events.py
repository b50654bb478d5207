"""Follow what happens in a practice, by a program: `python examples/follow_events.py ADDRESS KEY`.

The key needs `notice:read`, and `lead:read` to be told of leads. A lost connection is opened again
where it was lost: nothing is missed, and nothing comes twice. It prints a line for each event.
"""

import json
import sys
import time
from collections.abc import Iterator
from typing import Any

import httpx

PAUSE_SECONDS = 2


def follow(address: str, key: str, last: str | None = None) -> Iterator[dict[str, Any]]:
    """Give what happens, as it happens; `last` is the id of what was heard before.

    `{"kind": "reset"}` says that it is not known what happened since: read anew what you keep.

    Raises:
        httpx.HTTPStatusError: the key opens nothing any more, or there are too many streams.
    """
    with httpx.Client(base_url=address, headers={"Authorization": f"Bearer {key}"}) as client:
        while True:
            headers = {} if last is None else {"Last-Event-ID": last}
            try:
                with client.stream(
                    "GET", "/api/events/stream", headers=headers, timeout=60
                ) as answer:
                    answer.raise_for_status()
                    for told in messages(answer.iter_lines()):
                        last = told.get("id", last)
                        if told.get("event") == "end":
                            return
                        if told.get("event") == "reset":
                            yield {"kind": "reset"}
                        elif "data" in told:
                            yield json.loads(told["data"])
            except httpx.TransportError:
                pass  # the connection was lost
            time.sleep(PAUSE_SECONDS)


def messages(lines: Iterator[str]) -> Iterator[dict[str, str]]:
    """Read server-sent events: fields by name, a message ends with an empty line."""
    told: dict[str, str] = {}
    for line in lines:
        name, _, value = line.partition(":")
        if name:
            told[name] = value.removeprefix(" ")
        elif not line:
            yield told
            told = {}


if __name__ == "__main__":
    for happening in follow(*sys.argv[1:3]):
        print(happening["kind"], *happening.get("leadIds", ()), flush=True)
