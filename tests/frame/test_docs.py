from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import click

from plugin.cli import cli
from plugin.settings import Settings
from plugin.storage.models import Base

DOCS = Path(__file__).resolve().parents[2] / "docs"


def test_every_setting_is_documented_with_its_default() -> None:
    table = dict(re.findall(r"^\| `([A-Z_]+)` \| (.+?) \|", (DOCS / "settings.md").read_text(), re.MULTILINE))

    assert set(table) == {item.metadata["env"] for item in fields(Settings)}
    for item in fields(Settings):
        if default := item.metadata["default"]:
            assert f"`{default}`" == table[item.metadata["env"]]
        elif item.metadata["default"] is None:
            assert table[item.metadata["env"]] == "must be set"


def test_every_table_is_named_in_the_architecture() -> None:
    text = (DOCS / "architecture.md").read_text()

    assert {name for name in Base.metadata.tables if f"`{name}`" not in text} == set()


def test_links_between_documents_lead_somewhere() -> None:
    for file in (*DOCS.rglob("*.md"), DOCS.parent / "README.md", DOCS.parent / "CONTRIBUTING.md"):
        for link in re.findall(r"\]\(([^)#:]+)\)", file.read_text()):
            assert (file.parent / link).exists(), f"{file.name} links to {link}"


def test_tests_that_a_document_names_exist() -> None:
    for file in DOCS.rglob("*.md"):
        for path in re.findall(r"`(tests/[^`:]+\.py)(?:::[^`]*)?`", file.read_text()):
            assert (DOCS.parent / path).exists(), f"{file.name} names {path}"
        for path, name in re.findall(r"`(tests/[^`:]+\.py)::([^`]+)`", file.read_text()):
            assert f"def {name}(" in (DOCS.parent / path).read_text(), f"{file.name} names {name} of {path}"


def test_every_entry_of_the_runbook_has_its_four_parts_and_a_test() -> None:
    entries = (DOCS / "runbook.md").read_text().split("\n## ")[1:]

    assert len(entries) >= 10
    for entry in entries:
        for part in ("**Symptom.**", "**Look.**", "**Do.**", "**Proof.**", "Exercised by `tests/"):
            assert part in entry, f"{entry.splitlines()[0]} lacks {part}"


def test_commands_that_a_document_names_exist() -> None:
    for file in DOCS.rglob("*.md"):
        for words in re.findall(r"`backstop ([a-z]+(?: [a-z-]+)?)", file.read_text()):
            first, _, second = words.partition(" ")
            command = cli.commands[first]
            if isinstance(command, click.Group):
                assert not second or second in command.commands, f"{file.name} names backstop {words}"
