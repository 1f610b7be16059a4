from __future__ import annotations

from pathlib import Path

import pytest

from tests.browser.chromium import NAMES, NONE_HERE
from tests.browser.conftest import find_chromium


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))


def test_without_a_chromium_the_tests_are_skipped_and_say_how_to_get_one(
    monkeypatch: pytest.MonkeyPatch, bare: None
) -> None:
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match=NONE_HERE):
        find_chromium()


def test_in_ci_a_missing_chromium_is_a_failure(monkeypatch: pytest.MonkeyPatch, bare: None) -> None:
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match=NONE_HERE):
        find_chromium()


@pytest.mark.parametrize("name", NAMES)
def test_a_chromium_is_found_under_each_of_its_names(
    monkeypatch: pytest.MonkeyPatch, bare: None, tmp_path: Path, name: str
) -> None:
    program = tmp_path / name
    program.touch(0o755)
    assert find_chromium() == str(program)
