"""Sealing at rest: AES-256-GCM, a data key per shop, the data keys wrapped by master keys that can be rotated.

A sealed value is bound to its place (table, column, shop, row), so it opens nowhere else:
byte 1, key generation (2 bytes, big-endian), nonce (12), ciphertext with tag.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

FORMAT = 1
HEAD = 3
NONCE = 12
HELD_FOR = 600.0
"""Seconds that an opened key stays in memory: another process may have destroyed the stored one meanwhile."""
MOST_HELD = 10_000
"""Opened keys; a bound on memory, not on shops."""


class Unsealable(Exception):
    """A sealed value does not open: wrong key, wrong place, or changed bytes. It is never taken as clear text."""


@dataclass(frozen=True)
class Place:
    """Where a sealed value lives; a value moved elsewhere does not open."""

    table: str
    column: str
    row: str

    def bound(self, shop_id: int) -> bytes:
        """Return the bytes that a value of this place is authenticated with."""
        return f"v1|{self.table}|{self.column}|{shop_id}|{self.row}".encode()


@dataclass(frozen=True)
class ShopKey:
    """One shop's keys in the clear: for sealing its values and for hashing what must be found again."""

    shop_id: int
    generation: int
    data: bytes = field(repr=False)
    lookup: bytes = field(repr=False)

    def seal(self, clear: bytes, place: Place) -> bytes:
        """Return `clear` sealed for this shop and place."""
        nonce = os.urandom(NONCE)
        sealed = AESGCM(self.data).encrypt(nonce, clear, place.bound(self.shop_id))
        return bytes([FORMAT]) + self.generation.to_bytes(2, "big") + nonce + sealed

    def unseal(self, sealed: bytes, place: Place) -> bytes:
        """Return the clear bytes.

        Raises:
            Unsealable: always, when anything is not as it was sealed.
        """
        head = bytes([FORMAT]) + self.generation.to_bytes(2, "big")
        if sealed[:HEAD] != head or len(sealed) <= HEAD + NONCE:
            raise Unsealable(place.column)
        try:
            return AESGCM(self.data).decrypt(
                sealed[HEAD : HEAD + NONCE], sealed[HEAD + NONCE :], place.bound(self.shop_id)
            )
        except InvalidTag:
            raise Unsealable(place.column) from None

    def lookup_hash(self, text: str) -> bytes:
        """Return 32 bytes that stand for `text` in this shop's indexes, and tell nothing without the key."""
        return hmac.digest(self.lookup, text.encode(), hashlib.sha256)


@dataclass(frozen=True)
class WrappedKey:
    """A shop's keys as they are stored: sealed under the master key named `kid`."""

    generation: int
    kid: str
    data: bytes
    lookup: bytes


@dataclass(frozen=True, slots=True)
class Opened:
    """A shop's keys in memory: the stored bytes that they were opened from, and when (seconds, monotonic)."""

    stored: bytes = field(repr=False)
    key: ShopKey
    at: float


class Vault:
    """The master keys: makes, wraps and opens the shops' keys."""

    def __init__(self, keys: Sequence[tuple[str, bytes]], *, elapsed: Callable[[], float] = time.monotonic) -> None:
        """`keys` newest first; the first wraps, all open. `elapsed` counts seconds."""
        self._keys = dict(keys)
        self._active = keys[0][0]
        self._elapsed = elapsed
        self._opened: dict[int, Opened] = {}  # by shop, the longest held first
        self._lock = threading.Lock()

    def new_key(self, shop_id: int, generation: int, *, lookup: bytes | None = None) -> tuple[WrappedKey, ShopKey]:
        """Make a shop's keys. The look-up key outlives a new data key, else evidence and orders would part."""
        key = ShopKey(shop_id, generation, AESGCM.generate_key(256), lookup or os.urandom(32))
        return self.wrap(key), key

    def wrap(self, key: ShopKey) -> WrappedKey:
        """Seal a shop's keys under the newest master key."""
        parts = [self._wrap(secret, key, use) for use, secret in (("data", key.data), ("lookup", key.lookup))]
        return WrappedKey(key.generation, self._active, *parts)

    def open(self, shop_id: int, wrapped: WrappedKey) -> ShopKey:
        """Open a shop's stored keys; kept in memory for HELD_FOR, since a webhook needs them each time.

        Each opening also drops what has been held for longer, of any shop, and this shop's earlier keys.

        Raises:
            Unsealable: the master key is not among ours, or the stored keys were changed or belong to another shop.
        """
        now = self._elapsed()
        with self._lock:
            self._drop(older_than=now - HELD_FOR)
            held = self._opened.get(shop_id)
        if held is not None and held.stored == wrapped.data:
            return held.key
        data, lookup = (
            self._unwrap(sealed, shop_id, wrapped, use)
            for use, sealed in (("data", wrapped.data), ("lookup", wrapped.lookup))
        )
        key = ShopKey(shop_id, wrapped.generation, data, lookup)
        with self._lock:
            self._opened.pop(shop_id, None)
            self._opened[shop_id] = Opened(wrapped.data, key, now)
        return key

    def forget(self, shop_id: int) -> None:
        """Drop a shop's opened keys from memory: its stored ones are destroyed."""
        with self._lock:
            self._opened.pop(shop_id, None)

    def held(self) -> frozenset[int]:
        """Return the shops whose opened keys are in memory."""
        with self._lock:
            return frozenset(self._opened)

    def _drop(self, *, older_than: float) -> None:
        while self._opened:
            shop_id, oldest = next(iter(self._opened.items()))
            if oldest.at > older_than and len(self._opened) < MOST_HELD:
                return
            del self._opened[shop_id]

    def _wrap(self, secret: bytes, key: ShopKey, use: str) -> bytes:
        nonce = os.urandom(NONCE)
        return nonce + AESGCM(self._keys[self._active]).encrypt(nonce, secret, _bound(key.shop_id, key.generation, use))

    def _unwrap(self, sealed: bytes, shop_id: int, wrapped: WrappedKey, use: str) -> bytes:
        master = self._keys.get(wrapped.kid)
        if master is None:
            raise Unsealable(use)
        try:
            return AESGCM(master).decrypt(sealed[:NONCE], sealed[NONCE:], _bound(shop_id, wrapped.generation, use))
        except InvalidTag:
            raise Unsealable(use) from None


def _bound(shop_id: int, generation: int, use: str) -> bytes:
    return f"{use}|{shop_id}|{generation}".encode()
