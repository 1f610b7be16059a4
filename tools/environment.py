"""Make the project's virtual environment with nothing but Python; link the project into it.

python3 tools/environment.py .venv          create it (asks apt-get for python3-venv where Debian left that out)
python  tools/environment.py --link .venv   put the project on its path and write the `backstop` command
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
COMMAND = """#!{python}
import sys

from plugin.cli import main

sys.exit(main())
"""


def create(target: Path) -> None:
    """Create the environment with pip; as root on Debian, install python3-venv first if it is missing."""
    if sys.version_info < (3, 11):  # noqa: UP036 - this file is what tells an older Python so
        sys.exit(
            f"Python 3.11 or newer is needed; this is {sys.version.split()[0]}. Set PYTHON=python3.x in front of make."
        )
    try:
        import ensurepip  # noqa: F401, PLC0415 - Debian ships it apart, as python3-venv
    except ImportError:
        if os.geteuid() != 0 or not shutil.which("apt-get"):
            sys.exit(
                "Python's venv module is incomplete here. Install it (Debian, Ubuntu: apt-get install python3-venv)."
            )
        subprocess.run(["apt-get", "update", "-qq"], check=True)  # noqa: S607 - the system's own
        subprocess.run(["apt-get", "install", "-y", "-qq", "python3-venv"], check=True)  # noqa: S607
    venv.create(target, with_pip=True, clear=target.exists())


def link(target: Path) -> None:
    """Make `import plugin` and the `backstop` command work from this checkout, without a build step."""
    site = Path(sysconfig.get_paths()["purelib"])
    (site / "conversion_backstop.pth").write_text(f"{ROOT}\n")
    command = target.resolve() / "bin" / "backstop"
    command.write_text(COMMAND.format(python=target.resolve() / "bin" / "python"))
    command.chmod(0o755)


if __name__ == "__main__":
    if sys.argv[1] == "--link":
        link(Path(sys.argv[2]))
    else:
        create(Path(sys.argv[1]))
