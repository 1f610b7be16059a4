"""What inputs are made of: sound things bent a little, and values that have broken readers before."""

from __future__ import annotations

import gzip
import json
from random import Random
from typing import Any, Final

MARK: Final = "<img src=x onerror=alert(1)>"
"""Must never stand in a page as it is."""
CANARIES: Final = ("quillon.canary@example.com", "EAAcanary0canary0canary0", "shpat_canary0canary0")
"""Must never stand in a log: an e-mail address, and the shapes of Meta's and Shopify's tokens."""
HUGE: Final = b" " * (11 * 1024 * 1024)
TEXTS: Final = (
    "", " ", "\0", "a\0b", "\ud800", "\udfff\ud800", "\u202e", "\u200b", "\ufeff", "\x7f", "\x1b[31m", "é",
    "ß", "İ", "\uff11\uff12",
    "😀" * 50, "e\u0301" * 40, "a\r\nX-Injected: 1", "%00", "%0d%0aSet-Cookie:%20a=b", "..", "../../etc/passwd",
    "..%2f..%2f",
    "//evil.example.com", "/\\evil.example.com", "https://evil.example.com", "javascript:alert(1)", MARK, f'"{MARK}',
    "';alert(1)//", "'; DROP TABLE shop; --", "' OR '1'='1", "1 OR 1=1", "{{7*7}}", "${7*7}", "{0.__class__}",
    "%s%n%x",
    "%(x)s", "null", "undefined", "NaN", "Infinity", "true", "-1", "0", "00", "1e999", "0x10", "+1", "1_000",
    "9" * 18,
    "9" * 19, "9" * 30, "A" * 129, "A" * 300, "A" * 5000, "A" * 70_000, "0001-01-01T00:00:00Z",
    "0000-00-00T00:00:00Z",
    "9999-12-31T23:59:59.999999999Z", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00",
    "2026-11-24T25:61:00Z",
    "2026-02-30T00:00:00+99:99", "2026-11-24", "gid://shopify/Order/1", "evil.example.com", "a.myshopify.com\n",
    "kösmetik.myshopify.com", "a.b.myshopify.com", "A.MYSHOPIFY.COM", "purchase.1", "purchase.-1", "fb.1.1.1",
    *CANARIES,
)  # fmt: skip
NUMBERS: Final = (
    0, -1, 1, 2**31, 2**53, 2**53 + 1, 2**63 - 1, 2**63, 2**64, -(2**63), 10**30, 0.1, -0.0, 1e-320, 1e308,
    float("inf"), float("-inf"), float("nan"),
)  # fmt: skip
BEYOND_JSON: Final = {
    "@digits@": b"9" * 5000,
    "@float@": b"1e99999",
    "@deep@": b"[" * 3000 + b"]" * 3000,
    "@open@": b"[" * 100_000,
    "@objects@": b'{"a":' * 2000 + b"1" + b"}" * 2000,
    "@half@": b'"\\ud83d"',
    "@nan@": b"-NaN",
    "@text@": b'"' + b"\xff\xfe\xc3" + b'"',
}
"""What no writer of JSON would write, by what stands for it until the text is made."""
LEAF: Final = 0.3


def value(dice: Random, depth: int = 0) -> Any:
    """Return a value that a reader may not expect."""
    kind = dice.random()
    if kind < 0.5:
        return dice.choice(TEXTS)
    if kind < 0.75:
        return dice.choice(NUMBERS)
    if kind < 0.85:
        return dice.choice((None, True, False))
    if kind < 0.9 or depth > 2:
        return dice.choice([*BEYOND_JSON])
    inner = [value(dice, depth + 1) for _ in range(dice.randrange(3))]
    return inner if kind < 0.95 else {dice.choice(TEXTS): one for one in inner}


def bent(dice: Random, thing: Any) -> Any:
    """Return a thing of JSON with one place in it changed; the thing itself is used up."""
    if not isinstance(thing, dict | list) or not thing or dice.random() < LEAF / 10:
        return _other(dice, thing)
    at = dice.choice([*thing]) if isinstance(thing, dict) else dice.randrange(len(thing))
    inner = thing[at]
    if isinstance(inner, dict | list) and dice.random() > LEAF:
        thing[at] = bent(dice, inner)
    elif dice.random() < 0.2:
        del thing[at]
    else:
        thing[at] = _other(dice, inner)
    return thing


def _other(dice: Random, old: Any) -> Any:
    if dice.random() < 0.5:
        return value(dice)
    if isinstance(old, str):
        return text_bent(dice, old)
    if isinstance(old, bool) or not isinstance(old, int | float):
        return dice.choice(([old], {"a": old}, str(old), not old))
    return dice.choice((old + 1, -old, str(old), old * 10**12, [old], float(old), True))


def text_bent(dice: Random, old: str) -> str:
    """Return a text with a slip in it."""
    at = dice.randrange(len(old) + 1)
    slip = dice.choice(TEXTS)
    changed = (
        old[:at],
        old[at:],
        old + slip,
        slip + old,
        old[:at] + slip + old[at:],
        old.upper(),
        old[::-1],
        old * 2,
        slip,
    )
    return dice.choice(changed)


def encoded(dice: Random, thing: Any) -> bytes:
    """Return a thing as JSON, or nearly."""
    text = json.dumps(thing, ensure_ascii=dice.random() < 0.5)
    raw = text.encode(errors="surrogatepass")
    if b'"@' in raw:
        for name, stands_for in BEYOND_JSON.items():
            raw = raw.replace(f'"{name}"'.encode(), stands_for)
    return raw if dice.random() < 0.85 else bytes_bent(dice, raw)


def bytes_bent(dice: Random, raw: bytes) -> bytes:
    """Return bytes cut, flipped, grown, doubled, or in another coding."""
    at = dice.randrange(len(raw) + 1)
    way = dice.randrange(9)
    if way < 4:
        junk = dice.randbytes(dice.choice((1, 1, 2, 8)))
        return (raw[:at], raw[at:], raw[:at] + junk + raw[at:], raw[:at] + junk + raw[at + len(junk) :])[way]
    if way == 4:
        return b'{"id":1,"key":"x","shop_domain":"a.myshopify.com",' + raw[1:]
    if way == 5:
        return raw.decode(errors="replace").encode(dice.choice(("utf-16", "utf-32", "utf-7", "utf-8-sig")))
    if way == 6:
        return gzip.compress(raw, 1)
    return raw * 2 if way == 7 else dice.randbytes(dice.randrange(64))


def header(dice: Random, text: str) -> str:
    """Return a text as a server hands a header on: bytes as Latin-1, no line ends, no NUL."""
    passed = text.encode(errors="surrogatepass").decode("latin-1")
    return passed.translate({0: None, 10: None, 13: None})[: dice.choice((64, 400, 8000))]
