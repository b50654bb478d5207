"""Encryption at rest: what was sealed opens in its place only, and says nothing outside of it."""

import hashlib
import hmac
from collections.abc import Callable

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from orthocrm.core.errors import InvalidInput, MissingKey, NotFound, Problem
from orthocrm.core.keyring import ClinicKey, KeyPurpose
from orthocrm.core.ports import ClinicVault, Vault
from orthocrm.privacy.cipher import OVERHEAD, EnvelopeVault, PlainVault
from orthocrm.privacy.keys import StaticKeys
from orthocrm.testing.clock import MONDAY_MORNING

OLD, NEW = bytes(range(32)), bytes(range(32, 64))
VAULT = EnvelopeVault(StaticKeys({1: OLD}))


def a_ring(vault: Vault, clinic: str) -> list[ClinicKey]:
    """Give the first keys of a clinic, one for each purpose."""
    return [a_key(vault, clinic, number, each) for number, each in enumerate(KeyPurpose, 1)]


def a_key(vault: Vault, clinic: str, number: int, purpose: KeyPurpose) -> ClinicKey:
    """Draw a key of a clinic."""
    wrapped = vault.new_clinic_key(clinic, purpose, number)
    return ClinicKey(number=number, purpose=purpose, wrapped=wrapped, made_at=MONDAY_MORNING)


RING = a_ring(VAULT, "bright")
CLINIC_KEY = RING[0].wrapped
BRIGHT = VAULT.clinic("bright", RING)
OTHER = VAULT.clinic("other", a_ring(VAULT, "other"))
LEAD_KEY = BRIGHT.new_lead_key("ann")
BOX = BRIGHT.lead_box("ann", LEAD_KEY)

OTHER_KEY = "a value was sealed with another key"
DOES_NOT_OPEN = "a sealed value does not open: another key or place, or it was changed"

text = st.text(max_size=20)


def with_first(wrapped: bytes) -> list[ClinicKey]:
    """Give the keys of the clinic with another one in the place of the first."""
    return [attrs.evolve(RING[0], wrapped=wrapped), *RING[1:]]


@given(table=text, row=text, clear=st.binary(max_size=300))
def test_what_was_sealed_opens_in_its_place(table: str, row: str, clear: bytes) -> None:
    sealed = BOX.seal(table, row, clear)
    assert BOX.open(table, row, sealed) == clear
    assert len(sealed) == len(clear) + OVERHEAD


def test_the_box_opens_again_from_the_stored_keys() -> None:
    sealed = BOX.seal("leads", "ann", b"Ann Lee")
    again = EnvelopeVault(StaticKeys({1: OLD})).clinic("bright", RING)
    assert again.lead_box("ann", LEAD_KEY).open("leads", "ann", sealed) == b"Ann Lee"
    kept = BRIGHT.own.seal("tasks", "t1", b"Call Ann")
    assert again.own.open("tasks", "t1", kept) == b"Call Ann"


@given(here=st.tuples(text, text), there=st.tuples(text, text))
def test_a_moved_value_does_not_open(here: tuple[str, str], there: tuple[str, str]) -> None:
    sealed = BOX.seal(*here, b"Ann Lee")
    if here == there:
        return
    with pytest.raises(MissingKey):
        BOX.open(*there, sealed)


@given(bit=st.integers(min_value=0, max_value=(OVERHEAD + 7) * 8 - 1))
def test_a_flipped_bit_does_not_open(bit: int) -> None:
    sealed = bytearray(BOX.seal("leads", "ann", b"Ann Lee"))
    sealed[bit // 8] ^= 1 << bit % 8
    with pytest.raises(MissingKey) as refused:
        BOX.open("leads", "ann", bytes(sealed))
    assert str(refused.value) == (OTHER_KEY if bit < 40 else DOES_NOT_OPEN)
    assert refused.value.__cause__ is None


@given(length=st.integers(min_value=0, max_value=OVERHEAD + 6))
def test_a_cut_value_does_not_open(length: int) -> None:
    sealed = BOX.seal("leads", "ann", b"Ann Lee")
    with pytest.raises(MissingKey):
        BOX.open("leads", "ann", sealed[:length])


def test_equal_values_are_sealed_differently() -> None:
    assert BOX.seal("leads", "ann", b"Ann") != BOX.seal("leads", "ann", b"Ann")


@pytest.mark.parametrize(
    "take",
    [
        lambda: VAULT.clinic("other", RING),
        lambda: VAULT.clinic("bright", with_first(CLINIC_KEY[:-1])),
        lambda: VAULT.clinic("bright", with_first(b"")),
        lambda: VAULT.clinic("bright", with_first(b"\x02" + CLINIC_KEY[1:])),
        lambda: VAULT.clinic("bright", with_first(LEAD_KEY)),
        lambda: EnvelopeVault(StaticKeys({1: NEW})).clinic("bright", RING),
        lambda: EnvelopeVault(StaticKeys({2: OLD})).clinic("bright", RING),
        lambda: BRIGHT.lead_box("ben", LEAD_KEY),
        lambda: BRIGHT.lead_box("ann", CLINIC_KEY),
        lambda: OTHER.lead_box("ann", LEAD_KEY),
    ],
    ids=[
        "another clinic",
        "cut",
        "empty",
        "another version",
        "a lead's key",
        "another outer key",
        "no outer key",
        "another lead",
        "a clinic's key",
        "another clinic's lead",
    ],
)
def test_a_wrapped_key_opens_for_its_purpose_clinic_and_lead_only(
    take: Callable[[], object],
) -> None:
    with pytest.raises(MissingKey):
        take()


def test_what_is_no_sealed_key_is_told_from_another_version_of_it() -> None:
    short, other = RING[0].wrapped[: OVERHEAD - 1], b"\xff" + RING[0].wrapped[1:]
    for wrapped, message in (
        (short, "what should be a sealed key is none"),
        (RING[0].wrapped[:OVERHEAD], DOES_NOT_OPEN),
        (other, "a key was sealed by another version of the envelope"),
    ):
        with pytest.raises(MissingKey) as refused:
            VAULT.clinic("bright", with_first(wrapped))
        assert str(refused.value) == message


def test_the_box_of_a_new_lead_is_that_of_its_stored_key() -> None:
    wrapped, box = BRIGHT.new_lead("zoe")
    assert (
        BRIGHT.lead_box("zoe", wrapped).open("leads", "zoe", box.seal("leads", "zoe", b"Zoe"))
        == b"Zoe"
    )


def test_one_lead_does_not_open_what_another_sealed() -> None:
    ben = BRIGHT.lead_box("ben", BRIGHT.new_lead_key("ben"))
    sealed = BOX.seal("activities", "a1", b"She asks about braces")
    for box in (ben, BRIGHT.own, OTHER.own):
        with pytest.raises(MissingKey):
            box.open("activities", "a1", sealed)


def test_the_active_key_wraps_and_the_older_one_still_unwraps() -> None:
    both = EnvelopeVault(StaticKeys({1: OLD, 2: NEW}))
    fresh = [attrs.evolve(key, wrapped=both.rewrapped("bright", key)) for key in RING]
    only_new = EnvelopeVault(StaticKeys({2: NEW}))
    key = "phone:+15125550100"
    assert [both.outer_id(key) for key in (*RING, *fresh)] == [1, 1, 1, 2, 2, 2]
    assert both.active() == 2
    assert both.clinic("bright", RING).index(key) == BRIGHT.index(key)
    assert only_new.clinic("bright", fresh).index(key) == BRIGHT.index(key)
    with pytest.raises(MissingKey, match="key 1 is not there"):
        only_new.clinic("bright", RING)


def test_a_key_of_a_clinic_is_none_for_another_purpose_or_number() -> None:
    seal, *others = RING
    for wrong in (
        attrs.evolve(seal, purpose=KeyPurpose.TRAIL),
        attrs.evolve(seal, number=9),
    ):
        with pytest.raises(MissingKey):
            VAULT.clinic("bright", [wrong, *RING])
    with pytest.raises(MissingKey, match=r"^a key of the clinic is gone$"):
        VAULT.clinic("bright", others)


def test_the_newest_key_seals_and_older_ones_open() -> None:
    newer = a_key(VAULT, "bright", 4, KeyPurpose.SEAL)
    both, alone = (VAULT.clinic("bright", [*ring, newer]) for ring in (RING, RING[1:]))
    sealed, wrapped = BRIGHT.own.seal("tasks", "t1", b"Call"), BRIGHT.new_lead_key("ben")
    assert both.own.open("tasks", "t1", sealed) == b"Call"
    fresh, rewrapped = both.own.seal("tasks", "t1", b"Call"), both.rewrapped("ben", wrapped)
    assert alone.own.open("tasks", "t1", fresh) == b"Call"
    note = BRIGHT.lead_box("ben", wrapped).seal("leads", "ben", b"Ben")
    assert alone.lead_box("ben", rewrapped).open("leads", "ben", note) == b"Ben"
    assert both.lead_box("ben", wrapped).open("leads", "ben", note) == b"Ben"
    assert [fresh[:5], sealed[:5]] == list(both.own.heads)
    assert [rewrapped[:5], wrapped[:5]] == list(both.heads)
    for old in (
        lambda: alone.own.open("tasks", "t1", sealed),
        lambda: alone.rewrapped("ben", wrapped),
    ):
        with pytest.raises(MissingKey):
            old()
    assert alone.index("phone:x") == both.index("phone:x") == BRIGHT.index("phone:x")
    assert alone.mac(b"entry") == BRIGHT.mac(b"entry")


def test_the_newest_key_makes_indexes_and_older_ones_are_asked_too() -> None:
    both = VAULT.clinic("bright", [*RING, a_key(VAULT, "bright", 4, KeyPurpose.INDEX)])
    newest, older = both.indexes("phone:x")
    assert (both.index("phone:x"), BRIGHT.indexes("phone:x")) == (newest, [older])
    assert older == BRIGHT.index("phone:x") != newest
    assert (list(both.endings), newest[-2:], older[-2:]) == (["@4", "@2"], "@4", "@2")


def test_an_outer_key_of_another_length_is_refused() -> None:
    class Short:
        def active(self) -> int:
            return 1

        def key(self, key_id: int) -> bytes:
            return bytes(16 * key_id)

    with pytest.raises(MissingKey, match="32 bytes"):
        EnvelopeVault(Short()).new_clinic_key("bright", KeyPurpose.SEAL, 1)


@given(value=text)
def test_an_index_is_stable_within_a_clinic_and_another_elsewhere(value: str) -> None:
    key = f"phone:{value}"
    again = VAULT.clinic("bright", RING)
    assert BRIGHT.index(key) == again.index(key) == BRIGHT.index(key)
    assert BRIGHT.index(key) != OTHER.index(key)


def test_an_index_shows_its_kind_and_128_bits() -> None:
    kind, _, rest = BRIGHT.index("email:ann@example.com").partition(":")
    digits, _, number = rest.partition("@")
    assert (kind, number) == ("email", "2")
    assert len(digits) == 32
    assert int(digits, 16).bit_length() <= 128


def test_every_kind_of_key_has_an_index_key_of_its_own() -> None:
    phone, email = BRIGHT.index("phone:x"), BRIGHT.index("email:x")
    assert phone.partition(":")[2] != email.partition(":")[2]


@given(value=st.text(max_size=200))
def test_an_index_is_the_first_half_of_an_hmac(value: str) -> None:
    vault = VAULT.clinic("bright", RING)
    expected = hmac.new(bytes(32), f"phone:{value}".encode(), hashlib.sha256).hexdigest()[:32]
    index = _index_with(vault, bytes(32))
    assert index(f"phone:{value}") == f"phone:{expected}@2"


def _index_with(vault: ClinicVault, key: bytes) -> Callable[[str], str]:
    """Give the vault a known index key."""
    vault.index("phone:")
    indexes = vars(vault)["_indexes"]
    indexes["phone"] = (type(indexes["phone"][0])("phone", key, 2),)
    return vault.index


def test_a_key_without_a_kind_has_no_index() -> None:
    with pytest.raises(InvalidInput) as refused:
        BRIGHT.index("+15125550100")
    problem = Problem("key", "no_kind", "put the kind of key before a colon")
    assert refused.value.problems == (problem,)


def test_plaintext_has_the_face_of_a_vault_and_hides_nothing() -> None:
    vault: Vault = PlainVault()
    ring = a_ring(vault, "bright")
    clinic = vault.clinic("bright", ring)
    wrapped = clinic.new_lead_key("ann")
    box = clinic.lead_box("ann", wrapped)
    for open_box in (box, clinic.own):
        assert open_box.seal("leads", "ann", b"Ann") == b"Ann"
        assert open_box.open("leads", "ann", b"Ann") == b"Ann"
        assert open_box.heads == ()
    assert clinic.index("phone:+15125550100") == "phone:+15125550100"
    assert clinic.indexes("phone:+15125550100") == ["phone:+15125550100"]
    assert (clinic.heads, clinic.endings, clinic.rewrapped("ann", wrapped)) == ((), (), wrapped)
    assert (vault.active(), vault.outer_id(ring[0])) == (None, None)
    assert vault.rewrapped("bright", ring[0]) == ring[0].wrapped
    assert clinic.mac(b"entry") == hashlib.sha256(b"entry").digest()


def test_plaintext_and_encryption_do_not_open_each_other() -> None:
    plain = PlainVault()
    clear = plain.clinic("bright", a_ring(plain, "bright"))
    for refused in (
        lambda: plain.clinic("bright", RING),
        lambda: plain.rewrapped("bright", RING[0]),
        lambda: clear.lead_box("ann", LEAD_KEY),
        lambda: clear.rewrapped("ann", LEAD_KEY),
    ):
        with pytest.raises(MissingKey) as told:
            refused()
        assert str(told.value) == "these data are encrypted: open them with their key"
    with pytest.raises(MissingKey):
        VAULT.clinic("bright", a_ring(plain, "bright"))


def test_a_clinic_has_a_secret_for_each_purpose_that_rotation_keeps() -> None:
    secret = BRIGHT.secret("cursors")
    newer = VAULT.clinic("bright", [*RING, a_key(VAULT, "bright", 4, KeyPurpose.SEAL)])
    assert (len(secret), newer.secret("cursors")) == (32, secret)
    others = {OTHER.secret("cursors"), BRIGHT.secret("links"), BRIGHT.mac(b"cursors")}
    assert len(others | {secret}) == 4


def test_a_clinic_in_clear_makes_its_secrets_of_what_it_has_for_its_trail() -> None:
    plain = PlainVault()
    ring = a_ring(plain, "bright")
    (seed,) = [key.wrapped for key in ring if key.purpose is KeyPurpose.TRAIL]
    made = hmac.digest(seed, b"cursors", hashlib.sha256)
    assert plain.clinic("bright", ring).secret("cursors") == made
    with pytest.raises(NotFound) as refused:
        plain.clinic("bright", ring[:0]).secret("cursors")
    assert str(refused.value) == str(NotFound("clinic"))
