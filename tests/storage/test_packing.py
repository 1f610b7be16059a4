from __future__ import annotations

import os
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugin.recovery.buyer import ALL_FIELDS
from plugin.recovery.purchase import purchase_event
from plugin.storage.packing import COMMON, MOST, NotPacked, pack, unpack
from plugin.storage.vault import PACKED, WORTH_PACKING, Place, Unsealable, Vault
from tests.builders import receipt

PLACE = Place("paid_order", "sealed_event", "1001")
KEY = Vault([("k1", bytes(range(32)))]).new_key(1, 1)[1]
LONG = b"a long value " * WORTH_PACKING


@given(st.binary(max_size=4096))
def test_what_was_packed_comes_out_as_it_was(clear: bytes) -> None:
    assert unpack(pack(clear)) == clear


@given(st.binary(max_size=200))
def test_what_was_not_packed_is_told_apart(noise: bytes) -> None:
    try:
        clear = unpack(noise)
    except NotPacked:
        return
    assert len(clear) <= MOST


def test_neither_a_bomb_nor_a_piece_is_unpacked() -> None:
    for bad in (pack(bytes(MOST + 1)), pack(LONG)[:-1], pack(LONG) + b"x", b""):
        with pytest.raises(NotPacked):
            unpack(bad)


def test_the_dictionary_is_the_one_that_stored_events_were_packed_with() -> None:
    assert zlib.crc32(COMMON) == 0x4ED2B55E


def test_an_event_takes_half_of_its_length_at_most() -> None:
    event = purchase_event(receipt(), fields=ALL_FIELDS, shop_url="https://store.example", content_ids="product")

    assert len(KEY.seal(event, PLACE)) < len(event) / 2


@pytest.mark.parametrize("clear", [b"", b"x" * (WORTH_PACKING - 1), LONG, os.urandom(WORTH_PACKING)])
def test_a_sealed_value_opens_whatever_its_length(clear: bytes) -> None:
    sealed = KEY.seal(clear, PLACE)

    assert (sealed[0] == PACKED) == (len(clear) >= WORTH_PACKING)
    assert KEY.unseal(sealed, PLACE) == clear


@pytest.mark.parametrize("clear", [b"short", LONG])
def test_a_value_of_one_format_does_not_open_as_one_of_the_other(clear: bytes) -> None:
    sealed = KEY.seal(clear, PLACE)

    with pytest.raises(Unsealable):
        KEY.unseal(bytes([3 - sealed[0]]) + sealed[1:], PLACE)
