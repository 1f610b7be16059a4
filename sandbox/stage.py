"""TEST USE ONLY: starts the shipped processes and a sandbox, each on a free port, and takes all down again."""

from __future__ import annotations

import base64
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

import requests

from sandbox.ports import free_port

ROOT = Path(__file__).resolve().parent.parent
BACKSTOP = str(Path(sys.executable).with_name("backstop"))
READY_WITHIN = 40.0
"""Seconds for a process to answer."""
STOP_WITHIN = 15.0


class StageFault(Exception):
    """A process did not do what it is there for."""


class Stage:
    """A world of its own: embedded PostgreSQL, sandbox, web, worker.

    `port` is the sandbox's, the app takes the next one; without it both are free ones. `browser`: the app is told its
    address and its scripts' as a browser sees them, and not as a program does.
    """

    def __init__(self, port: int | None = None, *, browser: bool = False) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="backstop-stage-", dir="/var/tmp"))
        self.folder.chmod(0o711)  # the embedded server may run as another user
        self.sandbox_port, self.app_port = (port, port + 1) if port else (free_port(), free_port())
        self.app, self.sandbox = f"http://127.0.0.1:{self.app_port}", f"http://127.0.0.1:{self.sandbox_port}"
        self.admin = f"http://admin.localhost:{self.sandbox_port}"
        self.env = os.environ | self._settings() | (self._for_browser() if browser else {})
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def _for_browser(self) -> dict[str, str]:
        """Where the stand-ins of Shopify's scripts are, each site under a name of its own."""
        return {
            "BACKSTOP_URL": f"http://app.localhost:{self.app_port}",
            "APP_BRIDGE_JS_URL": f"{self.admin}/browser/app-bridge.js",
            "META_DIALOG_URL": f"http://meta.localhost:{self.sandbox_port}/v26.0/dialog/oauth",
            "POLARIS_JS_URL": f"{self.admin}/browser/polaris.js",
        }

    def _settings(self) -> dict[str, str]:
        """What the app is told; leases and waits are short, so that a story does not take days."""
        return {
            "DATABASE_URL": "",
            "BACKSTOP_DATA_DIR": str(self.folder / "data"),
            "SHOPIFY_API_KEY": "story-api-key",
            "SHOPIFY_API_SECRET": secrets.token_hex(32),
            "BACKSTOP_URL": self.app,
            "BACKSTOP_KEYS": f"k1:{base64.b64encode(secrets.token_bytes(32)).decode()}",
            "META_GRAPH_URL": f"{self.sandbox}/meta/v26.0",
            "META_DIALOG_URL": f"{self.sandbox}/meta/v26.0/dialog/oauth",
            "META_APP_ID": "700000000000001",
            "META_APP_SECRET": secrets.token_hex(16),
            "META_CONFIG_ID": "700000000000002",
            "SHOPIFY_ADMIN_URL_TEMPLATE": f"{self.sandbox}/admin/{{shop}}",
            "BACKSTOP_CLOCK_URL": f"{self.sandbox}/clock",
            "BACKSTOP_TRUSTED_PROXIES": "1",
            "BACKSTOP_SWEEP_SECONDS": "1",
            "BACKSTOP_LEASE_SECONDS": "8",
            "BACKSTOP_DOUBT_SECONDS": "1",
            "BACKSTOP_RETRY_SCALE": "0.2",
        }

    def __enter__(self) -> Self:
        try:
            self.start("sandbox", [sys.executable, "-m", "sandbox", "--port", str(self.sandbox_port)])
            self.command("db", "upgrade")
            self.start("web", [BACKSTOP, "web", "--port", str(self.app_port), "--workers", "1"])
            self.start("worker", [BACKSTOP, "worker"])
            self._wait_for(f"{self.sandbox}/health", "sandbox")
            self._wait_for(f"{self.app}/health/ready", "web")
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def start(self, name: str, words: list[str]) -> None:
        """Start a process; its output goes to a file of its name."""
        with (self.folder / f"{name}.log").open("ab") as log:
            # a session of its own: Ctrl-C is ours to answer, in good order
            self._running[name] = subprocess.Popen(
                words, cwd=ROOT, env=self.env, stdout=log, stderr=log, start_new_session=True
            )

    def kill(self, name: str) -> None:
        """End a process as a power cut would."""
        process = self._running.pop(name)
        process.kill()
        process.wait()

    def command(self, *words: str, fails: bool = False) -> str:
        """Run `backstop WORDS`; return what it printed. Raises StageFault if it fails (unless `fails` is fine)."""
        done = subprocess.run(
            [BACKSTOP, *words], cwd=ROOT, env=self.env, capture_output=True, text=True, timeout=60, check=False
        )
        if done.returncode and not fails:
            raise StageFault(f"backstop {' '.join(words)} ended with {done.returncode}: {done.stderr.strip()[-400:]}")
        return done.stdout

    def logs(self) -> Mapping[str, str]:
        """Return what each process has printed so far."""
        return {file.stem: file.read_text(errors="replace") for file in sorted(self.folder.glob("*.log"))}

    def _wait_for(self, url: str, name: str) -> None:
        end = time.monotonic() + READY_WITHIN
        while time.monotonic() < end:
            if self._running[name].poll() is not None:
                break
            try:
                if requests.get(url, timeout=2).ok:
                    return
            except requests.RequestException:
                pass
            time.sleep(0.1)
        raise StageFault(f"{name} did not come up: {self.logs().get(name, '')[-800:]}")

    def close(self) -> None:
        """Stop everything, the newest first; leave nothing running and nothing behind."""
        for process in reversed(self._running.values()):
            process.send_signal(signal.SIGTERM)
        for process in self._running.values():
            try:
                process.wait(STOP_WITHIN)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self._running.clear()
        self.command("db", "stop", fails=True)
        shutil.rmtree(self.folder, ignore_errors=True)
