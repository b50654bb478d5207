"""What every channel promises."""

from collections.abc import Mapping
from typing import Any, ClassVar

import pytest
from attrs import evolve

from orthocrm.core.errors import MissingKey, OrthoCRMError
from orthocrm.core.settings import Practice
from orthocrm.leads.channels.delivery import Awaited, Channel, Delivered, Item, Reception
from orthocrm.leads.channels.signatures import Unverified
from orthocrm.leads.intake import Intake
from orthocrm.testing.clock import MONDAY_MORNING
from orthocrm.testing.factories import (
    a_clinic,
    a_coordinator,
    the_default_sources,
    the_default_stages,
)

CANARY = "zanzibarcanary"
_HUGE = 8_000_000
_NESTED = b"[" * 100_000
BODIES: Mapping[str, bytes] = {
    "empty": b"",
    "nothing": b"null",
    "a number": b"7",
    "a list": f'["{CANARY}"]'.encode(),
    "another mapping": f'{{"{CANARY}": ["{CANARY}"]}}'.encode(),
    "a form": f"{CANARY}={CANARY}&a=%ff&a=2".encode(),
    "no text": b"\xff\xfe\x00" + CANARY.encode(),
    "half a pair": b'{"name": "\\ud800"}',
    "deep": _NESTED,
    "huge": CANARY.encode() * (_HUGE // len(CANARY)),
}


class ChannelSuite:
    """Tests of one channel; give `channel` and `delivered`, a delivery that holds an enquiry.

    A channel whose deliveries are signed or carry a key has `signed`, and gives a `reception` with
    its secrets.
    """

    signed: ClassVar[bool] = False

    @pytest.fixture
    def channel(self) -> Channel:
        """Give the channel."""
        raise NotImplementedError("give the fixture `channel`")

    @pytest.fixture
    def delivered(self) -> Delivered:
        """Give a delivery that is as it should be."""
        raise NotImplementedError("give the fixture `delivered`")

    @pytest.fixture
    def reception(self) -> Reception:
        """Give a practice on a Monday morning, without secrets."""
        clinic = a_clinic()
        practice = Practice(
            clinic=clinic,
            stages=the_default_stages(clinic),
            sources=the_default_sources(clinic),
            coordinators=(a_coordinator(clinic),),
        )
        return Reception(practice=practice, now=MONDAY_MORNING, secrets=lambda _: ())

    def test_an_enquiry_is_read(
        self, channel: Channel, delivered: Delivered, reception: Reception
    ) -> None:
        """It gives items, an enquiry among them, and none from the future."""
        items = channel.read(delivered, reception)
        assert [item for item in items if not isinstance(item, Item)] == []
        assert [item for item in items if isinstance(item, Intake | Awaited)], "no enquiry"
        arrivals = [item.received_at for item in items if isinstance(item, Intake)]
        assert [at for at in arrivals if at is not None and at > reception.now] == []

    def test_the_same_delivery_reads_the_same(
        self, channel: Channel, delivered: Delivered, reception: Reception
    ) -> None:
        """So a repeat is recognised."""
        assert channel.read(delivered, reception) == channel.read(delivered, reception)

    @pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
    def test_a_body_that_is_none_is_refused_in_good_order(
        self, channel: Channel, delivered: Delivered, reception: Reception, body: bytes
    ) -> None:
        """Bad input is an error of ours that quotes nothing, or an item that says so."""
        error = self._error(channel, evolve(delivered, body=body), reception)
        assert CANARY not in str(error)

    def test_values_of_another_type_are_refused_in_good_order(
        self, channel: Channel, delivered: Delivered, reception: Reception
    ) -> None:
        """Where the host application vouches for a mapping, its values may be anything."""
        if not isinstance(delivered.body, Mapping):
            pytest.skip("deliveries of this channel are bytes")
        odd: tuple[Any, ...] = (None, 7, True, [CANARY], {CANARY: CANARY}, CANARY * 9_000, b"\xff")
        for name in delivered.body:
            for value in odd:
                changed = evolve(delivered, body={**delivered.body, name: value})
                assert CANARY not in str(self._error(channel, changed, reception)), name

    def test_an_unsigned_delivery_is_not_believed(
        self, channel: Channel, delivered: Delivered, reception: Reception
    ) -> None:
        """Without its headers, with another body, and where there is no secret to know it by."""
        if not self.signed:
            pytest.skip("deliveries of this channel are not signed")
        body = delivered.body
        assert isinstance(body, bytes), "a signed delivery is bytes"
        if delivered.headers:
            with pytest.raises(Unverified):
                channel.read(evolve(delivered, headers={}), reception)
            with pytest.raises(Unverified):
                channel.read(evolve(delivered, body=body + b" "), reception)
        with pytest.raises((Unverified, MissingKey)):
            channel.read(delivered, evolve(reception, secrets=lambda _: ()))

    def _error(
        self, channel: Channel, delivered: Delivered, reception: Reception
    ) -> OrthoCRMError | None:
        try:
            channel.read(delivered, reception)
        except OrthoCRMError as error:
            return error
        return None
