"""TEST USE ONLY: the app's web pixel in a shop: created, changed and deleted through the Admin API, one a shop."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from sandbox.shops import Json, Shop, WebPixel
from sandbox.world import ROOT, world

EXTENSION = ROOT / "extensions" / "meta-pixel" / "shopify.extension.toml"
RULES: dict[str, Callable[[str, str], bool]] = {
    "min": lambda value, limit: len(value) >= int(limit),
    "max": lambda value, limit: len(value) <= int(limit),
    "regex": lambda value, pattern: re.fullmatch(pattern, value) is not None,
}
"""What a setting's validations may ask of a single line of text."""


@cache
def declared() -> dict[str, list[dict[str, str]]]:
    """The settings that the extension declares, with their validations."""
    settings = tomllib.loads(EXTENSION.read_text())["settings"]["fields"]
    return {name: field.get("validations", []) for name, field in settings.items()}


class Wrong(ValueError):
    """A userErrors code with the field it is about."""

    def __init__(self, code: str, *where: str) -> None:
        super().__init__(code)
        self.code, self.where = code, where


def node(pixel: WebPixel) -> Json:
    """``WebPixel``; its settings as the JSON text that the documentation shows."""
    return {"__typename": "WebPixel", "id": pixel.id, "settings": json.dumps(pixel.settings)}


def read(shop: Shop, pixel_id: Any) -> Json | None:
    """The shop's pixel; None if there is none of that id."""
    if shop.pixel is None or pixel_id not in (None, shop.pixel.id):
        return None
    return node(shop.pixel)


def payload(**fields: Any) -> Json:
    """A mutation's answer without errors."""
    return {"__typename": "WebPixelPayload", "userErrors": [], **fields}


def failed(wrong: Wrong, **fields: Any) -> Json:
    """A mutation's answer with its one error."""
    message = f"{wrong.code.replace('_', ' ').lower()}: {'.'.join(wrong.where)}"
    error = {
        "__typename": "ErrorsWebPixelUserError",
        "code": wrong.code,
        "field": list(wrong.where),
        "message": message,
    }
    return payload(**fields) | {"userErrors": [error]}


def create(shop: Shop, arguments: Mapping[str, Any]) -> Json:
    """``webPixelCreate``."""
    try:
        settings = settings_from(arguments)
    except Wrong as wrong:
        return failed(wrong, webPixel=None)
    if shop.pixel is not None:
        return failed(Wrong("TAKEN", "webPixel"), webPixel=None)
    shop.pixel = WebPixel(f"gid://shopify/WebPixel/{world().new_id()}", settings)
    return payload(webPixel=node(shop.pixel))


def update(shop: Shop, arguments: Mapping[str, Any]) -> Json:
    """``webPixelUpdate``."""
    try:
        settings = settings_from(arguments)
    except Wrong as wrong:
        return failed(wrong, webPixel=None)
    if read(shop, arguments.get("id", "")) is None or shop.pixel is None:
        return failed(Wrong("NOT_FOUND", "id"), webPixel=None)
    shop.pixel.settings = settings
    return payload(webPixel=node(shop.pixel))


def delete(shop: Shop, arguments: Mapping[str, Any]) -> Json:
    """``webPixelDelete``."""
    pixel_id = arguments.get("id", "")
    if read(shop, pixel_id) is None:
        return failed(Wrong("NOT_FOUND", "id"), deletedWebPixelId=None)
    shop.pixel = None
    return payload(deletedWebPixelId=pixel_id)


def fits(value: str, validations: list[dict[str, str]]) -> bool:
    """Whether a setting passes all its validations."""
    return all(RULES[rule["name"]](value, rule["value"]) for rule in validations)


def settings_from(arguments: Mapping[str, Any]) -> dict[str, str]:
    """Read and check ``webPixel: {settings}``, an object or JSON text. Raises Wrong."""
    wish = arguments.get("webPixel")
    given = wish.get("settings") if isinstance(wish, dict) else None
    if given in (None, "", {}):
        raise Wrong("BLANK", "webPixel", "settings")
    try:
        settings = json.loads(given) if isinstance(given, str) else given
    except ValueError:
        raise Wrong("INVALID_CONFIGURATION_JSON", "webPixel", "settings") from None
    if not isinstance(settings, dict) or not settings.keys() <= declared().keys() or not settings.get("pixelID"):
        raise Wrong("INVALID_SETTINGS", "webPixel", "settings")
    for name, value in settings.items():
        if not isinstance(value, str) or "\n" in value or not fits(value, declared()[name]):
            raise Wrong("INVALID_SETTINGS", "webPixel", "settings", name)
    return settings
