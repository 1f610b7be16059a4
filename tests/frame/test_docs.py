from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

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
