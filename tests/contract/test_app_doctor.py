from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.contract import published

CHECKS = 34
REQUIREMENTS = 52
"""Rows of the table of ASVS in docs/security.md."""
SECURITY = (published.ROOT / "docs" / "security.md").read_text()
TWINS = ("test_twins_of_files.py", "test_twins_of_doors.py")
OURS = (
    "app.py", "docs", "extensions", "plugin", "requirements", "sandbox", "shopify.app.toml", "static", "templates",
    "webhooks",
)  # fmt: skip
RUN_BY_ITSELF = {
    "COMMITTED_SECRET", "INSECURE_WEBHOOK_URL", "LIQUID_UNSAFE_RENDER", "MISSING_COMPLIANCE_WEBHOOKS",
}  # fmt: skip
"""Shopify's scan reads no Python: for all else it lists what a person should look at, and docs/security.md says it."""


@pytest.fixture(scope="module")
def examination(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What `shopify app doctor` says of a copy of the project; it leaves files where it looks."""
    copy: Path = tmp_path_factory.mktemp("copy")
    ignored = shutil.ignore_patterns("node_modules", "dist", "__pycache__")
    for name in OURS:
        source = published.ROOT / name
        if source.is_dir():
            shutil.copytree(source, copy / name, ignore=ignored)
        else:
            shutil.copy(source, copy / name)
    cli = published.needed(published.MODULES / "@shopify" / "cli" / "bin" / "run.js")
    words = [str(cli), "app", "doctor", "--path", str(copy), "--json", "--skip-instructions"]
    done = published.run(words, tmp_path_factory.mktemp("home"), cwd=copy)
    assert done.returncode == 0, done.stderr[-2000:]
    return dict(json.loads(done.stdout))


def test_the_doctor_finds_nothing(examination: dict[str, Any]) -> None:
    assert examination["scan"]["issues"] == []


def test_what_it_can_judge_by_itself_was_judged(examination: dict[str, Any]) -> None:
    executed = {check["id"] for check in examination["trace"]["checks_executed"] if check["status"] == "executed"}

    assert executed == RUN_BY_ITSELF


def test_every_one_of_its_checks_is_answered_and_every_proof_exists(examination: dict[str, Any]) -> None:
    answers = dict(re.findall(r"^\| `([A-Z_]+)` \| (.+) \|$", SECURITY, re.MULTILINE))
    proofs = {proof for answer in answers.values() for proof in re.findall(r"`((?:tests|extensions)/[^`]+)`", answer)}

    assert {check["id"] for check in examination["trace"]["checks_executed"]} - set(answers) == set()
    assert len(answers) == CHECKS
    assert {proof for proof in proofs if not is_there(proof)} == set()


def test_every_check_has_a_twin_by_its_name() -> None:
    checks = set(re.findall(r"^\| `([A-Z_]+)` \| .+ \|$", SECURITY, re.MULTILINE))
    twins = {name for place in TWINS for name in named_in(published.HERE / place)}

    assert {f"test_{check.lower()}" for check in checks} - twins == set()
    assert len(checks) == CHECKS


def test_every_requirement_of_asvs_names_a_test_that_exists() -> None:
    rows = re.findall(
        r"^\| ([0-9]+\.[0-9]+\.[0-9]+)(?: \(L3\))? \| (.+) \| `(tests/[^`]+)` \|$", SECURITY, re.MULTILINE
    )
    listed = re.findall(r"^\| [0-9]+\.[0-9]+\.[0-9]+ .*$", SECURITY, re.MULTILINE)

    assert len(rows) == len(listed) == len({row[0] for row in rows}) == REQUIREMENTS
    assert {proof for _, _, proof in rows if not is_there(proof)} == set()


def is_there(proof: str) -> bool:
    """A file, and a test in it where one is named."""
    file, _, name = proof.partition("::")
    path = published.ROOT / file
    return path.exists() and (not name or name in named_in(path))


def named_in(path: Path) -> set[str]:
    return set(re.findall(r"^def (test_\w+)", path.read_text(), re.MULTILINE))
