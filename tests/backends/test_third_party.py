"""A backend that is none of ours passes the shipped suite."""

import pytest

from orthocrm.testing.suite import BackendSuite
from tests.support.dict_backend import DictBackend


class TestThirdParty(BackendSuite):
    @pytest.fixture
    def backend(self) -> DictBackend:
        return DictBackend()
