"""The memory backend passes the shipped suite."""

import pytest

from orthocrm.backends.memory import MemoryBackend
from orthocrm.core.ports import Backend
from orthocrm.testing.suite import BackendSuite


class TestMemory(BackendSuite):
    @pytest.fixture
    def backend(self) -> Backend:
        return MemoryBackend()
