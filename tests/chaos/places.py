"""Where processes run, what they are told, and when they were not there."""

from __future__ import annotations

import base64
import hashlib
import os
import subprocess
from dataclasses import dataclass, field
from math import inf
from pathlib import Path

API_KEY = "chaos-api-key"
SECRET = "chaos-canary-secret-of-the-app-0000001"
METRICS = "chaos-canary-token-of-the-metrics-01"
ROOT = Path(__file__).resolve().parents[2]


@dataclass(slots=True)
class Place:
    """Where a process runs: it ends and is started again. ``kills``: unix times; ``exits``: ends of its own."""

    name: str
    words: list[str]
    env: dict[str, str]
    port: int = 0
    process: subprocess.Popen[bytes] | None = None
    kills: list[float] = field(default_factory=list)
    child_kills: int = 0
    exits: list[int] = field(default_factory=list)
    resting: bool = False


AROUND = 8.0
"""Seconds after a stop of PostgreSQL in which the app may say that it is away."""


@dataclass(slots=True)
class Outage:
    """PostgreSQL was stopped from ``began`` to ``ended`` (unix times)."""

    began: float
    ended: float = inf

    def touches(self, began: float, ended: float) -> bool:
        """Whether something between these times may have met it, or what the app needs to find its way back."""
        return began <= self.ended + AROUND and ended >= self.began


def environment() -> dict[str, str]:
    """What is the same for all. Leases and waits are short, so that crashes are over within the run."""
    ours = {key: text for key, text in os.environ.items() if not key.startswith(("BACKSTOP_", "META_", "SHOPIFY"))}
    return ours | {
        "SHOPIFY_API_KEY": API_KEY,
        "SHOPIFY_API_SECRET": SECRET,
        "BACKSTOP_TRUSTED_PROXIES": "1",
        "BACKSTOP_METRICS_TOKEN": METRICS,
        "BACKSTOP_POSTS_PER_ADDRESS": "100000",
        "BACKSTOP_SWEEP_SECONDS": "2",
        "BACKSTOP_LEASE_SECONDS": "15",
        "BACKSTOP_DOUBT_SECONDS": "1",
        "BACKSTOP_RETRY_SCALE": "0.2",
    }


def mutation(name: str) -> dict[str, str]:
    """What lets a process start with a deliberate defect."""
    site = Path(__file__).parent / "mutants" / "site"
    return {"CHAOS_MUTANT": name, "PYTHONPATH": f"{site}:{ROOT}"} if name else {}


def children(pid: int) -> list[int]:
    """Processes that a process started, the newest last."""
    text = Path(f"/proc/{pid}/task/{pid}/children").read_text() if Path(f"/proc/{pid}").exists() else ""
    return [int(word) for word in text.split()]


def secret(word: str) -> str:
    return base64.b64encode(hashlib.sha256(f"chaos {word}".encode()).digest()).decode()
