"""The edge to Shopify: who is asking, and what we ask of the Admin API."""
