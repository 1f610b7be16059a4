"""The pure core: what becomes of a paid order.

From a payload to an order and a hashed buyer, from browser posts to evidence, from both to a verdict and, where it
comes to that, to one Meta event. No clock, no environment, no network, no database: ``now`` is always an argument.
"""
