"""Ask registries whether a version that we pin is known to be vulnerable. Needs the network; no part of `make sure`.

Exit 0: all were judged, and none is known to be vulnerable; 1: some are; 2: some were not judged.

A registry that cannot be asked, or that answers without knowing anything, looks like good news. So each judge is first
asked about a version that is known to be vulnerable, and believed only if it says so.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import venv
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
OWN = ROOT / "build" / "audit"
"""An environment of its own: what judges the packages is none of them."""
PIP_AUDIT = "pip-audit==2.10.0"
REQUIREMENTS = ("requirements/app.txt", "requirements/dev.txt")
LOCKS = ("extensions/meta-pixel", "tests/browser", "tests/contract")
KNOWN_PYTHON = "jinja2==3.1.2"
KNOWN_NPM = {"name": "lodash", "version": "4.17.15"}
PATIENCE = 600
"""Seconds for one judge."""


@dataclass(frozen=True)
class Judgement:
    """`found`: advisories, a line each; None: there is no telling, for the reason in `why`."""

    found: tuple[str, ...] | None
    why: str = ""


def python(*words: str) -> Judgement:
    """Judge Python requirements."""
    words = ("-m", "pip_audit", "--strict", "--disable-pip", "--progress-spinner=off", "--format=json", *words)
    done = _run(str(OWN / "bin" / "python"), *words)
    said = _json(done.stdout)
    if said is None:
        return Judgement(None, _last_line(done.stderr))
    skipped = [one["name"] for one in said.get("dependencies", ()) if "skip_reason" in one]
    if skipped or not said.get("dependencies"):
        return Judgement(None, f"nothing is known of {', '.join(skipped[:5]) or 'any package'}")
    return Judgement(
        tuple(
            f"{one['name']} {one['version']}: {flaw['id']}, mended in {', '.join(flaw['fix_versions']) or 'none'}"
            for one in said["dependencies"]
            for flaw in one["vulns"]
        )
    )


def npm(folder: Path) -> Judgement:
    """Judge what a package-lock.json installs."""
    words = (str(ROOT / "tools" / "node.py"), "npm", "--prefix", str(folder), "audit", "--package-lock-only", "--json")
    done = _run(sys.executable, *words)
    said = _json(done.stdout)
    if said is None or "vulnerabilities" not in said:
        return Judgement(None, str((said or {}).get("message") or _last_line(done.stderr)))
    flaws = said["vulnerabilities"].values()
    return Judgement(tuple(f"{one['name']} {one['range']}: {one['severity']}" for one in flaws))


def known_python() -> Judgement:
    """Judge a version that is known to be vulnerable."""
    with tempfile.TemporaryDirectory() as folder:
        listed = Path(folder) / "known.txt"
        listed.write_text(KNOWN_PYTHON + "\n")
        return python("--no-deps", "-r", str(listed))


def known_npm() -> Judgement:
    """Judge a version that is known to be vulnerable."""
    name, version = KNOWN_NPM["name"], KNOWN_NPM["version"]
    wanted = {"dependencies": {name: version}}
    lock = {
        "name": "known",
        "lockfileVersion": 3,
        "packages": {"": wanted, f"node_modules/{name}": {"version": version}},
    }
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "package.json").write_text(json.dumps({"name": "known", **wanted}))
        (Path(folder) / "package-lock.json").write_text(json.dumps(lock))
        return npm(Path(folder))


def main() -> int:
    """Judge everything; say plainly what could not be."""
    is_ready = _make()
    judged = {
        name: python("--require-hashes", "-r", str(ROOT / name))
        if is_ready
        else Judgement(None, "pip-audit cannot be had")
        for name in (REQUIREMENTS if _is_believed("pip-audit", known_python() if is_ready else None) else ())
    }
    judged |= {name: npm(ROOT / name) for name in (LOCKS if _is_believed("npm audit", known_npm()) else ())}
    for name, one in judged.items():
        _say(f"{name}: {_words(one)}")
    missing = len(REQUIREMENTS) + len(LOCKS) - sum(one.found is not None for one in judged.values())
    if missing:
        _say(f"{missing} of {len(REQUIREMENTS) + len(LOCKS)} lists were NOT judged. This is no statement about them.")
    return 1 if any(one.found for one in judged.values()) else 2 if missing else 0


def _is_believed(judge: str, known: Judgement | None) -> bool:
    if known is not None and known.found:
        return True
    why = "it cannot be installed here" if known is None else known.why or "it calls a vulnerable version sound"
    _say(f"{judge}: no advisories can be reached from here ({why}). Nothing is judged.")
    return False


def _words(one: Judgement) -> str:
    if one.found is None:
        return f"not judged ({one.why})"
    return "nothing known" if not one.found else "\n  ".join((f"{len(one.found)} known", *one.found))


def _make() -> bool:
    """Make the judge's environment; False if its package cannot be had."""
    if not (OWN / "bin" / "pip-audit").exists():
        venv.create(OWN, with_pip=True, clear=True)
        _run(str(OWN / "bin" / "python"), "-m", "pip", "install", "-q", "--disable-pip-version-check", PIP_AUDIT)
    return (OWN / "bin" / "pip-audit").exists()


def _run(*words: str) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(words, capture_output=True, text=True, check=False, timeout=PATIENCE, cwd=ROOT)  # noqa: S603 - our own words
    except subprocess.TimeoutExpired:
        return subprocess.CompletedProcess(words, 1, "", "no answer in time")


def _json(text: str) -> dict[str, Any] | None:
    try:
        said = json.loads(text)
    except ValueError:
        return None
    return said if isinstance(said, dict) else None


def _last_line(text: str) -> str:
    return (text.strip().splitlines() or ["no answer"])[-1][:160]


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")


if __name__ == "__main__":
    sys.exit(main())
