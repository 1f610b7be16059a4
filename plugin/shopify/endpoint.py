"""The way to a shop's admin: one template, filled with verified shop domains only."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from plugin.meta.outgoing import TIMEOUT, Answer, NoAnswer, NotSent, post, trusted_base
from plugin.shopify.auth import is_shop_domain
from plugin.shopify.errors import ShopifyUnavailable

SOME_SHOP = "shop.myshopify.com"


class AdminEndpoint:
    """Addresses below ``https://{shop}/admin``, or below what stands in for it."""

    def __init__(self, url_template: str, timeout: tuple[float, float] = TIMEOUT) -> None:
        """Raise ValueError if the template is no address with ``{shop}`` in it."""
        if url_template.count("{shop}") != 1:
            raise ValueError("the address of the admin must contain {shop} once")
        trusted_base(url_template.replace("{shop}", SOME_SHOP))
        self._template = url_template.rstrip("/")
        self._timeout = timeout

    def post(self, shop: str, path: str, body: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> Answer:
        """Post JSON to a path of the shop's admin and return the answer, whatever it is.

        Raises:
            ShopifyUnavailable: no answer; whether the request arrived is not known.
            ValueError: not a shop's domain; nothing was sent.
        """
        if not is_shop_domain(shop):
            raise ValueError("not a shop's myshopify.com domain")
        url = f"{self._template.replace('{shop}', shop)}/{path}"
        try:
            return post(url, json.dumps(body).encode(), headers=headers, timeout=self._timeout)
        except (NotSent, NoAnswer) as fault:
            raise ShopifyUnavailable(f"Shopify could not be reached ({fault})") from fault
