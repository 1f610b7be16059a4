"""TEST USE ONLY: the sandbox for people and their browsers: an admin, a storefront, an Events Manager, and stand-ins.

Each is a site of its own, ``admin.localhost``, ``store.localhost`` and ``meta.localhost`` on the sandbox's port:
browsers find every ``*.localhost`` on this machine and treat the sites as foreign to each other and to the app.
"""

from __future__ import annotations

from sandbox.browser import admin_site, guide, meta_dialog, meta_site, shopify_site, stand_ins, store_cart, store_site

PARTS = (stand_ins, guide, admin_site, shopify_site, store_site, store_cart, meta_site, meta_dialog)
"""Each has a ``blueprint``."""
