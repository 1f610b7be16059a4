"""What one test has compiled of the templates is there for the next: each has an app of its own."""

from __future__ import annotations

from flask import Flask
from jinja2 import BytecodeCache
from jinja2.bccache import Bucket


class _Kept(BytecodeCache):
    """In memory, for this process; each is asked for by its name and the digest of its source."""

    def __init__(self) -> None:
        self._codes: dict[tuple[str, str], bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        code = self._codes.get((bucket.key, bucket.checksum))
        if code is not None:
            bucket.bytecode_from_string(code)

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._codes[bucket.key, bucket.checksum] = bucket.bytecode_to_string()


def keep() -> None:
    """Let all apps of this process share what they compile."""
    Flask.jinja_options = {**Flask.jinja_options, "bytecode_cache": _Kept()}
