# ruff: noqa: SLF001 - defects reach inside
"""Defects where things are kept and told. Each function gets the module, as it was just read, and changes it."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import Any


def no_aad(module: Any) -> None:
    whole = module.AESGCM

    class Loose:
        """The same cipher, bound to nothing."""

        generate_key = staticmethod(whole.generate_key)

        def __init__(self, key: bytes) -> None:
            self._cipher = whole(key)

        def encrypt(self, nonce: bytes, clear: bytes, _bound: bytes) -> Any:
            return self._cipher.encrypt(nonce, clear, None)

        def decrypt(self, nonce: bytes, sealed: bytes, _bound: bytes) -> Any:
            return self._cipher.decrypt(nonce, sealed, None)

    module.AESGCM = Loose


def keeps_event(module: Any) -> None:
    case = "CASE WHEN %(outcome)s = 'waiting' AND switch_count = %(switch_count)s THEN sealed_event END"
    assert case in module._WRITE
    module._WRITE = module._WRITE.replace(f"sealed_event = {case},", "")


def broken_wrap(module: Any) -> None:
    whole = module.Vault.wrap

    def wrap(self: Any, key: Any) -> Any:
        fresh = not hasattr(self, "wrapped_before")
        self.wrapped_before = True
        return whole(self, key if fresh else replace(key, data=os.urandom(32)))

    module.Vault.wrap = wrap


def logs(module: Any) -> None:
    whole = module._tell

    def tell(post: Any, answer: Any) -> None:
        module.log.warning(f"orders leave: {post.events!r}")  # noqa: G004 - that is the defect
        whole(post, answer)

    module._tell = tell


def clear_token(module: Any) -> None:
    whole = module._keep_token

    def keep(conn: Any, shop: Any, connection_id: int, token: Any) -> None:
        whole(conn, shop, connection_id, token)
        conn.execute(
            "UPDATE meta_connection SET dataset_name = %s WHERE shop_id = %s AND id = %s",
            (str(token), shop.id, connection_id),
        )

    module._keep_token = keep


def clear_mail(module: Any) -> None:
    whole = module.Receipt.from_payload.__func__

    def from_payload(cls: Any, payload: Any, *, paid_at: Any) -> Any:
        receipt = whole(cls, payload, paid_at=paid_at)
        return replace(receipt, order=replace(receipt.order, number=str(payload.get("email"))[:64]))

    module.Receipt.from_payload = classmethod(from_payload)
