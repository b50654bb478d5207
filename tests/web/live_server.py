"""A server over a database whose live streams beat often: `python -m tests.web.live_server URL`.

It prints its address, and serves until SIGTERM.
"""

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn

from orthocrm import OrthoCRM, connect
from orthocrm.web.serving import standing_alone
from orthocrm.web.settings import Streams, WebSettings
from tests.flows.conftest import KEYS

STREAMS = Streams(each=2, heartbeat_seconds=0.2)


def config(crm: OrthoCRM) -> uvicorn.Config:
    """Say how an installation is served."""
    app = standing_alone(crm, WebSettings(secure_cookies=False, streams=STREAMS))
    return uvicorn.Config(app, port=0, log_config=None, timeout_graceful_shutdown=600)


@contextmanager
def served_here(crm: OrthoCRM) -> Iterator[str]:
    """Serve an installation in a thread, and give the address."""
    served = config(crm)
    listening = served.bind_socket()
    listening.listen(served.backlog)
    server = uvicorn.Server(served)
    thread = threading.Thread(target=server.run, args=([listening],))
    thread.start()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()


def main(url: str) -> None:
    """Serve until ended."""
    with connect(url, keys=KEYS, discover_plugins=False) as crm:
        served = config(crm)
        listening = served.bind_socket()
        listening.listen(served.backlog)
        print(f"http://127.0.0.1:{listening.getsockname()[1]}", flush=True)  # noqa: T201 - for the test
        uvicorn.Server(served).run([listening])


if __name__ == "__main__":
    main(sys.argv[1])
