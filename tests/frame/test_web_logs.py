"""The web's processes are another program's: what they say goes through the net all the same."""

from __future__ import annotations

import importlib
import os

import pytest
from click.testing import CliRunner

import app
from plugin import logs
from plugin.cli import run, starting
from plugin.settings import Settings


def test_the_web_speaks_in_our_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    words: list[str] = []
    steps: list[str] = []
    monkeypatch.setattr(os, "execv", lambda _path, given: words.extend(given))
    monkeypatch.setattr(Settings, "from_env", lambda _env: None)
    monkeypatch.setattr(run, "database_url", lambda _settings: "postgresql://nowhere")
    monkeypatch.setattr(starting, "check", lambda _settings, _url: None)
    monkeypatch.setenv("DATABASE_URL", "")
    assert CliRunner().invoke(run.web, []).exit_code == 0
    module, _, factory = words[words.index("--factory") + 1].partition(":")
    monkeypatch.setattr(logs, "set_up", lambda: steps.append("logs"))
    monkeypatch.setattr(app, "create_app", lambda: steps.append("app"))

    getattr(importlib.import_module(module), factory)()

    assert steps == ["logs", "app"]
