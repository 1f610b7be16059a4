"""The checks themselves: a fault that is planted must be found."""

from __future__ import annotations

from tests.browser.screens import faults
from tests.browser.town import Town

SOUND = """<!doctype html><html lang="en"><title>Sound</title><meta name="viewport" content="width=device-width">
<main><h1>Sound</h1><p>Some words.</p><form><label>Name <input></label></form></main>"""


def test_a_sound_page_has_no_faults(town: Town) -> None:
    page = town.page(390)
    page.set_content(SOUND)
    assert faults(page.main_frame) == []


def test_a_field_without_a_label_and_a_page_that_is_too_wide_are_found(town: Town) -> None:
    page = town.page(390)
    page.set_content(SOUND.replace("<label>Name <input></label>", '<input><div style="width: 500px">Wide</div>'))
    found = faults(page.main_frame)
    assert [fault.split(":")[0] for fault in found[:-1]] == ["label"]
    assert found[-1].startswith("scrolls sideways by ")


def test_an_error_in_the_console_is_found_and_one_that_nobody_caught_too(town: Town) -> None:
    page = town.page()
    page.goto(f"{town.stage.sandbox}/health")
    page.evaluate("console.error('said aloud'); setTimeout(() => { throw new Error('thrown away'); })")
    page.evaluate("fetch('/no-such-page')")
    page.wait_for_timeout(300)
    said = "\n".join(town.watch.complaints)
    town.watch.complaints.clear()
    assert "error: said aloud" in said
    assert "thrown away" in said
    assert "404" in said
    town.watch.provoke(404)
    page.evaluate("fetch('/no-such-page')")
    page.wait_for_timeout(300)
