"""Who bears witness to the audit trail outside of the database."""

from attrs import field, frozen

from orthocrm.core.ports import CheckpointSink, Signer


@frozen(kw_only=True)
class Witness:
    """Where the checkpoints of an installation go, and who signs them."""

    sink: CheckpointSink = field(repr=False)
    signer: Signer = field(repr=False)
