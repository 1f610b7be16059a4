"""The door of the pages: an id token of Shopify's admin, or no entry. It alone says which shop this is.

There are no cookies. A page may be loaded with the token in its address, as the admin does it; everything that changes
something takes the token as a Bearer header only, which no foreign site can set: nothing is left to forge.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import wraps
from http import HTTPStatus
from typing import Concatenate
from urllib.parse import urlencode

from flask import redirect, render_template, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException

from plugin.pages import headers, install
from plugin.services import Services, services
from plugin.settings import Settings
from plugin.shopify.auth import IdTokenRefused, StaffSession, is_shop_domain, verify_id_token
from plugin.shopify.errors import ShopifyError, ShopifyForbidden, ShopifyUnavailable
from plugin.storage.database import DatabaseAway
from plugin.storage.shops import Shop

log = logging.getLogger(__name__)

FORM_LIMIT = 64 * 1024
"""Bytes; the longest field is an access token."""
RETRY = {"X-Shopify-Retry-Invalid-Session-Request": "1"}
"""App Bridge then tries once more, with a new id token."""
BEARER = "Bearer "
STALE = frozenset({"id_token", "hmac", "session", "timestamp"})
"""What the admin adds to an address for one load."""
OWN_PATH = re.compile(r"/(?:[!-.0-\[\]-~][!-\[\]-~]*)?")
"""A path below our own address, in visible ASCII: no second slash at its start, and no backslash, which is one."""
HOST = re.compile(r"[A-Za-z0-9_=-]{1,512}")

NOT_SIGNED_IN = "This page opens inside your Shopify admin only. Nothing was changed."
SHOPIFY_AWAY = "Shopify does not answer right now, so the app could not be opened. Please try again in a minute."
SHOPIFY_FORBIDS = "Shopify turned this app's server away, so the app could not be opened. Please tell our support."
SHOPIFY_REFUSES = (
    "Shopify did not let the app into your shop. Please close the app and open it again from your Shopify admin; tell "
    "our support if it stays like this."
)
DATABASE_AWAY = "The app's database does not answer right now. Nothing was changed; please try again in a moment."


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """A member of a shop's staff at one of our pages; `now` is the app's clock at their arrival."""

    given: Services
    shop: Shop
    user_id: str
    id_token: str = field(repr=False)
    now: datetime


def merchant_only[**P](
    view: Callable[Concatenate[Visit, P], ResponseReturnValue],
) -> Callable[P, ResponseReturnValue]:
    """x"""
    return view
