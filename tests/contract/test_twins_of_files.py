"""Twins of `shopify app doctor`'s checks: those that the project's files answer. The scan reads no Python; these do."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path

from plugin.shopify.admin import API_VERSION
from plugin.shopify.auth import is_shop_domain
from tests.contract import rules, test_static_rules
from tests.contract.published import ROOT
from tests.contract.test_toml import APP, COMPLIANCE, PIXEL, SUBSCRIPTIONS, THEME, THEME_FOLDER, VERSION

LOCKS = ("extensions/meta-pixel", "tests/browser", "tests/contract")
OURS = ("plugin", "webhooks", "templates", "static", "extensions")
TEXT = {".py", ".js", ".html", ".toml", ".liquid", ".mjs", ".json"}
PIXELS_SOURCE = ROOT / "extensions" / "meta-pixel" / "src"
FROM_SHOPIFY = {"{{ app_bridge_js }}", "{{ polaris_js }}"}
ACTIVE = re.compile(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|srcdoc|createContextualFragment")
RUNS = re.compile(r"\beval\(|new Function|setTimeout\(\s*[\"'`]|createElement\(\s*[\"'`]script|import\(")
SCRIPTS = re.compile(r"<script[^>]*src=\"([^\"]+)\"")


def sources(*folders: str) -> Iterator[Path]:
    for folder in folders or OURS:
        for path in (ROOT / folder).rglob("*"):
            if path.suffix in TEXT and not {"node_modules", "dist", "test"} & set(path.parts):
                yield path


def says(word: str, *folders: str) -> set[str]:
    """Return the files in which a pattern is found, capitals or not."""
    pattern = re.compile(word, re.IGNORECASE)
    return {path.relative_to(ROOT).as_posix() for path in sources(*folders) if pattern.search(path.read_text())}


def broken(name: str) -> set[str]:
    """Return the files that break one of our own rules, without those excepted by name."""
    paths = {path for path in rules.files() if rules.found(path.read_text(), rules.RULES[name])}
    excepted = {file for rule, file in test_static_rules.EXCEPTIONS if rule == name}
    return {path.relative_to(ROOT).as_posix() for path in paths} - excepted


def test_app_proxy_unverified_signature() -> None:
    assert "app_proxy" not in APP
    assert says(r"app_?proxy|logged_in_customer_id") == set()


def test_app_proxy_liquid_injection() -> None:
    assert says("application/liquid") == set()


def test_committed_secret() -> None:
    test_static_rules.test_no_file_holds_a_secret()


def test_credential_log_leakage() -> None:
    assert broken("logged") == set()


def test_deprecated_script_tag_scope() -> None:
    assert says("script_tags") == set()


def test_eol_api_version() -> None:
    named = {version for path in sources("plugin", "extensions") for version in VERSION.findall(path.read_text())}

    assert APP["webhooks"]["api_version"] == API_VERSION
    assert named <= {API_VERSION}


def test_expiring_offline_token() -> None:
    tree = ast.parse((ROOT / "plugin" / "shopify" / "tokens.py").read_text())
    asked = [ast.literal_eval(node.values[at]) for node in ast.walk(tree) if isinstance(node, ast.Dict)
             for at, key in enumerate(node.keys) if isinstance(key,
             ast.Constant) and key.value == "expiring"]  # fmt: skip

    assert asked == ["1"]


def test_external_cdn_dependency() -> None:
    scripts = {one for path in sources("templates") for one in SCRIPTS.findall(path.read_text())}

    assert {one for one in scripts if "url_for(" not in one} == FROM_SHOPIFY
    assert says(r"src=\"https?://|@import|url\(https?:", "templates", "static") == set()


def test_insecure_webhook_url() -> None:
    assert APP["application_url"].startswith("https://")
    assert all(one["uri"].startswith("/webhooks/") for one in SUBSCRIPTIONS)


def test_known_cve_in_dependency() -> None:
    """What `make audit` asks registries about is what is installed: each version pinned, with its hash."""
    for name in ("app", "dev"):
        text = (ROOT / "requirements" / f"{name}.txt").read_text().replace("\\\n", " ")
        pins = [line for line in text.splitlines() if line and not line.lstrip().startswith("#")]
        assert [line[:60] for line in pins if "==" not in line or "--hash=sha256:" not in line] == []
    for path in (ROOT / folder / "package-lock.json" for folder in LOCKS):
        assert f'"{path.parent.relative_to(ROOT)}"' in (ROOT / "tools" / "audit.py").read_text()
        packages = json.loads(path.read_text())["packages"]
        assert {
            name for name, one in packages.items() if name and "integrity" not in one and not one.get("inBundle")
        } == set()


def test_liquid_unsafe_render() -> None:
    blocks = [path.read_text() for path in THEME_FOLDER.rglob("*.liquid")]

    assert len(blocks) == 1
    assert "{{" not in blocks[0]
    assert re.findall(r"{%-?\s*(\w+)", blocks[0]) == ["comment", "endcomment", "schema", "endschema"]


def test_metafield_offline_token() -> None:
    assert says("metafield") == set()


def test_missing_compliance_webhooks() -> None:
    told = {topic for one in SUBSCRIPTIONS for topic in one.get("compliance_topics", ())}

    assert told == COMPLIANCE


def test_missing_sri() -> None:
    """Shopify serves both at one address whose content changes, and demands that they come from there."""
    text = "".join(path.read_text() for path in sources("templates"))

    assert {one for one in SCRIPTS.findall(text) if "url_for('static'" not in one} == FROM_SHOPIFY


def test_open_redirect() -> None:
    assert broken("open_redirect") == set()
    moves = r"location(?:\.href)?\s*=(?!=)|location\.(?:assign|replace)\("
    assert says(moves, "static", "templates") == {
        "static/facebook.js"
    }  # to what our own `/facebook/start` has answered


def test_overbroad_data_access() -> None:
    (orders,) = [one for one in SUBSCRIPTIONS if one.get("topics") == ["orders/paid"]]
    asked = set(orders["include_fields"])

    assert {"address1", "address2", "company", "latitude", "note"}.isdisjoint(name.rpartition(".")[2] for name in asked)
    assert {"customer", "billing_address", "shipping_address"}.isdisjoint(asked)  # never a person as a whole


def test_runtime_config_script_execution() -> None:
    found = {path.name for path in sources("static", "extensions/meta-pixel/src", "extensions/cart-choice")
             if RUNS.search(path.read_text())}  # fmt: skip

    assert found == set()


def test_scope_over_request() -> None:
    assert APP["access_scopes"]["scopes"] == "read_orders,write_pixels,read_customer_events"
    assert APP["access_scopes"]["optional_scopes"] == ["read_customers"]


def test_script_tag_url_injection() -> None:
    assert says("scriptTag|script_tag") == set()


def test_ssrf_request_forgery() -> None:
    assert broken("follows") == broken("endless") == broken("unverified") == set()


def test_theme_extension_xss() -> None:
    scripts = [path for path in THEME_FOLDER.rglob("assets/*") if path.is_file()]

    assert THEME["type"] == "theme"
    assert [path.name for path in scripts] == ["choice.js"]
    assert not ACTIVE.search(scripts[0].read_text())
    assert not RUNS.search(scripts[0].read_text())


def test_text_setting_html_smuggling() -> None:
    """Settings of the pixel are ids and addresses that its own pattern bounds; none is text to be shown."""
    fields = PIXEL["settings"]["fields"]

    assert {name for name, one in fields.items() if one["type"] != "single_line_text_field"} == set()
    assert says(r"\|\s*safe\b|autoescape\s+false", "templates") == set()


def test_unsafe_innerhtml() -> None:
    places = ("static", "extensions/meta-pixel/src", "extensions/cart-choice")

    assert {path.name for path in sources(*places) if ACTIVE.search(path.read_text())} == set()


def test_weak_shop_validation() -> None:
    weak = ("", "myshopify.com", ".myshopify.com", "-a.myshopify.com", "a.myshopify.com\n",
    "a.myshopify.com.evil.example",
            "a.myshopify.com/x", "a.b.myshopify.com", "A.myshopify.com", "a.myshopify.com:443", "u@a.myshopify.com",
            "a_b.myshopify.com", "kö.myshopify.com", "a.myshopify.co", "a" * 300 + ".myshopify.com",
            "a.myshopify.com\0",
            "a.myshopify.com#x", "a.myshopify.com?x", "https://a.myshopify.com", "aXmyshopify.com")  # fmt: skip

    assert [one for one in weak if is_shop_domain(one)] == []
    assert is_shop_domain("cedar-and-sage.myshopify.com")
