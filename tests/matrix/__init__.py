"""The consent truth matrix: every way to choose and to buy, what is known of it then, and what becomes of the order."""
