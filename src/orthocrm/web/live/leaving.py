"""Whether the server of this process is about to end.

An application is told only after the last connection has closed, which an open stream would keep
from happening. uvicorn says so beforehand: what it has set to receive SIGTERM belongs to it.
"""

import signal


def is_leaving() -> bool:
    """Whether uvicorn, if this process is served by it, has been asked to end."""
    receiver = signal.getsignal(signal.SIGTERM)
    return bool(getattr(getattr(receiver, "__self__", None), "should_exit", False))
