from __future__ import annotations

import copy
import json
import re
import tomllib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from plugin.recovery.order import Receipt
from plugin.shopify.admin import API_VERSION
from plugin.shopify.pixel import PixelSettings
from plugin.shopify.scopes import NEEDED, OPTIONAL
from tests.contract import published
from tests.edges.test_shopify_app_toml import ORDER

APP = tomllib.loads((published.ROOT / "shopify.app.toml").read_text())
PIXEL = tomllib.loads((published.ROOT / "extensions" / "meta-pixel" / "shopify.extension.toml").read_text())
THEME_FOLDER = published.ROOT / "extensions" / "cart-choice"
THEME = tomllib.loads((THEME_FOLDER / "shopify.extension.toml").read_text())
SUBSCRIPTIONS = APP["webhooks"]["subscriptions"]
COMPLIANCE = {"customers/data_request", "customers/redact", "shop/redact"}
ALWAYS = {"id", "admin_graphql_api_id", "updated_at"}
"""Shopify: whoever limits the fields keeps these."""
VERSION = re.compile(r"(?<![\w-])20\d\d-(?:01|04|07|10)(?![\w-])")
Word = dict[str, Any]


def spoilt() -> Word:
    """The files with four mistakes."""
    app, pixel, theme = copy.deepcopy(APP), copy.deepcopy(PIXEL), copy.deepcopy(THEME)
    app["colour"] = "red"
    app["webhooks"]["subscriptions"][0]["uri"] = "http://backstop.example.com/webhooks"
    pixel["customer_privacy"]["sale_of_data"] = "maybe"
    theme["name"] = 7
    return {"app": app, "extension": pixel, "theme": theme}


@pytest.fixture(scope="module")
def shopifys_words(tmp_path_factory: pytest.TempPathFactory) -> list[Word]:
    """What Shopify's CLI says of the files as they are, with a key that nobody knows, and spoilt."""
    home: Path = tmp_path_factory.mktemp("home")
    ours = {"app": APP, "extension": PIXEL, "theme": THEME}
    unknown = copy.deepcopy(ours)
    unknown["app"]["access_scopes"]["unheard_of"] = True
    return list(published.ask("cli_schema.mjs", [ours, unknown, spoilt()], home))


def test_shopifys_cli_takes_every_file_and_knows_every_key(shopifys_words: list[Word]) -> None:
    answer = shopifys_words[0]

    assert answer["errors"] == []
    assert set(_keys(APP)) - set(_keys(answer["app"])) == set()
    assert set(_keys(PIXEL)) - set(_keys(answer["extension"])) == set()
    assert set(_keys(THEME)) - set(_keys(answer["theme"])) == set()


def test_a_key_that_shopifys_cli_does_not_know_is_noticed(shopifys_words: list[Word]) -> None:
    assert shopifys_words[1]["errors"] == []
    assert "access_scopes.unheard_of" not in set(_keys(shopifys_words[1]["app"]))


def test_shopifys_cli_would_say_what_is_wrong(shopifys_words: list[Word]) -> None:
    errors = shopifys_words[2]["errors"]

    assert len(errors) == 4
    assert all(word in " ".join(errors) for word in ("colour", "subscriptions.0.uri", "sale_of_data", "theme: name"))


def test_every_subscription_leads_to_an_address_of_ours(flask_app: Flask) -> None:
    served = {rule.rule for rule in flask_app.url_map.iter_rules() if "POST" in (rule.methods or ())}

    assert {each["uri"] for each in SUBSCRIPTIONS} == {rule for rule in served if rule.startswith("/webhooks/")}


def test_each_topic_is_subscribed_to_once_and_none_of_privacy_is_missing() -> None:
    topics = [topic for each in SUBSCRIPTIONS for topic in each.get("topics", [])]
    compliance = [topic for each in SUBSCRIPTIONS for topic in each.get("compliance_topics", [])]

    assert sorted(topics) == ["app/scopes_update", "app/uninstalled", "orders/paid"]
    assert sorted(compliance) == sorted(COMPLIANCE)


def test_the_fields_asked_for_are_those_that_are_read_and_no_others() -> None:
    [wanted] = [each["include_fields"] for each in SUBSCRIPTIONS if each.get("topics") == ["orders/paid"]]

    assert sorted(set(wanted)) == sorted(wanted)
    assert set(wanted) - ALWAYS == _read_fields() - ALWAYS


def test_one_version_of_the_admin_api_is_named_everywhere() -> None:
    files = [published.ROOT / name for name in ("shopify.app.toml", "plugin", "webhooks", "extensions/meta-pixel/src")]
    found = {
        (str(file.relative_to(published.ROOT)), version)
        for file in _sources(files)
        for version in VERSION.findall(file.read_text())
    }

    assert {version for _, version in found} == {API_VERSION} == {APP["webhooks"]["api_version"]}
    assert ("plugin/shopify/admin.py", API_VERSION) in found


def test_the_scopes_are_those_that_the_app_looks_for() -> None:
    assert APP["access_scopes"] == {
        "scopes": ",".join(NEEDED),
        "optional_scopes": list(OPTIONAL),
        "use_legacy_install_flow": False,
    }


def test_the_pixel_declares_what_it_does_with_a_buyers_data() -> None:
    assert PIXEL["customer_privacy"] == {
        "analytics": True,
        "marketing": True,
        "preferences": False,
        "sale_of_data": "ldu",
    }
    assert (PIXEL["type"], PIXEL["runtime_context"]) == ("web_pixel_extension", "strict")


def test_the_pixels_settings_are_those_that_we_set_and_none_can_be_a_secret() -> None:
    fields = PIXEL["settings"]["fields"]

    assert set(fields) == set(PixelSettings.__dataclass_fields__)
    assert {each["type"] for each in fields.values()} == {"single_line_text_field"}
    assert not [name for name in fields if re.search("token|secret|password", name, re.IGNORECASE)]


def test_the_block_is_an_app_embed_within_shopifys_limits() -> None:
    """By the rules of theme app extensions: an embed's target is head or body; its name has 25 characters at most."""
    block = (THEME_FOLDER / "blocks" / "choice.liquid").read_text()
    schema = json.loads(block.partition("{% schema %}")[2].partition("{% endschema %}")[0])

    assert (THEME["type"], schema["target"]) == ("theme", "body")
    assert len(schema["name"]) <= 25
    assert (THEME_FOLDER / "assets" / schema["javascript"]).stat().st_size < 10_000
    assert json.loads((THEME_FOLDER / "locales" / "en.default.json").read_text()) == {}


class _Watched(dict[str, Any]):
    """An object of a payload that notes which of its keys are asked for."""

    def __init__(self, given: dict[str, Any], path: str, noted: set[str]) -> None:
        super().__init__({name: _watched(value, f"{path}{name}", noted) for name, value in given.items()})
        self._path, self._noted = path, noted

    def __getitem__(self, name: str) -> Any:
        self._note(name)
        return super().__getitem__(name)

    def get(self, name: str, default: Any = None) -> Any:
        self._note(name)
        return super().get(name, default)

    def _note(self, name: str) -> None:
        self._noted.add(f"{self._path}{name}")


def _watched(value: Any, path: str, noted: set[str]) -> Any:
    if isinstance(value, list):
        return [_watched(each, path, noted) for each in value]
    return _Watched(value, f"{path}.", noted) if isinstance(value, dict) else value


def _read_fields() -> set[str]:
    """Return the paths that are read of an order, when all is there and when any one thing is missing."""
    noted: set[str] = set()
    no_address = ORDER | {"billing_address": None, "shipping_address": None}
    for payload in (ORDER, no_address, *_each_without_one(ORDER)):
        watched = _Watched(payload, "", noted)
        try:
            Receipt.from_payload(watched, paid_at=datetime(2026, 11, 24, 12, tzinfo=UTC))
        except ValueError:  # what is missing is indispensable
            continue
    whole = {re.sub(r"(_set)\..*", r"\1", path) for path in noted}  # money comes with both of its sides
    return {path for path in whole if not any(other.startswith(f"{path}.") for other in whole)}


def _each_without_one(payload: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for name, value in payload.items():
        yield payload | {name: None}
        if isinstance(value, dict):
            yield from (payload | {name: value | {inner: None}} for inner in value)
        if isinstance(value, list):
            yield from (payload | {name: [value[0] | {inner: None}]} for inner in value[0])


def _keys(value: Any, path: str = "") -> Iterator[str]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield path + name
            yield from _keys(inner, f"{path}{name}.")
    elif isinstance(value, list):
        for inner in value:
            yield from _keys(inner, f"{path}[].")


def _sources(places: list[Path]) -> Iterator[Path]:
    for place in places:
        if place.is_file():
            yield place
        else:
            yield from (each for each in place.rglob("*") if each.suffix in {".py", ".js", ".mjs"})
