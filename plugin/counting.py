"""Where this machine's processes write their counters, if anybody may read them."""

from __future__ import annotations

from pathlib import Path

from plugin import metrics
from plugin.settings import Settings
from plugin.storage.postgres import default_folder


def begin(settings: Settings) -> None:
    """Let this process count for `/metrics`; without a token for that page nothing is counted."""
    if settings.metrics_token:
        metrics.begin(folder(settings))


def folder(settings: Settings) -> Path:
    """Return the folder that web processes and worker of one machine share."""
    return default_folder(settings.data_dir) / "metrics"
