"""Everything the environment decides: read once, checked together, then passed on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from datetime import timedelta
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

from plugin import values
from plugin.values import BadValue

LOCAL_HOSTS = ("127.0.0.1", "::1", "localhost")


class SettingsError(Exception):
    """One sentence that names every variable at fault, never its value."""


def _env(
    name: str, parse: Callable[[str], Any] = values.text, *, default: str | None = None, real: str = ""
) -> dict[str, Any]:
    """`default` None: must be set. `real`: the address in production; another is for this machine only."""
    return {"env": name, "parse": parse, "default": default, "real": real}


def _standin(name: str, real: str, parse: Callable[[str], Any] = values.web_address) -> dict[str, Any]:
    return _env(name, parse, default=real, real=real)


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Read once in `create_app`, then passed on. Values that are secret stay out of its repr."""

    api_key: str = field(metadata=_env("SHOPIFY_API_KEY"))
    shopify_secrets: tuple[str, ...] = field(repr=False, metadata=_env("SHOPIFY_API_SECRET", values.comma_list))
    """Newest first; Shopify signs with an older one for up to an hour after a rotation."""
    url: str = field(metadata=_env("BACKSTOP_URL", values.web_address))
    database_url: str = field(repr=False, metadata=_env("DATABASE_URL", values.database, default=""))
    data_dir: Path = field(
        metadata=_env("BACKSTOP_DATA_DIR", values.path, default="~/.local/share/conversion-backstop")
    )
    keys: tuple[tuple[str, bytes], ...] = field(repr=False, metadata=_env("BACKSTOP_KEYS", values.keys, default=""))
    keys_file: Path | None = field(metadata=_env("BACKSTOP_KEYS_FILE", values.path_or_none, default=""))
    graph_url: str = field(metadata=_standin("META_GRAPH_URL", "https://graph.facebook.com/v26.0"))
    dialog_url: str = field(metadata=_standin("META_DIALOG_URL", "https://www.facebook.com/v26.0/dialog/oauth"))
    meta_app_id: str = field(metadata=_env("META_APP_ID", values.digits, default=""))
    meta_app_secret: str = field(repr=False, metadata=_env("META_APP_SECRET", default=""))
    meta_config_id: str = field(metadata=_env("META_CONFIG_ID", values.digits, default=""))
    """Of Facebook Login for Business; without all three, only a pasted token connects."""
    admin_url_template: str = field(
        metadata=_standin("SHOPIFY_ADMIN_URL_TEMPLATE", "https://{shop}/admin", values.address_template)
    )
    app_bridge_js_url: str = field(
        metadata=_standin("APP_BRIDGE_JS_URL", "https://cdn.shopify.com/shopifycloud/app-bridge.js")
    )
    polaris_js_url: str = field(
        metadata=_standin("POLARIS_JS_URL", "https://cdn.shopify.com/shopifycloud/polaris-1.js")
    )
    clock_url: str = field(metadata=_env("BACKSTOP_CLOCK_URL", values.web_address_or_none, default="", real=""))
    trusted_proxies: int = field(metadata=_env("BACKSTOP_TRUSTED_PROXIES", values.whole(0, 9), default="0"))
    """How many proxies in front of us may say where a request came from."""
    posts_per_shop: int = field(metadata=_env("BACKSTOP_POSTS_PER_SHOP", values.whole(1, 100_000), default="500"))
    posts_per_address: int = field(metadata=_env("BACKSTOP_POSTS_PER_ADDRESS", values.whole(1, 100_000), default="20"))
    checkouts_per_day: int = field(
        metadata=_env("BACKSTOP_CHECKOUTS_PER_DAY", values.whole(1, 9_999_999), default="100000")
    )
    metrics_token: str = field(repr=False, metadata=_env("BACKSTOP_METRICS_TOKEN", values.bearer, default=""))
    """What a caller of `/metrics` must show; without one nothing is measured, and there is no such page."""
    witness_file: Path | None = field(metadata=_env("BACKSTOP_WITNESS_FILE", values.path_or_none, default=""))
    """Where a worker remembers, outside of the database, how far that had come."""
    smtp_url: str = field(repr=False, metadata=_env("SMTP_URL", values.smtp, default=""))
    """The server that e-mails to merchants leave by; without one none are sent."""
    operator: str = field(metadata=_env("BACKSTOP_OPERATOR", default=""))
    """Who runs this app, and where it is hosted, for its privacy statement; empty: neutral wording."""
    translations: str = field(metadata=_env("BACKSTOP_TRANSLATIONS", default=""))
    """A folder with catalogues of further languages, beside those that the app comes with."""
    sweep_period: timedelta = field(metadata=_env("BACKSTOP_SWEEP_SECONDS", values.seconds, default="15"))
    lease: timedelta = field(metadata=_env("BACKSTOP_LEASE_SECONDS", values.seconds, default="90"))
    doubt_delay: timedelta = field(metadata=_env("BACKSTOP_DOUBT_SECONDS", values.seconds, default="60"))
    retry_scale: float = field(metadata=_env("BACKSTOP_RETRY_SCALE", values.scale, default="1"))
    """What the waits between tries at Meta are multiplied by: 1 in production, less in the story."""

    @property
    def is_local(self) -> bool:
        """Whether the app's own address is on this machine: only then may stand-ins be named."""
        return is_local(self.url)

    @property
    def offers_login(self) -> bool:
        """Whether a shop can be connected by logging in at Facebook."""
        return bool(self.meta_app_id and self.meta_app_secret and self.meta_config_id)

    @classmethod
    def from_env(cls, env: Mapping[str, str]) -> Self:
        """Read and check all of it.

        Raises:
            SettingsError: names every bad variable, and never its value.
        """
        found: dict[str, Any] = {}
        faults: list[str] = []
        for item in fields(cls):
            try:
                found[item.name] = _read(item.metadata, env)
            except BadValue as fault:
                faults.append(f"{item.metadata['env']} {fault}")
        if not faults:
            settings = cls(**_with_key_file(found, faults))
            faults += settings._conflicts()
        if faults:
            raise SettingsError("These settings need a look: " + "; ".join(faults) + ".")
        return settings

    def _conflicts(self) -> list[str]:
        """Values that are sound alone but not together."""
        faults = [] if self.keys else ["BACKSTOP_KEYS (or BACKSTOP_KEYS_FILE) must hold at least one key"]
        if self.is_local:
            return faults
        if not self.database_url:
            faults.append("DATABASE_URL must name a PostgreSQL server (the embedded one is for this machine only)")
        if urlsplit(self.url).scheme != "https":
            faults.append("BACKSTOP_URL must begin with https:// unless it is on this machine")
        return (
            faults
            + [
                f"{item.metadata['env']} may name a stand-in only while BACKSTOP_URL is on this machine"
                for item in fields(self)
                if "real" in item.metadata
                and item.metadata["parse"] in {values.web_address, values.address_template}
                and item.metadata["real"]
                and getattr(self, item.name) != item.metadata["real"]
            ]
            + (["BACKSTOP_CLOCK_URL may be set only while BACKSTOP_URL is on this machine"] if self.clock_url else [])
        )


def is_local(url: str) -> bool:
    """Whether an address is on this machine."""
    host = urlsplit(url).hostname or ""
    return host in LOCAL_HOSTS or host.endswith(".localhost")


def _read(meta: Mapping[str, Any], env: Mapping[str, str]) -> Any:
    text = env.get(meta["env"], "").strip()
    if not text:
        if meta["default"] is None:
            msg = "is not set"
            raise BadValue(msg)
        text = meta["default"]
    value = meta["parse"](text)
    if value == () and meta["default"] is None:
        msg = "is not set"
        raise BadValue(msg)
    return value


def _with_key_file(found: dict[str, Any], faults: list[str]) -> dict[str, Any]:
    """The key file wins over the variable: a file can be kept from other processes."""
    if found["keys_file"] is None:
        return found
    try:
        return found | {"keys": values.key_file(found["keys_file"])}
    except BadValue as fault:
        faults.append(f"BACKSTOP_KEYS_FILE {fault}")
        return found
