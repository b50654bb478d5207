"""Keys are replaced while everybody works: what was stored is found and read before and after."""

from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta

import pytest
from attrs import evolve

import orthocrm
from orthocrm import Intake, InvalidInput, MessageChannel, MissingKey, OrthoCRM, Role
from orthocrm.core.access import login_of
from orthocrm.core.errors import AlreadyExists, Conflict
from orthocrm.core.ids import LeadId
from orthocrm.core.keyring import KeyLayer, KeyPurpose, KeysMoved, KeysStatus
from orthocrm.core.query import Cond
from orthocrm.privacy.consent import NewConsent
from orthocrm.privacy.keys import StaticKeys
from orthocrm.services.access.users import NewUser
from orthocrm.services.privacy.keyrings import Keys
from orthocrm.services.work import everything
from orthocrm.testing.clock import FrozenClock
from tests.flows.conftest import KEYS
from tests.flows.practice import House, enquiry
from tests.flows.scheduling import open_the_diary, wish

FIRST = bytes(range(32))
SQL = pytest.mark.parametrize("url", ["sqlite", "postgres"], indirect=True)
SEALING = (KeyLayer.CLINIC, KeyLayer.LEADS)


def enquiries() -> list[Intake]:
    """Give enquiries of which each is one delivery."""
    return [
        enquiry(
            first_name=f"Ann{n}",
            phone=f"+1 312 555 {1000 + n}",
            email=f"ann{n}@example.com",
            delivery_key=f"d-{n}",
        )
        for n in range(5)
    ]


def fill(house: House) -> list[LeadId]:
    """Store rows that need keys of every kind."""
    leads = [house.coordinator.leads.capture(one).lead.id for one in enquiries()]
    open_the_diary(house)
    house.front.scheduling.book(wish(patient_ref="p-1", notes="own row"))
    stop = NewConsent(channel=MessageChannel.SMS, granted=False, evidence="by phone")
    house.coordinator.notifications.record_consent(leads[0], stop)
    return leads


def keys_of(house: House) -> Keys:
    """Give the keys as the operator works with them."""
    return house.desk(Role.OPERATOR).keys


def moved(keys: Keys, most: int = 2) -> list[KeysMoved]:
    """Move everything, in small batches."""
    batches = [keys.move(most=most)]
    while batches[-1].more:
        batches.append(keys.move(most=most))
    return batches


def live(status: KeysStatus) -> dict[KeyPurpose, list[int]]:
    """Give the numbers of keys by purpose."""
    return {p: [key.number for key in status.keys if key.purpose is p] for p in KeyPurpose}


def ensure_readable(house: House, leads: list[LeadId]) -> None:
    """Read everything, find it by its numbers and addresses, and know deliveries again."""
    for number, lead in enumerate(leads):
        assert house.coordinator.leads.get(lead).contact.first_name == f"Ann{number}"
        assert house.coordinator.leads.timeline(lead).entries
        phone = f"+1 312 555 {1000 + number}"
        found = house.coordinator.leads.duplicates(
            Intake(first_name="Z", last_name="Y", phone=phone, email=f"ann{number}@example.com")
        )
        assert lead in {one.lead_id for one in found.found}
        assert house.coordinator.leads.capture(enquiries()[number]).replayed
    consent = house.coordinator.notifications.consent(leads[0])
    assert [entry.evidence for entry in consent.entries] == ["by phone"]
    with house.crm._backend.begin(house.clinic.id) as store:
        (own,) = everything(store.appointments, Cond("patient_ref", "eq", "p-1"))
        assert own.notes == "own row"
    assert house.admin.privacy.verify().is_sound


@SQL
@pytest.mark.parametrize("layer", SEALING)
def test_a_new_key_seals_and_the_old_one_is_destroyed(house: House, layer: KeyLayer) -> None:
    leads, keys = fill(house), keys_of(house)
    before = _stored(house, leads[0])
    new = keys.rotate(layer)
    assert new is not None
    (waiting,) = (key for key in keys.status().keys if not key.writes)
    assert (waiting.number, waiting.left, waiting.kept, keys.status().is_done) == (1, 11, 0, False)
    ensure_readable(house, leads)
    first = keys.move(most=2)
    assert first == KeysMoved(rows=2, more=True)
    ensure_readable(house, leads)
    leads.append(house.coordinator.leads.capture(enquiry(first_name="Ann5")).lead.id)
    with pytest.raises(Conflict):
        keys.rotate(KeyLayer.CLINIC)
    batches = moved(keys)
    assert (batches[-1], sum(batch.rows for batch in batches)) == (KeysMoved(destroyed=(1,)), 9)
    assert live(keys.status())[KeyPurpose.SEAL] == [new.number]
    assert (keys.status().is_done, keys.move()) == (True, KeysMoved())
    ensure_readable(house, leads[:5])
    after = _stored(house, leads[0])
    assert [b == a for b, a in zip(before, after, strict=True)] == [False, layer is KeyLayer.CLINIC]


def _stored(house: House, lead: LeadId) -> list[bytes]:
    """Read the wrapped key of a lead, and what is sealed with it, as they are stored."""
    backend = house.crm._backend
    with backend.begin(house.clinic.id) as store:
        session = store.leads._transaction.session  # type: ignore[attr-defined]  # of this backend
        return [bytes(value) for value in session.rows(_LEAD(session.language), {"row": lead})[0]]


def _LEAD(language: object) -> object:  # noqa: N802 - a statement, made for a dialect
    import sqlalchemy as sa  # noqa: PLC0415 - only where there is SQL

    from orthocrm.backends.sql.tables import leads  # noqa: PLC0415 - as above

    wanted = sa.select(leads.c.data_key, leads.c.sealed).where(leads.c.id == sa.bindparam("row"))
    return language.text(wanted)  # type: ignore[attr-defined]  # a `Language`


@SQL
def test_a_new_key_makes_indexes_and_the_old_one_stays_for_what_nobody_can_move(
    house: House,
) -> None:
    leads, keys = fill(house), keys_of(house)
    gone = house.coordinator.leads.capture(enquiry(phone="+1 312 555 0666")).lead
    stop = NewConsent(channel=MessageChannel.SMS, granted=False)
    house.coordinator.notifications.record_consent(gone.id, stop)
    house.admin.privacy.erase(gone.id)
    keys.rotate(KeyLayer.INDEX)
    ensure_readable(house, leads)
    assert keys.move(most=2) == KeysMoved(rows=2, more=True)
    ensure_readable(house, leads)
    assert moved(keys)[-1] == KeysMoved()
    (old,) = (key for key in keys.status().keys if not key.writes)
    assert (old.number, old.left, old.kept, keys.status().is_done) == (2, 0, 6, True)
    with house.crm._backend.begin(house.clinic.id) as store:
        assert not store.keyring.waits()
    ensure_readable(house, leads)
    again = house.coordinator.leads.capture(enquiry(phone="+1 312 555 0666")).lead
    sms = house.coordinator.notifications.consent(again.id).standings
    assert {one.because for one in sms if one.channel is MessageChannel.SMS} == {"opted_out"}
    house.clock.advance(timedelta(days=401))
    keys.rotate(KeyLayer.INDEX)
    moved(keys)
    left = [key for key in keys.status().keys if key.purpose is KeyPurpose.INDEX]
    assert [(key.number, key.kept) for key in left] == [(2, 1), (4, 0)] or left


@pytest.fixture
def again(house: House, url: str, clock: FrozenClock) -> Iterator[House]:
    """Another process with a newer outermost key beside the old one."""
    both = StaticKeys({1: FIRST, 2: bytes(32)})
    with orthocrm.connect(url, keys=both, clock=clock, discover_plugins=False) as crm:
        yield House(crm, house.clinic, clock)


@SQL
def test_a_new_outermost_key_wraps_and_the_old_one_is_not_needed_any_more(
    house: House, again: House, url: str, clock: FrozenClock
) -> None:
    leads = fill(house)
    status = keys_of(again).status()
    assert ([key.outer_id for key in status.keys], status.active) == ([1, 1, 1], 2)
    assert not status.is_done
    again.crm.work()
    assert [key.outer_id for key in keys_of(again).status().keys] == [2, 2, 2]
    only = StaticKeys({2: bytes(32)})
    with orthocrm.connect(url, keys=only, clock=clock, discover_plugins=False) as crm:
        ensure_readable(House(crm, house.clinic, clock), leads)


@SQL
def test_another_process_learns_of_a_new_key_at_once(house: House, again: House) -> None:
    leads = fill(house)
    ensure_readable(again, leads)
    for layer in (KeyLayer.CLINIC, KeyLayer.LEADS, KeyLayer.INDEX):
        keys_of(house).rotate(layer)
        ensure_readable(again, leads)
        moved(keys_of(house))
        ensure_readable(again, leads)
        leads_there = again.coordinator.leads.capture(enquiry(first_name="Eve")).lead
        assert house.coordinator.leads.get(leads_there.id).contact.first_name == "Eve"


@SQL
def test_a_rotation_that_is_dropped_leaves_no_key_behind(
    house: House, url: str, clock: FrozenClock
) -> None:
    leads = fill(house)
    backend = house.crm._backend
    with suppress(RuntimeError), backend.begin(house.clinic.id) as store:
        store.keyring.begin(KeyLayer.CLINIC, house.clock())
        store.leads.get([leads[0]])
        raise RuntimeError
    with orthocrm.connect(url, keys=KEYS, clock=clock, discover_plugins=False) as crm:
        other = House(crm, house.clinic, clock)
        assert live(keys_of(other).status())[KeyPurpose.SEAL] == [1]
        keys_of(other).rotate(KeyLayer.CLINIC)
        late = house.coordinator.leads.capture(enquiry(first_name="Late")).lead
        assert other.coordinator.leads.get(late.id).contact.first_name == "Late"
    moved(keys_of(house))
    assert house.coordinator.leads.get(late.id).contact.first_name == "Late"
    ensure_readable(house, leads)


class Faulty:
    """Keys that may be gone for a while."""

    def __init__(self) -> None:
        self.is_there = True

    def active(self) -> int:
        """Give the id of the key that wraps."""
        return 1

    def key(self, key_id: int) -> bytes:
        """Give the key, when it is there."""
        if not self.is_there:
            raise MissingKey("the key service does not answer")
        assert key_id == 1
        return FIRST


@SQL
def test_without_its_key_nothing_is_read_or_written_until_it_is_back(
    house: House, url: str, clock: FrozenClock
) -> None:
    leads, keys = fill(house), Faulty()
    with orthocrm.connect(url, keys=keys, clock=clock, discover_plugins=False) as crm:
        late = House(crm, house.clinic, clock)
        keys.is_there = False
        before = _count(late.crm, late)
        for call in (
            lambda: late.coordinator.leads.get(leads[0]),
            lambda: late.coordinator.leads.capture(enquiry()),
            lambda: keys_of(late).rotate(KeyLayer.CLINIC),
        ):
            with pytest.raises(MissingKey, match="does not answer"):
                call()
        assert _count(late.crm, late) == before
        keys.is_there = True
        ensure_readable(late, leads)


def _count(crm: OrthoCRM, house: House) -> int:
    with crm._backend.begin(house.clinic.id) as store:
        return store.leads.count()


def test_without_encryption_there_is_nothing_to_replace(
    sqlite_url: str, clock: FrozenClock
) -> None:
    for url in ("memory://", sqlite_url):
        with orthocrm.connect(
            url, allow_plaintext=True, clock=clock, discover_plugins=False
        ) as crm:
            house = House(crm, crm.create_clinic(name="B", timezone="UTC"), clock)
            keys = keys_of(house)
            for layer in KeyLayer:
                assert keys.rotate(layer) is None
            assert (keys.move(), keys.status()) == (KeysMoved(), KeysStatus(active=None, keys=()))
            assert keys.status().is_done
            assert crm.work().moved == 0


@pytest.mark.parametrize("url", ["memory"], indirect=True)
@pytest.mark.parametrize("most", [0, -1, 5_001, "10", True, 1.0])
def test_a_batch_has_a_size(house: House, most: object) -> None:
    with pytest.raises(InvalidInput) as refused:
        keys_of(house).move(most=most)  # type: ignore[arg-type]  # that is the point
    assert [problem.path for problem in refused.value.problems] == ["most"]


@pytest.mark.parametrize("url", ["memory"], indirect=True)
@pytest.mark.parametrize("layer", ["everything", None, 3])
def test_a_layer_is_one_of_four(house: House, layer: object) -> None:
    with pytest.raises(InvalidInput) as refused:
        keys_of(house).rotate(layer)  # type: ignore[arg-type]  # that is the point
    assert [problem.path for problem in refused.value.problems] == ["layer"]


def test_a_status_is_done_when_nothing_is_left_to_do(clock: FrozenClock) -> None:
    from orthocrm.core.keyring import KeyStanding  # noqa: PLC0415 - used here only

    key = KeyStanding(
        number=1,
        purpose=KeyPurpose.SEAL,
        made_at=clock(),
        outer_id=2,
        writes=True,
        left=0,
    )
    cases = {
        (key,): True,
        (evolve(key, outer_id=1),): False,
        (evolve(key, writes=False, left=1),): False,
        (evolve(key, writes=False),): False,
        (evolve(key, writes=False, kept=1),): True,
        (evolve(key, writes=False, kept=1, left=1),): False,
    }
    assert {k: KeysStatus(active=2, keys=k).is_done for k in cases} == cases


@SQL
@pytest.mark.parametrize("layer", [KeyLayer.INDEX, KeyLayer.CLINIC])
def test_users_log_in_before_while_and_after_their_address_has_another_index(
    house: House, layer: KeyLayer
) -> None:
    for number in range(3):
        add_user(house, f"user{number}@bright.example")
    house.crm.access.log_in(house.clinic.id, "nobody@bright.example", PASSWORD)
    desk = house.desk(Role.OPERATOR).access

    def can_log_in() -> bool:
        came = [
            house.crm.access.log_in(house.clinic.id, f"user{number}@bright.example", PASSWORD)
            for number in range(3)
        ]
        return all(one.token is not None for one in came)

    keys_of(house).rotate(layer)
    assert can_log_in()
    with pytest.raises(AlreadyExists):
        add_user(house, "user1@bright.example")
    keys_of(house).move(most=1)
    assert can_log_in()
    moved(keys_of(house))
    assert can_log_in()
    assert {user.email for user in desk.users()} == {f"user{n}@bright.example" for n in range(3)}
    assert {len(numbers) for numbers in live(keys_of(house).status()).values()} == {1}
    with pytest.raises(AlreadyExists):
        add_user(house, "user1@bright.example")
    with house.crm._backend.begin(house.clinic.id) as store:
        login = login_of("nobody@bright.example")
        assert store.attempts.by_login([login])[login].failures == 1


PASSWORD = "seven purple pianos"


def add_user(house: House, email: str) -> None:
    """Add somebody who logs in."""
    new = NewUser(name="Ana", email=email, roles=[Role.FRONT_DESK])
    invited = house.desk(Role.OPERATOR).access.add_user(new)
    assert invited.invitation is not None
    house.crm.access.set_password(invited.invitation.token, PASSWORD)
