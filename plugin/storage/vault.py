"""Sealing at rest: AES-256-GCM, a data key per shop, the data keys wrapped by master keys that can be rotated.

A sealed value is bound to its place (table, column, shop, row), so it opens nowhere else:
format (1 byte), key generation (2 bytes, big-endian), nonce (12), ciphertext with tag. Long values are packed first.
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

from plugin import metrics
from plugin.storage import packing

FORMAT = 1
PACKED = 2
"""The format of what was packed before it was sealed; it is bound to that, too."""
WORTH_PACKING = 512
"""Bytes: events are longer; tokens and browser ids are not."""
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

    def bound(self, shop_id: int, form: int = FORMAT) -> bytes:
        """Return the bytes that a value of this place is authenticated with."""
        return f"v{form}|{self.table}|{self.column}|{shop_id}|{self.row}".encode()


@dataclass(frozen=True)
class ShopKey:
    """One shop's keys in the clear: for sealing its values and for hashing what must be found again."""

    shop_id: int
    generation: int
    data: bytes = field(repr=False)
    lookup: bytes = field(repr=False)

    def seal(self, clear: bytes, place: Place) -> bytes:
        """Return `clear` sealed for this shop and place."""
        form, value = (FORMAT, clear) if len(clear) < WORTH_PACKING else (PACKED, packing.pack(clear))
        nonce = os.urandom(NONCE)
        return self._head(form) + nonce + AESGCM(self.data).encrypt(nonce, value, place.bound(self.shop_id, form))

    def unseal(self, sealed: bytes, place: Place) -> bytes:
        """Return the clear bytes.

        Raises:
            Unsealable: always, when anything is not as it was sealed.
        """
        form = sealed[0] if sealed else 0
        if form not in {FORMAT, PACKED} or len(sealed) <= HEAD + NONCE:
            metrics.crypto_failed()
            raise Unsealable(place.column)
        if sealed[:HEAD] != self._head(form):  # of an earlier install, whose key is gone on purpose: nothing to alarm
            raise Unsealable(place.column)
        nonce, rest = sealed[HEAD : HEAD + NONCE], sealed[HEAD + NONCE :]
        try:
            value = AESGCM(self.data).decrypt(nonce, rest, place.bound(self.shop_id, form))
            return value if form == FORMAT else packing.unpack(value)
        except (InvalidTag, packing.NotPacked):
            metrics.crypto_failed()
            raise Unsealable(place.column) from None

    def _head(self, form: int) -> bytes:
        return bytes([form]) + self.generation.to_bytes(2, "big")

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


@dataclass(slots=True)
class Opened:
    """A shop's keys in memory: the stored bytes that they were opened from, and when (seconds, monotonic)."""

    stored: bytes = field(repr=False)
    key: ShopKey
    at: float
    names: set[str] = field(default_factory=set)
    """Under which something is kept beside the key."""


class Vault:
    """The master keys: makes, wraps and opens the shops' keys."""

    def __init__(self, keys: Sequence[tuple[str, bytes]], *, elapsed: Callable[[], float] = time.monotonic) -> None:
        """`keys` newest first; the first wraps, all open. `elapsed` counts seconds."""
        self._keys = dict(keys)
        self._active = keys[0][0]
        self._elapsed = elapsed
        self._opened: dict[int, Opened] = {}  # by shop, the longest held first
        self._beside: dict[str, object] = {}
        self._lock = threading.Lock()

    def new_key(self, shop_id: int, generation: int, *, lookup: bytes | None = None) -> tuple[WrappedKey, ShopKey]:
        """Make a shop's keys. The look-up key outlives a new data key, else evidence and orders would part."""
        key = ShopKey(shop_id, generation, AESGCM.generate_key(256), lookup or os.urandom(32))
        return self.wrap(key), key

    def wrap(self, key: ShopKey) -> WrappedKey:
        """Seal a shop's keys under the newest master key."""
        parts = [self._wrap(secret, key, use) for use, secret in (("data", key.data), ("lookup", key.lookup))]
        return WrappedKey(key.generation, self._active, *parts)

    @property
    def active(self) -> str:
        """The name of the newest master key, which wraps."""
        return self._active

    @property
    def names(self) -> frozenset[str]:
        """The names of all master keys."""
        return frozenset(self._keys)

    def unwrap(self, shop_id: int, wrapped: WrappedKey) -> ShopKey:
        """Open a shop's stored keys as they are, past the memory.

        Raises:
            Unsealable: as `open` does.
        """
        data, lookup = (
            self._unwrap(sealed, shop_id, wrapped, use)
            for use, sealed in (("data", wrapped.data), ("lookup", wrapped.lookup))
        )
        return ShopKey(shop_id, wrapped.generation, data, lookup)

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
        key = self.unwrap(shop_id, wrapped)
        with self._lock:
            self._remove(shop_id)
            self._opened[shop_id] = Opened(wrapped.data, key, now)
        return key

    def keep_beside(self, key: ShopKey, name: str, what: object) -> None:
        """Keep something under a name for as long as this opened key stays in memory, and no longer."""
        with self._lock:
            held = self._opened.get(key.shop_id)
            if held is not None and held.key is key:
                held.names.add(name)
                self._beside[name] = what

    def beside(self, name: str) -> object:
        """Return what is kept under a name; None if there is nothing, or its key's time is over."""
        with self._lock:
            self._drop(older_than=self._elapsed() - HELD_FOR)
            return self._beside.get(name)

    def forget(self, shop_id: int) -> None:
        """Drop a shop's opened keys from memory: its stored ones are destroyed."""
        with self._lock:
            self._remove(shop_id)

    def held(self) -> frozenset[int]:
        """Return the shops whose opened keys are in memory."""
        with self._lock:
            return frozenset(self._opened)

    def _drop(self, *, older_than: float) -> None:
        while self._opened:
            shop_id, oldest = next(iter(self._opened.items()))
            if oldest.at > older_than and len(self._opened) < MOST_HELD:
                return
            self._remove(shop_id)

    def _remove(self, shop_id: int) -> None:
        held = self._opened.pop(shop_id, None)
        for name in held.names if held else ():
            self._beside.pop(name, None)

    def _wrap(self, secret: bytes, key: ShopKey, use: str) -> bytes:
        nonce = os.urandom(NONCE)
        return nonce + AESGCM(self._keys[self._active]).encrypt(nonce, secret, _bound(key.shop_id, key.generation, use))

    def _unwrap(self, sealed: bytes, shop_id: int, wrapped: WrappedKey, use: str) -> bytes:
        master = self._keys.get(wrapped.kid)
        if master is None:
            metrics.crypto_failed()
            raise Unsealable(use)
        try:
            return AESGCM(master).decrypt(sealed[:NONCE], sealed[NONCE:], _bound(shop_id, wrapped.generation, use))
        except InvalidTag:
            metrics.crypto_failed()
            raise Unsealable(use) from None


def _bound(shop_id: int, generation: int, use: str) -> bytes:
    return f"{use}|{shop_id}|{generation}".encode()
