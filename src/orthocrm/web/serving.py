"""The API as a server of its own: uvicorn, with what the environment says where there are several.

Each process opens the installation by itself; they share nothing but the database.
"""

import json
import logging
import os
from collections.abc import Callable
from tempfile import TemporaryDirectory
from threading import Event, Thread
from typing import Final

import uvicorn
from litestar import Litestar
from uvicorn.supervisors import Multiprocess

from orthocrm.authenticators import ApiKeys, Sessions
from orthocrm.core.ports import Authenticator
from orthocrm.crm import OrthoCRM, connect
from orthocrm.observing.tracing import tracer_of_environment
from orthocrm.web.application import application
from orthocrm.web.lines import PROTOCOL
from orthocrm.web.links import Links
from orthocrm.web.metrics import SHARED
from orthocrm.web.settings import WebSettings

DATABASE: Final = "ORTHOCRM_DB"
PLAINTEXT: Final = "ORTHOCRM_ALLOW_PLAINTEXT"
PLAIN_COOKIES: Final = "ORTHOCRM_PLAIN_COOKIES"
PROXIES: Final = "ORTHOCRM_PROXIES"
ORIGINS: Final = "ORTHOCRM_ORIGINS"
METRICS: Final = "ORTHOCRM_METRICS"
PAGES: Final = "ORTHOCRM_PAGES"
DEMO: Final = "ORTHOCRM_DEMO"

_KEEP_ALIVE_SECONDS: Final = 30
_GRACE_SECONDS: Final = 20
_SILENT_SECONDS: Final = 60
_INBOX_SECONDS: Final = 30

_LOG = logging.getLogger("orthocrm.web")


def standing_alone(crm: OrthoCRM, settings: WebSettings | None = None) -> Litestar:
    """Make the application for the library's own users, API keys and links of patients.

    While it runs it goes on with deliveries that wait for another try, or for a process that was
    killed: a worker may do so too, and none has to.
    """
    authenticators: list[Authenticator] = [Sessions(crm.access), ApiKeys(crm.access), Links(crm)]
    app = application(crm, authenticators, settings=settings)
    keeper = InboxKeeper(crm)
    app.on_startup.append(keeper.start)
    app.on_shutdown.append(keeper.stop)
    return app


class InboxKeeper:
    """Works off what waits in inboxes, now and then, in a thread of its own."""

    def __init__(self, crm: OrthoCRM, every: float = _INBOX_SECONDS) -> None:
        self._crm = crm
        self._every = every
        self._stopped = Event()
        self._thread: Thread | None = None

    def start(self) -> None:
        """Begin; what waits from before comes first."""
        self._stopped.clear()
        self._thread = Thread(target=self._run, name="orthocrm inbox", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End after the delivery that is in hand."""
        self._stopped.set()
        if self._thread is not None:
            self._thread.join(_GRACE_SECONDS)

    def _run(self) -> None:
        while not self._stopped.is_set():
            try:
                self._crm.process_inbox(stop=self._stopped.is_set)
            except Exception as error:  # noqa: BLE001 - it outlives whatever happens once
                _LOG.error("the inbox waits: %s", type(error).__name__)
            self._stopped.wait(self._every)


def from_environment() -> Litestar:
    """Make the application of one process from the variables that `serve` has set."""
    logging.getLogger("uvicorn.error").addFilter(without_values)
    crm = connect(
        os.environ[DATABASE],
        allow_plaintext=os.environ.get(PLAINTEXT) == "1",
        tracer=tracer_of_environment(),
    )
    return standing_alone(crm, settings_from_environment())


def settings_from_environment() -> WebSettings:
    """Read the settings of a server from the environment."""
    origins = os.environ.get(ORIGINS, "")
    return WebSettings(
        secure_cookies=os.environ.get(PLAIN_COOKIES) != "1",
        proxies=int(os.environ.get(PROXIES, "0")),
        allow_origins=tuple(filter(None, origins.split(","))),
        metrics=os.environ.get(METRICS) == "1",
        pages=os.environ.get(PAGES, "1") == "1",
        demo=[tuple(person) for person in json.loads(os.environ.get(DEMO, "[]"))],
    )


def without_values(record: logging.LogRecord) -> bool:
    """Leave of an exception in a log its kind only: its text may hold what families wrote."""
    if record.exc_info and record.exc_info[0] is not None:
        record.msg, record.args = "%s: %s", (record.getMessage(), record.exc_info[0].__name__)
        record.exc_info = record.exc_text = None
    return True


def serve(*, host: str, port: int, workers: int, announce: Callable[[str], None]) -> None:
    """Serve until SIGINT or SIGTERM; `from_environment` says what.

    `announce` gets the address as soon as it can be asked.
    """
    config = uvicorn.Config(
        "orthocrm.web.serving:from_environment",
        factory=True,
        host=host,
        port=port,
        workers=workers,
        http=PROTOCOL,
        server_header=False,
        proxy_headers=False,
        access_log=False,
        log_config=None,
        timeout_keep_alive=_KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=_GRACE_SECONDS,
        timeout_worker_healthcheck=_SILENT_SECONDS,  # beginning takes its time on a busy machine
    )
    listening = config.bind_socket()
    listening.listen(config.backlog)  # who reads the address may ask at once, and waits
    announce(f"http://{host}:{listening.getsockname()[1]}")
    server = uvicorn.Server(config)
    if workers > 1:
        with TemporaryDirectory(prefix="orthocrm-metrics-") as shared:
            os.environ[SHARED] = shared  # the processes count together
            Multiprocess(config, sockets=[listening]).run()
    else:
        server.run([listening])
