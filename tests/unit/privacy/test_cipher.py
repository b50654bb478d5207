"""Encryption at rest: what was sealed opens in its place only, and says nothing outside of it."""

import hashlib
import hmac
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orthocrm.core.errors import InvalidInput, MissingKey
from orthocrm.core.ports import ClinicVault, Vault
from orthocrm.privacy.cipher import OVERHEAD, EnvelopeVault, PlainVault
from orthocrm.privacy.keys import StaticKeys

OLD, NEW = bytes(range(32)), bytes(range(32, 64))
VAULT = EnvelopeVault(StaticKeys({1: OLD}))
CLINIC_KEY = VAULT.new_clinic_key("bright")
BRIGHT = VAULT.clinic("bright", CLINIC_KEY)
OTHER = VAULT.clinic("other", VAULT.new_clinic_key("other"))
LEAD_KEY = BRIGHT.new_lead_key("ann")
BOX = BRIGHT.lead_box("ann", LEAD_KEY)

text = st.text(max_size=20)


@given(table=text, row=text, clear=st.binary(max_size=300))
def test_what_was_sealed_opens_in_its_place(table: str, row: str, clear: bytes) -> None:
    sealed = BOX.seal(table, row, clear)
    assert BOX.open(table, row, sealed) == clear
    assert len(sealed) == len(clear) + OVERHEAD


def test_the_box_opens_again_from_the_stored_keys() -> None:
    sealed = BOX.seal("leads", "ann", b"Ann Lee")
    again = EnvelopeVault(StaticKeys({1: OLD})).clinic("bright", CLINIC_KEY)
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
    assert "Ann" not in str(refused.value)
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
        lambda: VAULT.clinic("other", CLINIC_KEY),
        lambda: VAULT.clinic("bright", CLINIC_KEY[:-1]),
        lambda: VAULT.clinic("bright", b""),
        lambda: VAULT.clinic("bright", b"\x02" + CLINIC_KEY[1:]),
        lambda: VAULT.clinic("bright", LEAD_KEY),
        lambda: EnvelopeVault(StaticKeys({1: NEW})).clinic("bright", CLINIC_KEY),
        lambda: EnvelopeVault(StaticKeys({2: OLD})).clinic("bright", CLINIC_KEY),
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


def test_one_lead_does_not_open_what_another_sealed() -> None:
    ben = BRIGHT.lead_box("ben", BRIGHT.new_lead_key("ben"))
    sealed = BOX.seal("activities", "a1", b"She asks about braces")
    for box in (ben, BRIGHT.own, OTHER.own):
        with pytest.raises(MissingKey):
            box.open("activities", "a1", sealed)


def test_the_active_key_wraps_and_the_older_one_still_unwraps() -> None:
    both = EnvelopeVault(StaticKeys({1: OLD, 2: NEW}))
    fresh = both.new_clinic_key("bright")
    only_new = EnvelopeVault(StaticKeys({2: NEW}))
    key = "phone:+15125550100"
    assert both.clinic("bright", CLINIC_KEY).index(key) == BRIGHT.index(key)
    assert only_new.clinic("bright", fresh).index(key) == both.clinic("bright", fresh).index(key)


def test_an_outer_key_of_another_length_is_refused() -> None:
    class Short:
        def active(self) -> int:
            return 1

        def key(self, key_id: int) -> bytes:
            return bytes(16 * key_id)

    with pytest.raises(MissingKey, match="32 bytes"):
        EnvelopeVault(Short()).new_clinic_key("bright")


@given(value=text)
def test_an_index_is_stable_within_a_clinic_and_another_elsewhere(value: str) -> None:
    key = f"phone:{value}"
    again = VAULT.clinic("bright", CLINIC_KEY)
    assert BRIGHT.index(key) == again.index(key) == BRIGHT.index(key)
    assert BRIGHT.index(key) != OTHER.index(key)


def test_an_index_shows_its_kind_and_128_bits() -> None:
    kind, _, digits = BRIGHT.index("email:ann@example.com").partition(":")
    assert kind == "email"
    assert len(digits) == 32
    assert int(digits, 16).bit_length() <= 128


def test_every_kind_of_key_has_an_index_key_of_its_own() -> None:
    phone, email = BRIGHT.index("phone:x"), BRIGHT.index("email:x")
    assert phone.partition(":")[2] != email.partition(":")[2]


@given(value=st.text(max_size=200))
def test_an_index_is_the_first_half_of_an_hmac(value: str) -> None:
    vault = VAULT.clinic("bright", CLINIC_KEY)
    expected = hmac.new(bytes(32), f"phone:{value}".encode(), hashlib.sha256).hexdigest()[:32]
    index = _index_with(vault, bytes(32))
    assert index(f"phone:{value}") == f"phone:{expected}"


def _index_with(vault: ClinicVault, key: bytes) -> Callable[[str], str]:
    """Give the vault a known index key."""
    vault.index("phone:")
    indexes = vars(vault)["_indexes"]
    indexes["phone"] = type(indexes["phone"])("phone", key)
    return vault.index


def test_a_key_without_a_kind_has_no_index() -> None:
    with pytest.raises(InvalidInput) as refused:
        BRIGHT.index("+15125550100")
    assert "5125550100" not in str(refused.value)


def test_plaintext_has_the_face_of_a_vault_and_hides_nothing() -> None:
    vault: Vault = PlainVault()
    clinic = vault.clinic("bright", vault.new_clinic_key("bright"))
    box = clinic.lead_box("ann", clinic.new_lead_key("ann"))
    for open_box in (box, clinic.own):
        assert open_box.seal("leads", "ann", b"Ann") == b"Ann"
        assert open_box.open("leads", "ann", b"Ann") == b"Ann"
    assert clinic.index("phone:+15125550100") == "phone:+15125550100"


def test_plaintext_and_encryption_do_not_open_each_other() -> None:
    plain = PlainVault()
    with pytest.raises(MissingKey):
        plain.clinic("bright", CLINIC_KEY)
    with pytest.raises(MissingKey):
        plain.clinic("bright", plain.new_clinic_key("bright")).lead_box("ann", LEAD_KEY)
    with pytest.raises(MissingKey):
        VAULT.clinic("bright", plain.new_clinic_key("bright"))
