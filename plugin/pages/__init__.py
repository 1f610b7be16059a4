"""What the merchant sees."""

from __future__ import annotations

from flask import Flask


def register(app: Flask) -> None:
    """Register the pages."""
