"""The conformance suite: what every backend promises, as tests that anybody can run.

Subclass `BackendSuite` in a test module and give it a `backend` fixture: a fresh, migrated, empty
backend for each test.

```python
class TestMine(BackendSuite):
    @pytest.fixture
    def backend(self):
        backend = MyBackend(...)
        backend.migrate()
        yield backend
        backend.close()
```

What a backend cannot do by its nature stands in `lacking`, with the reason; the tests that need it
are then skipped, and say why.
"""

import pytest

_THEMES = (
    "aggregates",
    "claim_races",
    "claims",
    "concurrency",
    "consents",
    "custom_fields",
    "deliveries",
    "inbox",
    "keyring",
    "keys",
    "kinship",
    "logins",
    "messages",
    "occupied",
    "operators",
    "outbox",
    "pages",
    "queries",
    "storage",
    "tenants",
    "trail",
    "uniqueness",
    "units",
    "versions",
)
pytest.register_assert_rewrite(*(f"{__name__}.{theme}" for theme in _THEMES))

from orthocrm.testing.suite.aggregates import AggregateRules  # noqa: E402 - after the line above
from orthocrm.testing.suite.arranged import Capability, Rules  # noqa: E402
from orthocrm.testing.suite.claim_races import ClaimRaceRules  # noqa: E402
from orthocrm.testing.suite.claims import ClaimRules  # noqa: E402
from orthocrm.testing.suite.concurrency import ConcurrencyRules  # noqa: E402
from orthocrm.testing.suite.consents import ConsentRules  # noqa: E402
from orthocrm.testing.suite.custom_fields import CustomFieldRules  # noqa: E402
from orthocrm.testing.suite.deliveries import DeliveryRules  # noqa: E402
from orthocrm.testing.suite.inbox import InboxRules  # noqa: E402
from orthocrm.testing.suite.keyring import KeyringRules  # noqa: E402
from orthocrm.testing.suite.keys import MatchKeyRules  # noqa: E402
from orthocrm.testing.suite.kinship import KinshipRules  # noqa: E402
from orthocrm.testing.suite.logins import LoginRules  # noqa: E402
from orthocrm.testing.suite.messages import MessageRules  # noqa: E402
from orthocrm.testing.suite.occupied import OccupiedRules  # noqa: E402
from orthocrm.testing.suite.operators import OperatorRules  # noqa: E402
from orthocrm.testing.suite.outbox import OutboxRules  # noqa: E402
from orthocrm.testing.suite.pages import PageRules  # noqa: E402
from orthocrm.testing.suite.queries import QueryRules  # noqa: E402
from orthocrm.testing.suite.storage import StorageRules  # noqa: E402
from orthocrm.testing.suite.tenants import TenantRules  # noqa: E402
from orthocrm.testing.suite.trail import TrailRules  # noqa: E402
from orthocrm.testing.suite.uniqueness import UniquenessRules  # noqa: E402
from orthocrm.testing.suite.units import UnitOfWorkRules  # noqa: E402
from orthocrm.testing.suite.versions import VersionRules  # noqa: E402

__all__ = ["BackendSuite", "Capability", "Rules"]


class BackendSuite(
    StorageRules,
    UnitOfWorkRules,
    UniquenessRules,
    VersionRules,
    TenantRules,
    QueryRules,
    PageRules,
    CustomFieldRules,
    KinshipRules,
    MatchKeyRules,
    AggregateRules,
    OutboxRules,
    DeliveryRules,
    MessageRules,
    InboxRules,
    ConsentRules,
    KeyringRules,
    LoginRules,
    ClaimRules,
    ClaimRaceRules,
    OccupiedRules,
    ConcurrencyRules,
    OperatorRules,
    TrailRules,
):
    """Everything that `orthocrm.core.ports` promises of a backend."""
