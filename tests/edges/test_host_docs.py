"""docs/host.md and the files beside it name only what is there."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import click
import pytest

from plugin.cli import cli, run
from plugin.cli.starting import NO_CONFIG
from plugin.jobs import worker
from plugin.recovery.post import MAX_POST_BYTES
from plugin.settings import Settings
from plugin.storage import gauges
from webhooks.verify import BODY_LIMIT

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docs" / "host.md").read_text()
FOLDER = ROOT / "docs" / "host"
FILES = sorted(file for file in FOLDER.iterdir() if file.is_file())
SETTINGS = {item.metadata["env"] for item in fields(Settings)}


def counters() -> set[str]:
    """Return the names that the page has for the counters and times of plugin/metrics/meters.py."""
    source = (ROOT / "plugin" / "metrics" / "meters.py").read_text()
    times = set(re.findall(r'_times\("([a-z_]+)"', source))
    return {f"{name}_total" for name in re.findall(r'Counter\("([a-z_]+)"', source)} | {
        f"{name}_{part}" for name in times for part in ("bucket", "count", "sum")
    }


def figures() -> set[str]:
    return {name for name, _, _ in gauges._SINGLE} | {"ledger_rows", "ledger_oldest_seconds"} | counters()  # noqa: SLF001 - the one list of them


def test_each_alarm_is_tried() -> None:
    """`make host-check` tries them: promtool comes with Debian's prometheus."""
    alarms = re.findall(r"- alert: (\w+)", (FOLDER / "alerts.yml").read_text())
    tried = re.findall(r'alertname="(\w+)"', (ROOT / "tests" / "host" / "alarms.yml").read_text())

    assert alarms
    assert tried == alarms


def test_the_settings_it_names_exist() -> None:
    named = set(re.findall(r"\b(?:BACKSTOP|SHOPIFY|META|SMTP|DATABASE|APP|POLARIS)_[A-Z_]+\b", _all()))

    assert named
    assert named <= SETTINGS


def test_the_example_of_settings_names_all_that_must_be_set_and_can_be_read_by_a_shell() -> None:
    lines = [line for line in (FOLDER / "env.example").read_text().splitlines() if not line.startswith("#")]

    assert all(re.fullmatch(r"[A-Z_]+='[^']*'", line) for line in lines)
    assert {item.metadata["env"] for item in fields(Settings) if item.metadata["default"] is None} <= {
        line.partition("=")[0] for line in lines
    }


def test_the_commands_it_names_exist() -> None:
    called = re.findall(r"(?:/bin/|^|RELEASE=\S+ )backstop ([a-z]+)(?: ([a-z-]+))?", _all(), re.MULTILINE)

    assert len(called) > 8
    for first, second in called:
        command = cli.commands[first]
        assert not isinstance(command, click.Group) or second in command.commands


def test_the_files_it_names_exist() -> None:
    named = set(re.findall(r"\(host/([^)]+)\)", TEXT))

    assert {name for name in named if not (FOLDER / name).is_file()} == set()
    assert {file.name for file in FILES if file.name not in TEXT} == set()


@pytest.mark.parametrize("expression", re.findall(r"^ +expr: (.+)$", (FOLDER / "alerts.yml").read_text(), re.MULTILINE))
def test_alarms_look_at_figures_that_exist(expression: str) -> None:
    bare = re.sub(r"\{[^}]*\}|\[[^\]]*\]", "", expression).replace("histogram_quantile", "")
    named = set(re.findall(r"\b[a-z]+(?:_[a-z]+)+\b", bare))

    assert named <= figures()
    assert named or expression.startswith("up{")


def test_alarms_lead_to_entries_that_exist() -> None:
    places = re.findall(r'runbook: "(docs/[a-z-]+\.md)(?:, ([^"]+))?"', (FOLDER / "alerts.yml").read_text())

    assert len(places) >= 15
    for file, entry in places:
        assert not entry or f"## {entry}\n" in (ROOT / file).read_text()


def test_limits_of_the_proxy_are_the_apps() -> None:
    proxy = (FOLDER / "nginx.conf").read_text()

    assert f"client_max_body_size {BODY_LIMIT // 1024**2}m;" in proxy
    assert f"client_max_body_size {MAX_POST_BYTES // 1024}k;" in proxy


def test_units_give_a_stop_the_time_that_the_app_takes_and_do_not_repeat_a_wrong_set_up() -> None:
    web, work = ((FOLDER / name).read_text() for name in ("backstop-web@.service", "backstop-worker.service"))

    assert _number(web, "TimeoutStopSec") > run.FINISH_WITHIN
    assert _number(work, "TimeoutStopSec") > worker.FINISH_WITHIN
    assert _number(web, "RestartPreventExitStatus") == _number(work, "RestartPreventExitStatus") == NO_CONFIG


def _number(unit: str, name: str) -> int:
    found = re.search(rf"^{name}=(\d+)$", unit, re.MULTILINE)
    assert found is not None
    return int(found[1])


def _all() -> str:
    return "\n".join([TEXT, *(file.read_text() for file in FILES)])
