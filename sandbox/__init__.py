"""TEST USE ONLY: a stand-in world. It plays Shopify, a storefront with its buyers, and Meta, over real HTTP.

Start it with ``python -m sandbox --port 9401``. It knows nothing of the app: only Shopify's and Meta's published rules.
"""
