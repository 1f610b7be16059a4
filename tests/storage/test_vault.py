from __future__ import annotations

import itertools

import pytest

from plugin.storage.vault import HELD_FOR, Place, ShopKey, Unsealable, Vault, WrappedKey

OLD = ("k1", bytes(range(32)))
NEW = ("k2", bytes(range(32, 64)))
PLACE = Place("paid_order", "sealed_event", "1001")


def key(shop_id: int = 1, vault: Vault | None = None) -> ShopKey:
    return (vault or Vault([OLD])).new_key(shop_id, 1)[1]


def test_what_was_sealed_opens_where_it_was_sealed() -> None:
    made = key()

    assert made.unseal(made.seal(b"clear", PLACE), PLACE) == b"clear"
    assert b"clear" not in made.seal(b"clear", PLACE)


@pytest.mark.parametrize(
    "elsewhere",
    [
        Place("evidence", "sealed_event", "1001"),
        Place("paid_order", "token", "1001"),
        Place("paid_order", "sealed_event", "1002"),
    ],
)
def test_a_sealed_value_opens_nowhere_else(elsewhere: Place) -> None:
    made = key()
    sealed = made.seal(b"clear", PLACE)

    with pytest.raises(Unsealable):
        made.unseal(sealed, elsewhere)


def test_a_sealed_value_does_not_open_for_another_shop() -> None:
    made = key(1)
    sealed = made.seal(b"clear", PLACE)
    other = ShopKey(2, 1, made.data, made.lookup)

    with pytest.raises(Unsealable):
        other.unseal(sealed, PLACE)


def test_no_flipped_bit_goes_unnoticed() -> None:
    made = key()
    sealed = made.seal(b"clear", PLACE)

    for position, bit in itertools.product(range(len(sealed)), range(8)):
        changed = bytearray(sealed)
        changed[position] ^= 1 << bit
        with pytest.raises(Unsealable):
            made.unseal(bytes(changed), PLACE)


@pytest.mark.parametrize("sealed", [b"", b"\x01", bytes(range(14)), b"clear text"])
def test_what_was_never_sealed_is_not_taken_for_clear(sealed: bytes) -> None:
    with pytest.raises(Unsealable):
        key().unseal(sealed, PLACE)


def test_the_newest_master_key_wraps_and_all_of_them_open() -> None:
    wrapped, made = Vault([OLD]).new_key(1, 1)

    opened = Vault([NEW, OLD]).open(1, wrapped)

    assert opened == made
    assert Vault([NEW, OLD]).wrap(opened).kid == "k2"
    with pytest.raises(Unsealable):
        Vault([NEW]).open(1, wrapped)


def test_a_stored_key_opens_only_as_the_shops_own_and_for_its_use() -> None:
    vault = Vault([OLD])
    wrapped, _ = vault.new_key(1, 1)

    with pytest.raises(Unsealable):
        vault.open(2, wrapped)
    with pytest.raises(Unsealable):
        vault.open(1, WrappedKey(2, wrapped.kid, wrapped.data, wrapped.lookup))
    with pytest.raises(Unsealable):
        vault.open(1, WrappedKey(1, wrapped.kid, wrapped.lookup, wrapped.data))


def test_a_new_data_key_keeps_the_look_up_key() -> None:
    vault = Vault([OLD])
    _, first = vault.new_key(1, 1)

    _, second = vault.new_key(1, 2, lookup=first.lookup)

    assert second.data != first.data
    assert second.lookup_hash("token") == first.lookup_hash("token")
    assert second.lookup_hash("token") != second.lookup_hash("other")


def test_keys_stay_out_of_reprs() -> None:
    made = key()

    assert repr(made.data) not in repr(made)
    assert repr(made.lookup) not in repr(made)


class Timer:
    """Seconds that a test lets pass."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def test_an_opened_key_leaves_memory_at_the_next_look_up_after_its_time() -> None:
    timer = Timer()
    vault = Vault([OLD], elapsed=timer)
    destroyed, other = vault.new_key(1, 1)[0], vault.new_key(2, 1)[0]
    vault.open(1, destroyed)
    timer.seconds = HELD_FOR - 1
    vault.open(2, other)
    assert vault.held() == {1, 2}

    timer.seconds = HELD_FOR
    vault.open(2, other)

    assert vault.held() == {2}


def test_a_shops_new_key_takes_its_old_one_out_of_memory() -> None:
    vault = Vault([OLD])
    first, second = (vault.new_key(1, generation)[0] for generation in (1, 2))
    vault.open(1, first)

    opened = vault.open(1, second)

    assert (opened.generation, vault.held()) == (2, frozenset({1}))
    vault.forget(1)
    assert vault.held() == frozenset()


def test_memory_holds_a_bounded_number_of_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("plugin.storage.vault.MOST_HELD", 2)
    vault = Vault([OLD])
    for shop_id in (1, 2, 3):
        vault.open(shop_id, vault.new_key(shop_id, 1)[0])

    assert vault.held() == {2, 3}
