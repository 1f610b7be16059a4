"""The edge to Meta: what leaves, and what its answers mean."""
