"""What the author of a plug-in runs: tests of everything that a plug-in may bring.

Subclass the suite of what yours brings in a test module, and give the fixtures that it asks for.

```python
class TestMine(PluginSuite):
    @pytest.fixture
    def plugin(self):
        return MyPlugin()
```

`PluginSuite` is for every plug-in, `NotifierSuite` for carriers of messages, `CalendarSuite` for
carriers of calendar entries, `StrategySuite` for links of the chain of assignment, `ChannelSuite`
for ways by which enquiries come in.
"""

import pytest

pytest.register_assert_rewrite(
    *(
        f"{__name__}.{theme}"
        for theme in ("calendars", "channels", "notifiers", "plugins", "strategies")
    )
)

from orthocrm.testing.plugin_suite.calendars import (  # noqa: E402 - after the line above
    CalendarCarrier,
    CalendarSuite,
)
from orthocrm.testing.plugin_suite.carrier import (  # noqa: E402 - after the line above
    Carrier,
    HttpCarrier,
    Mood,
    Received,
    Reply,
)
from orthocrm.testing.plugin_suite.channels import ChannelSuite  # noqa: E402
from orthocrm.testing.plugin_suite.notifiers import Ability, NotifierSuite  # noqa: E402
from orthocrm.testing.plugin_suite.plugins import PluginSuite  # noqa: E402
from orthocrm.testing.plugin_suite.strategies import StrategySuite  # noqa: E402

__all__ = [
    "Ability",
    "CalendarCarrier",
    "CalendarSuite",
    "Carrier",
    "ChannelSuite",
    "HttpCarrier",
    "Mood",
    "NotifierSuite",
    "PluginSuite",
    "Received",
    "Reply",
    "StrategySuite",
]
