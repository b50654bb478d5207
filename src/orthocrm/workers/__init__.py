"""Working in the background: the loop that a process of one's own runs."""

from orthocrm.workers.embedded import Worker, stopping_on_signals

__all__ = ["Worker", "stopping_on_signals"]
