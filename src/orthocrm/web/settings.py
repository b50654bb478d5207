"""How an installation is served."""

from collections.abc import Sequence

from attrs import field, frozen

from orthocrm.web.declaring import LARGEST_FILE
from orthocrm.web.limiting import Rates


@frozen(kw_only=True)
class Streams:
    """How live streams are served, in each process.

    Attributes:
        most: How many there are at once, and how many of one caller (`each`).
        each: A browser opens at most six connections to one host over HTTP/1.1, of all its tabs.
        heartbeat_seconds: How often a stream says that it is alive, and looks whether the session,
            the key and the rights of its reader still stand.
        longest_seconds: After so long a stream ends, and its reader comes again by itself.
        stalled_seconds: Whoever takes nothing for so long is cut off.
    """

    most: int = 500
    each: int = 6
    heartbeat_seconds: float = 15
    longest_seconds: float = 3_600
    stalled_seconds: float = 20


@frozen(kw_only=True)
class WebSettings:
    """What differs from a server behind HTTPS that nobody else's pages call.

    Attributes:
        secure_cookies: Cookies keep to HTTPS. Without, for a server on one's own machine only.
        allow_origins: Other origins whose pages may call the API.
        rates: How many requests are answered.
        proxies: How many proxies of one's own stand in front, each of which adds the address of
            whoever asks it to `X-Forwarded-For`.
        largest_body: The most bytes of a file; other requests have limits of their own below it.
        threads: How many requests are worked on at once.
        body_seconds: How long a request may take to come.
        streams: How live streams are served.
        metrics: Whether `GET /metrics` tells Prometheus what was asked and what waits.
        pages: Whether the pages stand at `/`, beside the API.
        demo: Who can be tried out: address, name, role and password; the pages say that all of
            it is a demo.
    """

    secure_cookies: bool = True
    allow_origins: Sequence[str] = ()
    rates: Rates = field(factory=Rates)
    proxies: int = 0
    largest_body: int = LARGEST_FILE
    threads: int = 16
    body_seconds: float = 60
    streams: Streams = field(factory=Streams)
    metrics: bool = False
    pages: bool = False
    demo: Sequence[tuple[str, str, str, str]] = ()

    @property
    def cookie(self) -> str:
        """The name of the cookie of a session; the prefix keeps it to this host and to HTTPS."""
        return "__Host-orthocrm" if self.secure_cookies else "orthocrm"
