"""Metrics as they are brought in: those of the library, and the check of everybody's."""

from collections.abc import Mapping

from orthocrm.analytics.catalogue import METRICS
from orthocrm.analytics.declaring import Declared, Unit
from orthocrm.core.errors import PluginError
from orthocrm.hooks import Plugins, hook
from orthocrm.services.analytics import measuring


class OurMetrics:
    """The metrics of the library, brought in like those of a plug-in."""

    @hook
    def register_metrics(self) -> Mapping[str, Declared]:
        """Bring every metric of `orthocrm.analytics.catalogue`."""
        return METRICS


def check(plugins: Plugins) -> None:
    """Refuse metrics that are none, or that go by another name."""
    for name, declared in plugins.metrics.items():
        if not isinstance(declared, Declared):
            raise PluginError(name, "register_metrics: give Declared by name")
        if declared.name != name:
            raise PluginError(name, "register_metrics: the metric has another name")
        if not measuring.answers(declared.metric):
            raise PluginError(name, "register_metrics: its metric cannot be asked")
        if not isinstance(declared.unit, Unit) or not callable(declared.figure):
            raise PluginError(name, "register_metrics: it needs a Unit, and a function for figure")
