"""What the tests of checkpoints share: a signer, and checkpoints by it."""

from datetime import datetime

from orthocrm.core.audit import ChainHead, Checkpoint
from orthocrm.privacy.checkpoints import signed
from orthocrm.privacy.keys import StaticKeys
from orthocrm.privacy.signing import DerivedSigner
from orthocrm.testing.clock import MONDAY_MORNING
from tests.unit.privacy.chains import CLINIC

SIGNER = DerivedSigner(StaticKeys({1: bytes(range(32))}))
STRANGER = DerivedSigner(StaticKeys({1: bytes(32)}))


def a_checkpoint(
    head: ChainHead,
    before: Checkpoint | None = None,
    at: datetime = MONDAY_MORNING,
    signer: DerivedSigner = SIGNER,
    *,
    is_restored: bool = False,
) -> Checkpoint:
    """State where the chain of the tests stands."""
    return signed(CLINIC, head, at, before, signer, is_restored=is_restored)
