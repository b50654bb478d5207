"""`desk.keys`: the keys of the clinic's data, and their replacement."""

from orthocrm.core import limits
from orthocrm.core.actor import Permission
from orthocrm.core.errors import InvalidInput
from orthocrm.core.events import KeyRotationBegun, KeysDestroyed
from orthocrm.core.keyring import ClinicKey, KeyLayer, KeysMoved, KeysStatus
from orthocrm.services.gate import Area, verb
from orthocrm.services.work import Work


class Keys(Area, area="keys"):
    """Keys are replaced while everybody works: the new one writes, old and new ones read."""

    @verb(Permission.KEYS_ROTATE)
    def rotate(self, work: Work, layer: KeyLayer) -> ClinicKey | None:
        """Begin to replace keys: a new one writes from now on. `move` brings the rows under it.

        Of the outermost keys, which the host application keeps, there is nothing to make here:
        give it a new active key, and `move` wraps the clinic's keys with it. Then None comes back,
        as it does where nothing is encrypted (`status().active` is None).

        Raises:
            InvalidInput: at `layer`, there is no such layer.
            Conflict: an earlier rotation of the layer has rows left, or others hold the keys for
                too long: try again.
        """
        wanted = _layer(layer)
        key = work.store.keyring.begin(wanted, work.now)
        work.record(
            KeyRotationBegun(
                clinic_id=work.clinic_id,
                at=work.now,
                by=work.actor.user,
                layer=wanted,
                number=None if key is None else key.number,
            )
        )
        return key

    @verb(Permission.KEYS_ROTATE)
    def move(self, work: Work, *, most: int = limits.PAGE) -> KeysMoved:
        """Bring rows under the keys that write, at most so many; destroy keys of no more use.

        Call it until nothing is `more`; the worker does so by itself. It may be killed and
        repeated at any time. Nothing happens while somebody else does the same.

        Raises:
            InvalidInput: at `most`, give a number from 1 to 5,000.
            Conflict: others hold the keys for too long: try again.
            MissingKey: an outermost key is not there; nothing was changed.
        """
        if type(most) is not int or not 1 <= most <= limits.MOST_MOVED:
            raise InvalidInput.at("most", "out_of_range", "give a number from 1 to 5,000")
        moved = work.store.keyring.move(most, work.now)
        if moved.destroyed:
            work.record(
                KeysDestroyed(
                    clinic_id=work.clinic_id,
                    at=work.now,
                    by=work.actor.user,
                    numbers=moved.destroyed,
                )
            )
        return moved

    @verb(Permission.KEYS_ROTATE)
    def status(self, work: Work) -> KeysStatus:
        """Tell how the keys stand, and how many rows wait for each; it counts them."""
        return work.store.keyring.status()


def _layer(raw: object) -> KeyLayer:
    try:
        return KeyLayer(raw)  # type: ignore[arg-type]  # refused here when it is none
    except ValueError:
        names = ", ".join(KeyLayer)
        raise InvalidInput.at("layer", "unknown", f"give one of {names}") from None
